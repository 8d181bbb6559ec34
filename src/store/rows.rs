//! The rows of the tables with datasets. A field is named like its column.
//!
//! Each struct has every column of its table, so reading all columns doesn't compile if one is missing here.

use std::borrow::Cow;
use std::sync::Arc;

use diesel::prelude::*;

use super::error::StoreError;
use super::model::{BadRowsBlock, Dataset, PlacedBlock, Revision, SourceBlock};
use super::schema::{
    chunk_data, chunks, column_chunks, datasets, descriptions, revisions, sources,
};
use super::segments::list::{SegmentId, SegmentList};
use super::units::{from_db, time_from_db, to_db, unreadable};
use crate::dataset::{DatasetName, Profile, SchemaChanges, SchemaVersion};

/// Bytes that are borrowed when they are written, and owned when they are read.
type Bytes<'a> = Cow<'a, [u8]>;

#[derive(Queryable, Insertable, Selectable)]
#[diesel(table_name = datasets)]
pub(crate) struct DatasetRow {
    pub id: i64,
    pub name: String,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub owner: Option<i64>,
    pub last_schema: Option<Vec<u8>>,
    pub schema_changes: Option<String>,
    pub description: Option<i64>,
}

impl DatasetRow {
    /// How much a write may change its schema.
    pub(crate) fn schema_changes(&self) -> SchemaChanges {
        match self.schema_changes.as_deref() {
            None => SchemaChanges::Any,
            // What a later release wrote is stricter than nothing.
            Some(text) => text.parse().unwrap_or(SchemaChanges::None),
        }
    }
}

#[derive(Queryable, Insertable, Selectable)]
#[diesel(table_name = descriptions)]
pub(crate) struct DescriptionRow<'a> {
    pub dataset_id: i64,
    pub number: i64,
    pub document: Bytes<'a>,
}

#[derive(Queryable, Insertable, Selectable)]
#[diesel(table_name = revisions, treat_none_as_default_value = false)]
pub(crate) struct RevisionRow<'a> {
    pub dataset_id: i64,
    pub number: i64,
    pub run: i64,
    pub row_count: i64,
    pub byte_count: i64,
    pub sha256: Bytes<'a>,
    pub content_type: Cow<'a, str>,
    pub transcoded: bool,
    pub profile: Bytes<'a>,
    pub author: Option<Cow<'a, str>>,
    pub created_at: i64,
    pub segments: Option<Bytes<'a>>,
    pub tail: Option<Bytes<'a>>,
    pub schema_major: Option<i64>,
    pub schema_minor: Option<i64>,
}

/// The columns of a revision that decide which segments it reads, and how long it is kept.
#[derive(Queryable, Selectable)]
#[diesel(table_name = revisions)]
pub(crate) struct SegmentsRow {
    pub dataset_id: i64,
    pub number: i64,
    pub run: i64,
    pub row_count: i64,
    pub byte_count: i64,
    pub segments: Option<Vec<u8>>,
    pub schema_major: Option<i64>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = chunks, treat_none_as_default_value = false)]
pub(crate) struct BlockRow<'a> {
    pub dataset_id: i64,
    pub run: i64,
    pub first_row: i64,
    pub seq: i64,
    pub row_count: i64,
    pub first_byte: i64,
    pub body_start: i64,
    pub stats: Bytes<'a>,
    pub blooms: Option<Bytes<'a>>,
    pub summary: Option<Bytes<'a>>,
}

/// Packed bytes of a segment's text, or of its source if that is stored apart.
#[derive(Queryable, Insertable)]
#[diesel(table_name = chunk_data)]
#[diesel(table_name = sources)]
pub(crate) struct PackedRow<'a> {
    pub dataset_id: i64,
    pub run: i64,
    pub first_byte: i64,
    pub byte_count: i64,
    pub digest: Bytes<'a>,
    pub data: Bytes<'a>,
}

/// A column chunk, or what is known of a row group.
#[derive(Queryable, Insertable)]
#[diesel(table_name = column_chunks)]
pub(crate) struct ColumnChunkRow<'a> {
    pub dataset_id: i64,
    pub run: i64,
    pub place: i64,
    pub first_row: i64,
    pub row_count: i64,
    pub stats: Bytes<'a>,
    pub digest: Bytes<'a>,
    pub data: Bytes<'a>,
}

/// The place of a block in its segment, and the length of what comes before its first row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = chunks)]
pub(crate) struct BlockPlace {
    pub first_row: i64,
    pub row_count: i64,
    pub body_start: i64,
}

impl SegmentsRow {
    /// The MAJOR of its schema. A commit stores it before it removes revisions.
    pub(crate) fn major(&self) -> i64 {
        self.schema_major.unwrap_or(1)
    }

    /// The segments that the revision's blocks are in.
    pub(crate) fn segments(&self) -> Result<SegmentList, StoreError> {
        let own = SegmentId {
            dataset: self.dataset_id,
            number: self.run,
        };
        let sizes = (self.row_count, self.byte_count);
        segments(own, sizes, self.segments.as_deref())
    }
}

fn segments(
    own: SegmentId,
    (rows, bytes): (i64, i64),
    stored: Option<&[u8]>,
) -> Result<SegmentList, StoreError> {
    SegmentList::of(own, rows, bytes, stored)
        .ok_or_else(|| unreadable("segment list", "it was written by a later release"))
}

impl RevisionRow<'_> {
    /// The upload segment that made it.
    pub(crate) fn made_by(&self) -> SegmentId {
        SegmentId {
            dataset: self.dataset_id,
            number: self.run,
        }
    }

    pub(crate) fn profile(&self) -> Result<Profile, StoreError> {
        Profile::decode(&self.profile).map_err(|e| unreadable("profile", e))
    }

    /// The segments that its blocks are in.
    pub(crate) fn segments(&self) -> Result<SegmentList, StoreError> {
        let sizes = (self.row_count, self.byte_count);
        segments(self.made_by(), sizes, self.segments.as_deref())
    }

    fn sha256(&self) -> Result<[u8; 32], StoreError> {
        let sha256 = &*self.sha256;
        sha256.try_into().map_err(|e| unreadable("SHA-256", e))
    }

    /// The version of its schema, if it is stored.
    pub(crate) fn schema(&self) -> Result<Option<SchemaVersion>, StoreError> {
        schema_from_db(self.schema_major, self.schema_minor)
    }

    /// The dataset as of this revision, whose schema has that version.
    pub(crate) fn into_dataset(
        self,
        dataset: &DatasetRow,
        schema: SchemaVersion,
    ) -> Result<Dataset, StoreError> {
        let profile = self.profile()?;
        Ok(Dataset {
            name: DatasetName::new(&dataset.name).map_err(|e| unreadable("name", e))?,
            revision: self.number,
            schema,
            made_by: self.made_by(),
            segments: self.segments()?,
            columns: profile.columns().into(),
            layout: Arc::clone(profile.layout()),
            rows: from_db(self.row_count),
            bytes: from_db(self.byte_count),
            sha256: self.sha256()?,
            content_type: self.content_type.into_owned(),
            schema_changes: dataset.schema_changes(),
            owner: dataset.owner,
            description: dataset.description,
            transcoded: self.transcoded,
            created_at: time_from_db(dataset.created_at)?,
            updated_at: time_from_db(self.created_at)?,
        })
    }

    pub(crate) fn into_revision(self, schema: SchemaVersion) -> Result<Revision, StoreError> {
        Ok(Revision {
            number: self.number,
            schema,
            made_by: self.run,
            rows: from_db(self.row_count),
            bytes: from_db(self.byte_count),
            sha256: self.sha256()?,
            created_at: time_from_db(self.created_at)?,
            author: self.author.map(Cow::into_owned),
        })
    }
}

/// The version of a schema from its two columns.
pub(crate) fn schema_from_db(
    major: Option<i64>,
    minor: Option<i64>,
) -> Result<Option<SchemaVersion>, StoreError> {
    let number = |number: i64| u32::try_from(number).map_err(|e| unreadable("schema version", e));
    match (major, minor) {
        (Some(major), Some(minor)) => Ok(Some(SchemaVersion {
            major: number(major)?,
            minor: number(minor)?,
        })),
        _ => Ok(None),
    }
}

/// The offset at which a block of rows that were set aside is kept.
pub(crate) fn bad_rows_at(number: u64) -> i64 {
    -1 - to_db(number)
}

impl<'a> BlockRow<'a> {
    pub(crate) fn new(segment: SegmentId, placed: &'a PlacedBlock) -> Self {
        let blooms = Some(&*placed.block.blooms).filter(|blooms| !blooms.is_empty());
        Self {
            dataset_id: segment.dataset,
            run: segment.number,
            first_row: to_db(placed.first_row),
            seq: to_db(placed.seq),
            row_count: i64::from(placed.block.rows),
            first_byte: to_db(placed.first_byte),
            body_start: i64::from(placed.block.body_start),
            stats: Cow::Borrowed(&placed.block.zone_maps),
            blooms: blooms.map(Cow::Borrowed),
            summary: None,
        }
    }

    pub(crate) fn place(&self) -> BlockPlace {
        BlockPlace {
            first_row: self.first_row,
            row_count: self.row_count,
            body_start: self.body_start,
        }
    }
}

impl<'a> PackedRow<'a> {
    /// Rows that were set aside are kept beside the source blocks, at offsets that no source has.
    pub(crate) fn of_bad_rows(segment: SegmentId, block: &'a BadRowsBlock) -> Self {
        Self {
            dataset_id: segment.dataset,
            run: segment.number,
            first_byte: bad_rows_at(block.number),
            byte_count: to_db(block.bytes),
            digest: Cow::Borrowed(&block.digest),
            data: Cow::Borrowed(&block.data),
        }
    }

    pub(crate) fn of_text(segment: SegmentId, placed: &'a PlacedBlock) -> Self {
        Self {
            dataset_id: segment.dataset,
            run: segment.number,
            first_byte: to_db(placed.first_byte),
            byte_count: i64::from(placed.block.text_bytes),
            digest: Cow::Borrowed(&placed.block.digest),
            data: Cow::Borrowed(&placed.block.data),
        }
    }

    pub(crate) fn of_source(segment: SegmentId, block: &'a SourceBlock) -> Self {
        Self {
            dataset_id: segment.dataset,
            run: segment.number,
            first_byte: to_db(block.first_byte),
            byte_count: to_db(block.bytes),
            digest: Cow::Borrowed(&block.digest),
            data: Cow::Borrowed(&block.data),
        }
    }
}
