//! What an upload becomes. This decides how its beginning is read, and how much of it is stored.

use std::sync::Arc;

use super::super::{CsvError, Delimiter, Layout, Limits, UploadOptions, header};

/// What an upload becomes.
pub enum Purpose {
    /// A dataset, as its sender states it.
    Dataset {
        /// What is stated.
        options: Box<UploadOptions>,
        /// The columns' units, if the file has them.
        units: Vec<String>,
    },
    /// Rows of a dataset that exists.
    Rows {
        /// The dataset's layout, which holds for the rows too.
        layout: Arc<Layout>,
        /// The first record is a row.
        header_absent: bool,
        /// Whether a raw block was returned, so that all that follow must be too.
        begun: bool,
    },
}

impl Purpose {
    /// A dataset, as its sender states it.
    pub(super) fn dataset(options: UploadOptions) -> Self {
        Self::Dataset {
            options: Box::new(options),
            units: Vec::new(),
        }
    }

    /// The delimiter of the dataset that exists.
    pub(super) fn has_delimiter(&self) -> Option<Delimiter> {
        match self {
            Self::Dataset { .. } => None,
            Self::Rows { layout, .. } => Some(layout.delimited_by()),
        }
    }

    /// Whether the delimiter is that of the dataset that is replaced.
    pub(super) fn keeps_delimiter(&self) -> bool {
        match self {
            Self::Dataset { options, .. } => options.kept_delimiter,
            Self::Rows { .. } => false,
        }
    }

    /// The delimiter of the text that is stored, if the file has `found`.
    pub(super) fn stored_delimiter(&self, found: Delimiter) -> Delimiter {
        self.has_delimiter().unwrap_or(found)
    }

    /// Whether the first record names the columns.
    pub fn has_header(&self) -> bool {
        match self {
            Self::Dataset { options, .. } => !options.header_absent,
            Self::Rows { header_absent, .. } => !header_absent,
        }
    }

    /// How many columns the dataset has, if it exists.
    pub fn columns(&self) -> Option<usize> {
        match self {
            Self::Dataset { .. } => None,
            Self::Rows { layout, .. } => Some(layout.columns.len()),
        }
    }

    /// Keeps the units that the file has.
    pub fn set_units(&mut self, found: Vec<String>) {
        if let Self::Dataset { units, .. } = self {
            *units = found;
        }
    }

    /// Whether the text follows another text, and so is stored without byte-order mark and header.
    pub(super) fn follows(&self) -> bool {
        matches!(self, Self::Rows { .. })
    }

    /// The layout of a text that begins with `text`, which ends with the first record. That begins at `start`.
    pub fn layout(
        &self,
        text: &[u8],
        start: usize,
        delimiter: Delimiter,
        limits: &Limits,
    ) -> Result<Arc<Layout>, CsvError> {
        match self {
            Self::Dataset { options, units } => {
                let layout = header::layout(text, start, delimiter.byte(), options, limits)?;
                Ok(Arc::new(Layout {
                    units: units.clone(),
                    ..layout
                }))
            }
            Self::Rows {
                layout,
                header_absent,
                ..
            } => {
                if !header_absent {
                    header::check(text, start, layout)?;
                }
                Ok(Arc::clone(layout))
            }
        }
    }

    /// How many bytes of `text`, which ends with the first record, come before the first row. `start` bytes come before all
    /// lines.
    pub(super) fn body_start(&self, text: &[u8], start: usize) -> usize {
        match self.has_header() {
            true => text.len(),
            false => start,
        }
    }

    /// Whether empty lines alone are rows: if rows without a header are appended to a single column.
    pub fn takes_empty_lines(&self) -> bool {
        match self {
            Self::Dataset { .. } => false,
            Self::Rows {
                layout,
                header_absent,
                ..
            } => *header_absent && layout.columns.len() == 1,
        }
    }

    /// Whether to skip a raw block with this text: it would be the first one, and has no record.
    pub(super) fn passes_over(&mut self, text: &[u8]) -> bool {
        let Self::Rows { layout, begun, .. } = self else {
            return false;
        };
        *begun |= layout.columns.len() == 1 || !only_empty_lines(text);
        !*begun
    }
}

fn only_empty_lines(text: &[u8]) -> bool {
    text.strip_suffix(b"\n").is_some_and(|lines| {
        lines
            .split(|&byte| byte == b'\n')
            .all(|line| matches!(line, b"" | b"\r"))
    })
}
