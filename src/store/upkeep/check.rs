//! Checks a store: reads every byte of every revision, and compares it with what is stored about it.
//!
//! Each dataset is checked in one snapshot, so servers may write meanwhile. Segments that a revision shares with the one before are read
//! once: the digest of the later revision resumes where the shared part ends.

mod columns;
mod derived;
mod report;
mod text;

use diesel::prelude::*;

use super::opened::{UpkeepError, open_to_read};
use super::tables;
use crate::dataset::ResumableDigest;
use crate::store::backend::{Address, AnyConnection, connection};
use crate::store::catalog::descriptions;
use crate::store::error::StoreError;
use crate::store::rows::{DatasetRow, RevisionRow};
use crate::store::schema::{datasets, revisions};
use crate::store::segments::list::SegmentList;
use crate::store::units::to_db;

pub use report::{Checked, Problem};

use text::Read;

/// Checks an existing store while a server may use it. Calls `tell` for each problem that it finds.
pub fn check(address: &Address, tell: &mut dyn FnMut(&Problem)) -> Result<Checked, UpkeepError> {
    let mut connection = open_to_read(address)?;
    Ok(all(&mut connection, tell)?)
}

/// Checks all datasets.
pub(super) fn all(
    connection: &mut AnyConnection,
    tell: &mut dyn FnMut(&Problem),
) -> Result<Checked, StoreError> {
    let mut checker = Checker {
        tell,
        checked: Checked::default(),
        at: At::default(),
    };
    checker.nameless(connection)?;
    let mut after = -1;
    while let Some(last) = connection::snapshot(connection, |connection| {
        let Some(dataset) = tables::next_dataset(connection, after)? else {
            return Ok::<_, StoreError>(None);
        };
        checker.dataset(connection, &dataset)?;
        Ok(Some(dataset.id))
    })? {
        after = last;
    }
    Ok(checker.checked)
}

/// The place that is being checked.
#[derive(Default)]
struct At {
    dataset: String,
    revision: Option<i64>,
    segment: Option<i64>,
    byte: Option<i64>,
}

struct Checker<'a> {
    tell: &'a mut dyn FnMut(&Problem),
    checked: Checked,
    at: At,
}

impl Checker<'_> {
    fn problem(&mut self, what: impl Into<String>) {
        self.checked.problems += 1;
        let At {
            dataset,
            revision,
            segment,
            byte,
        } = &self.at;
        (self.tell)(&Problem {
            dataset: dataset.clone(),
            revision: *revision,
            segment: *segment,
            byte: *byte,
            what: what.into(),
        });
    }

    /// Finds revisions without a dataset.
    fn nameless(&mut self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let found: Vec<(i64, i64)> = revisions::table
            .filter(diesel::dsl::not(diesel::dsl::exists(
                datasets::table.filter(datasets::id.eq(revisions::dataset_id)),
            )))
            .order((revisions::dataset_id, revisions::number))
            .select((revisions::dataset_id, revisions::number))
            .limit(100)
            .load(connection)?;
        for (dataset, number) in found {
            self.at = At {
                dataset: format!("dataset number {dataset}"),
                revision: Some(number),
                ..At::default()
            };
            self.problem("the revision has no dataset");
        }
        Ok(())
    }

    fn dataset(
        &mut self,
        connection: &mut AnyConnection,
        dataset: &DatasetRow,
    ) -> Result<(), StoreError> {
        self.at = At {
            dataset: dataset.name.clone(),
            ..At::default()
        };
        self.checked.datasets += 1;
        self.description(connection, dataset)?;
        let mut read: Vec<Read> = Vec::new();
        let mut newest = -1;
        while let Some(revision) = tables::next_revision(connection, dataset.id, newest)? {
            newest = revision.number;
            self.checked.revisions += 1;
            self.at.revision = Some(newest);
            self.revision(connection, &revision, &mut read)?;
            (self.at.segment, self.at.byte) = (None, None);
        }
        self.at.revision = None;
        self.derived_files(connection, dataset.id)?;
        if newest != dataset.revision {
            let named = dataset.revision;
            self.problem(format!(
                "its newest revision should be {named}, and is {newest}"
            ));
        }
        Ok(())
    }

    /// Checks that the description that the dataset names is there, and can be read.
    fn description(
        &mut self,
        connection: &mut AnyConnection,
        dataset: &DatasetRow,
    ) -> Result<(), StoreError> {
        let found = descriptions::find(connection, dataset.id)?;
        let number = found.as_ref().map(|row| row.number);
        if dataset.description.is_some() && number != dataset.description {
            self.problem("its description is missing");
        }
        if found.is_some_and(|row| descriptions::decoded(&row).is_err()) {
            self.problem("its description can't be read");
        }
        Ok(())
    }

    fn revision(
        &mut self,
        connection: &mut AnyConnection,
        revision: &RevisionRow<'_>,
        read: &mut Vec<Read>,
    ) -> Result<(), StoreError> {
        let (Ok(profile), Ok(segments)) = (revision.profile(), revision.segments()) else {
            self.problem("its profile or its segment list can't be read");
            return Ok(());
        };
        if to_db(profile.rows()) != revision.row_count {
            let (rows, said) = (profile.rows(), revision.row_count);
            self.problem(format!("its profile has {rows} rows, and it has {said}"));
        }
        let same = segments.iter().zip(read.iter());
        let same = same.take_while(|(segment, read)| {
            (segment.id.number, segment.start) == (read.segment, read.start)
        });
        read.truncate(same.count());
        for segment in segments.iter().skip(read.len()) {
            let before = match read.last() {
                Some(last) => last.digest.clone(),
                None => Some(ResumableDigest::new()),
            };
            self.at.segment = Some(segment.id.number);
            let next = self.segment(connection, segment, profile.layout(), before)?;
            read.push(next);
            (self.at.segment, self.at.byte) = (None, None);
        }
        self.sizes(revision, &segments, read);
        self.source(connection, revision, read)
    }

    /// Compares the lengths of the segments with those that the revision has.
    fn sizes(&mut self, revision: &RevisionRow<'_>, segments: &SegmentList, read: &[Read]) {
        for (segment, read) in segments.iter().zip(read).filter(|(_, read)| read.sound) {
            self.at.segment = Some(read.segment);
            if segment.rows != read.rows {
                let (said, found) = (segment.rows, read.rows);
                self.problem(format!(
                    "the revision has {said} rows of it, and it has {found}"
                ));
            }
            // If the source is stored apart and there is no segment list, the length is that of the source.
            let known = !revision.transcoded || revision.segments.is_some();
            if known && segment.bytes != read.bytes {
                let (said, found) = (segment.bytes, read.bytes);
                self.problem(format!(
                    "the revision has {said} bytes of it, and it has {found}"
                ));
            }
        }
        self.at.segment = None;
        let rows: u64 = segments.iter().map(|segment| segment.rows).sum();
        let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
        if to_db(rows) != revision.row_count {
            let said = revision.row_count;
            self.problem(format!("it has {said} rows, and its segments have {rows}"));
        }
        if !revision.transcoded && to_db(bytes) != revision.byte_count {
            let said = revision.byte_count;
            self.problem(format!(
                "it has {said} bytes, and its segments have {bytes}"
            ));
        }
    }

    /// Checks the source against its digest, and the stored resumable digest against both.
    fn source(
        &mut self,
        connection: &mut AnyConnection,
        revision: &RevisionRow<'_>,
        read: &[Read],
    ) -> Result<(), StoreError> {
        let source = match revision.transcoded {
            true => self.source_blocks(connection, revision)?,
            false => read.last().and_then(|last| last.digest.clone()),
        };
        if let Some(source) = source
            && (to_db(source.bytes()) != revision.byte_count
                || source.sha256().as_slice() != &*revision.sha256)
        {
            let (found, said) = (source.bytes(), revision.byte_count);
            self.problem(format!(
                "the {found} bytes of its source are not the {said} that were uploaded: the SHA-256 is another"
            ));
        }
        let Some(stored) = &revision.tail else {
            return Ok(());
        };
        let fits = |digest: ResumableDigest| {
            to_db(digest.bytes()) == revision.byte_count
                && digest.sha256().as_slice() == &*revision.sha256
        };
        if !ResumableDigest::decode(stored).is_ok_and(fits) {
            self.problem("its resumable digest can't be read, or is of another text");
        }
        Ok(())
    }
}
