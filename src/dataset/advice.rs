//! The likely cause of a mistake in a record, with the parameter that would read the file.

use super::detect::Detected;
use super::dialect::{Quote, is_blank};
use super::error::of_title;
use super::{CsvError, CsvErrorKind, Delimiter};

/// Lines at the end of a text that may be totals.
const TOTALS: usize = 10;

/// Where a mistake is.
pub(crate) struct Place<'t> {
    /// The text around it.
    pub text: &'t [u8],
    /// Where its record begins.
    pub record: usize,
    /// Where it is.
    pub at: usize,
    /// How fields are quoted.
    pub quote: Quote,
}

/// The error, with its likely cause and with the delimiter that was taken, if these matter.
pub(crate) fn advised(error: CsvError, place: &Place<'_>, detected: &Detected) -> CsvError {
    let advice = match &error.kind {
        CsvErrorKind::WrongFieldCount { expected, found } => {
            let advice = place.of_fields(*expected, *found, error.line, detected);
            Some(advice)
        }
        CsvErrorKind::TextAfterQuote => Some(place.of_text_after_quote(detected.delimiter.byte())),
        CsvErrorKind::UnclosedQuote => Some(place.of_open_quote()),
        _ => None,
    };
    let divided = matches!(
        error.kind,
        CsvErrorKind::WrongFieldCount { .. } | CsvErrorKind::TextAfterQuote
    );
    let mut note = advice
        .map(|advice| format!("; {advice}"))
        .unwrap_or_default();
    if divided {
        note += &format!(
            " (the delimiter is '{}': {})",
            detected.delimiter, detected.reason
        );
    }
    CsvError {
        note: note.into(),
        ..error
    }
}

impl Place<'_> {
    /// The record without its line end. A record of several lines ends here after its first.
    fn record(&self) -> &[u8] {
        let rest = &self.text[self.record..];
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        &rest[..end]
    }

    fn of_fields(
        &self,
        expected: usize,
        found: usize,
        line: Option<u64>,
        detected: &Detected,
    ) -> String {
        let record = self.record();
        let delimiter = detected.delimiter.byte();
        if record.last() == Some(&delimiter) && found == expected + 1 {
            return "the line ends with a delimiter: state ragged=cut to leave out the empty field behind it".to_owned();
        }
        if let Some(title) = detected.title
            && line.is_some_and(|line| line <= title.lines as u64 + 1)
        {
            if title.lines == 1 && expected > 1 && found > expected {
                return "if line 1 is a title, state skip=1; if the header is too short, state ragged=widen".to_owned();
            }
            return of_title(title.lines, title.comments);
        }
        if record.starts_with(b"#") {
            return "if lines that begin with # are comments, state comment=%23".to_owned();
        }
        if let Some(advice) = self.of_quotes(record, delimiter) {
            return advice;
        }
        if let Some(other) = other_delimiter(record, expected, detected.delimiter) {
            return format!(
                "here '{other}' seems to be the delimiter; use one delimiter throughout"
            );
        }
        if found > expected {
            return "quote a field that holds the delimiter, or state ragged=widen if the header is too short, or bad_rows=set-aside to keep such rows apart".to_owned();
        }
        match self.lines_left() {
            Some(lines @ 1..=TOTALS) => format!(
                "if the file ends with totals or notes, state skip_last={lines}; if values are missing, state ragged=pad"
            ),
            _ => "leave a field empty where a value is missing, or state ragged=pad, or bad_rows=set-aside to keep such rows apart".to_owned(),
        }
    }

    /// A cause in the quotes of the record.
    fn of_quotes(&self, record: &[u8], delimiter: u8) -> Option<String> {
        if self.quote == Quote::None {
            return None;
        }
        if memchr::memmem::find(record, b"\\\"").is_some() {
            return Some(BACKSLASH.to_owned());
        }
        let blank_before = record
            .windows(3)
            .any(|around| around[0] == delimiter && is_blank(around[1]) && around[2] == b'"');
        if blank_before {
            return Some(
                "a blank stands before a quote, so the quote opens no field: state trim=both"
                    .to_owned(),
            );
        }
        let single = |around: &[u8]| around[0] == delimiter && around[1] == b'\'';
        (record.starts_with(b"'") || record.windows(2).any(single))
            .then(|| "if fields are quoted with ', state quote=%27".to_owned())
    }

    fn of_text_after_quote(&self, delimiter: u8) -> String {
        let before = &self.text[self.record..self.at.min(self.text.len())];
        if before.ends_with(b"\\\"") {
            return BACKSLASH.to_owned();
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let after = rest.iter().find(|&&byte| !is_blank(byte));
        let ends = after.is_none_or(|&byte| byte == delimiter || matches!(byte, b'\r' | b'\n'));
        if rest.first().is_some_and(|byte| is_blank(*byte)) && ends {
            return "a blank follows the quote: state trim=both to leave it out".to_owned();
        }
        "double every quote that is part of the text (\"\"), or state quote=none if quotes are ordinary characters".to_owned()
    }

    fn of_open_quote(&self) -> String {
        if memchr::memmem::find(self.record(), b"\\\"").is_some() {
            return BACKSLASH.to_owned();
        }
        "close it, or double every quote that is part of the text, or state quote=none if quotes are ordinary characters".to_owned()
    }

    /// How many lines with something on them there are from the record to the end of the text; `None` for many.
    fn lines_left(&self) -> Option<usize> {
        let rest = &self.text[self.record..];
        let lines = rest.split(|&byte| byte == b'\n');
        let some = lines.filter(|line| !line.trim_ascii().is_empty());
        let count = some.take(TOTALS + 1).count();
        (count <= TOTALS).then_some(count)
    }
}

const BACKSLASH: &str = "if a backslash makes a quote part of the text, state escape=%5C";

/// Another delimiter that divides a record into so many fields.
fn other_delimiter(record: &[u8], fields: usize, delimiter: Delimiter) -> Option<Delimiter> {
    let divides = |other: &Delimiter| {
        let found = memchr::memchr_iter(other.byte(), record).count() + 1;
        *other != delimiter && fields > 1 && found == fields
    };
    Delimiter::ALL.into_iter().find(divides)
}
