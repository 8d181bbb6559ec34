//! The record splitter finds record boundaries as the text arrives.
//!
//! This is the one part of reading that can't be shared among threads, so it looks at as little as possible: at quotes that open or
//! close a field, and at the line feeds that decide something. It does not notice malformed CSV. The tokenizer does, at the same
//! place, because both agree up to the first mistake.

use memchr::{memchr, memrchr};

use super::structural_index::StructuralIndex;

/// Finds record boundaries in a text that comes in slices of any size.
#[derive(Debug, Clone)]
pub(crate) struct RecordSplitter {
    quotes: Quotes,
    /// How much of the text was scanned.
    seen: usize,
    /// Where the unfinished record begins. Exact after each `scan` that found no boundary.
    record: usize,
}

impl RecordSplitter {
    /// A splitter whose first slice begins with a record, `seen` bytes into the text.
    pub(crate) fn new(delimiter: u8, seen: usize) -> Self {
        Self {
            quotes: Quotes::new(delimiter),
            seen,
            record: seen,
        }
    }

    /// Whether the text so far ends inside a quoted field.
    pub(crate) fn in_quotes(&self) -> bool {
        self.quotes.quoted
    }

    /// Where the unfinished record begins.
    pub(crate) fn record(&self) -> usize {
        self.record
    }

    /// Offsets now count from the boundary that was just found.
    pub(crate) fn restart(&mut self) {
        self.seen = 0;
        self.record = 0;
    }

    /// The text lost its first `bytes` bytes; the unfinished record begins at or after their end.
    pub(crate) fn forget(&mut self, bytes: usize) {
        self.seen = self.seen.saturating_sub(bytes);
        self.record = self.record.saturating_sub(bytes);
    }

    /// Scans the next slice of the text, up to the end of the first record that ends at or after byte `least` of the slice. What
    /// follows that end was not scanned and has to be given again.
    pub(crate) fn scan(&mut self, slice: &[u8], least: usize) -> Option<usize> {
        let plain = !self.quotes.quoted && memchr(b'"', slice).is_none();
        let end = if plain {
            self.scan_plain(slice, least)
        } else {
            self.scan_quoted(slice, least)
        };
        if end.is_some() {
            self.quotes = Quotes::new(self.quotes.delimiter);
        }
        self.seen += end.unwrap_or(slice.len());
        if end.is_some() {
            self.record = self.seen;
        }
        end
    }

    /// For a slice without quotes: every line feed ends a record, so only two of them have to be found.
    fn scan_plain(&mut self, slice: &[u8], least: usize) -> Option<usize> {
        let early = least.saturating_sub(1).min(slice.len());
        if let Some(found) = memchr(b'\n', &slice[early..]) {
            return Some(early + found + 1);
        }
        if let Some(found) = memrchr(b'\n', &slice[..early]) {
            self.record = self.seen + found + 1;
        }
        self.quotes.end_slice(slice, None);
        None
    }

    fn scan_quoted(&mut self, slice: &[u8], least: usize) -> Option<usize> {
        let mut ends = self.quotes.record_ends(slice);
        for end in ends.by_ref() {
            if end >= least {
                return Some(end);
            }
            self.record = self.seen + end;
        }
        self.quotes = ends.quotes;
        self.quotes.end_slice(slice, ends.closed);
        None
    }
}

/// Whether a place in the text is inside quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quotes {
    delimiter: u8,
    /// The text so far ends inside a quoted field.
    quoted: bool,
    /// The text so far ends with a quote that closes a field, unless another follows.
    closed: bool,
    /// The last byte so far.
    last: u8,
}

impl Quotes {
    /// The state at the beginning of a record.
    pub(crate) fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            quoted: false,
            closed: false,
            last: b'\n',
        }
    }

    /// Where records end in the next slice of the text.
    pub(crate) fn record_ends(self, slice: &[u8]) -> RecordEnds<'_> {
        // Delimiters don't matter here, so a byte that is marked anyway takes the delimiter's role.
        let index = StructuralIndex::new(slice, b'"', 0);
        RecordEnds {
            quotes: self,
            index,
            closed: if self.closed { Some(0) } else { None },
        }
    }

    /// The slice was scanned to its end; a field was closed right before `closed`.
    fn end_slice(&mut self, slice: &[u8], closed: Option<usize>) {
        if let Some(&last) = slice.last() {
            self.last = last;
            self.closed = closed == Some(slice.len());
        }
    }
}

/// The record ends in a slice.
pub(crate) struct RecordEnds<'t> {
    quotes: Quotes,
    index: StructuralIndex<'t>,
    /// A quote right before this position closed a field. Another quote here makes it a doubled quote.
    closed: Option<usize>,
}

impl Iterator for RecordEnds<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let text = self.index.text();
        loop {
            let at = self.index.next()?;
            match (text[at], self.quotes.quoted) {
                (b'"', true) => {
                    self.quotes.quoted = false;
                    self.closed = Some(at + 1);
                }
                (b'"', false) => {
                    self.quotes.quoted = self.closed == Some(at) || self.begins_field(at);
                }
                (b'\n', false) => return Some(at + 1),
                _ => {}
            }
        }
    }
}

impl RecordEnds<'_> {
    #[inline(always)]
    fn begins_field(&self, at: usize) -> bool {
        let before = at
            .checked_sub(1)
            .map_or(self.quotes.last, |before| self.index.text()[before]);
        before == self.quotes.delimiter || before == b'\n'
    }
}

#[cfg(test)]
mod tests;
