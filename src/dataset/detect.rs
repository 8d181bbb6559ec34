//! How a file is written, as far as its sender doesn't say: its delimiter, its line ends, and lines above the table.
//!
//! All is decided by the beginning of the text, the sample. If the sample can be read in two ways, the file is refused: a guess
//! could split a value in two.

mod sample;

use std::fmt;

use super::dialect::{Dialect, Quote, Separator};
use super::marks::UTF8_BOM;
use super::{CsvError, CsvErrorKind, Delimiter};
use sample::{Sample, Shape};

/// Bytes of text that decide.
pub(crate) const SAMPLE: usize = 64 << 10;
/// Records that are compared.
const RECORDS: usize = 200;

/// What the sample shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Detected {
    /// The delimiter.
    pub delimiter: Delimiter,
    /// Why it is this one.
    pub reason: Reason,
    /// Where the text begins: after a byte-order mark and the line `sep=`.
    pub start: usize,
    /// Where the table begins: after the lines above it that are stated.
    pub table: usize,
    /// Whether lines end in carriage returns alone.
    pub returns: bool,
    /// The lines above the table, if there seem to be some.
    pub title: Option<Title>,
}

/// Why a delimiter was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It was stated.
    Stated,
    /// The dataset has it.
    Dataset,
    /// It was stated for the dataset that is replaced.
    Kept,
    /// The line `sep=` names it.
    Named,
    /// It divides all of the first rows alike.
    Rows,
    /// It divides most of the first rows as it divides the header.
    MostRows,
    /// The header has it.
    Header,
    /// No other was found.
    None,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stated => "it was stated",
            Self::Dataset => "the dataset has it",
            Self::Kept => "it was stated for this dataset before",
            Self::Named => "the line sep= names it",
            Self::Rows => "it divides the header and the first rows into equally many fields",
            Self::MostRows => "it divides most of the first rows into as many fields as the header",
            Self::Header => "the header has it",
            Self::None => "no other divides the header",
        })
    }
}

/// Lines above the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Title {
    /// How many lines there are, empty ones included.
    pub lines: usize,
    /// Whether all of them begin with `#`.
    pub comments: bool,
    /// The delimiter of the table below.
    pub delimiter: Delimiter,
}

/// Looks at the beginning of a text. `whole` says that nothing follows it, `known` which delimiter it has, if that is known.
pub(crate) fn detect(
    text: &[u8],
    whole: bool,
    dialect: &Dialect,
    known: Option<(Delimiter, Reason)>,
) -> Result<Detected, CsvError> {
    let mark = match text.starts_with(UTF8_BOM) {
        true => UTF8_BOM.len(),
        false => 0,
    };
    // Of lines in quotes, each is one field until they are gone.
    let quote = dialect
        .quote()
        .byte()
        .filter(|_| dialect.quote() != Quote::Lines);
    let returns = ends_in_returns(&text[mark..], quote, dialect, whole);
    let mut start = mark;
    let mut known = known;
    if let Some((named, length)) = separator_line(&text[mark..]) {
        start += length;
        known = known.or(Some((named, Reason::Named)));
    }
    let line_end = if returns { b'\r' } else { b'\n' };
    let (table, line) = after_lines(text, start, line_end, dialect.skip());
    let sample = Sample {
        text,
        whole,
        table,
        line,
        line_end,
        quote,
        dialect,
    };
    let shapes = Delimiter::ALL.map(|delimiter| sample.shape(delimiter));
    let title = title(&sample, &shapes);
    let (delimiter, reason) = match known {
        Some((kept, Reason::Kept)) => {
            check_kept(&sample, &shapes, kept)?;
            (kept, Reason::Kept)
        }
        Some(known) => known,
        None => decide(&sample, &shapes, title)?,
    };
    Ok(Detected {
        delimiter,
        reason,
        start,
        table,
        returns,
        title,
    })
}

/// Where line `skipped` of a text begins, counted from 0, and its number: it is `start` at least, and the end of a text that has not so
/// many lines.
fn after_lines(text: &[u8], start: usize, line_end: u8, skipped: usize) -> (usize, usize) {
    // The line `sep=` counts.
    let mut line = memchr::memchr_iter(line_end, &text[..start]).count();
    let mut at = start;
    while line < skipped {
        match memchr::memchr(line_end, &text[at..]) {
            Some(length) => at += length + 1,
            None => return (text.len(), line),
        }
        line += 1;
    }
    (at, line)
}

/// The delimiter that Excel's first line `sep=;` names, if it is one of the usual ones, and the length of the line.
fn separator_line(text: &[u8]) -> Option<(Delimiter, usize)> {
    let end = memchr::memchr2(b'\n', b'\r', text)?;
    let line = &text[..end];
    let line = match line {
        [b'"', inside @ .., b'"'] => inside,
        _ => line,
    };
    let (word, rest) = line.split_at_checked(4)?;
    if !word.eq_ignore_ascii_case(b"sep=") || rest.len() > 1 {
        return None;
    }
    // `sep=` alone, or with another character, is a name like others.
    let named = std::str::from_utf8(rest).ok()?.parse().ok()?;
    let after = match &text[end..] {
        [b'\r', b'\n', ..] => 2,
        _ => 1,
    };
    Some((named, end + after))
}

/// Whether lines end in carriage returns: there is one outside quotes, and no line feed is.
fn ends_in_returns(text: &[u8], quote: Option<u8>, dialect: &Dialect, whole: bool) -> bool {
    let escape = dialect.escape_byte();
    let (mut quoted, mut begins, mut escaped) = (false, true, false);
    let mut returned = false;
    for (at, &byte) in text.iter().enumerate() {
        let special = !std::mem::take(&mut escaped);
        match byte {
            _ if !special => begins = false,
            _ if Some(byte) == quote && (quoted || begins) => {
                quoted = !quoted;
                // A doubled quote closes the field and opens it again.
                begins = !quoted;
            }
            _ if Some(byte) == escape => escaped = true,
            _ if quoted => {}
            b'\n' => return false,
            b'\r' => {
                begins = true;
                // The last one of a sample may be the first half of a line end.
                returned |= whole || at + 1 < text.len();
            }
            _ => begins = ends_field(byte, dialect) || begins && dialect.trims() && byte == b' ',
        }
    }
    returned
}

/// Whether a field may end with this byte, as far as the delimiter is known.
fn ends_field(byte: u8, dialect: &Dialect) -> bool {
    match &dialect.delimiter {
        Some(Separator::Usual(delimiter)) => byte == delimiter.byte(),
        Some(Separator::Text(text)) => text.as_bytes().last() == Some(&byte),
        Some(Separator::Blanks) => matches!(byte, b' ' | b'\t'),
        Some(Separator::Detected) | None => Delimiter::ALL
            .iter()
            .any(|delimiter| delimiter.byte() == byte),
    }
}

/// The records below the header and its units.
fn rows<'s>(sample: &Sample<'_>, shapes: &'s [Shape]) -> &'s [Shape] {
    let before = sample.dialect.header_rows() + sample.dialect.units();
    shapes.get(before..).unwrap_or_default()
}

/// The fields of the header.
fn header(sample: &Sample<'_>, shapes: &[Shape]) -> usize {
    let last = shapes.get(sample.dialect.header_rows() - 1);
    last.or(shapes.last()).map_or(0, |shape| shape.fields)
}

/// Which delimiter the text has.
fn decide(
    sample: &Sample<'_>,
    shapes: &[Vec<Shape>; 4],
    title: Option<Title>,
) -> Result<(Delimiter, Reason), CsvError> {
    let each = || Delimiter::ALL.into_iter().zip(shapes);
    let divides = |shapes: &[Shape]| header(sample, shapes) > 1;
    let fits = |shapes: &[Shape]| {
        let fields = header(sample, shapes);
        rows(sample, shapes).iter().all(|row| row.fields == fields)
    };
    if each().all(|(_, shapes)| rows(sample, shapes).is_empty()) {
        return Ok(by_header(sample, shapes));
    }
    let fitting: Vec<Delimiter> = each()
        .filter(|(_, shapes)| divides(shapes) && fits(shapes))
        .map(|(delimiter, _)| delimiter)
        .collect();
    let line = shapes[0].first().map_or(0, |shape| shape.line as u64) + 1;
    match fitting.as_slice() {
        [only] => return Ok((*only, Reason::Rows)),
        [] => {}
        // A value hardly ever has a tab in it.
        several if several.contains(&Delimiter::TAB) => return Ok((Delimiter::TAB, Reason::Rows)),
        several => {
            let kind = CsvErrorKind::AmbiguousDelimiter {
                found: several.to_vec(),
            };
            return Err(CsvError::on(kind, line));
        }
    }
    // The more rows a delimiter divides as it divides the header, the likelier it is.
    let score = |shapes: &[Shape]| {
        let fields = header(sample, shapes);
        let rows = rows(sample, shapes).iter();
        rows.filter(|row| fields > 1 && row.fields == fields)
            .count()
    };
    let best = each()
        .map(|(delimiter, shapes)| (score(shapes), delimiter))
        .rev()
        .max_by_key(|(score, _)| *score);
    if let Some((1.., delimiter)) = best {
        return Ok((delimiter, Reason::MostRows));
    }
    match title {
        Some(title) if each().all(|(_, shapes)| !divides(shapes)) => {
            let kind = CsvErrorKind::Title {
                lines: title.lines,
                comments: title.comments,
                delimiter: title.delimiter,
            };
            Err(CsvError::on(kind, line))
        }
        _ => Ok(by_header(sample, shapes)),
    }
}

/// Checks that the delimiter of the dataset so far divides the file, unless no other does.
fn check_kept(
    sample: &Sample<'_>,
    shapes: &[Vec<Shape>; 4],
    kept: Delimiter,
) -> Result<(), CsvError> {
    let mut each = Delimiter::ALL.into_iter().zip(shapes);
    let undivided = |(delimiter, shapes): (Delimiter, &Vec<Shape>)| {
        delimiter == kept && header(sample, shapes) == 1
    };
    if !each.any(undivided) {
        return Ok(());
    }
    match decide(sample, shapes, None)? {
        (found, Reason::Rows | Reason::MostRows | Reason::Header) if found != kept => {
            let line = shapes[0].first().map_or(0, |shape| shape.line as u64) + 1;
            let kind = CsvErrorKind::OtherDelimiterKept { kept, found };
            Err(CsvError::on(kind, line))
        }
        _ => Ok(()),
    }
}

/// A comma if the header has one, or no other delimiter; else the one that it has most often.
fn by_header(sample: &Sample<'_>, shapes: &[Vec<Shape>; 4]) -> (Delimiter, Reason) {
    let fields = shapes.each_ref().map(|shapes| header(sample, shapes));
    if fields[0] > 1 {
        return (Delimiter::COMMA, Reason::Header);
    }
    let most = Delimiter::ALL.into_iter().zip(fields).rev();
    match most.max_by_key(|(_, fields)| *fields) {
        Some((delimiter, 2..)) => (delimiter, Reason::Header),
        _ => (Delimiter::COMMA, Reason::None),
    }
}

/// Lines above a table: the last records of the sample have equally many fields, several, and those before them have not.
fn title(sample: &Sample<'_>, shapes: &[Vec<Shape>; 4]) -> Option<Title> {
    let candidates = Delimiter::ALL.into_iter().zip(shapes);
    let found = candidates.filter_map(|(delimiter, shapes)| {
        let last = shapes.last()?;
        let alike = shapes.iter().rev();
        let alike = alike
            .take_while(|shape| shape.fields == last.fields)
            .count();
        let first = shapes.len() - alike;
        // A table has a header and a row at least; lines above it are few.
        let fewer = shapes[..first]
            .iter()
            .all(|shape| shape.fields < last.fields);
        let table = fewer && alike > 1 && first > 0 && first <= 50 && alike >= first.min(3);
        let lines = shapes.get(first).filter(|_| table)?.line;
        let comments = shapes[..first]
            .iter()
            .all(|shape| sample.text[shape.at..].starts_with(b"#"));
        let title = Title {
            lines,
            comments,
            delimiter,
        };
        Some((alike, title))
    });
    found
        .max_by_key(|(alike, _)| *alike)
        .map(|(_, title)| title)
}

#[cfg(test)]
mod tests;
