//! How pages write numbers, sizes, times and URLs, and what all pages share.

use std::cmp::Ordering;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::assets;
use super::band::Band;

/// What all pages share.
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    /// The path of the assets.
    pub(super) assets: &'static str,
    pub(super) modules: Vec<&'static str>,
    /// The release of Flash.
    pub(super) release: &'static str,
    /// The end of the version that the page shows, if it is announced.
    pub(super) band: Option<Band>,
    /// Whether it is for the operator, on the admin address.
    pub(super) is_operators: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn titled(title: &'a str) -> Self {
        Self {
            title,
            assets: &assets::BASE,
            modules: assets::modules().collect(),
            release: env!("CARGO_PKG_VERSION"),
            band: None,
            is_operators: false,
        }
    }

    /// The frame of a page for the operator.
    pub(super) fn of_operator(title: &'a str) -> Self {
        Self {
            is_operators: true,
            ..Self::titled(title)
        }
    }

    /// The frame of a page that shows a version.
    #[must_use]
    pub(super) fn with(self, band: Option<Band>) -> Self {
        Self { band, ..self }
    }
}

/// What is escaped in a query: what has a meaning in a URL, in HTML, in a shell, or in a string of a program.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'+')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A query of these parameters, without its question mark.
pub(super) fn query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(utf8_percent_encode(name, QUERY));
        query.push('=');
        query.extend(utf8_percent_encode(value, QUERY));
    }
    query
}

/// A text as one part of a path.
pub(super) fn path_part(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A path with a query, if it has any.
pub(super) fn with_query(path: &str, query: &str) -> String {
    match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// A number with commas: 336,776.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A text of at most so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A count with its noun: 1 row, 2 rows.
pub(super) fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// How much a number has grown or shrunk: +3, −2, ±0.
pub(super) fn difference(before: u64, after: u64) -> String {
    match after.cmp(&before) {
        Ordering::Greater => format!("+{}", grouped(after - before)),
        Ordering::Less => format!("−{}", grouped(before - after)),
        Ordering::Equal => "±0".to_owned(),
    }
}

/// A size: 203 B, 1.4 MB.
pub(super) fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().si().to_string()
}

/// How long ago a time was, in the largest unit that it fills.
pub(super) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs().max(0).unsigned_abs();
    let units = [
        (365 * 86_400, "year"),
        (30 * 86_400, "month"),
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
    ];
    let found = units.into_iter().find(|(length, _)| seconds >= *length);
    match found {
        Some((length, unit)) => format!("{} ago", counted(seconds / length, unit)),
        None => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (336_776, "336,776"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_query_has_nothing_that_ends_an_attribute_or_a_string() {
        let query = query([("a b", "eq.\"'`$(x)\\<&\u{e9}")].into_iter());
        assert_eq!(query, "a%20b=eq.%22%27%60%24(x)%5C%3C%26%C3%A9");
    }

    #[test]
    fn ages_are_told_in_the_largest_unit() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        for (time, text) in [
            ("2026-11-30T11:59:30Z", "just now"),
            ("2026-11-30T11:59:00Z", "1 minute ago"),
            ("2026-11-29T12:00:00Z", "1 day ago"),
            ("2026-11-30T12:01:00Z", "just now"),
            ("2024-11-29T12:00:00Z", "2 years ago"),
        ] {
            assert_eq!(ago(time.parse().unwrap(), now), text);
        }
    }
}
