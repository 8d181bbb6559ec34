//! Differences of small tables: cases, and random ones against a plain model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::formats::Decimal;
use crate::{Column, ColumnType, Dialect, Formats, Layout, Records};

const SEED: u64 = 7;

/// A column: its name, its type, and whether its values may be written otherwise than canonically.
type Head<'a> = (&'a str, ColumnType, bool);

fn table(columns: &[Head<'_>], nulls: &[&str], formats: &Formats) -> Table {
    let names = columns.iter().map(|(name, ..)| (*name).to_owned());
    let columns = columns.iter().map(|&(name, kind, respelled)| Column {
        name: name.to_owned(),
        kind,
        nullable: true,
        unit: None,
        respelled,
    });
    Table {
        layout: Arc::new(Layout {
            delimiter: b',',
            header: false,
            stated: vec![None; columns.len()],
            columns: names.collect(),
            nulls: nulls.iter().map(|&null| null.to_owned()).collect(),
            units: Vec::new(),
            dialect: Dialect::default(),
            formats: formats.clone(),
        }),
        columns: columns.collect(),
    }
}

fn key(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The digests of all rows of a text: of what identifies each, and of the rest, with its place.
fn digests(comparison: &Comparison, side: Side, text: &str) -> Vec<(Digest, Digest, Record)> {
    let columns = comparison.table(side).columns.len();
    let mut digester = comparison.digester(side, SEED);
    let mut records = Records::new(text, b',', columns);
    let (mut fields, mut found) = (Vec::new(), Vec::new());
    while records.next_into(&mut fields) {
        let at = (0, fields[0].start() as u32);
        found.push((digester.identity(&fields), digester.rest(&fields), at));
    }
    found
}

/// The rows that each revision has more of, picked in the order of the file, with so much room in each pass.
fn surplus(comparison: &Comparison, texts: [&str; 2], capacity: usize) -> [Vec<usize>; 2] {
    let rows = Side::BOTH.map(|side| digests(comparison, side, texts[side as usize]));
    let counted = |pass: Pass| {
        let mut nets = Nets::new(capacity);
        for side in Side::BOTH {
            let of_pass = rows[side as usize].iter().filter(|row| pass.takes(row.0));
            for (digest, ..) in of_pass {
                nets.count(side, *digest)?;
            }
        }
        nets.shrink();
        Ok::<_, Full>(nets)
    };
    let passes = (1..).find_map(|of| {
        let passes = (0..of).map(|number| counted(Pass { number, of }));
        passes.collect::<Result<Vec<_>, _>>().ok()
    });
    let mut all = Nets::new(1 << 16);
    assert!(passes.unwrap().iter().all(|nets| all.take_up(nets)));
    Side::BOTH.map(|side| {
        let mut left = all.surplus(side);
        let rows = rows[side as usize].iter().enumerate();
        let taken = rows.filter(|(_, row)| all.has(side, row.0) && all.take(side, row.0));
        let taken: Vec<usize> = taken.map(|(number, _)| number).collect();
        left -= taken.len() as u64;
        assert_eq!((left, all.surplus(side)), (0, 0));
        taken
    })
}

/// What became of rows with keys: the numbers of rows that went, came, and changed (before, after).
type Became = (Vec<usize>, Vec<usize>, Vec<(usize, usize)>);

fn became(comparison: &Comparison, texts: [&str; 2], capacity: usize) -> Result<Became, Side> {
    let rows = Side::BOTH.map(|side| digests(comparison, side, texts[side as usize]));
    let paired = |pass: Pass| {
        let mut keyed = Keyed::new(capacity);
        for side in Side::BOTH {
            let of_pass = rows[side as usize].iter().filter(|row| pass.takes(row.0));
            for &(key, rest, at) in of_pass {
                keyed.add(side, key, rest, at)?;
            }
        }
        Ok(keyed.into_pairs())
    };
    let mut of = 0;
    let pairs = loop {
        of += 1;
        let passes = (0..of).map(|number| paired(Pass { number, of }));
        match passes.collect::<Result<Vec<Pairs>, Clash>>() {
            Err(Clash::Full) => {}
            Err(Clash::Repeated(side, _)) => return Err(side),
            Ok(passes) => {
                let mut all = Pairs::default();
                passes.into_iter().for_each(|pairs| all.take_up(pairs));
                break all;
            }
        }
    };
    let number = |side: Side, place: Record| {
        let rows = &rows[side as usize];
        rows.iter().position(|row| row.2 == place).unwrap()
    };
    let removed = pairs.removed.iter().map(|at| number(Side::From, *at));
    let added = pairs.added.iter().map(|at| number(Side::To, *at));
    let changed = pairs.changed.iter();
    let changed =
        changed.map(|&(after, before)| (number(Side::From, before), number(Side::To, after)));
    Ok((removed.collect(), added.collect(), changed.collect()))
}

/// Whether two rows with one column each are equal.
fn equal(from: (Head<'_>, &str), to: (Head<'_>, &str), formats: &Formats) -> bool {
    let [a, b] = [from.0, to.0].map(|head| table(&[head], &["NA"], formats));
    let comparison = Comparison::new(a, b, None).unwrap();
    let texts = [from.1, to.1].map(|text| format!("{text}\n"));
    let differ = surplus(&comparison, [&texts[0], &texts[1]], 14);
    differ.iter().all(Vec::is_empty)
}

#[test]
fn values_are_equal_as_in_queries_and_by_their_texts_if_the_types_have_too_little_in_common() {
    use ColumnType::{Boolean, Date, Datetime, Integer, Number, String};
    let plain = Formats::default();
    let comma = Formats {
        decimal: Some(Decimal::Comma),
        ..Formats::default()
    };
    let cases = [
        (Integer, "1", Integer, "1", true),
        (Integer, "1", Integer, "2", false),
        (Integer, "1", Number, "1.0", true),
        (Number, "1.50", Number, "15e-1", true),
        (Number, "-0.0", Integer, "0", true),
        (Number, "0.1", Number, "0.10000000000000001", false),
        (
            Number,
            "9223372036854775808",
            Number,
            "9223372036854775808.0",
            true,
        ),
        (
            Number,
            "9223372036854775807",
            Number,
            "9223372036854775808",
            false,
        ),
        (
            Datetime,
            "2026-01-01T00:00:00Z",
            Datetime,
            "2026-01-01T01:00:00+01:00",
            true,
        ),
        (
            Datetime,
            "2026-01-01T00:00:00Z",
            Datetime,
            "2026-01-01T00:00:00.1Z",
            false,
        ),
        (Date, "2026-01-01", Date, "2026-01-01", true),
        (String, "a", String, "A", false),
        (String, "\"a\"\"b\"", String, "\"a\"\"b\"", true),
        (String, "\"a\"", String, "a", true),
        (String, "", String, "NA", true),
        (Integer, "NA", String, "", true),
        (String, "1", String, "NA", false),
        // Other types: as they are in the file.
        (Integer, "1", String, "1", true),
        (Number, "1.0", String, "1", false),
        (Date, "2026-01-01", String, "2026-01-01", true),
        (Boolean, "TRUE", String, "TRUE", true),
        (Boolean, "TRUE", String, "true", false),
        (Boolean, "true", Integer, "1", false),
    ];
    for (a, x, b, y, same) in cases {
        let heads = [("c", a, a == Boolean), ("c", b, b == Boolean)];
        assert_eq!(equal((heads[0], x), (heads[1], y), &plain), same, "{x} {y}");
        assert_eq!(equal((heads[1], y), (heads[0], x), &plain), same, "{y} {x}");
    }
    let head = ("c", Number, true);
    assert!(equal((head, "\"1,50\""), (head, "\"1,5\""), &comma));
    let (truth, lies) = (("c", Boolean, true), ("c", Boolean, true));
    assert!(equal((truth, "TRUE"), (lies, "true"), &plain));
}

#[test]
fn only_columns_that_both_have_count_wherever_they_are() {
    use ColumnType::{Integer, String};
    let plain = Formats::default();
    let from = || {
        table(
            &[
                ("id", Integer, false),
                ("old", String, false),
                ("x", String, false),
            ],
            &[],
            &plain,
        )
    };
    let to = || {
        table(
            &[
                ("x", String, false),
                ("new", String, false),
                ("id", Integer, false),
            ],
            &[],
            &plain,
        )
    };
    let comparison = Comparison::new(from(), to(), None).unwrap();
    let texts = ["1,p,a\n2,q,b\n", "b,r,2\na,s,1\nc,t,3\n"];
    assert_eq!(surplus(&comparison, texts, 14), [vec![], vec![2]]);
    let comparison = Comparison::new(from(), to(), Some(&key(&["id"]))).unwrap();
    let texts = ["1,p,a\n2,q,b\n4,q,d\n", "B,r,2\na,s,1\nc,t,3\n"];
    let expected = (vec![2], vec![2], vec![(1, 0)]);
    assert_eq!(became(&comparison, texts, 14), Ok(expected));
    for bad in [
        &["id", "old"][..],
        &["new"],
        &["id", "id"],
        &["nothing"],
        &[],
    ] {
        let error = Comparison::new(from(), to(), Some(&key(bad))).unwrap_err();
        assert_eq!(error.columns, ["x", "id"], "{bad:?}");
    }
    // Without a common column no row is in both.
    let other = table(&[("y", String, false)], &[], &plain);
    let comparison = Comparison::new(from(), other, None).unwrap();
    assert_eq!(
        surplus(&comparison, ["1,p,a\n", "1\n2\n"], 14),
        [vec![0], vec![0, 1]]
    );
}

#[test]
fn a_key_that_is_not_unique_is_found_in_either_revision_and_in_what_they_share() {
    use ColumnType::{Integer, String};
    let both = || {
        table(
            &[("id", Integer, false), ("x", String, false)],
            &[],
            &Formats::default(),
        )
    };
    let comparison = Comparison::new(both(), both(), Some(&key(&["id"]))).unwrap();
    let once = "1,a\n2,b\n";
    assert_eq!(
        became(&comparison, ["1,a\n1,b\n", once], 14),
        Err(Side::From)
    );
    assert_eq!(became(&comparison, [once, "3,a\n3,a\n"], 14), Err(Side::To));
    let shared = digests(&comparison, Side::To, once);
    let mut keyed = Keyed::new(14);
    for row in &shared {
        assert_eq!(keyed.share(row.0), Ok(()));
    }
    let (first, rest, at) = shared[0];
    let again = Clash::Repeated(Side::To, first);
    assert_eq!(keyed.share(first), Err(again));
    assert_eq!(keyed.add(Side::To, first, rest, at), Err(again));
    let pairs = keyed.into_pairs();
    assert_eq!((pairs.removed.len(), pairs.added.len()), (0, 0));
}

#[test]
fn a_table_is_full_when_its_memory_is_and_rows_that_occur_often_take_one_place() {
    for bytes in [1_000, 100_000, 1 << 20, 10_000_000] {
        for (rows, size) in [
            (Nets::rows_in(bytes), Nets::bytes_for as fn(usize) -> usize),
            (Keyed::rows_in(bytes), Keyed::bytes_for),
        ] {
            assert!(rows >= 14 && size(rows) <= bytes, "{rows} in {bytes}");
            assert!(size(rows + 1) > bytes / 2, "{rows} in {bytes}");
        }
    }
    let one = table(
        &[("c", ColumnType::String, false)],
        &[],
        &Formats::default(),
    );
    let comparison = Comparison::new(one.clone(), one, None).unwrap();
    let text: String = (0..20).map(|row| format!("{row}\n")).collect();
    let mut nets = Nets::new(14);
    let rows = digests(&comparison, Side::From, &text);
    for _ in 0..3 {
        for row in &rows[..14] {
            assert_eq!(nets.count(Side::From, row.0), Ok(()));
        }
    }
    assert_eq!(nets.count(Side::From, rows[14].0), Err(Full));
    assert_eq!(nets.surplus(Side::From), 42);
}

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }
}

/// A row of the model: the values of columns `a`, `b` and `c`.
type Plain = [usize; 3];

/// A value, in one of the ways to write it.
fn written(random: &mut Random, value: usize) -> String {
    match (value, random.below(3)) {
        (0, 0) => "NA".to_owned(),
        (0, _) => String::new(),
        (value, 0) => format!("{value}.0"),
        (value, 1) => format!("{value}e0"),
        (value, _) => value.to_string(),
    }
}

fn text(random: &mut Random, rows: &[Plain], order: [usize; 3]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells = order.map(|column| written(random, row[column]));
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

#[test]
fn random_tables_differ_as_a_plain_model_says_in_any_number_of_passes() {
    let mut random = Random(0x5EED);
    let names = ["a", "b", "c"];
    for _ in 0..600 {
        let (count, values) = (random.below(60), 1 + random.below(5));
        let mut row = |_| [0; 3].map(|_: usize| random.below(values));
        let from: Vec<Plain> = (0..count).map(&mut row).collect();
        let mut to: Vec<Plain> = (0..random.below(20))
            .map(|_| [0; 3].map(|_: usize| random.below(values)))
            .collect();
        to.extend(from.iter().filter(|_| random.below(5) > 0));
        for at in (1..to.len()).rev() {
            let other = random.below(at + 1);
            to.swap(at, other);
        }
        let orders = [[0, 1, 2], [2, 0, 1]];
        let tables = orders.map(|order| {
            let heads = order.map(|column| (names[column], ColumnType::Number, false));
            table(&heads, &["NA"], &Formats::default())
        });
        let texts = [
            text(&mut random, &from, orders[0]),
            text(&mut random, &to, orders[1]),
        ];
        let texts = [texts[0].as_str(), texts[1].as_str()];
        let [a, b] = tables.clone();
        let comparison = Comparison::new(a, b, None).unwrap();
        let found = surplus(&comparison, texts, 14 + random.below(60));
        // The first occurrences of a row are those that the other revision lacks.
        for (side, rows, others) in [(0, &from, &to), (1, &to, &from)] {
            let mut left: BTreeMap<Plain, i64> = BTreeMap::new();
            rows.iter()
                .for_each(|row| *left.entry(*row).or_default() += 1);
            others
                .iter()
                .for_each(|row| *left.entry(*row).or_default() -= 1);
            let expected = rows.iter().enumerate().filter(|(_, row)| {
                let left = left.get_mut(*row).unwrap();
                *left -= 1;
                *left >= 0
            });
            let expected: Vec<usize> = expected.map(|(number, _)| number).collect();
            assert_eq!(found[side], expected, "{texts:?}");
        }
    }
}

#[test]
fn random_tables_with_a_key_change_as_a_plain_model_says_in_any_number_of_passes() {
    let mut random = Random(0xC0FFEE);
    let mut unique = 0;
    for round in 0..1500 {
        let columns = 1 + round % 2;
        let keys = 4 + random.below(12);
        let rows = |random: &mut Random| -> Vec<Plain> {
            let mut rows = Vec::new();
            for key in 0..keys {
                for _ in 0..[
                    0,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1 + usize::from(random.below(9) == 0),
                ][random.below(12)]
                {
                    rows.push([key, key / 2 * (columns - 1), random.below(2)]);
                }
            }
            for at in (1..rows.len()).rev() {
                let other = random.below(at + 1);
                rows.swap(at, other);
            }
            rows
        };
        let (from, to) = (rows(&mut random), rows(&mut random));
        let names: Vec<&str> = ["a", "b"][..columns].to_vec();
        let heads = ["a", "b", "c"].map(|name| (name, ColumnType::Number, false));
        let both = || table(&heads, &["NA"], &Formats::default());
        let comparison = Comparison::new(both(), both(), Some(&key(&names))).unwrap();
        let order = [0, 1, 2];
        let texts = [
            text(&mut random, &from, order),
            text(&mut random, &to, order),
        ];
        let texts = [texts[0].as_str(), texts[1].as_str()];
        let found = became(&comparison, texts, 14 + random.below(20));
        let places = |rows: &[Plain]| -> BTreeMap<[usize; 2], Vec<usize>> {
            let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
            for (number, row) in rows.iter().enumerate() {
                let key = [row[0], row[1] * (columns - 1)];
                places.entry(key).or_default().push(number);
            }
            places
        };
        let (before, after) = (places(&from), places(&to));
        let repeated =
            |places: &BTreeMap<[usize; 2], Vec<usize>>| places.values().any(|rows| rows.len() > 1);
        if repeated(&before) || repeated(&after) {
            assert!(found.is_err(), "{texts:?}");
            continue;
        }
        unique += 1;
        let mut expected: Became = (Vec::new(), Vec::new(), Vec::new());
        for (number, row) in from.iter().enumerate() {
            if !after.contains_key(&[row[0], row[1] * (columns - 1)]) {
                expected.0.push(number);
            }
        }
        for (number, row) in to.iter().enumerate() {
            match before.get(&[row[0], row[1] * (columns - 1)]) {
                None => expected.1.push(number),
                Some(found) if from[found[0]] != *row => expected.2.push((found[0], number)),
                Some(_) => {}
            }
        }
        assert_eq!(found, Ok(expected), "{texts:?}");
    }
    assert!(unique > 100, "{unique}");
}
