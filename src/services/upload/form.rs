//! The parameters of an upload.

use super::BadRows;
use crate::dataset::{CsvError, CsvErrorKind, DatasetName, SchemaChanges, UploadOptions};
use crate::store::{Conditions, Dataset, Write};

/// What the client states about the CSV that it sends.
#[derive(Debug, Clone)]
pub struct Form {
    /// Name of the dataset.
    pub name: DatasetName,
    /// Whether the write creates a dataset, replaces it or appends to it.
    pub write: Write,
    /// How much the write may change the schema of the dataset, if that is less than the dataset allows.
    pub schema_changes: SchemaChanges,
    /// Whether to do all but keep it.
    pub dry_run: bool,
    /// The preconditions.
    pub conditions: Conditions,
    /// Delimiter, charset, nulls and stated types.
    pub options: UploadOptions,
    /// The media type of the source without parameters: `text/csv` or `text/tab-separated-values`.
    pub media_type: &'static str,
}

impl Form {
    /// Whether no part of the CSV has to be stored. The digest of a dataset with more rows is made from stored parts, so those of an
    /// append are stored also in a dry run, and then abandoned.
    pub(super) fn stores_nothing(&self) -> bool {
        self.dry_run && self.write != Write::Append
    }

    /// Refuses an upload without rows that would replace rows, or of which all rows were set aside.
    pub(super) fn check_empty(
        &self,
        there: Option<&Dataset>,
        bad_rows: &BadRows,
    ) -> Result<(), CsvError> {
        let rows = there.map_or(0, |dataset| dataset.rows);
        let kind = match self.write {
            _ if bad_rows.count > 0 => CsvErrorKind::OnlyBadRows {
                count: bad_rows.count,
                first: bad_rows
                    .first
                    .first()
                    .map(|row| (row.line, row.reason.clone())),
            },
            Write::Put if rows > 0 && !self.options.allow_empty => {
                CsvErrorKind::NoRows { replaced: rows }
            }
            Write::Put | Write::Create | Write::Append => return Ok(()),
        };
        Err(CsvError::whole(kind))
    }

    /// The media type of the source, with the parameters that a reader needs (RFC 4180, section 3).
    pub(super) fn content_type(&self, charset: &str) -> String {
        let header = if self.options.header_absent {
            "; header=absent"
        } else {
            ""
        };
        format!("{}; charset={charset}{header}", self.media_type)
    }
}
