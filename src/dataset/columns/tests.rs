use std::ops::ControlFlow;

use super::*;
use crate::query::{Query, RawQuery, Scan, Stop};
use crate::{BlockText, Column, ColumnType, Dialect, Formats, Layout, RawBlock, ZoneMap, zone_map};

const NAMES: [&str; 6] = ["text", "integer", "number", "date", "moment", "flag"];
const KINDS: [ColumnType; 6] = [
    ColumnType::String,
    ColumnType::Integer,
    ColumnType::Number,
    ColumnType::Date,
    ColumnType::Datetime,
    ColumnType::Boolean,
];
const VALUES: [&[&str]; 6] = [
    &[
        "",
        "a",
        "b",
        "LAX",
        "SFO",
        "é𝄞",
        "\"a,b\"",
        "\"say \"\"x\"\"\"",
        "NA",
        "a_b%",
    ],
    &[
        "",
        "NA",
        "0",
        "-5",
        "7",
        "9223372036854775807",
        "-9223372036854775808",
        "007",
    ],
    &[
        "",
        "1.0",
        "1.00",
        "1",
        "-0.5",
        "1e3",
        "1000",
        "0.1000000000000000055",
        "0.1",
    ],
    &["", "2020-01-01", "2019-12-31", "1969-07-20"],
    &[
        "",
        "2020-01-01T00:00:00Z",
        "2020-01-01T01:00:00+01:00",
        "2020-01-01T00:00:00.5Z",
    ],
    &["", "true", "false", "TRUE"],
];
const FILTERS: [&[&str]; 6] = [
    &[
        "eq.LAX",
        "neq.a",
        "gt.a",
        "lte.b",
        "like.a*",
        "not.like.*b*",
        "ilike.*LAX*",
        "in.(a,SFO,\"a,b\")",
        "is.null",
        "not.in.(a,b)",
    ],
    &[
        "eq.7",
        "gt.-5",
        "lt.0",
        "not.gte.7",
        "in.(0,7)",
        "is.null",
        "not.is.null",
    ],
    &[
        "eq.1",
        "gt.0.1",
        "lte.1000",
        "neq.1.0",
        "in.(1,1e3)",
        "not.eq.1000",
    ],
    &["gt.2019-12-31", "eq.1969-07-20", "is.null"],
    &[
        "eq.2020-01-01T00:00:00Z",
        "gt.2020-01-01",
        "lt.2020-01-01T00:00:01Z",
    ],
    &["is.true", "eq.false", "not.is.true", "gt.false"],
];

/// Numbers that look random, always the same ones (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % most as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())]
    }
}

fn layout(columns: usize) -> Layout {
    Layout {
        delimiter: b',',
        header: false,
        columns: (0..columns)
            .map(|at| NAMES.get(at).map_or(format!("c{at}"), |n| (*n).to_owned()))
            .collect(),
        nulls: vec!["NA".to_owned()],
        stated: vec![None; columns],
        units: Vec::new(),
        dialect: Dialect::default(),
        formats: Formats::default(),
    }
}

fn columns(respelled: bool) -> Vec<Column> {
    let pairs = NAMES.iter().zip(KINDS);
    let column = pairs.map(|(name, kind)| Column {
        name: (*name).to_owned(),
        kind,
        nullable: true,
        unit: None,
        respelled: respelled && kind != ColumnType::String,
    });
    column.collect()
}

fn built(blocks: &[String], layout: &Layout, columns: &[Column]) -> BuiltGroup {
    let mut builder = RowGroupBuilder::new(columns.len(), 5);
    for text in blocks {
        let none = vec![ZoneMap::of_nothing(); columns.len()];
        builder.add(text, layout, none);
    }
    builder.finish(columns, layout)
}

fn chunks(built: &BuiltGroup) -> Chunks {
    let pairs = built.group.coded.iter().zip(&built.chunks);
    let chunk = |(column, (_, bytes)): (&u32, &(ZoneMap, Vec<u8>))| {
        (*column as usize, ColumnChunk::decode(bytes).unwrap().into())
    };
    pairs.map(chunk).collect()
}

/// The texts of a column, row by row.
fn texts(chunk: &ColumnChunk) -> Vec<String> {
    let codes = chunk.codes().unwrap();
    let text = |code: &u16| chunk.dictionary().text(usize::from(*code)).to_owned();
    codes.iter().map(text).collect()
}

#[test]
fn the_texts_of_all_rows_are_read_back_whatever_they_are() {
    let mut random = Random(1);
    for rows in [1, 2, 300, 5_000] {
        let line = |random: &mut Random| {
            let fields = VALUES.map(|values| random.one_of(values));
            fields.join(",") + "\n"
        };
        let lines: Vec<String> = (0..rows).map(|_| line(&mut random)).collect();
        let blocks: Vec<String> = lines.chunks(700).map(<[_]>::concat).collect();
        let layout = layout(6);
        let built = built(&blocks, &layout, &columns(false));
        assert_eq!(built.group.rows(), rows as u64);
        assert_eq!(built.group.first_row, 5);
        assert!(built.group.has(&[0, 1, 2, 3, 4, 5]) && !built.group.has(&[6]));
        let stored = RowGroup::decode(5, &built.group.encode());
        assert_eq!(stored.as_ref(), Some(&built.group));
        let chunks = chunks(&built);
        let whole = lines.concat();
        let mut records = crate::Records::new(&whole, b',', 6);
        let (mut fields, mut row) = (Vec::new(), 0);
        let read: Vec<Vec<String>> = (0..6).map(|at| texts(&chunks[&at])).collect();
        while records.next_into(&mut fields) {
            for (column, field) in fields.iter().enumerate() {
                assert_eq!(read[column][row], field.text());
            }
            row += 1;
        }
        assert_eq!(row, rows);
    }
}

#[test]
fn a_row_group_of_64_ki_rows_has_chunks_of_columns_with_fewer_texts_than_half_its_rows() {
    let line = |row: usize| format!("{},{},x\n", row % 30_000, row);
    let blocks: Vec<String> = (0..64)
        .map(|block| (0..1024).map(|row| line(block * 1024 + row)).collect())
        .collect();
    let layout = layout(3);
    let built = built(&blocks, &layout, &columns(false)[..3]);
    // The second column has keys.
    assert_eq!(*built.group.coded, [0, 2]);
    assert_eq!(built.group.rows(), 65_536);
    let chunks = chunks(&built);
    assert_eq!(chunks[&0].dictionary().len(), 30_000);
    let read = texts(&chunks[&0]);
    assert!((0..65_536).all(|row| read[row] == (row % 30_000).to_string()));
    // One text takes no bits.
    assert!(built.chunks[1].1.len() < 100);
}

#[test]
fn columns_with_long_texts_or_too_many_have_no_chunk() {
    let long = "x".repeat(600);
    let layout = layout(2);
    let built = built(&[format!("1,{long}\n2,b\n")], &layout, &columns(false)[..2]);
    assert_eq!(*built.group.coded, [0]);
    assert_eq!(group_rows(65_536, 19), 65_536);
    assert_eq!(group_rows(65_536, 512), 8192);
    assert_eq!(group_rows(65_536, 4096), 8192);
}

#[test]
fn a_damaged_chunk_is_recognised_and_never_panics() {
    let lines: String = (0..500).map(|row| format!("{},b\n", row % 90)).collect();
    let built = built(&[lines], &layout(2), &columns(false)[..2]);
    let (_, sound) = &built.chunks[0];
    assert_eq!(
        ColumnChunk::decode(&[]).unwrap_err(),
        CorruptColumn::Encoding(None)
    );
    assert_eq!(
        ColumnChunk::decode(&[9, 0]).unwrap_err(),
        CorruptColumn::Encoding(Some(9))
    );
    for length in 0..sound.len() {
        let cut = ColumnChunk::decode(&sound[..length]);
        assert!(cut.is_err() || cut.unwrap().codes().is_err());
    }
    let mut random = Random(3);
    for _ in 0..3000 {
        let mut damaged = sound.clone();
        let at = random.below(damaged.len());
        damaged[at] ^= 1 << random.below(8);
        if let Ok(chunk) = ColumnChunk::decode(&damaged)
            && let Ok(codes) = chunk.codes()
        {
            let count = chunk.dictionary().len();
            assert!(codes.iter().all(|code| usize::from(*code) < count));
        }
    }
    assert!(RowGroup::decode(0, &[7]).is_none() && RowGroup::decode(0, &[]).is_none());
}

/// A query with random filters, groups and an order.
fn question(random: &mut Random) -> RawQuery {
    let filter = |random: &mut Random| {
        let column = random.below(6);
        (
            NAMES[column].to_owned(),
            random.one_of(FILTERS[column]).to_owned(),
        )
    };
    let filters = (0..random.below(3)).map(|_| filter(random)).collect();
    let group = |random: &mut Random| {
        let terms = (0..1 + random.below(3)).map(|_| {
            let (name, condition) = filter(random);
            format!("{name}.{condition}")
        });
        let terms: Vec<String> = terms.collect();
        let more = [
            "",
            ",and(integer.gt.0,number.lte.1)",
            ",not.or(text.is.null,flag.is.true)",
        ];
        format!("({}{})", terms.join(","), random.one_of(&more))
    };
    let parameters = ["or", "and", "not.or", "not.and"];
    let groups =
        (0..random.below(3)).map(|_| (random.one_of(&parameters).to_owned(), group(random)));
    let directions = ["", ".desc", ".asc.nullsfirst", ".desc.nullslast"];
    let groups: Vec<(String, String)> = groups.collect();
    RawQuery {
        select: None,
        order: Some(format!(
            "{}{}",
            random.one_of(&NAMES),
            random.one_of(&directions)
        )),
        filters,
        groups,
    }
}

#[test]
fn codes_select_the_rows_and_tell_the_first_keys_that_the_text_does() {
    let mut random = Random(7);
    let layout = layout(6);
    for round in 0..400 {
        let columns = columns(round % 2 == 0);
        let lines: Vec<String> = (0..1 + random.below(40))
            .map(|_| VALUES.map(|values| random.one_of(values)).join(",") + "\n")
            .collect();
        let blocks: Vec<String> = lines
            .chunks(1 + random.below(9))
            .map(<[_]>::concat)
            .collect();
        let built = built(&blocks, &layout, &columns);
        let chunks = chunks(&built);
        for _ in 0..5 {
            let asked = question(&mut random);
            let query = Query::resolve(&asked, &columns, &layout.formats).unwrap();
            let term = query.order[0];
            let stop = Stop::default();
            let selected = select(&query, &layout, &chunks, &stop).unwrap();
            let mut found = (0, Vec::new(), Vec::new());
            let scan = Scan::new(&query, &layout);
            for block in &blocks {
                let text = BlockText::new(block.clone(), 6);
                let mut best = None;
                let before = found.0;
                scan.rows(&text, 0, |row| {
                    let key = term.abbreviated_key(row.value(term.column).as_deref());
                    best = Some(best.map_or(key, |best| key.min(best)));
                    found.0 += 1;
                    ControlFlow::Continue(())
                });
                found.1.push(found.0 > before);
                found.2.push(best);
            }
            let rows = built.group.rows() as usize;
            assert_eq!(selected.count(rows), found.0, "{asked:?} in {lines:?}");
            assert_eq!(selected.blocks(&built.group.blocks), found.1);
            let best = |from| {
                let order = (&term, from);
                best_of_blocks(
                    &query,
                    &layout,
                    order,
                    &chunks,
                    &selected,
                    &built.group.blocks,
                )
            };
            assert_eq!(best(None).unwrap(), found.2, "{asked:?} in {lines:?}");
            if let Some(least) = found.2.iter().flatten().max() {
                let later = best(Some(*least)).unwrap();
                assert!(later.iter().flatten().all(|key| key >= least));
                assert!(later.iter().flatten().any(|key| key == least));
            }
        }
    }
}

#[test]
fn the_zone_map_of_a_chunk_is_that_of_its_blocks() {
    let layout = layout(2);
    let mut builder = RowGroupBuilder::new(2, 0);
    for text in ["1,a\n5,b\n", "-3,\n"] {
        let raw_block = RawBlock::stored(text.into(), 0, layout.clone().into());
        let zone_maps = zone_map::encode(&raw_block.analyse().unwrap().columns);
        builder.add(text, &layout, zone_map::decode(&zone_maps).unwrap());
    }
    let built = builder.finish(&columns(false)[..2], &layout);
    let (zone_map, _) = &built.chunks[0];
    let bounds = crate::Bounds::Integer { min: -3, max: 5 };
    assert_eq!((zone_map.nulls, &zone_map.bounds), (0, &bounds));
    assert_eq!(built.chunks[1].0.nulls, 1);
}
