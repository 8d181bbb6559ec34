//! The contents of a revision that is being committed.

use std::borrow::Cow;
use std::sync::Arc;

use super::schema_versions::LastSchema;
use crate::dataset::{Column, ColumnChange, Layout, ResumableDigest, SchemaChanges, SchemaVersion};
use crate::store::error::StoreError;
use crate::store::model::{Committed, Dataset, NewRevision};
use crate::store::rows::{DatasetRow, RevisionRow};
use crate::store::segments::list::{SegmentId, SegmentList};
use crate::store::units::{time_from_db, to_db};

/// The contents of a revision, as the transaction decides them.
pub(super) struct Content {
    /// Its dataset, if there is one already.
    pub head: Option<DatasetRow>,
    /// The encoded profile, if it is not the upload's own.
    pub profile: Option<Vec<u8>>,
    pub columns: Arc<[Column]>,
    pub schema: SchemaVersion,
    /// What it changes in the schema.
    pub changes: Vec<ColumnChange>,
    pub layout: Arc<Layout>,
    pub rows: u64,
    pub digest: ResumableDigest,
    pub content_type: String,
    pub transcoded: bool,
    /// Its segments, if it has others than its own.
    pub segments: Option<SegmentList>,
    /// Whether a line-end block is needed before the appended rows.
    pub line_end: bool,
}

impl Content {
    /// The contents of an upload that makes a dataset.
    pub(super) fn of_upload(
        new: &NewRevision,
        columns: Arc<[Column]>,
        schema: SchemaVersion,
    ) -> Self {
        Self {
            head: None,
            profile: None,
            columns,
            schema,
            changes: Vec::new(),
            layout: Arc::clone(new.profile.layout()),
            rows: new.profile.rows(),
            digest: new.digest.clone(),
            content_type: new.content_type.clone(),
            transcoded: new.transcoded,
            segments: None,
            line_end: false,
        }
    }
}

/// A revision that is ready to be written.
pub(super) struct Made {
    /// The row of its dataset.
    pub head: DatasetRow,
    /// The dataset as of it.
    pub dataset: Dataset,
    /// Whether the dataset is new.
    pub created: bool,
    /// What it changes in the schema.
    pub changes: Vec<ColumnChange>,
    /// The encoded profile, if it is not the upload's own.
    pub profile: Option<Vec<u8>>,
    /// Its segments, if it has others than its own.
    pub segments: Option<SegmentList>,
    /// The digest of its source.
    pub digest: ResumableDigest,
    /// Whether a line-end block is needed before the appended rows.
    pub line_end: bool,
}

impl Made {
    /// The revision with these contents. If its dataset is new, writes may change its schema so much.
    pub(super) fn new(
        new: &NewRevision,
        content: Content,
        now: i64,
        schema_changes: SchemaChanges,
    ) -> Result<Self, StoreError> {
        let created = content.head.is_none();
        let revision = content.head.as_ref().map_or(1, |head| head.revision + 1);
        let last_schema = LastSchema::new(revision, content.schema, &content.columns).encode();
        let head = match content.head {
            Some(row) => DatasetRow {
                revision,
                updated_at: now,
                last_schema: Some(last_schema),
                ..row
            },
            None => DatasetRow {
                // Not `segment.dataset`: a dataset with that number may have been deleted during the upload, and caches may
                // still have values under it.
                id: new.segment.number,
                name: new.name.as_str().to_owned(),
                revision,
                created_at: now,
                updated_at: now,
                owner: new.author.as_ref().map(|author| author.id),
                description: None,
                last_schema: Some(last_schema),
                schema_changes: Some(schema_changes.as_str().to_owned()),
            },
        };
        let segment = SegmentId {
            dataset: head.id,
            number: new.segment.number,
        };
        // If the source is stored apart, the length of the text is not that of the source.
        let apart = || SegmentList::whole(segment, content.rows, new.text_bytes);
        let segments = content.segments.or_else(|| content.transcoded.then(apart));
        let (rows, bytes) = (content.rows, content.digest.bytes());
        let dataset = Dataset {
            name: new.name.clone(),
            revision,
            schema: content.schema,
            made_by: segment,
            segments: match &segments {
                Some(segments) => segments.clone(),
                None => SegmentList::whole(segment, rows, bytes),
            },
            columns: content.columns,
            layout: content.layout,
            rows,
            bytes,
            sha256: content.digest.sha256(),
            content_type: content.content_type,
            schema_changes: head.schema_changes(),
            owner: head.owner,
            description: head.description,
            transcoded: content.transcoded,
            created_at: time_from_db(head.created_at)?,
            updated_at: time_from_db(head.updated_at)?,
        };
        Ok(Self {
            head,
            dataset,
            created,
            changes: content.changes,
            profile: content.profile,
            segments,
            digest: content.digest,
            line_end: content.line_end,
        })
    }
}

impl Made {
    /// The row of the revision; `profile` is the encoded profile of the upload.
    pub(super) fn row<'m>(&'m self, new: &'m NewRevision, profile: &'m [u8]) -> RevisionRow<'m> {
        let (head, dataset) = (&self.head, &self.dataset);
        let author = new.author.as_ref();
        RevisionRow {
            dataset_id: head.id,
            number: head.revision,
            run: dataset.made_by.number,
            row_count: to_db(dataset.rows),
            byte_count: to_db(dataset.bytes),
            sha256: Cow::Borrowed(&dataset.sha256),
            content_type: Cow::Borrowed(&dataset.content_type),
            transcoded: dataset.transcoded,
            profile: Cow::Borrowed(self.profile.as_deref().unwrap_or(profile)),
            author: author.map(|author| Cow::Borrowed(author.name.as_str())),
            created_at: head.updated_at,
            segments: self.segments.as_ref().map(|list| Cow::Owned(list.encode())),
            // The digest of a source that is stored apart can't be resumed with a text.
            tail: (!dataset.transcoded).then(|| Cow::Owned(self.digest.encode())),
            schema_major: Some(dataset.schema.major.into()),
            schema_minor: Some(dataset.schema.minor.into()),
        }
    }
}

impl From<Made> for Committed {
    fn from(made: Made) -> Self {
        Self {
            dataset: Arc::new(made.dataset),
            created: made.created,
            changes: made.changes.into(),
        }
    }
}

/// The preparation of an append, made before the transaction.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    /// The number of the segment that made the revision it was prepared for.
    pub made_by: i64,
    /// The digest of that revision's text.
    pub before: ResumableDigest,
    /// The digest with the staged rows, and with a line end before them if one is needed. `None`: none were staged.
    pub staged: Option<ResumableDigest>,
}
