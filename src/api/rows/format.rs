//! The form in which a version writes rows, at once or in parts.

use std::borrow::Cow;
use std::sync::Arc;

use crate::dataset::{Field, NullFields, push_doubled};

/// The form of rows, with the texts before, between and after them.
pub struct Form {
    /// Before the first row.
    pub prefix: Vec<u8>,
    /// Between two rows.
    pub separator: &'static [u8],
    /// After the last row.
    pub suffix: Vec<u8>,
    /// Writes each row.
    pub row: Box<dyn RowFormat>,
    /// How the same rows are written from lines. `None`: their fields have to be read.
    pub lines: Option<Lines>,
}

/// How rows are written from lines of a text without quotes, whose null fields are emptied before.
pub enum Lines {
    /// A line that ends in LF is a row already.
    Copied(NullFields),
    /// The function writes a row from its line and delimiter, if all its fields are valid in JSON without escapes.
    Written(Arc<NullFields>, fn(&str, u8, &mut Vec<u8>)),
}

impl Form {
    /// The memory that it takes for names of columns.
    pub(crate) fn bytes(&self) -> usize {
        self.prefix.len() + self.row.names()
    }
}

/// Writes rows.
pub trait RowFormat: Send {
    /// Appends a row.
    fn write(&self, fields: &[Field<'_>], out: &mut Vec<u8>);

    /// The cell at that index of the row, with the text before it. `None`: the row has no such cell. All cells and [`end`](Self::end)
    /// together are the output of [`write`](Self::write).
    fn cell<'c>(&'c self, fields: &[Field<'c>], at: usize) -> Option<Cell<'c>>;

    /// The text after the last cell.
    fn end(&self) -> &'static [u8];

    /// Bytes of names in each row.
    fn names(&self) -> usize {
        0
    }
}

/// A cell to write.
pub struct Cell<'c> {
    /// The text before it.
    pub before: &'c [u8],
    /// Its text.
    pub text: Cow<'c, str>,
    /// The quoting of the text.
    pub style: Style,
}

/// The quoting of a cell's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// None.
    Plain,
    /// As a JSON string.
    Json,
    /// As a quoted field of a CSV (RFC 4180 §2).
    Quoted,
}

/// The position in a row that is sent in parts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    cell: usize,
    /// The offset of the next byte of the cell's text. `None`: the cell has not begun.
    byte: Option<usize>,
}

/// How many bytes of text are written at a time in a long row. Escapes make them at most six times as long.
const STEP: usize = 16 << 10;

/// Continues a row, until `out` has `until` bytes. `None`: the row is complete.
pub(crate) fn write_part(
    format: &dyn RowFormat,
    fields: &[Field<'_>],
    mut progress: Progress,
    out: &mut Vec<u8>,
    until: usize,
) -> Option<Progress> {
    while out.len() < until {
        let Some(cell) = format.cell(fields, progress.cell) else {
            out.extend_from_slice(format.end());
            return None;
        };
        let mut at = progress.byte.unwrap_or_else(|| {
            out.extend_from_slice(cell.before);
            if cell.style != Style::Plain {
                out.push(b'"');
            }
            0
        });
        while at < cell.text.len() && out.len() < until {
            let end = cell.text.floor_char_boundary(at + STEP);
            cell.style.write(&cell.text[at..end], out);
            at = end;
        }
        if at < cell.text.len() {
            progress.byte = Some(at);
            break;
        }
        if cell.style != Style::Plain {
            out.push(b'"');
        }
        progress = Progress {
            cell: progress.cell + 1,
            byte: None,
        };
    }
    Some(progress)
}

impl Style {
    /// Writes a part of a text, without the surrounding quotes.
    fn write(self, part: &str, out: &mut Vec<u8>) {
        match self {
            Self::Plain => out.extend_from_slice(part.as_bytes()),
            Self::Json if is_verbatim(part) => out.extend_from_slice(part.as_bytes()),
            Self::Json => {
                // Writing a string to memory can't fail.
                let quoted = serde_json::to_vec(part).unwrap_or_default();
                out.extend_from_slice(&quoted[1..quoted.len() - 1]);
            }
            Self::Quoted => push_doubled(part.as_bytes(), out),
        }
    }
}

/// Appends `text`, the text of `field`, as a JSON string.
pub fn push_json_field(field: &Field<'_>, text: &str, out: &mut Vec<u8>) {
    match field.is_verbatim() {
        true => push_verbatim(text, out),
        false => push_json_string(text, out),
    }
}

/// Appends `text` as a JSON string.
pub fn push_json_string(text: &str, out: &mut Vec<u8>) {
    match is_verbatim(text) {
        true => push_verbatim(text, out),
        // Writing a string to memory can't fail.
        false => drop(serde_json::to_writer(out, text)),
    }
}

/// Whether a text is valid in JSON without escapes.
fn is_verbatim(text: &str) -> bool {
    // There is no branch per byte, so the compiler can vectorise the loop.
    let escaped = |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\');
    !text.bytes().fold(false, escaped)
}

#[inline]
fn push_verbatim(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}
