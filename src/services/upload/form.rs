//! The parameters of an upload.

use crate::dataset::{DatasetName, UploadOptions};
use crate::store::{Conditions, Write};

/// What the client states about the CSV that it sends.
#[derive(Debug, Clone)]
pub struct Form {
    /// Name of the dataset.
    pub name: DatasetName,
    /// Whether the write creates a dataset, replaces it or appends to it.
    pub write: Write,
    /// The preconditions.
    pub conditions: Conditions,
    /// Delimiter, charset, nulls and stated types.
    pub options: UploadOptions,
    /// The media type of the source without parameters: `text/csv` or `text/tab-separated-values`.
    pub media_type: &'static str,
}

impl Form {
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
