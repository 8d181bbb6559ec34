//! The beginning of a text, and its records as a delimiter divides them.

use super::RECORDS;
use crate::Delimiter;
use crate::dialect::Dialect;
use crate::marks::END_OF_TEXT;

/// The beginning of a text, and how it is to be read.
pub(super) struct Sample<'t> {
    pub(super) text: &'t [u8],
    pub(super) whole: bool,
    /// Where the table begins, and in which line, from 0.
    pub(super) table: usize,
    pub(super) line: usize,
    pub(super) line_end: u8,
    pub(super) quote: Option<u8>,
    pub(super) dialect: &'t Dialect,
}

/// A record of the sample, as one delimiter divides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// The line that it begins in, from 0.
    pub(super) line: usize,
    /// Where it begins.
    pub(super) at: usize,
    pub(super) fields: usize,
}

impl Sample<'_> {
    /// The records of the table, as `delimiter` divides them. Empty lines and comments are left out, and so is the last record
    /// of a sample that goes on.
    pub(super) fn shape(&self, delimiter: Delimiter) -> Vec<Shape> {
        let end = self.line_end;
        let comment = self.dialect.comment().map(str::as_bytes);
        let mut shapes = Vec::new();
        let (mut at, mut line) = (self.table, self.line);
        while at < self.text.len() && shapes.len() < RECORDS {
            let rest = &self.text[at..];
            if comment.is_some_and(|comment| rest.starts_with(comment)) {
                let Some(length) = memchr::memchr(end, rest) else {
                    break;
                };
                at += length + 1;
                line += 1;
                continue;
            }
            let (length, fields, lines, ended) = self.record(rest, delimiter.byte());
            if !ended && !self.whole {
                break;
            }
            let empty = rest[..length].trim_ascii().is_empty() && fields == 1;
            let last = rest[..length] == [END_OF_TEXT];
            if !empty && !last {
                shapes.push(Shape { line, at, fields });
            }
            at += length;
            line += lines;
        }
        if self.whole {
            shapes.truncate(shapes.len().saturating_sub(self.dialect.skip_last()));
        }
        shapes
    }

    /// The record at the beginning of `text`: its length, its fields, its lines, and whether it ends there.
    fn record(&self, text: &[u8], delimiter: u8) -> (usize, usize, usize, bool) {
        let end = self.line_end;
        let (mut fields, mut lines) = (1, 0);
        let mut quoted = false;
        let mut begins = true;
        for (at, &byte) in text.iter().enumerate() {
            if byte == end {
                lines += 1;
            }
            match byte {
                _ if Some(byte) == self.quote && (quoted || begins) => {
                    quoted = !quoted;
                    // A doubled quote closes the field and opens it again.
                    begins = !quoted;
                }
                _ if quoted => {}
                _ if byte == end => return (at + 1, fields, lines, true),
                _ if byte == delimiter => {
                    fields += 1;
                    begins = true;
                }
                _ => begins = begins && self.dialect.trims() && byte == b' ',
            }
        }
        (text.len(), fields, lines, false)
    }
}
