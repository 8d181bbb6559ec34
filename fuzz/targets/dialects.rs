//! Files of stated dialects: any parameters with any bytes.
//!
//! The first six bytes of an input choose the parameters and how the file is divided; the rest is the file.

use flash::dataset::{
    BadRow, CsvError, CsvErrorKind, Delimiter, Dialect, Ingest, Limits, Records, UploadOptions,
};

use super::plain_csv::{self, Stated};

/// Bytes of the longest file that is looked at.
const LONGEST: usize = 4 << 10;
/// Bytes at the beginning of a file that decide how it is read. What follows is translated as it comes.
const SAMPLE: usize = 64 << 10;

/// Each parameter's values: one byte of the input chooses among those of several parameters.
const CHOICES: [&[(&str, &[&str])]; 5] = [
    &[(
        "delimiter",
        &[
            "", ",", ";", "tab", "|", "auto", "::", "BA", "space", ".", "\u{1}", "é",
        ],
    )],
    &[
        ("quote", &["", "'", "none", "strict", "lines"]),
        ("escape", &["", "\\", "!"]),
        ("trim", &["", "both"]),
        ("null_bytes", &["", "keep"]),
    ],
    &[
        ("comment", &["", "#", "//", ","]),
        ("skip", &["", "1", "2", "0"]),
        ("skip_last", &["", "1", "2"]),
    ],
    &[
        (
            "ragged",
            &["", "pad", "widen", "cut", "pad,cut", "pad,widen,cut"],
        ),
        ("header_rows", &["", "2"]),
        ("units", &["", "1"]),
    ],
    &[
        ("bad_rows", &["", "set-aside"]),
        ("bad_rows_max", &["", "1", "100000"]),
        ("header", &["", "absent"]),
        ("filled", &["", "yes", "", "", "", ""]),
    ],
];

/// What is stored of a file.
#[derive(Debug, PartialEq)]
struct Taken {
    text: Vec<u8>,
    columns: Vec<String>,
    units: Vec<String>,
    rows: Vec<Vec<String>>,
    bad_rows: Vec<BadRow>,
}

/// Checks one input.
pub fn check(input: &[u8]) {
    let Some((setup, file)) = input.split_at_checked(6) else {
        return;
    };
    let file = &file[..file.len().min(LONGEST)];
    let Some((options, filled)) = options(setup) else {
        return;
    };
    let part = 1 + usize::from(setup[5]) % 40;
    let file = match filled {
        true => long(&options.dialect, file, setup[5]),
        false => file.to_vec(),
    };
    let whole = take(&options, &file, file.len().max(1));
    let divided = take(&options, &file, part);
    match (&divided, &whole) {
        // The advice looks at what comes after the mistake, as far as it is there.
        (Err(one), Err(other)) if filled => {
            let (one, other) = (place_of(one), place_of(other));
            assert_eq!(one, other, "in parts of {part}");
        }
        _ => assert_eq!(divided, whole, "in parts of {part}"),
    }
    match &whole {
        Ok(taken) => taken.stands_without_its_bad_rows(&options, &file),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    is_as_plain(&file, setup[0]);
}

fn place_of(error: &CsvError) -> (&CsvErrorKind, Option<u64>, Option<u64>) {
    (&error.kind, error.line, error.column)
}

/// The parameters, if they have a meaning together, and whether rows come before the file.
fn options(setup: &[u8]) -> Option<(UploadOptions, bool)> {
    let mut options = UploadOptions::default();
    let mut filled = false;
    for (parameters, byte) in CHOICES.iter().zip(setup) {
        let mut rest = usize::from(*byte);
        for (name, values) in *parameters {
            let value = values[rest % values.len()];
            rest /= values.len();
            match (*name, value) {
                (_, "") => {}
                ("header", _) => options.header_absent = true,
                ("filled", _) => filled = true,
                (name, value) => {
                    let stated = options.dialect.state(name, value);
                    assert_eq!(stated, Ok(true), "{name}={value}");
                }
            }
        }
    }
    let meant = options.dialect.check(options.header_absent).is_ok();
    meant.then_some((options, filled))
}

/// A file with so many rows in front of the given one that the beginning is decided before it, or in its midst.
fn long(dialect: &Dialect, file: &[u8], near: u8) -> Vec<u8> {
    let stated = dialect.parameters();
    let delimiter = stated.iter().find(|(name, _)| *name == "delimiter");
    let between = match delimiter.map_or(",", |(_, value)| value.as_str()) {
        "tab" => "\t",
        "space" => " ",
        "auto" => ",",
        other => other,
    };
    let row = format!("1{between}x\n");
    let rows = (SAMPLE - usize::from(near >> 2)) / row.len();
    let mut long = row.repeat(rows).into_bytes();
    long.extend_from_slice(file);
    long
}

/// Takes a file in that comes in parts of so many bytes.
fn take(options: &UploadOptions, file: &[u8], part: usize) -> Result<Taken, CsvError> {
    let limits = Limits {
        block_bytes: 64,
        ..Limits::default()
    };
    let mut ingest = Ingest::new(options.clone(), limits)?;
    let (mut raw_blocks, mut bad_rows) = (Vec::new(), Vec::new());
    // A long beginning comes at once: it is only divided where it matters.
    let (begin, rest) = file.split_at(file.len().saturating_sub(LONGEST + 64));
    for part in std::iter::once(begin).chain(rest.chunks(part)) {
        ingest.push(part, &mut raw_blocks)?;
        bad_rows.extend(ingest.take_bad_rows());
    }
    ingest.finish(&mut raw_blocks)?;
    bad_rows.extend(ingest.take_bad_rows());
    let layout = ingest.layout().expect("it has a first record");
    let mut rows: Vec<Vec<String>> = Vec::new();
    for raw_block in &raw_blocks {
        let analysis = raw_block.analyse()?;
        let body = std::str::from_utf8(&raw_block.text[raw_block.body_start..]);
        let body = body.expect("it was analysed");
        let mut records = Records::new(body, layout.delimiter, layout.columns.len());
        let (mut fields, before) = (Vec::new(), rows.len());
        while records.next_into(&mut fields) {
            assert_eq!(fields.len(), layout.columns.len());
            rows.push(
                fields
                    .iter()
                    .map(|field| field.text().into_owned())
                    .collect(),
            );
        }
        assert_eq!(rows.len() - before, analysis.rows as usize);
    }
    let texts = raw_blocks.iter().map(|raw_block| &raw_block.text[..]);
    Ok(Taken {
        text: texts.collect::<Vec<_>>().concat(),
        columns: layout.columns.clone(),
        units: layout.units.clone(),
        rows,
        bad_rows,
    })
}

impl Taken {
    /// That a file without the rows that were set aside has all the others, and needs nothing set aside.
    fn stands_without_its_bad_rows(&self, options: &UploadOptions, file: &[u8]) {
        let stated = options.dialect.parameters();
        // The delimiter, the line ends and the width of the table may depend on all rows.
        let depends = stated.iter().any(|(_, value)| value.contains("widen"))
            || !stated
                .iter()
                .any(|(name, value)| *name == "delimiter" && value != "auto")
            || file.contains(&b'\r');
        if self.bad_rows.is_empty() || depends {
            return;
        }
        let mut lines: Vec<_> = file.split_inclusive(|&byte| byte == b'\n').collect();
        let mut last = 0;
        for row in &self.bad_rows {
            assert!(row.line > last, "{:?}", self.bad_rows);
            let first = row.line as usize - 1;
            last = row.line + row.text.matches('\n').count() as u64;
            let kept = lines[first..last as usize].concat();
            let kept = String::from_utf8_lossy(&kept).into_owned();
            assert_eq!(
                kept.trim_end_matches(['\r', '\n', '\u{1A}']),
                row.text.trim_end_matches('\u{1A}')
            );
            lines[first..last as usize].fill(b"");
        }
        let mut options = options.clone();
        options.dialect.bad_rows_max = Some(0);
        let without = lines.concat();
        match take(&options, &without, without.len().max(1)) {
            Ok(without) => {
                assert_eq!(without.rows, self.rows);
                assert_eq!(without.columns, self.columns);
            }
            // Its first bytes look like something else.
            Err(error) if super::csv::is_no_text(&error.kind) => {}
            Err(error) => panic!("{error} without {:?}", self.bad_rows),
        }
    }
}

/// That a dialect which means nothing else than the plain form is read as that.
fn is_as_plain(file: &[u8], setup: u8) {
    let delimiter = Delimiter::ALL[usize::from(setup & 3)];
    let stated = Stated {
        delimiter: char::from(delimiter.byte()),
        header_absent: setup & 4 != 0,
        windows_1252: false,
    };
    let options = UploadOptions {
        // Nothing may be set aside, so that nothing is.
        dialect: Dialect {
            set_aside: Some(true),
            bad_rows_max: Some(0),
            keep_null_bytes: Some(true),
            ..delimiter.into()
        },
        header_absent: stated.header_absent,
        ..UploadOptions::default()
    };
    if file.len() > LONGEST
        || plain_csv::ends_in_returns(file, stated)
        || plain_csv::names_its_delimiter(file, stated)
    {
        return;
    }
    match (
        take(&options, file, file.len().max(1)),
        plain_csv::read(file, stated),
    ) {
        (Err(error), _) if super::csv::is_no_text(&error.kind) => {}
        (Err(_), None) => {}
        (Ok(taken), Some(plain)) => {
            assert_eq!(taken.columns, plain.columns);
            assert_eq!(taken.rows, plain.records);
        }
        (Err(error), Some(plain)) => panic!("{error}, where there is {plain:?}"),
        (Ok(taken), None) => panic!("{taken:?} should be refused"),
    }
}
