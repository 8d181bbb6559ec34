//! How a version writes a row: at once, or in parts where it is long.

use std::borrow::Cow;

use crate::dataset::Field;

/// How rows are written, and what comes before, between and after them.
pub struct Form {
    /// Before the first row.
    pub prefix: Vec<u8>,
    /// Between two rows.
    pub separator: &'static [u8],
    /// After the last row.
    pub suffix: Vec<u8>,
    /// Writes each row.
    pub row: Box<dyn RowFormat>,
    /// Writes the same row from its line and the delimiter of its fields, where JSON takes all of them as they are.
    pub line: Option<fn(&str, u8, &mut Vec<u8>)>,
    /// Whether plain lines of fields between commas are rows in this form as they are.
    pub plain: bool,
}

impl Form {
    /// Bytes that it takes in memory: names of columns, once or twice.
    pub(crate) fn bytes(&self) -> usize {
        self.prefix.len() + self.row.names()
    }
}

/// Writes rows.
pub trait RowFormat: Send {
    /// Writes the fields of a row behind what is there.
    fn write(&self, fields: &[Field<'_>], out: &mut Vec<u8>);

    /// The cell at that place of the row, and what comes before it; `None` behind the last one. All cells one after the other
    /// and [`end`](Self::end) are what [`write`](Self::write) writes.
    fn cell<'c>(&'c self, fields: &[Field<'c>], at: usize) -> Option<Cell<'c>>;

    /// What follows the last cell.
    fn end(&self) -> &'static [u8];

    /// Bytes of names that each row repeats.
    fn names(&self) -> usize {
        0
    }
}

/// A cell of a row, as it is written.
pub struct Cell<'c> {
    /// What comes before it.
    pub before: &'c [u8],
    /// Its text.
    pub text: Cow<'c, str>,
    /// How the text is written.
    pub style: Style,
}

/// How the text of a cell is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// As a JSON string.
    Json,
    /// As a quoted field of a CSV (RFC 4180 §2).
    Quoted,
}

/// How far a row is written that goes out in parts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    cell: usize,
    /// The byte of the cell's text that comes next; `None`: the cell has not begun.
    byte: Option<usize>,
}

/// Bytes of text that are written at a time within a long row. Escapes make them six times as long at most.
const STEP: usize = 16 << 10;

/// Writes on with a row behind `out`, until that has `until` bytes. `None`: the row is whole.
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
    /// Writes a part of a text, without the quotes around all of it.
    fn write(self, part: &str, out: &mut Vec<u8>) {
        match self {
            Self::Plain => out.extend_from_slice(part.as_bytes()),
            Self::Json if is_verbatim(part) => out.extend_from_slice(part.as_bytes()),
            Self::Json => {
                // Writing a string to memory can't fail.
                let quoted = serde_json::to_vec(part).unwrap_or_default();
                out.extend_from_slice(&quoted[1..quoted.len() - 1]);
            }
            Self::Quoted => push_doubled(part, out),
        }
    }
}

/// Appends `text` with every quote doubled, as it stands inside a quoted field of a CSV.
pub(super) fn push_doubled(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
}

/// Appends `text`, which is `field`'s, as a JSON string.
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

/// Whether JSON takes a text as it is.
fn is_verbatim(text: &str) -> bool {
    // Without a branch a byte, so that many are looked at in one go.
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
