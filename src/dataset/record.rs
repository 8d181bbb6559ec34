//! The records of a stored text.
//!
//! The text was checked when it was uploaded, so reading it can't fail. Fields are slices of it; only fields with doubled
//! quotes are copied, when somebody asks for their text.

use std::{borrow::Cow, iter};

use memchr::{memchr, memchr_iter};

use super::{record_splitter::Quotes, tokenizer::Tokenizer};

/// Reads the data records of a text.
#[derive(Debug, Clone)]
pub struct Records<'t> {
    text: &'t str,
    delimiter: u8,
    columns: usize,
    /// What is known about quotes in all fields. Texts without quotes are read faster.
    quoting: Quoting,
    tokenizer: Tokenizer<'t>,
    /// Where the next record begins.
    at: usize,
}

/// A field of a record.
///
/// Its text is looked at only when somebody asks for it.
#[derive(Clone, Copy)]
pub struct Field<'t> {
    text: &'t str,
    start: usize,
    end: usize,
    quoting: Quoting,
}

/// What is known about quotes in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// There may be some.
    Unknown,
    /// There are none.
    None,
    /// There are none, and no byte that JSON escapes either.
    Verbatim,
}

impl<'t> Records<'t> {
    /// The records of `text`, which has data records only: a block's text without its header.
    pub fn new(text: &'t str, delimiter: u8, columns: usize) -> Self {
        let quoting = match memchr(b'"', text.as_bytes()) {
            Some(_) => Quoting::Unknown,
            None => Quoting::None,
        };
        Self::of(text, delimiter, columns, quoting)
    }

    /// The records of a text without quotes; `verbatim` says that no field has a byte that JSON escapes.
    pub(super) fn unquoted(text: &'t str, delimiter: u8, columns: usize, verbatim: bool) -> Self {
        let quoting = match verbatim {
            true => Quoting::Verbatim,
            false => Quoting::None,
        };
        Self::of(text, delimiter, columns, quoting)
    }

    fn of(text: &'t str, delimiter: u8, columns: usize, quoting: Quoting) -> Self {
        Self {
            text,
            delimiter,
            columns,
            quoting,
            tokenizer: Tokenizer::new(text.as_bytes(), delimiter, 0),
            at: 0,
        }
    }

    /// Replaces `fields` by the next record's. Returns `false` if there is none.
    pub fn next_into(&mut self, fields: &mut Vec<Field<'t>>) -> bool {
        if self.quoting == Quoting::Unknown {
            self.read::<true>(fields)
        } else {
            self.read::<false>(fields)
        }
    }

    #[inline(always)]
    fn read<const QUOTES: bool>(&mut self, fields: &mut Vec<Field<'t>>) -> bool {
        // A local copy stays in registers while fields are written.
        let (mut tokenizer, mut at) = (self.tokenizer, self.at);
        let mut found = false;
        while !found && at < self.text.len() {
            fields.clear();
            loop {
                // The text was checked. If it is malformed all the same, reading ends here.
                let Ok(token) = tokenizer.field::<QUOTES>(at) else {
                    fields.clear();
                    self.at = self.text.len();
                    return false;
                };
                // The raw field is all up to the delimiter or the line end, quotes included.
                let quote = usize::from(token.start > at);
                fields.push(Field {
                    text: self.text,
                    start: at,
                    end: token.end + quote,
                    quoting: self.quoting,
                });
                at = token.next;
                if token.last {
                    break;
                }
            }
            let empty_line =
                self.columns > 1 && fields.len() == 1 && fields[0].start == fields[0].end;
            found = !empty_line;
        }
        (self.tokenizer, self.at) = (tokenizer, at);
        if !found {
            fields.clear();
        }
        found
    }

    /// Skips up to `rows` records. Returns how many there were.
    pub fn skip(&mut self, rows: usize) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let ends = Quotes::new(self.delimiter).record_ends(rest);
        let (skipped, passed) = if self.quoting == Quoting::Unknown {
            self.count(rest, ends, rows)
        } else {
            self.count(rest, memchr_iter(b'\n', rest).map(|at| at + 1), rows)
        };
        self.at += passed;
        self.tokenizer = Tokenizer::new(self.text.as_bytes(), self.delimiter, self.at);
        skipped
    }

    /// Continues at `at`, where a record begins.
    pub fn seek(&mut self, at: usize) {
        self.at = at.min(self.text.len());
        self.tokenizer = Tokenizer::new(self.text.as_bytes(), self.delimiter, self.at);
    }

    /// Where the next record begins, in bytes of the text.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Up to `most` records of `rest`, whose ends `ends` lists: how many, and their length in bytes.
    #[inline(always)]
    fn count(&self, rest: &[u8], ends: impl Iterator<Item = usize>, most: usize) -> (usize, usize) {
        let (mut records, mut at) = (0, 0);
        // The last line may lack a line end.
        for end in ends.chain(iter::once(rest.len())) {
            if records == most || at == rest.len() {
                break;
            }
            let empty_line = matches!(rest[at..end], [b'\n'] | [b'\r', b'\n']);
            records += usize::from(self.columns == 1 || !empty_line);
            at = end;
        }
        (records, at)
    }
}

impl<'t> Field<'t> {
    /// A field without quotes.
    pub(super) fn unquoted(text: &'t str, start: usize, end: usize) -> Self {
        Self {
            text,
            start,
            end,
            quoting: Quoting::None,
        }
    }

    /// The text, without the quotes around it, and with doubled quotes made single.
    #[inline]
    pub fn text(&self) -> Cow<'t, str> {
        match self.quoting {
            Quoting::None | Quoting::Verbatim => Cow::Borrowed(self.raw()),
            Quoting::Unknown => self.without_quotes(),
        }
    }

    fn without_quotes(&self) -> Cow<'t, str> {
        let raw = self.raw();
        let Some(inner) = raw.strip_prefix('"') else {
            return Cow::Borrowed(raw);
        };
        let inner = inner.strip_suffix('"').unwrap_or(inner);
        if memchr(b'"', inner.as_bytes()).is_some() {
            Cow::Owned(unquoted(inner))
        } else {
            Cow::Borrowed(inner)
        }
    }

    /// The field as it is written, quotes included.
    #[inline]
    pub fn raw(&self) -> &'t str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// Its offset in the text that the records are of.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Whether the text certainly has no byte that JSON escapes.
    #[inline]
    pub fn is_verbatim(&self) -> bool {
        self.quoting == Quoting::Verbatim
    }

    /// Whether the text is empty, quoted or not.
    pub fn is_empty(&self) -> bool {
        self.start == self.end || self.raw() == "\"\""
    }
}

/// The text inside a quoted field, with doubled quotes made single.
pub fn unquoted(inner: &str) -> String {
    inner.replace("\"\"", "\"")
}

/// The same, byte by byte as far as it is consumed.
pub fn unquoted_prefix(inner: &[u8]) -> impl Iterator<Item = u8> {
    let mut second = false;
    inner.iter().copied().filter(move |&byte| {
        second = byte == b'"' && !second;
        byte != b'"' || second
    })
}

#[cfg(test)]
mod tests;
