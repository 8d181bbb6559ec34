//! What an upload becomes. This decides how its beginning is read, and how much of it is stored.

use std::sync::Arc;

use super::super::{
    CsvError, Delimiter, Layout, Limits, UploadOptions, bom::UTF8_BOM, header,
    preamble::FirstRecord,
};

/// What an upload becomes.
pub(super) enum Purpose {
    /// A dataset, as its sender states it.
    Dataset(UploadOptions),
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
    /// The delimiter, unless the header decides.
    pub(super) fn delimiter(&self) -> Option<Delimiter> {
        match self {
            Self::Dataset(options) => options.delimiter,
            Self::Rows { layout, .. } => Some(layout.delimited_by()),
        }
    }

    /// Whether the text follows another text, and so is stored without byte-order mark and header.
    pub(super) fn follows(&self) -> bool {
        matches!(self, Self::Rows { .. })
    }

    /// The layout of a text that begins with `text`, which ends with the first record.
    pub(super) fn layout(
        &self,
        text: &[u8],
        first: &FirstRecord,
        limits: &Limits,
    ) -> Result<Arc<Layout>, CsvError> {
        match self {
            Self::Dataset(options) => {
                let delimiter = first.delimiter.byte();
                header::layout(text, first.start, delimiter, options, limits).map(Arc::new)
            }
            Self::Rows {
                layout,
                header_absent,
                ..
            } => {
                if !header_absent {
                    header::check(text, first.start, layout)?;
                }
                Ok(Arc::clone(layout))
            }
        }
    }

    /// How many bytes of `text`, which ends with the first record, come before the first row.
    pub(super) fn body_start(&self, text: &[u8]) -> usize {
        let (Self::Dataset(UploadOptions { header_absent, .. }) | Self::Rows { header_absent, .. }) =
            self;
        match (header_absent, text.starts_with(UTF8_BOM)) {
            (false, _) => text.len(),
            (true, true) => UTF8_BOM.len(),
            (true, false) => 0,
        }
    }

    /// Whether empty lines alone are rows: if rows without a header are appended to a single column.
    pub(super) fn takes_empty_lines(&self) -> bool {
        match self {
            Self::Dataset(_) => false,
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
