//! The beginning of a text: what comes before all lines, empty lines, and the first record.

use super::{Delimiter, record_splitter::RecordSplitter};

/// Reads the beginning of a text that grows.
#[derive(Debug)]
pub(crate) struct Preamble {
    delimiter: Delimiter,
    /// Bytes before all lines: a byte-order mark, and the line `sep=`.
    text_start: usize,
    /// Finds the end of the first record, once its beginning is there.
    splitter: Option<RecordSplitter>,
    /// How much of the text has been looked at.
    seen: usize,
    /// Where the first record begins, as far as is known.
    start: usize,
}

/// The first record, and how to go on after it.
#[derive(Debug)]
pub(crate) struct FirstRecord {
    pub start: usize,
    pub end: usize,
    pub delimiter: Delimiter,
    /// Has seen exactly the text up to `end`.
    pub splitter: RecordSplitter,
}

impl Preamble {
    /// The preamble of a text whose lines begin after `text_start` bytes.
    pub(crate) fn new(text_start: usize, delimiter: Delimiter) -> Self {
        Self {
            delimiter,
            text_start,
            splitter: None,
            seen: text_start,
            start: text_start,
        }
    }

    /// Bytes before all lines.
    pub(crate) fn text_start(&self) -> usize {
        self.text_start
    }

    /// The delimiter of the text.
    pub(crate) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Where the first record begins, as far as is known.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Looks at what was added to `text`; `last` if nothing more comes. Returns `None` while the first record is incomplete, and at
    /// the end if there is none.
    pub(crate) fn advance(&mut self, text: &[u8], last: bool) -> Option<FirstRecord> {
        if text.len() < self.seen {
            return None;
        }
        if self.splitter.is_none() {
            let (seen, found) = after_empty_lines(text, self.seen, last);
            (self.start, self.seen) = (seen, seen);
            if !found {
                return None;
            }
        }
        let (delimiter, start) = (self.delimiter, self.start);
        let splitter = self
            .splitter
            .get_or_insert_with(|| RecordSplitter::new(delimiter.byte(), start));
        let found = splitter
            .scan(&text[self.seen..], 0)
            .map(|end| self.seen + end);
        self.seen = found.unwrap_or(text.len());
        if found.is_none() && !last {
            return None;
        }
        Some(FirstRecord {
            start,
            end: self.seen,
            delimiter,
            splitter: splitter.clone(),
        })
    }
}

/// How far empty lines go, having looked as far as `from`, and whether a record follows.
fn after_empty_lines(text: &[u8], from: usize, last: bool) -> (usize, bool) {
    let mut at = from;
    loop {
        match &text[at..] {
            [] => return (at, false),
            [b'\n', ..] => at += 1,
            [b'\r', b'\n', ..] => at += 2,
            [b'\r'] if !last => return (at, false),
            _ => return (at, true),
        }
    }
}
