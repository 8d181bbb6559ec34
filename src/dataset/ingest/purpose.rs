//! What an upload is to become, which decides how its beginning is read and what of it is kept.

use std::sync::Arc;

use super::super::{
    CsvError, Delimiter, Layout, Limits, UploadOptions, charset::UTF8_BOM, header,
    preamble::FirstRecord,
};

/// What an upload is to become.
pub(super) enum Purpose {
    /// A dataset, as its sender states it.
    Dataset(UploadOptions),
    /// Rows of a dataset that is there.
    Rows {
        /// The dataset's layout, which holds for the rows too.
        layout: Arc<Layout>,
        /// The first record is a row.
        header_absent: bool,
        /// A raw block came out, so that what follows must too.
        begun: bool,
    },
}

impl Purpose {
    /// The delimiter, where the header does not decide.
    pub(super) fn delimiter(&self) -> Option<Delimiter> {
        match self {
            Self::Dataset(options) => options.delimiter,
            Self::Rows { layout, .. } => Some(layout.delimited_by()),
        }
    }

    /// Whether the text follows another one, and so keeps neither byte-order mark nor header.
    pub(super) fn follows(&self) -> bool {
        matches!(self, Self::Rows { .. })
    }

    /// How the text is laid out that begins with `text`, whose end is the first record's.
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

    /// How much of `text`, whose end is the first record's, comes before the first row.
    pub(super) fn body_start(&self, text: &[u8]) -> usize {
        let (Self::Dataset(UploadOptions { header_absent, .. }) | Self::Rows { header_absent, .. }) =
            self;
        match (header_absent, text.starts_with(UTF8_BOM)) {
            (false, _) => text.len(),
            (true, true) => UTF8_BOM.len(),
            (true, false) => 0,
        }
    }

    /// Whether empty lines alone are rows: where rows alone are added to one column.
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

    /// Whether a raw block of this text is worth nothing: it would be the first that is added, and has no record.
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
