//! Mistakes in a CSV, and where they are.
//!
//! Each message is a sentence for the person who sent the file: what is wrong, where, and how to correct it.

mod wording;

use std::fmt;

use super::{ColumnType, Delimiter};
use wording::{are, article, both, difference, fields, first_bad, listed, place, stated};
pub(super) use wording::{of_title, shortened};

/// A malformed CSV.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{kind}{note}", place(*.line, *.column))]
pub struct CsvError {
    /// What is wrong.
    pub kind: CsvErrorKind,
    /// The physical line of the file, from 1; line breaks inside quotes count.
    pub line: Option<u64>,
    /// The character of that line, from 1.
    pub column: Option<u64>,
    /// The likely cause with what to do, and the delimiter that was taken, if these matter.
    pub note: Note,
}

/// What is added to a message. Most errors have none, so it takes little room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note(Option<Box<str>>);

impl From<String> for Note {
    fn from(text: String) -> Self {
        Self((!text.is_empty()).then(|| text.into()))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(text) => f.write_str(text),
            None => Ok(()),
        }
    }
}

/// What is wrong with a CSV.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvErrorKind {
    /// The CSV has no record.
    #[error("the CSV is empty; send at least a header line")]
    Empty,
    /// A record does not have as many fields as there are columns.
    #[error("the record has {found} {} where {expected} {} expected", fields(*.found), are(*.expected))]
    WrongFieldCount {
        /// How many columns there are.
        expected: usize,
        /// How many fields the record has.
        found: usize,
    },
    /// Bytes are not valid in the charset.
    #[error("the byte at offset {offset} is not valid {charset}; {}",
        if charset == "UTF-8" { "save the file as UTF-8, or state its charset, for example charset=windows-1252" }
        else { "state the charset that the file was written in" })]
    InvalidText {
        /// The charset's name.
        charset: String,
        /// The first bad byte, counted from 0 in the body.
        offset: u64,
    },
    /// A quoted field does not end.
    #[error("the quote that opens here is never closed")]
    UnclosedQuote,
    /// Something other than a delimiter or a line end follows a closing quote.
    #[error("text follows a closing quote")]
    TextAfterQuote,
    /// A carriage return that no line feed follows, outside quotes.
    #[error(
        "this carriage return has no line feed after it; end lines with LF or CRLF, or quote the field that holds it"
    )]
    BareCarriageReturn,
    /// A line feed ends a line of a file whose lines end in carriage returns.
    #[error(
        "this line ends in a line feed, and those before it end in carriage returns; end all lines alike"
    )]
    MixedLineEnds,
    /// A quote inside an unquoted field, with `quote=strict`.
    #[error(
        "a quote stands inside an unquoted field; put the whole field in quotes and double the quotes in it, or leave out quote=strict"
    )]
    StrayQuote,
    /// The character U+0000.
    #[error(
        "the character U+0000 is not text; if the file is UTF-16, state its charset, and if the character is meant, state null_bytes=keep"
    )]
    NullCharacter,
    /// More rows don't fit than may be kept apart.
    #[error("more than {limit} {} fit; this one: {first}. Correct the file, or state a higher bad_rows_max",
        if *.limit == 1 { "row doesn't" } else { "rows don't" })]
    TooManyBadRows {
        /// How many may be kept apart.
        limit: usize,
        /// What is wrong with the first one above.
        first: Box<CsvErrorKind>,
    },
    /// No row fits.
    #[error("none of {count} rows fits; {}", first_bad(.first.as_ref()))]
    OnlyBadRows {
        /// How many there are.
        count: u64,
        /// The line of the first one, and why it doesn't fit.
        first: Option<(u64, String)>,
    },
    /// A file without rows would replace rows.
    #[error(
        "the file has no rows, and would replace {replaced} rows; curl -d takes line ends out of a file: use --data-binary or -T. If the dataset should lose its rows, state empty=allow"
    )]
    NoRows {
        /// How many rows the dataset has.
        replaced: u64,
    },
    /// The file is something else.
    #[error("this is {what}, not a CSV; {advice}")]
    NotCsv {
        /// What it is.
        what: &'static str,
        /// What its sender can do.
        advice: &'static str,
    },
    /// The file is in UTF-32.
    #[error("the file seems to be in UTF-32, which Flash doesn't read; save it as UTF-8")]
    Utf32,
    /// The file is in UTF-16, and nothing says so.
    #[error("the file seems to be in UTF-16 without a byte-order mark; state charset={label}")]
    Utf16 {
        /// The charset's label.
        label: &'static str,
    },
    /// UTF-16 is stated for a file that is not in it.
    #[error(
        "the charset UTF-16 was stated, and the file is not in it; state another charset, or none"
    )]
    NotUtf16,
    /// The delimiter that the dataset has had so far doesn't divide the file, and another one does.
    #[error("the delimiter that was stated for this dataset is '{kept}', and the file seems to have '{found}'; state the one that is right, such as {}",
        stated(&[*.found]))]
    OtherDelimiterKept {
        /// That of the dataset.
        kept: Delimiter,
        /// That of the file.
        found: Delimiter,
    },
    /// Several delimiters divide the first rows evenly.
    #[error("{} divide the header and the first rows into equally many fields; state which one it is, such as {}",
        both(.found), stated(.found))]
    AmbiguousDelimiter {
        /// Those delimiters.
        found: Vec<Delimiter>,
    },
    /// The first line has one field, and the lines below it have several.
    #[error("the first line has one field, and the lines below are divided by '{delimiter}': {}. If each line is one value, state a delimiter that no line has, such as delimiter=tab",
        of_title(*.lines, *.comments))]
    Title {
        /// Lines above the table.
        lines: usize,
        /// Whether all of them begin with `#`.
        comments: bool,
        /// The delimiter below.
        delimiter: Delimiter,
    },
    /// The header has too many columns.
    #[error("there are {found} columns and at most {limit} are allowed; send fewer columns")]
    TooManyColumns {
        /// How many are allowed.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// The header line is too long.
    #[error(
        "the header line is longer than {limit} bytes, the limit that --max-header sets; give the columns shorter names, or ask the operator to raise the limit"
    )]
    HeaderTooLong {
        /// Bytes a header line may have.
        limit: usize,
    },
    /// A record is too long.
    #[error(
        "the record that begins here is longer than {limit} bytes; if it should be shorter, look for a quote that is never closed"
    )]
    RecordTooLong {
        /// Bytes a record may have.
        limit: usize,
    },
    /// A value does not have the type stated for its column.
    #[error("the value {value:?} of the column {name:?} is not {}; correct it, or state another type (string takes every value)",
        article(*.stated))]
    UnfitValue {
        /// The column's name.
        name: Box<str>,
        /// The type stated for it.
        stated: ColumnType,
        /// The value, shortened.
        value: Box<str>,
    },
    /// A type is stated for a column that doesn't exist.
    #[error("a type is stated for the column {name:?}, which doesn't exist; the columns are {}", listed(.columns))]
    UnknownStatedColumn {
        /// The name that was stated.
        name: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// The header of appended rows differs from the dataset's.
    #[error("{}; send the dataset's header, or rows alone as Content-Type: text/csv; header=absent",
        difference(*.place, .expected.as_deref(), .found.as_deref()))]
    OtherHeader {
        /// Number of the first column that differs, from 1.
        place: usize,
        /// Its name in the dataset, shortened; `None` where the dataset has no such column.
        expected: Option<Box<str>>,
        /// What the header has there, shortened; `None` if it ends before.
        found: Option<Box<str>>,
    },
    /// The header of appended rows has the dataset's names with another delimiter.
    #[error(
        "the delimiter here is '{found}' and the dataset's is '{expected}'; send the rows with '{expected}' between fields"
    )]
    OtherDelimiter {
        /// The dataset's delimiter.
        expected: Delimiter,
        /// The header's.
        found: Delimiter,
    },
    /// An unknown charset label.
    #[error(
        "the charset {label:?} isn't known; use a label of the WHATWG Encoding Standard, such as utf-8, windows-1252 or utf-16le"
    )]
    UnknownCharset {
        /// The label that was stated.
        label: String,
    },
}

impl CsvError {
    /// An error of the whole upload.
    pub fn whole(kind: CsvErrorKind) -> Self {
        Self {
            kind,
            line: None,
            column: None,
            note: Note::default(),
        }
    }

    /// An error of a line of the file.
    pub(super) fn on(kind: CsvErrorKind, line: u64) -> Self {
        Self {
            line: Some(line),
            ..Self::whole(kind)
        }
    }

    /// An error at a byte of `text`, whose first line is line `first_line` of the file.
    pub(super) fn at(kind: CsvErrorKind, text: &[u8], at: usize, first_line: u64) -> Self {
        let (line, column) = position(text, at, first_line);
        Self {
            line: Some(line),
            column: Some(column),
            ..Self::whole(kind)
        }
    }
}

/// Line and column, both from 1, of a byte of `text`, whose first line is line `first_line` of the file.
pub(super) fn position(text: &[u8], at: usize, first_line: u64) -> (u64, u64) {
    let before = &text[..at.min(text.len())];
    let lines = memchr::memchr_iter(b'\n', before).count() as u64;
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let mut line = &before[line_start..];
    if first_line == 1 && lines == 0 {
        line = line.strip_prefix(super::marks::UTF8_BOM).unwrap_or(line);
    }
    // Every byte of a character but the first is 0b10xxxxxx.
    let characters = line.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u64;
    (first_line + lines, characters + 1)
}

#[cfg(test)]
mod tests;
