//! The CSV reader against a plain one: what is refused, the names of columns, every value, and every way to read a
//! stored text.
//!
//! The first two bytes of an input say how it is to be read and in how large raw blocks; the rest is the CSV.

use std::sync::Arc;

use flash::dataset::{
    Analysis, BlockText, CsvError, CsvErrorKind, Delimiter, Dialect, Field, Ingest, Layout, Limits,
    Lines, Profile, RawBlock, UploadOptions,
};

use super::plain_csv::{self, Csv, Stated};
use super::plain_value;

/// Bytes of the longest CSV that is looked at.
const LONGEST: usize = 4 << 10;
/// What means "no value" where the input says that something does.
const NULL: &str = "NA";

/// Checks one input.
pub fn check(input: &[u8]) {
    let [setup, sizes, bytes @ ..] = input else {
        return;
    };
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    // How a delimiter is found is not compared: the plain reader can't know better.
    let delimiter = Delimiter::ALL[usize::from(setup & 3)];
    let stated = Stated {
        delimiter: char::from(delimiter.byte()),
        header_absent: setup & 8 != 0,
        windows_1252: setup & 16 != 0,
    };
    let options = UploadOptions {
        dialect: Dialect {
            keep_null_bytes: Some(true),
            ..delimiter.into()
        },
        header_absent: stated.header_absent,
        charset: stated.windows_1252.then(|| "windows-1252".to_owned()),
        nulls: match setup & 32 {
            0 => Vec::new(),
            _ => vec![NULL.to_owned()],
        },
        ..UploadOptions::default()
    };
    let limits = Limits {
        block_bytes: 1 + usize::from(sizes & 15) * 16,
        ..Limits::default()
    };
    let parts = 1 + usize::from(sizes >> 4) * 8;
    if plain_csv::ends_in_returns(bytes, stated) || plain_csv::names_its_delimiter(bytes, stated) {
        return;
    }
    let plain = plain_csv::read(bytes, stated);
    let ingest = Ingest::new(options.clone(), limits).expect("the charset is known");
    match (take(ingest, bytes, parts), plain) {
        // The first bytes tell that it is something else.
        (Err(error), _) if is_no_text(&error.kind) => {}
        (Err(error), None) => assert!(!error.to_string().is_empty()),
        (Ok(taken), Some(plain)) => {
            taken.is(&plain);
            taken.goes_on(&plain, options, limits, bytes);
        }
        (Err(error), Some(plain)) => panic!("{error}, where there is {plain:?}"),
        (Ok(taken), None) => panic!("{:?} should be refused", taken.raw_blocks),
    }
}

pub(super) fn is_no_text(kind: &CsvErrorKind) -> bool {
    matches!(
        kind,
        CsvErrorKind::NotCsv { .. }
            | CsvErrorKind::Utf16 { .. }
            | CsvErrorKind::Utf32
            | CsvErrorKind::NotUtf16
    )
}

/// An upload that was taken in.
struct Taken {
    layout: Arc<Layout>,
    raw_blocks: Vec<(RawBlock, Analysis)>,
}

/// Takes a CSV in that comes in parts of so many bytes.
fn take(mut ingest: Ingest, bytes: &[u8], parts: usize) -> Result<Taken, CsvError> {
    let mut raw_blocks = Vec::new();
    for part in bytes.chunks(parts) {
        ingest.push(part, &mut raw_blocks)?;
    }
    ingest.finish(&mut raw_blocks)?;
    let analysed = raw_blocks.into_iter().map(|raw_block| {
        let analysis = raw_block.analyse()?;
        Ok((raw_block, analysis))
    });
    Ok(Taken {
        raw_blocks: analysed.collect::<Result<_, CsvError>>()?,
        layout: Arc::clone(ingest.layout().expect("it has a first record")),
    })
}

impl Taken {
    /// That it holds what the plain reader found.
    fn is(&self, plain: &Csv) {
        let text: Vec<u8> = self.text();
        assert_eq!(String::from_utf8_lossy(&text), plain.text);
        assert_eq!(self.layout.columns, plain.columns);
        assert_eq!(self.records(), plain.records);
        let mut profile = Profile::new(Arc::clone(&self.layout));
        for (_, analysis) in &self.raw_blocks {
            profile.absorb(analysis);
        }
        assert_eq!(profile.rows(), plain.records.len() as u64);
        for (place, column) in profile.columns().iter().enumerate() {
            let values = plain.records.iter().map(|record| record[place].as_str());
            let (nulls, some): (Vec<_>, Vec<_>) =
                values.partition(|text| self.layout.is_null(text));
            assert_eq!(column.nullable, !nulls.is_empty());
            let kind = plain_value::kind_of_all(some.iter().copied());
            assert_eq!(column.kind, kind, "{some:?}");
        }
    }

    /// That the same records are there once more when the CSV is appended to itself.
    fn goes_on(&self, plain: &Csv, options: UploadOptions, limits: Limits, bytes: &[u8]) {
        let layout = Arc::clone(&self.layout);
        let more = Ingest::appending(layout, options, limits).expect("the charset is known");
        let more = match take(more, bytes, bytes.len().max(1)) {
            Ok(more) => more,
            Err(error) => panic!("{error} when it is appended: {plain:?}"),
        };
        assert_eq!(more.records(), plain.records);
        // The character is stored in a block of its own, which is not put together with others.
        if self.text().ends_with(b"\x1A") {
            return;
        }
        let mut whole = self.text();
        let added = more.text();
        assert!(added.is_empty() || added.ends_with(b"\n"));
        if !plain.records.is_empty() && !whole.ends_with(b"\n") {
            whole.push(b'\n');
        }
        whole.extend(added);
        let body_start = self
            .raw_blocks
            .first()
            .map_or(0, |(raw_block, _)| raw_block.body_start);
        let stored = RawBlock::stored(whole, body_start, Arc::clone(&self.layout));
        let analysis = stored.analyse().expect("each of its parts was right");
        assert_eq!(analysis.rows as usize, 2 * plain.records.len());
        let both = [&plain.records[..], &plain.records[..]].concat();
        assert_eq!(records_of(&stored, &self.layout), both);
    }

    fn text(&self) -> Vec<u8> {
        let texts = self
            .raw_blocks
            .iter()
            .map(|(raw_block, _)| &raw_block.text[..]);
        texts.collect::<Vec<_>>().concat()
    }

    fn records(&self) -> Vec<Vec<String>> {
        let raw_blocks = self.raw_blocks.iter();
        let records = raw_blocks.flat_map(|(raw_block, analysis)| {
            let records = records_of(raw_block, &self.layout);
            assert_eq!(records.len(), analysis.rows as usize);
            records
        });
        records.collect()
    }
}

/// The records of a raw block, as a stored block of its text gives them, whichever way they are asked for.
fn records_of(raw_block: &RawBlock, layout: &Layout) -> Vec<Vec<String>> {
    let (delimiter, columns) = (layout.delimiter, layout.columns.len());
    let text = String::from_utf8(raw_block.text.clone()).expect("it was analysed");
    let text = BlockText::new(text, columns);
    let from = raw_block.body_start;
    let mut records = text.records(from, delimiter, columns);
    let mut lines = text.verbatim_lines(from);
    let (mut fields, mut all, mut starts) = (Vec::new(), Vec::new(), Vec::new());
    while records.next_into(&mut fields) {
        starts.push(from + fields[0].start());
        let texts = fields.iter().map(|field| field.text().into_owned());
        all.push(texts.collect());
        if let Some(lines) = &mut lines {
            let raw: Vec<_> = fields.iter().map(Field::raw).collect();
            let line = raw.join(std::str::from_utf8(&[delimiter]).expect("ASCII"));
            assert_eq!(lines.next(), Some(line.as_str()));
            assert_eq!(Lines::position(lines), records.position());
        }
    }
    if let Some(mut lines) = lines {
        assert_eq!(lines.next(), None);
    }
    if text.is_plain(columns) {
        let lines = raw_block.text[from..]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        let open = usize::from(!raw_block.text.ends_with(b"\n") && from < raw_block.text.len());
        assert_eq!(lines + open, all.len());
    }
    let most = starts.len();
    for rows in [0, 1, 2, most / 2, most.saturating_sub(1), most, most + 1] {
        let found = text.start_after(from, rows, delimiter, columns);
        let wanted = starts.get(rows).copied().unwrap_or(text.len());
        // Empty lines before a record may be said to be of it.
        assert!(
            found <= wanted && text[found..wanted].trim().is_empty(),
            "{rows}"
        );
        if let Some(start) = starts.get(rows) {
            assert_eq!(text.records_between(from, *start, delimiter, columns), rows);
        }
    }
    all
}
