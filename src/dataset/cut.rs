//! Record boundaries, found as the text arrives.
//!
//! This is the one part of reading that cannot be shared among threads, so it looks at as little as possible: quotes
//! that open or close a field, and then only the line feeds that decide something. What is not CSV is not noticed
//! here; it is noticed by whoever tokenises the piece, at the same place, because up to the first fault both agree.

use memchr::{memchr, memchr_iter, memrchr};

/// Finds record boundaries in a text that comes in slices of any size.
#[derive(Debug, Clone)]
pub(crate) struct Cutter {
    delimiter: u8,
    /// The text so far ends inside a quoted field.
    quoted: bool,
    /// The text so far ends with a quote that closes a field, or is the first of a doubled one.
    closing: bool,
    /// The last byte seen.
    last: u8,
    /// How much of the text has been seen.
    seen: usize,
    /// Where the record in progress begins; exact whenever `scan` found no boundary.
    record: usize,
}

impl Cutter {
    /// A cutter whose first slice begins with a record, `seen` bytes into the text.
    pub(crate) fn new(delimiter: u8, seen: usize) -> Self {
        Self {
            delimiter,
            quoted: false,
            closing: false,
            last: b'\n',
            seen,
            record: seen,
        }
    }

    /// Whether the text so far ends inside a quoted field.
    pub(crate) fn in_quotes(&self) -> bool {
        self.quoted && !self.closing
    }

    /// Where the record in progress begins.
    pub(crate) fn record(&self) -> usize {
        self.record
    }

    /// The text begins anew at the boundary that was just found.
    pub(crate) fn restart(&mut self) {
        self.seen = 0;
        self.record = 0;
    }

    /// Looks through the next slice of the text, up to the end of the first record that ends at or after `least`
    /// bytes of it. What follows that end has not been looked at and is to be given again.
    pub(crate) fn scan(&mut self, slice: &[u8], least: usize) -> Option<usize> {
        let mut at = 0;
        while let Some(outside) = self.leave_quotes(slice, at) {
            let opening = self.opening_quote(slice, outside);
            let plain_end = opening.unwrap_or(slice.len());
            let early = least.saturating_sub(1).clamp(outside, plain_end);
            if let Some(found) = memchr(b'\n', &slice[early..plain_end]) {
                let end = early + found + 1;
                self.last = b'\n';
                self.seen += end;
                self.record = self.seen;
                return Some(end);
            }
            if let Some(found) = last_line_feed(&slice[outside..early]) {
                self.record = self.seen + outside + found + 1;
            }
            let Some(opening) = opening else { break };
            self.quoted = true;
            at = opening + 1;
        }
        self.last = slice.last().copied().unwrap_or(self.last);
        self.seen += slice.len();
        None
    }

    /// The first place at or after `at` that is outside quotes.
    #[inline]
    fn leave_quotes(&mut self, slice: &[u8], mut at: usize) -> Option<usize> {
        while self.quoted {
            if self.closing {
                self.closing = false;
                match slice.get(at) {
                    None => {
                        self.closing = true;
                        return None;
                    }
                    Some(b'"') => at += 1,
                    Some(_) => {
                        self.quoted = false;
                        break;
                    }
                }
            }
            at += memchr(b'"', &slice[at..])? + 1;
            self.closing = true;
        }
        Some(at)
    }

    /// The first quote at or after `at` that opens a field: one where a field begins.
    #[inline]
    fn opening_quote(&self, slice: &[u8], at: usize) -> Option<usize> {
        // In a file that quotes every field, the next one opens right after the delimiter.
        if let [first, b'"', ..] = slice[at..]
            && first == self.delimiter
        {
            return Some(at + 1);
        }
        memchr_iter(b'"', &slice[at..])
            .map(|found| at + found)
            .find(|&quote| {
                let before = quote
                    .checked_sub(1)
                    .map_or(self.last, |before| slice[before]);
                before == self.delimiter || before == b'\n'
            })
    }
}

/// The last line feed; between two quoted fields there is so little that a call would cost more than a look.
#[inline]
fn last_line_feed(plain: &[u8]) -> Option<usize> {
    const SHORT: usize = 8;
    if plain.len() <= SHORT {
        return plain.iter().rposition(|&byte| byte == b'\n');
    }
    memrchr(b'\n', plain)
}

#[cfg(test)]
mod tests;
