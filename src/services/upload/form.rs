//! What the client said of the CSV that it sends.

use crate::dataset::{DatasetName, UploadOptions};
use crate::store::{Conditions, Write};

/// What the client said of the CSV it sends.
#[derive(Debug, Clone)]
pub struct Form {
    /// Name of the dataset.
    pub name: DatasetName,
    /// Whether the name must be free, or belong to a dataset.
    pub write: Write,
    /// What must hold of the dataset.
    pub conditions: Conditions,
    /// Delimiter, charset, nulls and stated types.
    pub options: UploadOptions,
    /// The media type of the source without parameters: `text/csv` or `text/tab-separated-values`.
    pub media_type: &'static str,
}

impl Form {
    /// The media type that the source is served under, with what a reader of it must know (RFC 4180 §3).
    pub(super) fn content_type(&self, transcoded: bool) -> String {
        // A text that had to be decoded though no charset was stated began with a mark of UTF-16.
        let charset =
            self.options
                .charset
                .as_deref()
                .unwrap_or(if transcoded { "utf-16" } else { "utf-8" });
        let header = if self.options.header_absent {
            "; header=absent"
        } else {
            ""
        };
        format!("{}; charset={charset}{header}", self.media_type)
    }
}
