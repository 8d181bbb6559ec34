//! Files that were made of a revision, such as Parquet: each is made once, and kept as long as its revision, or until there is no space for
//! it.
//!
//! The parts of a file are stored like the source blocks of an upload segment. So they are staged, leased, abandoned and collected like those,
//! also by servers of earlier releases, which know nothing of the files. Those remove revisions without their files, so collection looks
//! for files without a revision.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;

use super::backend::dialect::insert_unless_there;
use super::backend::{AnyConnection, Transaction, WriteError, WriteOptions};
use super::error::StoreError;
use super::handle::Store;
use super::model::Dataset;
use super::rows::PackedRow;
use super::schema::{derived_files, revisions};
use super::segments::leases::Lease;
use super::segments::list::SegmentId;
use super::segments::{blocks, queries, tombstones};
use super::units::{from_db, micros, to_db};

/// A file counts as so many bytes at least, so that their number is bounded too.
const LEAST: i64 = 256 << 10;
/// A later use is noted if the last one is longer ago.
const NOTED: Duration = Duration::from_secs(5 * 60);
/// How many files one step of collection removes.
const REMOVED: i64 = 64;

/// Identifies a file among those of its revision: a digest of everything else that it depends on.
pub type DerivedName = [u8; 32];

/// A file that is stored. While this lives, it is not collected.
#[derive(Debug, Clone)]
pub struct DerivedFile {
    /// Its length.
    pub bytes: u64,
    segment: SegmentId,
    _lease: Arc<Lease>,
}

/// A file whose parts were staged.
#[derive(Debug, Clone, Copy)]
pub struct StagedFile {
    /// The segment with its parts.
    pub segment: SegmentId,
    /// Its length.
    pub bytes: u64,
    /// The number of its parts.
    pub parts: u64,
    /// The most bytes that all files of the store may have.
    pub most: u64,
}

#[derive(Queryable, Insertable, Selectable)]
#[diesel(table_name = derived_files)]
pub(super) struct DerivedRow {
    pub dataset_id: i64,
    pub revision: i64,
    pub name: Vec<u8>,
    pub run: i64,
    pub byte_count: i64,
    pub used_at: i64,
}

impl DerivedRow {
    /// The segment with the parts.
    pub(super) fn segment(&self) -> SegmentId {
        SegmentId {
            dataset: self.dataset_id,
            number: self.run,
        }
    }
}

impl Store {
    /// The file of that name, if it was made of this revision.
    pub async fn derived_file(
        &self,
        dataset: &Dataset,
        name: DerivedName,
    ) -> Result<Option<DerivedFile>, StoreError> {
        let (id, revision) = (dataset.id(), dataset.revision);
        let found = self
            .backend()
            .read(move |connection| Ok(find(connection, id, revision, &name)?));
        let Some(row) = found.await? else {
            return Ok(None);
        };
        let now = (self.shared.clock)().as_microsecond();
        if now.saturating_sub(row.used_at) > micros(NOTED) {
            self.note_use(id, revision, name);
        }
        Ok(Some(self.opened(row.segment(), row.byte_count)))
    }

    /// The segment for the parts of a file of that dataset.
    pub fn new_derived_segment(&self, dataset: &Dataset) -> SegmentId {
        SegmentId {
            dataset: dataset.id(),
            number: self.new_number(),
        }
    }

    /// Keeps a file whose parts are staged. If there is not enough space for all files, those that were used least recently are removed. If
    /// another server has made the same file meanwhile, that one is kept.
    pub async fn keep_derived_file(
        &self,
        dataset: &Dataset,
        name: DerivedName,
        staged: StagedFile,
    ) -> Result<DerivedFile, StoreError> {
        let (id, revision) = (dataset.id(), dataset.revision);
        let kept = self.backend().write(WriteOptions::ORDINARY, move |tx| {
            keep(tx, (id, revision), name, staged)
        });
        let (segment, bytes) = kept.await?;
        self.in_flight().end_upload(staged.segment);
        Ok(self.opened(segment, bytes))
    }

    /// A part of a file from byte `byte` on: the rest of the stored part that has it.
    pub async fn derived_bytes_at(
        &self,
        file: &DerivedFile,
        byte: u64,
    ) -> Result<Vec<u8>, StoreError> {
        let segment = file.segment;
        let fetch = move |connection: &mut AnyConnection| {
            Ok(queries::source_at_byte(connection, segment, byte)?)
        };
        let unpack = move |part: PackedRow<'_>| blocks::rest_of(byte, &part);
        let found = self.backend().fetch(fetch, unpack).await?.flatten();
        found.ok_or(StoreError::Missing {
            dataset: segment.dataset,
            segment: segment.number,
            row: byte,
        })
    }

    fn opened(&self, segment: SegmentId, bytes: i64) -> DerivedFile {
        DerivedFile {
            bytes: from_db(bytes),
            segment,
            _lease: Arc::new(self.shared.leases.take([segment])),
        }
    }

    fn note_use(&self, dataset: i64, revision: i64, name: DerivedName) {
        self.backend()
            .write_later(WriteOptions::ORDINARY, move |tx| {
                let now = tx.database_now()?;
                let key = (dataset, revision, &name[..]);
                diesel::update(derived_files::table.find(key))
                    .set(derived_files::used_at.eq(now))
                    .execute(&mut **tx)?;
                Ok(())
            });
    }
}

fn find(
    connection: &mut AnyConnection,
    dataset: i64,
    revision: i64,
    name: &DerivedName,
) -> QueryResult<Option<DerivedRow>> {
    derived_files::table
        .find((dataset, revision, &name[..]))
        .select(derived_files::all_columns)
        .first(connection)
        .optional()
}

fn keep(
    tx: &mut Transaction<'_>,
    (dataset, revision): (i64, i64),
    name: DerivedName,
    staged: StagedFile,
) -> Result<(SegmentId, i64), WriteError> {
    let StagedFile { segment, bytes, .. } = staged;
    let is_whole = tombstones::upload_is_noted(tx, segment)?
        && queries::count_blocks_apart(tx, segment)? == to_db(staged.parts);
    if !is_whole {
        return Err(WriteError::Refused(StoreError::UploadLost));
    }
    let now = tx.database_now()?;
    let row = DerivedRow {
        dataset_id: dataset,
        revision,
        name: name.to_vec(),
        run: segment.number,
        byte_count: to_db(bytes),
        used_at: now,
    };
    tombstones::delete_upload(tx, segment)?;
    let connection: &mut AnyConnection = &mut *tx;
    let inserted = insert_unless_there!(connection, derived_files::table, &row)?;
    if inserted == 0 {
        tombstones::insert(tx, segment, now)?;
        let found = find(tx, dataset, revision, &name)?;
        return match found {
            Some(other) => Ok((other.segment(), other.byte_count)),
            None => Err(WriteError::Failed(StoreError::Again)),
        };
    }
    make_room(tx, segment, to_db(staged.most), now)?;
    Ok((segment, row.byte_count))
}

/// Removes the files that were used least recently, until all have at most `most` bytes. The newest one stays.
fn make_room(
    connection: &mut AnyConnection,
    newest: SegmentId,
    most: i64,
    now: i64,
) -> QueryResult<()> {
    let files: Vec<(i64, i64, i64)> = derived_files::table
        .order((derived_files::used_at.desc(), derived_files::run.desc()))
        .select((
            derived_files::dataset_id,
            derived_files::run,
            derived_files::byte_count,
        ))
        .load(connection)?;
    let size = |bytes: i64| bytes.max(LEAST);
    let own =
        |&(dataset, run, _): &(i64, i64, i64)| (dataset, run) == (newest.dataset, newest.number);
    let mut bytes = files
        .iter()
        .find(|file| own(file))
        .map_or(0, |file| size(file.2));
    for file in files.iter().filter(|file| !own(file)) {
        bytes += size(file.2);
        if bytes > most {
            let segment = SegmentId {
                dataset: file.0,
                number: file.1,
            };
            remove(connection, segment, now)?;
        }
    }
    Ok(())
}

/// Removes a file: its parts are collected.
fn remove(connection: &mut AnyConnection, segment: SegmentId, now: i64) -> QueryResult<()> {
    let of_segment = derived_files::table
        .filter(derived_files::dataset_id.eq(segment.dataset))
        .filter(derived_files::run.eq(segment.number));
    // Another server may have removed it.
    if diesel::delete(of_segment).execute(connection)? > 0 {
        tombstones::insert(connection, segment, now)?;
    }
    Ok(())
}

/// Removes some files whose revisions are gone.
pub(super) fn remove_orphans(connection: &mut AnyConnection, now: i64) -> QueryResult<()> {
    let of_file = revisions::table
        .filter(revisions::dataset_id.eq(derived_files::dataset_id))
        .filter(revisions::number.eq(derived_files::revision));
    let orphans: Vec<(i64, i64)> = derived_files::table
        .filter(diesel::dsl::not(diesel::dsl::exists(of_file)))
        .select((derived_files::dataset_id, derived_files::run))
        .limit(REMOVED)
        .load(connection)?;
    for (dataset, number) in orphans {
        remove(connection, SegmentId { dataset, number }, now)?;
    }
    Ok(())
}

/// The files of a dataset's revisions.
pub(super) fn of_dataset(
    connection: &mut AnyConnection,
    dataset: i64,
) -> QueryResult<Vec<DerivedRow>> {
    derived_files::table
        .filter(derived_files::dataset_id.eq(dataset))
        .select(derived_files::all_columns)
        .load(connection)
}
