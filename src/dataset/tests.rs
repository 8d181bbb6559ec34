//! Promises that the parts keep together, checked on random texts.

use std::sync::Arc;

use super::*;

mod appending;

/// A small generator of numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// The results of an upload.
#[derive(Debug, PartialEq)]
struct Taken {
    /// Whether what is stored has another form than the file.
    translated: bool,
    text: Vec<u8>,
    raw_blocks: Vec<usize>,
    layout: Arc<Layout>,
    rows: u64,
    profile: Vec<u8>,
    columns: Vec<Column>,
    hints: Vec<String>,
    records: Vec<Vec<String>>,
}

/// Ingests an upload whose bytes come in parts of the sizes that `size` returns.
fn take(
    bytes: &[u8],
    options: &UploadOptions,
    limits: Limits,
    mut size: impl FnMut() -> usize,
) -> Result<Taken, CsvError> {
    let mut ingest = Ingest::new(options.clone(), limits)?;
    let mut raw_blocks = Vec::new();
    let mut rest = bytes;
    let mut pushed = Ok(());
    while !rest.is_empty() && pushed.is_ok() {
        let (part, after) = rest.split_at(size().clamp(1, rest.len()));
        pushed = ingest.push(part, &mut raw_blocks);
        rest = after;
    }
    let pushed = pushed.and_then(|()| ingest.finish(&mut raw_blocks));
    // The first mistake in the file counts.
    let analyses = raw_blocks
        .iter()
        .map(RawBlock::analyse)
        .collect::<Result<Vec<_>, _>>()?;
    pushed?;
    let layout = Arc::clone(ingest.layout().unwrap());
    let mut profile = Profile::new(Arc::clone(&layout));
    let mut observed = Observed::default();
    let mut records = Vec::new();
    for (raw_block, analysis) in raw_blocks.iter().zip(&analyses) {
        profile.absorb(analysis);
        observed.absorb(analysis);
        let read = read_back(&Block::seal(raw_block, analysis), &layout);
        assert_eq!(read.len(), analysis.rows as usize);
        check_bounds(&read, &layout, analysis);
        records.extend(read);
    }
    Ok(Taken {
        text: raw_blocks
            .iter()
            .flat_map(|raw_block| raw_block.text.clone())
            .collect(),
        raw_blocks: raw_blocks
            .iter()
            .map(|raw_block| raw_block.text.len())
            .collect(),
        rows: profile.rows(),
        columns: profile.columns(),
        hints: ingest
            .take_hints()
            .into_iter()
            .chain(observed.hints(&profile, true))
            .collect(),
        profile: postcard::to_stdvec(&profile).unwrap(),
        translated: !raw_blocks.iter().all(|raw_block| raw_block.context.in_file),
        layout,
        records,
    })
}

/// The records of a block, read and skipped.
fn read_back(block: &Block, layout: &Layout) -> Vec<Vec<String>> {
    let text = block::decompress(&block.data, block.text_bytes as usize).unwrap();
    assert_eq!(block::digest(&text), block.digest);
    let body = std::str::from_utf8(&text[block.body_start as usize..]).unwrap();
    let mut records = Records::new(body, layout.delimiter, layout.columns.len());
    let (mut fields, mut read) = (Vec::new(), Vec::new());
    while records.next_into(&mut fields) {
        assert_eq!(fields.len(), layout.columns.len());
        read.push(
            fields
                .iter()
                .map(|field| field.text().into_owned())
                .collect(),
        );
    }
    let skipped = Records::new(body, layout.delimiter, layout.columns.len()).skip(usize::MAX);
    assert_eq!(skipped, read.len());
    read
}

/// Every value lies within the bounds that are stored for it.
fn check_bounds(records: &[Vec<String>], layout: &Layout, analysis: &Analysis) {
    let stored = zone_map::decode(&zone_map::encode(&analysis.columns)).unwrap();
    let formats = &layout.formats;
    for (place, (zone_map, found)) in stored.iter().zip(&analysis.columns).enumerate() {
        assert_eq!(zone_map.bounds, found.bounds);
        let kind = found.kind.unwrap_or(ColumnType::String);
        let values = records.iter().map(|record| record[place].as_str());
        let (nulls, values): (Vec<_>, Vec<_>) = values.partition(|value| layout.is_null(value));
        assert_eq!(nulls.len(), zone_map.nulls as usize);
        assert_eq!(values.is_empty(), zone_map.bounds == Bounds::None);
        let canonical = |value: &&str| match zone_map.bounds {
            Bounds::Text { .. } => (*value).to_owned(),
            _ => formats.read(kind, (*value).into()).into_owned(),
        };
        if !matches!(zone_map.bounds, Bounds::Text { .. }) {
            let respelled = values.iter().any(|value| canonical(value) != *value);
            assert_eq!(found.respelled, respelled, "{values:?}");
        }
        for value in values {
            assert!(
                within(canonical(&value).as_bytes(), &zone_map.bounds),
                "{value:?} {:?}",
                zone_map.bounds
            );
        }
    }
}

fn within(text: &[u8], bounds: &Bounds) -> bool {
    match bounds {
        Bounds::None => false,
        Bounds::Boolean { min, max } => {
            value::boolean(text).is_some_and(|v| (*min..=*max).contains(&v))
        }
        Bounds::Integer { min, max } => {
            value::integer(text).is_some_and(|v| (*min..=*max).contains(&v))
        }
        Bounds::Number { min, max } => {
            value::number(text).is_some_and(|v| (*min..=*max).contains(&v))
        }
        Bounds::Date { min, max } => value::date(text).is_some_and(|v| (*min..=*max).contains(&v)),
        Bounds::Instant { min, max } => value::instant(text)
            .is_some_and(|v| *min <= v.seconds && v.seconds + i64::from(v.nanos > 0) <= *max),
        Bounds::Text { min, max } => min.as_slice() <= text && text <= max.as_slice(),
    }
}

/// A column's type and nulls, found in the simplest way.
fn plain_type(values: &[&str], formats: &Formats) -> ColumnType {
    values
        .iter()
        .copied()
        .map(|value| formats.kind_of(value))
        .reduce(ColumnType::join)
        .unwrap_or(ColumnType::String)
}

fn check_profile(taken: &Taken, options: &UploadOptions) {
    for (place, column) in taken.columns.iter().enumerate() {
        let values: Vec<&str> = taken
            .records
            .iter()
            .map(|record| record[place].as_str())
            .collect();
        let some: Vec<&str> = values
            .iter()
            .copied()
            .filter(|value| !taken.layout.is_null(value))
            .collect();
        let stated = options
            .types
            .iter()
            .rfind(|(name, _)| *name == column.name)
            .map(|(_, kind)| *kind);
        assert_eq!(
            column.kind,
            stated.unwrap_or_else(|| plain_type(&some, &options.formats)),
            "{some:?}"
        );
        assert_eq!(column.nullable, some.len() < values.len());
        let hint = taken.hints.iter().find(|hint| {
            hint.starts_with(&format!("{} would be ", column.name))
                && hint.contains(" with null=")
                && !hint.contains('&')
        });
        let expected = ["NA", "-", "null", "."].iter().find_map(|&text| {
            let rest: Vec<&str> = some
                .iter()
                .copied()
                .filter(|value| *value != text)
                .collect();
            let narrower = rest.len() < some.len()
                && !rest.is_empty()
                && plain_type(&rest, &options.formats) != ColumnType::String;
            narrower.then(|| {
                format!(
                    "{} would be {} with null={text}",
                    column.name,
                    plain_type(&rest, &options.formats)
                )
            })
        });
        assert_eq!(
            hint,
            expected.filter(|_| stated.is_none()).as_ref(),
            "{some:?}"
        );
    }
}

fn check_same_however_split(
    bytes: &[u8],
    options: &UploadOptions,
    limits: Limits,
    random: &mut Random,
) -> bool {
    let whole = take(bytes, options, limits, || usize::MAX);
    for most in [1, 7, 100] {
        let split = take(bytes, options, limits, || 1 + random.below(most));
        // If there are two mistakes, another one may be noticed first.
        if split.is_ok() || whole.is_ok() {
            assert_eq!(split, whole, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
    let Ok(taken) = whole else { return false };
    if !taken.translated
        && options.charset.is_none()
        && !bytes.starts_with(b"\xFF\xFE")
        && !bytes.starts_with(b"\xFE\xFF")
    {
        assert_eq!(taken.text, bytes);
    }
    assert_eq!(taken.rows, taken.records.len() as u64);
    check_profile(&taken, options);
    true
}

fn some_limits(random: &mut Random) -> Limits {
    Limits {
        max_columns: 8,
        max_header: usize::MAX,
        max_record: 20 + random.below(200),
        block_bytes: 1 + random.below(120),
    }
}

fn some_options(random: &mut Random) -> UploadOptions {
    UploadOptions {
        dialect: match random.below(4) {
            0 => Delimiter::COMMA.into(),
            1 => Delimiter::TAB.into(),
            _ => Dialect::default(),
        },
        header_absent: random.below(4) == 0,
        charset: if random.below(8) == 0 {
            Some("windows-1252".into())
        } else {
            None
        },
        nulls: if random.below(3) == 0 {
            vec!["NA".into(), "say \"x\"".into()]
        } else {
            vec![]
        },
        formats: some_formats(random),
        ..UploadOptions::default()
    }
}

fn some_formats(random: &mut Random) -> Formats {
    if random.below(2) == 0 {
        return Formats::default();
    }
    let formats = Formats {
        decimal: [None, ",".parse().ok(), ".".parse().ok()][random.below(3)],
        thousands: [None, ".".parse().ok(), "space".parse().ok()][random.below(3)],
        dates: [None, "dmy".parse().ok(), "ymd".parse().ok()][random.below(3)],
        datetimes: [None, "local".parse().ok()][random.below(2)],
        zone: match random.below(3) {
            0 => "Europe/Rome".parse().ok(),
            _ => None,
        },
    };
    match formats.check() {
        Ok(()) => formats,
        Err(_) => Formats::default(),
    }
}

#[test]
fn no_bytes_whatever_make_it_panic_or_depend_on_how_they_were_split() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let alphabet = b"aa1,,;\t|\"\"\n\n\r -.\xC3\xA9\xEF\xBB\xBF\x00";
    let mut valid = 0;
    for _ in 0..6_000 {
        let bytes: Vec<u8> = (0..random.below(120))
            .map(|_| alphabet[random.below(alphabet.len())])
            .collect();
        let (options, limits) = (some_options(&mut random), some_limits(&mut random));
        valid += usize::from(check_same_however_split(
            &bytes,
            &options,
            limits,
            &mut random,
        ));
    }
    assert!(valid > 50, "{valid}");
}

#[test]
fn a_csv_comes_back_as_it_went_in_with_the_types_its_values_have() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let pools: [&[&str]; 9] = [
        &["1", "-5", "300", "NA", ""],
        &["1", "2.5", "-0", "1e3", "null"],
        &["true", "false", "", "TRUE", "False"],
        &["1,5", "1.234", "-1 234,50", "7"],
        &["31.12.2026", "2026/1/2", "2024-01-01", "1.2.2026"],
        &["2024-01-01", "1999-12-31", "-", "."],
        &[
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00.5+02:00",
            "1990-12-31T23:59:60Z",
            "2026-07-01 12:00",
            "2026-07-01T12:00:00.5",
        ],
        &[
            "a",
            "äöü",
            "007",
            "say \"x\"",
            "x,y",
            "line\nbreak",
            "",
            "a text that is longer than thirty-two bytes, ü",
        ],
        &["NA", "-", "1", ""],
    ];
    let mut valid = 0;
    for _ in 0..600 {
        let columns: Vec<&[&str]> = (0..1 + random.below(4))
            .map(|_| pools[random.below(9)])
            .collect();
        let end = random.pick(&["\n", "\r\n"]);
        let mut text = random
            .pick(&["", "\u{FEFF}", "\n", "\u{FEFF}\r\n\n"])
            .to_owned();
        text += &["id", "name", "id", ""][..columns.len()].join(",");
        text += end;
        if columns.len() == 1 {
            text = "id\n".into();
        }
        let mut expected = Vec::new();
        for _ in 0..random.below(30) {
            let row: Vec<&str> = columns.iter().map(|pool| random.pick(pool)).collect();
            let fields: Vec<String> = row
                .iter()
                .map(|value| written(value, &mut random))
                .collect();
            text += &fields.join(",");
            text += end;
            expected.push(row);
        }
        let text = if random.below(3) == 0 && columns.len() > 1 {
            text.trim_end_matches(['\r', '\n'])
        } else {
            &text
        };
        let options = UploadOptions {
            dialect: Delimiter::COMMA.into(),
            formats: some_formats(&mut random),
            ..UploadOptions::default()
        };
        let limits = Limits {
            block_bytes: 1 + random.below(200),
            ..Limits::default()
        };
        let taken = take(text.as_bytes(), &options, limits, || usize::MAX).unwrap();
        assert_eq!(taken.records, expected, "{text:?}");
        valid += usize::from(check_same_however_split(
            text.as_bytes(),
            &options,
            limits,
            &mut random,
        ));
    }
    assert_eq!(valid, 600);
}

/// A value as a field, quoted where it must be and sometimes where it need not.
fn written(value: &str, random: &mut Random) -> String {
    if value.contains(['"', ',', '\n']) || random.below(4) == 0 {
        return format!("\"{}\"", value.replace('"', "\"\""));
    }
    value.to_owned()
}

#[test]
fn a_profile_goes_on_from_where_it_was_stored() {
    let csv = |body: &str| format!("n,s\n{body}");
    let analyses = |text: &str| {
        let mut ingest = Ingest::new(UploadOptions::default(), Limits::default()).unwrap();
        let mut raw_blocks = Vec::new();
        ingest.push(text.as_bytes(), &mut raw_blocks).unwrap();
        ingest.finish(&mut raw_blocks).unwrap();
        (
            Arc::clone(ingest.layout().unwrap()),
            raw_blocks[0].analyse().unwrap(),
        )
    };
    let (layout, first) = analyses(&csv("1,\n2,x\n"));
    let mut profile = Profile::new(layout);
    profile.absorb(&first);
    let stored = postcard::to_stdvec(&profile).unwrap();
    let mut later: Profile = postcard::from_bytes(&stored).unwrap();
    assert_eq!(later, profile);
    later.absorb(&analyses(&csv("2.5,y\n")).1);
    assert_eq!(later.rows(), 3);
    let kinds: Vec<_> = later
        .columns()
        .iter()
        .map(|column| (column.kind, column.nullable))
        .collect();
    assert_eq!(
        kinds,
        [(ColumnType::Number, false), (ColumnType::String, true)]
    );
}

#[test]
fn an_upload_may_move_between_threads_and_its_raw_blocks_may_be_shared() {
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    sent::<Ingest>();
    shared::<RawBlock>();
    shared::<Analysis>();
    shared::<Profile>();
    shared::<CsvError>();
}
