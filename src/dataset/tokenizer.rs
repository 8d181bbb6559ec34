//! The tokenizer takes fields out of a text. It is the one place for the grammar of CSV, for uploads and for reading.
//!
//! The grammar is RFC 4180, with LF or CRLF. A quote opens a quoted field only at the field's start; inside an unquoted field it is
//! an ordinary character.

use super::{CsvErrorKind, structural_index::StructuralIndex};

/// A field of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// Where its text begins, after the opening quote if there is one.
    pub start: usize,
    /// Where its text ends, before the closing quote if there is one.
    pub end: usize,
    /// Whether its text has doubled quotes in it.
    pub doubled: bool,
    /// Whether it is the record's last.
    pub last: bool,
    /// Where the next field, or record, begins.
    pub next: usize,
}

/// What is malformed, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    UnclosedQuote(usize),
    TextAfterQuote(usize),
    BareCarriageReturn(usize),
}

impl Fault {
    /// The byte, and the error to report there.
    pub(crate) fn reported(self) -> (usize, CsvErrorKind) {
        match self {
            Self::UnclosedQuote(at) => (at, CsvErrorKind::UnclosedQuote),
            Self::TextAfterQuote(at) => (at, CsvErrorKind::TextAfterQuote),
            Self::BareCarriageReturn(at) => (at, CsvErrorKind::BareCarriageReturn),
        }
    }
}

/// Reads the fields of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tokenizer<'t> {
    index: StructuralIndex<'t>,
    /// The first quote inside an unquoted field.
    stray_quote: Option<usize>,
}

impl<'t> Tokenizer<'t> {
    /// The fields of `text`. The first one begins at `from`, which has to be the beginning of a record.
    pub(crate) fn new(text: &'t [u8], delimiter: u8, from: usize) -> Self {
        Self {
            index: StructuralIndex::new(text, delimiter, from),
            stray_quote: None,
        }
    }

    /// The first quote inside an unquoted field so far.
    pub(crate) fn stray_quote(&self) -> Option<usize> {
        self.stray_quote
    }

    /// The field that begins at `start`, where the previous one said that the next begins.
    ///
    /// Without `QUOTES`, the text must have no quotes, which makes this faster.
    #[inline(always)]
    pub(crate) fn field<const QUOTES: bool>(&mut self, start: usize) -> Result<Token, Fault> {
        let text = self.index.text();
        loop {
            let Some(at) = self.index.next() else {
                let end = text.len();
                return Ok(Token {
                    start,
                    end,
                    doubled: false,
                    last: true,
                    next: end,
                });
            };
            let plain = |last, next| {
                Ok(Token {
                    start,
                    end: at,
                    doubled: false,
                    last,
                    next,
                })
            };
            match text[at] {
                byte if byte == self.index.delimiter() => return plain(false, at + 1),
                b'\n' => return plain(true, at + 1),
                b'"' if QUOTES && at == start => return quoted(&mut self.index, start),
                b'"' if QUOTES => {
                    self.stray_quote.get_or_insert(at);
                }
                _ => return line_end(&mut self.index, at).and_then(|next| plain(true, next)),
            }
        }
    }
}

/// The quoted field that opens at `open`, the last structural byte that was read.
#[inline(always)]
fn quoted(index: &mut StructuralIndex<'_>, open: usize) -> Result<Token, Fault> {
    let text = index.text();
    let mut doubled = false;
    while let Some(at) = index.next() {
        if text[at] != b'"' {
            continue;
        }
        let after = at + 1;
        let field = |last, next| {
            Ok(Token {
                start: open + 1,
                end: at,
                doubled,
                last,
                next,
            })
        };
        match text.get(after) {
            None => return field(true, after),
            Some(b'"') => doubled = true,
            Some(b'\n') => {
                index.next();
                return field(true, after + 1);
            }
            Some(b'\r') => {
                index.next();
                return line_end(index, after).and_then(|next| field(true, next));
            }
            Some(&byte) if byte == index.delimiter() => {
                index.next();
                return field(false, after + 1);
            }
            Some(_) => return Err(Fault::TextAfterQuote(after)),
        }
        index.next();
    }
    Err(Fault::UnclosedQuote(open))
}

/// Where the line after the carriage return at `at` begins. That was the last structural byte that was read.
#[inline(always)]
fn line_end(index: &mut StructuralIndex<'_>, at: usize) -> Result<usize, Fault> {
    if index.text().get(at + 1) != Some(&b'\n') {
        return Err(Fault::BareCarriageReturn(at));
    }
    index.next();
    Ok(at + 2)
}
