//! No bytes make the reader panic, and what must not matter does not, for headers that nobody
//! thought of.

use super::fixture::{Ask, ask, ask_nothing, page, retired, rows, since_v2};
use crate::versioning::MAX_RANGES;

/// xorshift64*: the same numbers in every run, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(number).unwrap() % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

const NAMES: [&str; 14] = [
    "*/*",
    "application/*",
    "text/*",
    "application/json",
    "text/csv",
    "text/html",
    "application/x-ndjson",
    "application/vnd.flash+json",
    "application/vnd.flash.v1+json",
    "application/vnd.flash.v2+csv",
    "application/vnd.flash.v3+json",
    "application/vnd.flash.v9+json",
    "application/vnd.flash.v01+json",
    "image/png",
];

const QUALITIES: [&str; 7] = [
    "", ";q=0", ";q=0.5", ";q=0.501", ";q=1", ";q=0.", ";q=1.000",
];

/// The requests that each header is sent with.
fn requests(accept: impl AsRef<[u8]>) -> [Ask; 4] {
    let accept = accept.as_ref();
    [
        ask(accept).of(rows),
        ask(accept).of(page).pinned(3),
        ask(accept).of(since_v2).with(1, retired()),
        ask(accept)
            .of(rows)
            .content_type("application/vnd.flash.v2+json"),
    ]
}

/// A well-formed list of ranges, each a name and a quality.
fn well_formed(dice: &mut Dice) -> Vec<String> {
    let length = 1 + dice.roll(6);
    (0..length)
        .map(|_| format!("{}{}", dice.pick(&NAMES), dice.pick(&QUALITIES)))
        .collect()
}

fn outcomes(accept: &[String]) -> [String; 4] {
    requests(accept.join(", ")).map(|ask| ask.outcome())
}

#[test]
fn arbitrary_bytes_never_panic() {
    let mut dice = Dice(0x5eed);
    for _ in 0..20_000 {
        let length = dice.roll(40);
        let bytes: Vec<u8> = (0..length)
            .map(|_| u8::try_from(dice.roll(256)).unwrap())
            .collect();
        _ = ask(&bytes)
            .negotiate()
            .map_err(|refusal| refusal.to_string());
        _ = ask_nothing().content_type(&bytes).negotiate();
    }
}

#[test]
fn pieces_of_the_grammar_in_any_order_never_panic() {
    let pieces: [&[u8]; 24] = [
        b"application",
        b"/",
        b"vnd.flash",
        b".v",
        b"1",
        b"+json",
        b"text/csv",
        b"*/*",
        b"*",
        b";",
        b",",
        b" ",
        b"\t",
        b"q",
        b"=",
        b"0.5",
        b"\"",
        b"\\",
        b"\xff",
        b"\xc3\xb6",
        b"\0",
        b"x=y",
        b"application/vnd.flash.v2+json",
        b"",
    ];
    let mut dice = Dice(0xf1a5);
    for _ in 0..40_000 {
        let length = dice.roll(14);
        let text: Vec<u8> = (0..length)
            .flat_map(|_| dice.pick(&pieces))
            .copied()
            .collect();
        for request in requests(&text) {
            _ = request.negotiate().map_err(|refusal| refusal.to_string());
        }
        _ = ask_nothing()
            .content_type(&text)
            .accept(&text)
            .accept(&text)
            .negotiate();
    }
}

#[test]
fn a_header_cut_anywhere_never_panics() {
    let header = b"text/csv;x=\"a\\\"\xc3\xb6\xff, b\";q=0.5, application/vnd.flash.v2+json ; q=1.000;, */json";
    for start in 0..header.len() {
        for end in start..=header.len() {
            _ = ask(&header[start..end]).negotiate();
            _ = ask(&header[..start]).accept(&header[end..]).negotiate();
        }
    }
}

#[test]
fn long_headers_never_panic() {
    for piece in [
        "a/b,",
        ",",
        ";",
        "a/b;x=\"",
        "\\",
        "*/*;q=0.5;",
        " ",
        "v",
        "9",
    ] {
        _ = ask(piece.repeat(20_000)).negotiate();
        let digits = format!("application/vnd.flash.v{}+json", piece.repeat(20_000));
        _ = ask(digits).negotiate();
    }
}

#[test]
fn spelling_a_header_differently_changes_nothing() {
    let mut dice = Dice(0xcafe);
    for _ in 0..3_000 {
        let ranges = well_formed(&mut dice);
        let expected = outcomes(&ranges);
        let spellings: [fn(&str) -> String; 6] = [
            str::to_ascii_uppercase,
            |range| format!("\t{range} "),
            |range| format!(", ,{range};"),
            |range| range.replace(';', " ;\tlevel=\"a, b;q=0\\\"\" ; "),
            |range| format!("{range};charset=utf-8;v=b3"),
            |range| format!("{range},application/xml;q=0.7"),
        ];
        let spelling = dice.pick(&spellings);
        let respelled: Vec<String> = ranges.iter().map(|range| spelling(range)).collect();
        assert_eq!(
            outcomes(&respelled),
            expected,
            "{ranges:?} as {respelled:?}"
        );
    }
}

#[test]
fn splitting_a_header_into_lines_changes_nothing() {
    let mut dice = Dice(0xbeef);
    for _ in 0..3_000 {
        let ranges = well_formed(&mut dice);
        let joined = ask(ranges.join(", ")).outcome();
        let (upper, lower) = ranges.split_at(dice.roll(ranges.len() + 1));
        let split = ask(upper.join(",")).accept(lower.join(" , "));
        assert_eq!(split.outcome(), joined, "{upper:?} and {lower:?}");
    }
}

#[test]
fn nothing_is_served_that_no_range_accepts() {
    let mut dice = Dice(0xd1ce);
    for _ in 0..3_000 {
        let ranges = well_formed(&mut dice);
        let Ok(choice) = ask(ranges.join(", ")).negotiate() else {
            continue;
        };
        let served = choice.media_type().to_string();
        let accepted = ranges.iter().any(|range| {
            let (name, quality) = range.split_once(";q=").unwrap_or((range, "1"));
            let matches = name == served
                || name == "*/*"
                || name
                    .strip_suffix('*')
                    .is_some_and(|kind| served.starts_with(kind))
                || name == "application/vnd.flash+json"
                    && served == "application/vnd.flash.v1+json";
            matches && quality.parse::<f64>().unwrap() > 0.0
        });
        assert!(accepted, "{served} for {ranges:?}");
        let first = ranges
            .iter()
            .find(|range| range.split(';').next() == Some(&served));
        let excluded =
            first.is_some_and(|range| range.ends_with(";q=0") || range.ends_with(";q=0."));
        assert!(
            !excluded || ranges.iter().any(|range| range.contains("flash+json")),
            "{served} for {ranges:?}"
        );
    }
}

#[test]
fn ranges_beyond_the_limit_are_refused_whatever_they_are() {
    let mut dice = Dice(0xabcd);
    for _ in 0..50 {
        let ranges: Vec<String> = (0..=MAX_RANGES)
            .map(|_| dice.pick(&NAMES).to_owned())
            .collect();
        assert!(ask(ranges.join(",")).outcome().ends_with("TooMany"));
        assert!(!ask(ranges[1..].join(",")).outcome().starts_with("400"));
    }
}
