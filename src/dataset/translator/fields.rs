//! The records of a file in a stated dialect.

use memchr::{memchr, memchr2};

use crate::CsvErrorKind;
use crate::dialect::{Dialect, Quote, Separator, is_blank};

/// How to take fields out of a text.
#[derive(Debug, Clone)]
pub(super) struct Grammar {
    separator: Vec<u8>,
    /// The separator is any number of blanks.
    blanks: bool,
    quote: Option<u8>,
    /// A quote inside an unquoted field is refused.
    strict: bool,
    /// Each line is in quotes as a whole.
    lines: bool,
    escape: Option<u8>,
    trim: bool,
    /// Lines end in carriage returns alone.
    returns: bool,
}

/// The fields of a record, without quotes and escapes.
#[derive(Debug, Default)]
pub(super) struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// What is at a place of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record, or an empty line, that ends before this byte.
    Record {
        next: usize,
        /// Whether nothing is on the line.
        empty: bool,
    },
    /// More text is needed.
    Incomplete,
    /// A mistake at this byte.
    Fault(usize, CsvErrorKind),
}

impl Fields {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, place: usize) -> Option<&[u8]> {
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// The fields as texts. What is not UTF-8 is replaced.
    pub(super) fn to_texts(&self) -> Vec<String> {
        let fields = (0..self.len()).filter_map(|place| self.get(place));
        fields
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn end_field(&mut self) {
        self.ends.push(self.text.len());
    }

    /// Takes blanks off the end of the unfinished field.
    fn trim_end(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        while self.text.len() > start && self.text.last().is_some_and(|byte| is_blank(*byte)) {
            self.text.pop();
        }
    }
}

/// The first byte of a character or separator at a place.
enum Next {
    /// The line goes on.
    Separator(usize),
    /// The line ends, and the next one begins there.
    Line(usize),
    /// The text ends.
    End,
    /// Something else.
    Other,
    Incomplete,
    Fault(CsvErrorKind),
}

impl Grammar {
    /// The grammar of a dialect whose delimiter, if the file decides, is `detected`.
    pub(super) fn new(dialect: &Dialect, detected: u8, returns: bool) -> Self {
        let (separator, blanks) = match &dialect.delimiter {
            Some(Separator::Text(text)) => (text.clone().into_bytes(), false),
            Some(Separator::Blanks) => (vec![b' '], true),
            Some(Separator::Usual(_) | Separator::Detected) | None => (vec![detected], false),
        };
        Self {
            separator,
            blanks,
            quote: dialect.quote().byte(),
            strict: dialect.quote() == Quote::Strict,
            lines: dialect.quote() == Quote::Lines,
            escape: dialect.escape_byte(),
            trim: dialect.trims(),
            returns,
        }
    }

    /// Whether lines end in carriage returns alone.
    pub(super) fn line_end(&self) -> u8 {
        if self.returns { b'\r' } else { b'\n' }
    }

    /// Reads the record that begins at `start` into `fields`; `last` if nothing follows `text`.
    pub(super) fn record(
        &self,
        text: &[u8],
        start: usize,
        last: bool,
        fields: &mut Fields,
    ) -> Found {
        if self.lines {
            return self.quoted_line(text, start, last, fields);
        }
        fields.clear();
        let mut at = match self.blanks {
            true => self.after_blanks(text, start),
            false => start,
        };
        loop {
            let begin = at;
            at = match self.field(text, at, last, fields) {
                Ok(at) => at,
                Err(found) => return found,
            };
            let next = match self.next(text, at, last) {
                Next::Separator(next) if self.blanks => {
                    // Blanks at the end of a line separate nothing.
                    match self.next(text, next, last) {
                        Next::Line(line) => Next::Line(line),
                        Next::End => Next::End,
                        Next::Incomplete => Next::Incomplete,
                        Next::Fault(kind) => Next::Fault(kind),
                        Next::Separator(_) | Next::Other => Next::Separator(next),
                    }
                }
                next => next,
            };
            match next {
                Next::Separator(next) => {
                    fields.end_field();
                    at = next;
                }
                Next::Line(_) | Next::End => {
                    let next = match next {
                        Next::Line(next) => next,
                        _ => text.len(),
                    };
                    fields.end_field();
                    let blank = self.trim && text[begin..at].iter().all(|&byte| is_blank(byte));
                    let empty = fields.len() == 1 && (begin == at || blank);
                    return Found::Record { next, empty };
                }
                Next::Other => return Found::Fault(at, CsvErrorKind::TextAfterQuote),
                Next::Incomplete => return Found::Incomplete,
                Next::Fault(kind) => return Found::Fault(at, kind),
            }
        }
    }

    /// The field that begins at `at`; returns where it ends.
    fn field(
        &self,
        text: &[u8],
        at: usize,
        last: bool,
        fields: &mut Fields,
    ) -> Result<usize, Found> {
        let start = match self.trim {
            true => self.after_blanks(text, at),
            false => at,
        };
        match (text.get(start), self.quote) {
            (Some(first), Some(quote)) if *first == quote => {
                let end = self.quoted(text, start, quote, last, fields)?;
                Ok(match self.trim {
                    true => self.after_blanks(text, end),
                    false => end,
                })
            }
            _ => self.unquoted(text, start, last, fields),
        }
    }

    /// Where blanks end that begin at `at`. The separator is none of them, unless it is any number of them.
    fn after_blanks(&self, text: &[u8], at: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|&&byte| {
            is_blank(byte) && (self.blanks || self.separator.first() != Some(&byte))
        });
        at + blanks.count()
    }

    fn quoted(
        &self,
        text: &[u8],
        open: usize,
        quote: u8,
        last: bool,
        fields: &mut Fields,
    ) -> Result<usize, Found> {
        let mut at = open + 1;
        let escape = self.escape.unwrap_or(quote);
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let Some(length) = memchr2(quote, escape, rest) else {
                return Err(match last {
                    true => Found::Fault(open, CsvErrorKind::UnclosedQuote),
                    false => Found::Incomplete,
                });
            };
            fields.text.extend_from_slice(&rest[..length]);
            at += length;
            let after = text.get(at + 1);
            match after {
                None if !last => return Err(Found::Incomplete),
                None if text[at] == quote => return Ok(at + 1),
                None => return Err(Found::Fault(open, CsvErrorKind::UnclosedQuote)),
                Some(&after) if text[at] != quote => {
                    fields.text.push(after);
                    at += 2;
                }
                Some(&after) if after == quote => {
                    fields.text.push(quote);
                    at += 2;
                }
                Some(_) => return Ok(at + 1),
            }
        }
    }

    fn unquoted(
        &self,
        text: &[u8],
        start: usize,
        last: bool,
        fields: &mut Fields,
    ) -> Result<usize, Found> {
        let mut at = start;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let special = rest.iter().position(|&byte| self.is_special(byte));
            let length = special.unwrap_or(rest.len());
            fields.text.extend_from_slice(&rest[..length]);
            at += length;
            let Some(&byte) = text.get(at) else {
                break;
            };
            if Some(byte) == self.escape {
                match text.get(at + 1) {
                    None if !last => return Err(Found::Incomplete),
                    // `\N` alone is how databases write a missing value.
                    Some(b'N') if at == start && self.is_alone(text, at + 2, last)? => {
                        fields.text.extend_from_slice(&text[at..at + 2]);
                        at += 2;
                    }
                    Some(&after) => {
                        fields.text.push(after);
                        at += 2;
                    }
                    None => {
                        fields.text.push(byte);
                        at += 1;
                    }
                }
                continue;
            }
            if self.strict && byte == b'"' {
                return Err(Found::Fault(at, CsvErrorKind::StrayQuote));
            }
            match self.next(text, at, last) {
                Next::Other => {
                    fields.text.push(byte);
                    at += 1;
                }
                Next::Incomplete => return Err(Found::Incomplete),
                Next::Fault(kind) => return Err(Found::Fault(at, kind)),
                Next::Separator(_) | Next::Line(_) | Next::End => break,
            }
        }
        if self.trim {
            fields.trim_end();
        }
        Ok(at)
    }

    /// Whether a field ends at `at`.
    fn is_alone(&self, text: &[u8], at: usize, last: bool) -> Result<bool, Found> {
        match self.next(text, at, last) {
            Next::Incomplete => Err(Found::Incomplete),
            Next::Separator(_) | Next::Line(_) | Next::End => Ok(true),
            Next::Other | Next::Fault(_) => Ok(false),
        }
    }

    #[inline(always)]
    fn is_special(&self, byte: u8) -> bool {
        byte == b'\n'
            || byte == b'\r'
            || Some(&byte) == self.separator.first()
            || self.blanks && byte == b'\t'
            || Some(byte) == self.escape
            || self.strict && byte == b'"'
    }

    fn next(&self, text: &[u8], at: usize, last: bool) -> Next {
        let rest = text.get(at..).unwrap_or_default();
        match rest {
            [] if last => Next::End,
            [] => Next::Incomplete,
            [b'\n', ..] if self.returns => Next::Fault(CsvErrorKind::MixedLineEnds),
            [b'\n', ..] => Next::Line(at + 1),
            [b'\r', ..] if self.returns => Next::Line(at + 1),
            [b'\r', b'\n', ..] => Next::Line(at + 2),
            [b'\r'] if !last => Next::Incomplete,
            [b'\r', ..] => Next::Fault(CsvErrorKind::BareCarriageReturn),
            [byte, ..] if self.blanks && is_blank(*byte) => {
                let end = self.after_blanks(text, at);
                match end == text.len() && !last {
                    true => Next::Incomplete,
                    false => Next::Separator(end),
                }
            }
            _ if rest.starts_with(&self.separator) => Next::Separator(at + self.separator.len()),
            _ if !last && self.separator.starts_with(rest) => Next::Incomplete,
            _ => Next::Other,
        }
    }

    /// A line that is in quotes as a whole: the text inside is the record.
    fn quoted_line(&self, text: &[u8], start: usize, last: bool, fields: &mut Fields) -> Found {
        fields.clear();
        let inside = Self {
            lines: false,
            ..self.clone()
        };
        if text.get(start) != Some(&b'"') {
            return inside.record(text, start, last, fields);
        }
        let mut line = Fields::default();
        let end = match inside.quoted(text, start, b'"', last, &mut line) {
            Ok(end) => end,
            Err(found) => return found,
        };
        let next = match self.next(text, end, last) {
            Next::Line(next) => next,
            Next::End => text.len(),
            Next::Incomplete => return Found::Incomplete,
            Next::Fault(kind) => return Found::Fault(end, kind),
            Next::Separator(_) | Next::Other => {
                return Found::Fault(end, CsvErrorKind::TextAfterQuote);
            }
        };
        match inside.record(&line.text, 0, true, fields) {
            Found::Record { empty, .. } => Found::Record { next, empty },
            // Places inside the line are not those of the file.
            Found::Fault(_, kind) => Found::Fault(start, kind),
            Found::Incomplete => Found::Incomplete,
        }
    }
}

/// Where the line that begins at `at` ends, its line end included; `None` if it goes on after the text.
pub(super) fn line_after(text: &[u8], at: usize, end: u8) -> Option<usize> {
    memchr(end, text.get(at..).unwrap_or_default()).map(|length| at + length + 1)
}
