//! Whether a store holds what it says it holds: every byte of every revision that is kept.
//!
//! A dataset is checked on one state of the store, whatever is written meanwhile. Revisions share the beginnings of
//! their texts: what was read for one is not read again for the next, whose digest goes on where the shared part ends.

use std::fmt;

use diesel::prelude::*;

use super::rows::{self, BEFORE_ALL, RevisionCopy};
use super::{UpkeepError, open_to_read};
use crate::dataset::{Layout, Records, Tail, stats};
use crate::store::connection::{self, AnyConnection};
use crate::store::model::{DatasetRow, Text, from_db, to_db};
use crate::store::schema::{datasets, revisions};
use crate::store::{Address, Run, Segment, Segments, StoreError, blocks};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Name of the dataset, or its number where it has no name.
    pub dataset: String,
    /// Number of the revision.
    pub revision: Option<i64>,
    /// Number of the run.
    pub run: Option<i64>,
    /// Offset of the chunk in its run, or of the block in the source.
    pub byte: Option<i64>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dataset)?;
        for (part, number) in [
            ("revision", self.revision),
            ("run", self.run),
            ("chunk at byte", self.byte),
        ] {
            if let Some(number) = number {
                write!(f, ", {part} {number}")?;
            }
        }
        write!(f, ": {}", self.what)
    }
}

/// What was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Datasets.
    pub datasets: u64,
    /// Revisions of them.
    pub revisions: u64,
    /// Chunks, and blocks of sources that are kept apart.
    pub chunks: u64,
    /// Bytes of those, unpacked.
    pub bytes: u64,
    /// Problems that were found.
    pub problems: u64,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            datasets,
            revisions,
            chunks,
            bytes,
            problems,
        } = self;
        write!(
            f,
            "{datasets} datasets, {revisions} revisions, {chunks} chunks, {bytes} bytes: "
        )?;
        match problems {
            0 => f.write_str("all is well"),
            1 => f.write_str("1 problem"),
            _ => write!(f, "{problems} problems"),
        }
    }
}

/// Checks an existing store beside whoever serves it, and tells each problem as it is found.
pub fn check(address: &Address, tell: &mut dyn FnMut(&Problem)) -> Result<Checked, UpkeepError> {
    let mut connection = open_to_read(address)?;
    Ok(all(&mut connection, tell)?)
}

/// Checks everything that the connection leads to.
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
        let Some(dataset) = rows::next_dataset(connection, after)? else {
            return Ok::<_, StoreError>(None);
        };
        checker.dataset(connection, &dataset)?;
        Ok(Some(dataset.id))
    })? {
        after = last;
    }
    Ok(checker.checked)
}

/// What is being looked at.
#[derive(Default)]
struct At {
    dataset: String,
    revision: Option<i64>,
    run: Option<i64>,
    byte: Option<i64>,
}

struct Checker<'a> {
    tell: &'a mut dyn FnMut(&Problem),
    checked: Checked,
    at: At,
}

/// What a segment was found to be, and the text up to its end.
struct Read {
    run: i64,
    start: u64,
    rows: u64,
    bytes: u64,
    /// Whether all of it could be read; where it could not, that was told, and nothing that follows from it is.
    sound: bool,
    /// `None` from the first segment on that could not be read.
    tail: Option<Tail>,
}

impl Checker<'_> {
    fn problem(&mut self, what: impl Into<String>) {
        self.checked.problems += 1;
        let At {
            dataset,
            revision,
            run,
            byte,
        } = &self.at;
        (self.tell)(&Problem {
            dataset: dataset.clone(),
            revision: *revision,
            run: *run,
            byte: *byte,
            what: what.into(),
        });
    }

    /// Revisions that no dataset has.
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
            self.problem("the revision is of no dataset that is there");
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
        let mut read: Vec<Read> = Vec::new();
        let mut newest = -1;
        while let Some(revision) = rows::next_revision(connection, dataset.id, newest)? {
            newest = revision.number;
            self.checked.revisions += 1;
            self.at.revision = Some(newest);
            self.revision(connection, &revision, &mut read)?;
            (self.at.run, self.at.byte) = (None, None);
        }
        self.at.revision = None;
        if newest != dataset.revision {
            let named = dataset.revision;
            self.problem(format!(
                "its newest revision is said to be {named}, and is {newest}"
            ));
        }
        Ok(())
    }

    fn revision(
        &mut self,
        connection: &mut AnyConnection,
        revision: &RevisionCopy,
        read: &mut Vec<Read>,
    ) -> Result<(), StoreError> {
        let (Some(profile), Some(segments)) = (revision.profile(), revision.segments()) else {
            self.problem("its profile or its list of runs can't be read");
            return Ok(());
        };
        if to_db(profile.rows()) != revision.row_count {
            let (rows, said) = (profile.rows(), revision.row_count);
            self.problem(format!("its profile is of {rows} rows where it has {said}"));
        }
        let same = segments.iter().zip(read.iter());
        let same = same.take_while(|(segment, read)| {
            (segment.run.number, segment.start) == (read.run, read.start)
        });
        read.truncate(same.count());
        for segment in segments.iter().skip(read.len()) {
            let before = match read.last() {
                Some(last) => last.tail.clone(),
                None => Some(Tail::new()),
            };
            self.at.run = Some(segment.run.number);
            let next = self.segment(connection, segment, profile.layout(), before)?;
            read.push(next);
            (self.at.run, self.at.byte) = (None, None);
        }
        self.sizes(revision, &segments, read);
        self.source(connection, revision, read)
    }

    /// Reads a segment's chunks, which have to follow one another.
    fn segment(
        &mut self,
        connection: &mut AnyConnection,
        segment: &Segment,
        layout: &Layout,
        mut tail: Option<Tail>,
    ) -> Result<Read, StoreError> {
        let (mut row, mut byte) = (0, to_db(segment.start));
        let (mut after, mut sound) = (BEFORE_ALL, true);
        loop {
            let found = rows::next_chunks(connection, segment.run, after)?;
            if found.is_empty() {
                break;
            }
            for (chunk, text) in found {
                after = (chunk.first_row, chunk.seq);
                self.at.byte = Some(chunk.first_byte);
                if (chunk.first_row, chunk.first_byte) != (row, byte) {
                    let (first_row, first_byte) = (chunk.first_row, chunk.first_byte);
                    self.problem(format!(
                        "it begins at row {first_row} and byte {first_byte}, where row {row} and byte {byte} come next"
                    ));
                    sound = false;
                }
                row = chunk.first_row + chunk.row_count;
                byte = chunk.first_byte + text.byte_count;
                self.checked.chunks += 1;
                self.checked.bytes += from_db(text.byte_count);
                let unpacked = blocks::read_chunk(segment.run, &chunk.place(), &text.into_block());
                let read = match unpacked {
                    Ok(text) => records(&text, &chunk.stats, layout).map(|()| text),
                    Err(StoreError::Corrupt { .. }) => {
                        Err("it is damaged: its text is not the one that was written".to_owned())
                    }
                    Err(error) => return Err(error),
                };
                match read {
                    Ok(text) => {
                        if let Some(tail) = &mut tail {
                            tail.absorb(text.text.as_bytes());
                        }
                    }
                    Err(what) => {
                        self.problem(what);
                        sound = false;
                    }
                }
            }
        }
        self.at.byte = None;
        Ok(Read {
            run: segment.run.number,
            start: segment.start,
            rows: from_db(row),
            bytes: from_db(byte).saturating_sub(segment.start),
            sound,
            tail: tail.filter(|_| sound),
        })
    }

    /// Whether the segments are as long as the revision says.
    fn sizes(&mut self, revision: &RevisionCopy, segments: &Segments, read: &[Read]) {
        for (segment, read) in segments.iter().zip(read).filter(|(_, read)| read.sound) {
            self.at.run = Some(read.run);
            if segment.rows != read.rows {
                let (said, found) = (segment.rows, read.rows);
                self.problem(format!(
                    "the revision has {said} rows of it, and it has {found}"
                ));
            }
            // The length of a text whose source is kept apart is written down by the first append.
            if !revision.transcoded && segment.bytes != read.bytes {
                let (said, found) = (segment.bytes, read.bytes);
                self.problem(format!(
                    "the revision has {said} bytes of it, and it has {found}"
                ));
            }
        }
        self.at.run = None;
        let rows: u64 = segments.iter().map(|segment| segment.rows).sum();
        let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
        if to_db(rows) != revision.row_count {
            let said = revision.row_count;
            self.problem(format!("it has {said} rows, and its runs have {rows}"));
        }
        if !revision.transcoded && to_db(bytes) != revision.byte_count {
            let said = revision.byte_count;
            self.problem(format!("it has {said} bytes, and its runs have {bytes}"));
        }
    }

    /// Whether the source is the one that was uploaded, and whether it can be gone on with.
    fn source(
        &mut self,
        connection: &mut AnyConnection,
        revision: &RevisionCopy,
        read: &[Read],
    ) -> Result<(), StoreError> {
        let source = match revision.transcoded {
            true => self.blocks(connection, revision)?,
            false => read.last().and_then(|last| last.tail.clone()),
        };
        if let Some(source) = source
            && (to_db(source.bytes()) != revision.byte_count
                || source.sha256().as_slice() != revision.sha256)
        {
            let (found, said) = (source.bytes(), revision.byte_count);
            self.problem(format!(
                "the {found} bytes of its source are not the {said} that were uploaded: the SHA-256 is another"
            ));
        }
        let Some(stored) = &revision.tail else {
            return Ok(());
        };
        let fits = |tail: Tail| {
            to_db(tail.bytes()) == revision.byte_count
                && tail.sha256().as_slice() == revision.sha256
        };
        if !Tail::decode(stored).is_ok_and(fits) {
            self.problem("what is kept to append to it can't be read, or is of another text");
        }
        Ok(())
    }

    /// Reads a source that is kept apart.
    fn blocks(
        &mut self,
        connection: &mut AnyConnection,
        revision: &RevisionCopy,
    ) -> Result<Option<Tail>, StoreError> {
        let run = Run {
            dataset: revision.dataset_id,
            number: revision.run,
        };
        let (mut tail, mut after, mut sound) = (Tail::new(), -1, true);
        self.at.run = Some(run.number);
        loop {
            let found = rows::next_blocks(connection, run, after)?;
            if found.is_empty() {
                break;
            }
            for block in found {
                after = block.first_byte;
                self.at.byte = Some(after);
                self.checked.chunks += 1;
                self.checked.bytes += from_db(block.byte_count);
                if sound && after != to_db(tail.bytes()) {
                    let next = tail.bytes();
                    self.problem(format!(
                        "it is of the source, of which byte {next} comes next"
                    ));
                    sound = false;
                }
                match blocks::unpack(run, &block.into_block()) {
                    Ok(bytes) => tail.absorb(&bytes),
                    Err(StoreError::Corrupt { .. }) => {
                        self.problem("it is of the source, and is not what was uploaded");
                        sound = false;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        (self.at.run, self.at.byte) = (None, None);
        Ok(Some(tail).filter(|_| sound))
    }
}

/// Whether the chunk's text has the records that are said to be in it, and its statistics can be read.
fn records(text: &Text, stored: &[u8], layout: &Layout) -> Result<(), String> {
    let columns = layout.columns.len();
    let body = text
        .text
        .get(text.body_start..)
        .ok_or("its rows are said to begin where its text does not go on")?;
    let found = Records::new(body, layout.delimiter, columns).skip(usize::MAX);
    if u64::try_from(found).ok() != Some(text.rows) {
        let said = text.rows;
        return Err(format!("it is said to have {said} rows, and has {found}"));
    }
    // A line end that was put before appended rows has none.
    match stored.is_empty() && text.rows == 0 || stats::decode(stored).is_ok() {
        true => Ok(()),
        false => Err("its statistics can't be read".to_owned()),
    }
}
