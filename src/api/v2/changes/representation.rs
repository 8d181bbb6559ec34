//! What is told of the changes between two revisions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::dataset::ColumnChange;
use crate::services::search::difference::Counts;

/// What changed between two revisions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Changes<'a> {
    pub name: &'a str,
    /// The older revision.
    #[schema(minimum = 1)]
    pub from: i64,
    /// The newer revision.
    #[schema(minimum = 2)]
    pub to: i64,
    pub schema: ChangedSchema,
    /// The columns that identify a row; null if none were named.
    #[schema(required = true)]
    pub key: Option<&'a [String]>,
    pub rows: ChangedRows,
}

/// What changed about the columns.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangedSchema {
    /// The version of the older revision's schema.
    #[schema(pattern = "^[1-9][0-9]*\\.[0-9]+$")]
    pub from: String,
    /// The version of the newer revision's schema.
    #[schema(pattern = "^[1-9][0-9]*\\.[0-9]+$")]
    pub to: String,
    /// Each change of a column.
    pub changes: Vec<ColumnChange>,
}

/// How many rows changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangedRows {
    /// Rows of `from` that `to` doesn't have.
    removed: u64,
    /// Rows of `to` that `from` doesn't have.
    added: u64,
    /// Rows that have the same key and other values; null without a key.
    #[schema(required = true)]
    changed: Option<u64>,
    /// Rows that are the same in both.
    unchanged: u64,
}

impl ChangedRows {
    pub(super) fn new(counts: &Counts, has_key: bool) -> Self {
        Self {
            removed: counts.removed,
            added: counts.added,
            changed: has_key.then_some(counts.changed),
            unchanged: counts.unchanged,
        }
    }
}
