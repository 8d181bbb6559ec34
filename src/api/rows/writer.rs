//! Writes rows one after the other, long ones in parts.

use super::format::{Form, Progress, write_part};
use crate::dataset::Field;

/// The rows of a longer text may be so long that they are sent in parts.
const LONG_TEXT: usize = 256 << 10;
/// A row with so many bytes of names is long.
const LONG_NAMES: usize = 32 << 10;

/// Writes rows in a form.
pub(crate) struct RowWriter {
    pub(super) form: Form,
    /// Whether a row was written already.
    begun: bool,
    /// How far the next row is written, if it is sent in parts.
    part: Option<Progress>,
    /// Whether rows of the text that is open are sent in parts.
    long: bool,
}

impl RowWriter {
    pub(crate) fn new(form: Form) -> Self {
        Self {
            form,
            begun: false,
            part: None,
            long: false,
        }
    }

    /// The memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.form.bytes()
    }

    /// Writes the text before the first row, once.
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.form.prefix);
    }

    /// Writes the text after the last row.
    pub(crate) fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.form.suffix.as_slice());
    }

    /// Rows of a text of so many bytes come next. Returns whether they are sent in parts.
    pub(crate) fn open(&mut self, text: usize) -> bool {
        self.long = text > LONG_TEXT || self.form.row.names() > LONG_NAMES;
        self.long
    }

    /// Whether a row is not complete.
    pub(super) fn is_inside_row(&self) -> bool {
        self.part.is_some()
    }

    /// Writes at most so many rows, up to `until` bytes. `row` writes the next one, and returns whether it is complete. Returns how many
    /// are complete.
    pub(crate) fn rows(
        &mut self,
        rows: u64,
        out: &mut Vec<u8>,
        until: usize,
        mut row: impl FnMut(&mut Self, &mut Vec<u8>) -> bool,
    ) -> u64 {
        let (mut written, before) = (0, out.len());
        while written < rows && out.len() < until && row(self, out) {
            written += 1;
            if written == 1 && !self.long {
                // The others are usually about as long.
                let row = (out.len() - before) * 9 / 8;
                let rest = usize::try_from(rows - 1).unwrap_or(usize::MAX);
                let left = until.saturating_sub(out.len()) + row;
                out.reserve(row.saturating_mul(rest).min(left));
            }
        }
        written
    }

    /// Writes a row, or the next part of it if rows are long. Returns whether it is complete.
    pub(crate) fn row(&mut self, fields: &[Field<'_>], out: &mut Vec<u8>, until: usize) -> bool {
        let progress = self.part.take().unwrap_or_else(|| {
            self.separate(out);
            Progress::default()
        });
        if self.long {
            self.part = write_part(&*self.form.row, fields, progress, out, until);
        } else {
            self.form.row.write(fields, out);
        }
        self.part.is_none()
    }

    /// Writes the separator, except before the first row.
    pub(super) fn separate(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            out.extend_from_slice(self.form.separator);
        }
    }
}
