//! Round trips through blocks: a table is written as a CSV, ingested, packed and read again. Its text is the same, its zone maps
//! hold, no Bloom filter misses a text, and all that is stored decodes to what was encoded.
//!
//! The first bytes of an input say how large the table is; its values are the lines that follow, over and over.

use std::sync::Arc;

use flash::dataset::{
    Analysis, Block, Bounds, Dialect, Formats, Ingest, Layout, Limits, Profile, RawBlock, Records,
    ResumableDigest, Summary, UploadOptions, ZoneMap, block, bloom, zone_map,
};

use super::plain_value::{self, Decimal};

/// Bytes of the longest list of values that is looked at.
const LONGEST: usize = 2 << 10;

/// Checks one input.
pub fn check(input: &[u8]) {
    let [columns, rows, sizes, values @ ..] = input else {
        return;
    };
    let table = Table {
        columns: 1 + usize::from(columns % 4),
        rows: usize::from(*rows),
        numbered: usize::from(columns / 4 % 4),
        quoted: columns & 16 != 0,
        values: String::from_utf8_lossy(&values[..values.len().min(LONGEST)])
            .split('\n')
            .map(str::to_owned)
            .collect(),
    };
    let text = table.csv();
    let limits = Limits {
        block_bytes: 256 + usize::from(*sizes) * 64,
        ..Limits::default()
    };
    let options = UploadOptions {
        nulls: vec!["NA".to_owned()],
        dialect: Dialect {
            keep_null_bytes: Some(true),
            ..Dialect::default()
        },
        ..UploadOptions::default()
    };
    let mut ingest = Ingest::new(options, limits).expect("no charset is stated");
    let mut raw_blocks = Vec::new();
    let taken = ingest.push(text.as_bytes(), &mut raw_blocks);
    match taken.and_then(|()| ingest.finish(&mut raw_blocks)) {
        Ok(()) => {}
        // Its first bytes look like something else.
        Err(error) if super::csv::is_no_text(&error.kind) => return,
        Err(error) => panic!("{error}"),
    }
    let layout = Arc::clone(ingest.layout().expect("it has a header"));
    let mut summary = Summary::new(table.columns, &Formats::default());
    let analyse = |raw_block: &RawBlock| raw_block.analyse_into(&mut summary).expect("it is a CSV");
    let analyses: Vec<Analysis> = raw_blocks.iter().map(analyse).collect();
    let mut rows = Vec::new();
    for (raw_block, analysis) in raw_blocks.iter().zip(&analyses) {
        rows.extend(check_block(raw_block, analysis, &layout));
    }
    assert_eq!(rows, table.records().collect::<Vec<_>>());
    check_together(&rows, &analyses, &layout);
    check_profile(&analyses, &layout);
    let encoded = summary.encode();
    let stored =
        Summary::decode(&encoded, table.columns, &Formats::default()).expect("it was just stored");
    assert_eq!(
        (stored.rows(), stored.encode()),
        (rows.len() as u64, encoded)
    );
    check_tail(text.as_bytes(), usize::from(*sizes) + 1);
}

/// A table of values that are written over and over.
struct Table {
    columns: usize,
    rows: usize,
    /// Columns from this one on have the row's number behind each value, so that there are many.
    numbered: usize,
    /// Whether all fields are quoted.
    quoted: bool,
    values: Vec<String>,
}

impl Table {
    fn records(&self) -> impl Iterator<Item = Vec<String>> {
        (0..self.rows).map(|row| {
            let value = |column: usize| {
                let value = &self.values[(row * (column + 1) + column) % self.values.len()];
                match column >= self.numbered && !value.is_empty() {
                    true => format!("{value}{row}"),
                    false => value.clone(),
                }
            };
            (0..self.columns).map(value).collect()
        })
    }

    fn csv(&self) -> String {
        let names: Vec<_> = (0..self.columns)
            .map(|column| format!("c{column}"))
            .collect();
        let mut csv = names.join(",") + "\n";
        for record in self.records() {
            let fields: Vec<_> = record.iter().map(|text| self.written(text)).collect();
            csv += &(fields.join(",") + "\n");
        }
        csv
    }

    fn written(&self, text: &str) -> String {
        match self.quoted || text.contains([',', '"', '\r', '\n']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        }
    }
}

/// Packs a raw block and unpacks it. Returns its records.
fn check_block(raw_block: &RawBlock, analysis: &Analysis, layout: &Layout) -> Vec<Vec<String>> {
    let block = Block::seal(raw_block, analysis);
    let text = block::decompress(&block.data, block.text_bytes as usize).expect("it was packed");
    assert_eq!(text, raw_block.text);
    assert_eq!(block::digest(&text), block.digest);
    // Other lengths are told apart from it.
    assert!(block::decompress(&block.data, text.len() + 1).is_err());
    assert!(block::decompress(&block.data, text.len() - 1).is_err());
    let text = String::from_utf8(text).expect("it was analysed");
    let body = &text[block.body_start as usize..];
    let mut records = Records::new(body, layout.delimiter, layout.columns.len());
    let (mut fields, mut rows) = (Vec::new(), Vec::new());
    while records.next_into(&mut fields) {
        let texts = fields.iter().map(|field| field.text().into_owned());
        rows.push(texts.collect::<Vec<_>>());
    }
    assert_eq!(rows.len(), block.rows as usize);
    let known = zone_map::decode(&block.zone_maps).expect("they were just stored");
    assert_eq!(known, analysis.columns);
    for (place, zone_map) in known.iter().enumerate() {
        let values = || rows.iter().map(|row| row[place].as_str());
        let some: Vec<_> = values().filter(|text| !layout.is_null(text)).collect();
        assert_eq!(zone_map.nulls as usize, rows.len() - some.len());
        check_bounds(&some, zone_map);
        let blooms = bloom::decode(&block.blooms, &[place]).expect("they were just stored");
        for bloom in blooms.into_iter().flatten() {
            for text in &some {
                assert!(bloom.may_have(text.as_bytes()), "{text:?}");
            }
        }
    }
    rows
}

/// Checks that all values lie within the bounds, and that there are bounds only if there are values.
fn check_bounds(values: &[&str], zone_map: &ZoneMap) {
    assert_eq!(values.is_empty(), zone_map.bounds == Bounds::None);
    for value in values {
        assert!(
            is_within(value, &zone_map.bounds),
            "{value:?} {:?}",
            zone_map.bounds
        );
    }
}

fn is_within(text: &str, bounds: &Bounds) -> bool {
    match bounds {
        Bounds::None => false,
        Bounds::Boolean { min, max } => text
            .parse()
            .is_ok_and(|value| (*min..=*max).contains(&value)),
        Bounds::Integer { min, max } => text
            .parse()
            .is_ok_and(|value| (*min..=*max).contains(&value)),
        // Each value counts as its nearest f64.
        Bounds::Number { min, max } => {
            let near = text.parse::<f64>();
            Decimal::read(text).is_some() && near.is_ok_and(|near| (*min..=*max).contains(&near))
        }
        Bounds::Date { min, max } => {
            let days = plain_value::days(text);
            days.is_some_and(|days| (i64::from(*min)..=i64::from(*max)).contains(&days))
        }
        Bounds::Instant { min, max } => {
            plain_value::instant(text).is_some_and(|(seconds, nanos)| {
                *min <= seconds && seconds + i64::from(nanos > 0) <= *max
            })
        }
        Bounds::Text { min, max } => &min[..] <= text.as_bytes() && text.as_bytes() <= &max[..],
    }
}

/// Checks that merged bounds hold for the values of all raw blocks.
fn check_together(rows: &[Vec<String>], analyses: &[Analysis], layout: &Layout) {
    for place in 0..layout.columns.len() {
        let raw_blocks: Vec<_> = analyses
            .iter()
            .map(|one| one.columns[place].clone())
            .collect();
        let Some(merged) = ZoneMap::merged(&raw_blocks) else {
            continue;
        };
        let values = rows.iter().map(|row| row[place].as_str());
        let some: Vec<_> = values.filter(|text| !layout.is_null(text)).collect();
        assert_eq!(merged.nulls as usize, rows.len() - some.len());
        check_bounds(&some, &merged);
    }
}

/// Checks that a profile does not depend on the order of addition, nor on being stored in between.
fn check_profile(analyses: &[Analysis], layout: &Arc<Layout>) {
    let mut whole = Profile::new(Arc::clone(layout));
    analyses.iter().for_each(|analysis| whole.absorb(analysis));
    let (first, second) = analyses.split_at(analyses.len() / 2);
    let mut parts = Profile::new(Arc::clone(layout));
    second
        .iter()
        .rev()
        .for_each(|analysis| parts.absorb(analysis));
    let mut parts = Profile::decode(&parts.encode()).expect("it was just stored");
    let mut other = Profile::new(Arc::clone(layout));
    first.iter().for_each(|analysis| other.absorb(analysis));
    parts.merge(&other);
    assert_eq!(parts, whole);
}

/// Checks that a stored digest can be continued.
fn check_tail(text: &[u8], part: usize) {
    let mut whole = ResumableDigest::new();
    whole.absorb(text);
    let (first, second) = text.split_at(part.min(text.len()));
    let mut parts = ResumableDigest::new();
    parts.absorb(first);
    let mut parts = ResumableDigest::decode(&parts.encode()).expect("it was just stored");
    parts.absorb(second);
    assert_eq!(parts.sha256(), whole.sha256());
    assert_eq!(
        (parts.bytes(), parts.open_line()),
        (whole.bytes(), whole.open_line())
    );
}
