//! Fields, one after the other: the grammar of CSV, in one place for writing and for reading.
//!
//! RFC 4180, with LF or CRLF, where a quote opens a quoted field only at the field's start and is an ordinary character
//! inside an unquoted one.

use super::{CsvErrorKind, marks::Marks};

/// A field of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// Where its text begins, after the opening quote if there is one.
    pub(crate) start: usize,
    /// Where its text ends, before the closing quote if there is one.
    pub(crate) end: usize,
    /// Whether its text has doubled quotes in it.
    pub(crate) doubled: bool,
    /// Whether it is the record's last.
    pub(crate) last: bool,
    /// Where the next field, or record, begins.
    pub(crate) next: usize,
}

/// What is no CSV, and at which byte.
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
pub(crate) struct Tokens<'t> {
    marks: Marks<'t>,
}

impl<'t> Tokens<'t> {
    /// The fields of `text`; the first one begins at `from`, which must begin a record.
    pub(crate) fn new(text: &'t [u8], delimiter: u8, from: usize) -> Self {
        Self {
            marks: Marks::new(text, delimiter, from),
        }
    }

    /// The field that begins at `start`, which is where the last one said that the next begins.
    ///
    /// Without `QUOTES` the text must not hold any, which spares the look for them.
    #[inline(always)]
    pub(crate) fn field<const QUOTES: bool>(&mut self, start: usize) -> Result<Token, Fault> {
        let text = self.marks.text();
        loop {
            let Some(at) = self.marks.next() else {
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
                byte if byte == self.marks.delimiter() => return plain(false, at + 1),
                b'\n' => return plain(true, at + 1),
                b'"' if QUOTES && at == start => return quoted(&mut self.marks, start),
                b'"' if QUOTES => {}
                _ => return line_end(&mut self.marks, at).and_then(|next| plain(true, next)),
            }
        }
    }
}

/// The quoted field that opens at `open`, whose mark was the last.
#[inline(always)]
fn quoted(marks: &mut Marks<'_>, open: usize) -> Result<Token, Fault> {
    let text = marks.text();
    let mut doubled = false;
    while let Some(at) = marks.next() {
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
                marks.next();
                return field(true, after + 1);
            }
            Some(b'\r') => {
                marks.next();
                return line_end(marks, after).and_then(|next| field(true, next));
            }
            Some(&byte) if byte == marks.delimiter() => {
                marks.next();
                return field(false, after + 1);
            }
            Some(_) => return Err(Fault::TextAfterQuote(after)),
        }
        marks.next();
    }
    Err(Fault::UnclosedQuote(open))
}

/// Where the line after the carriage return at `at` begins, whose mark was the last.
#[inline(always)]
fn line_end(marks: &mut Marks<'_>, at: usize) -> Result<usize, Fault> {
    if marks.text().get(at + 1) != Some(&b'\n') {
        return Err(Fault::BareCarriageReturn(at));
    }
    marks.next();
    Ok(at + 2)
}
