use std::sync::Arc;

use super::*;
use crate::ColumnType::{self, Integer, Number, String as Text};
use crate::{Ingest, Limits, Profile, UploadOptions};

fn column(name: &str, kind: ColumnType, nullable: bool) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        nullable,
        unit: None,
        respelled: false,
    }
}

/// Columns in short: `a:integer b:string?`.
fn columns(text: &str) -> Vec<Column> {
    let read = |one: &str| {
        let (name, kind) = one.split_once(':').unwrap();
        let (kind, nullable) = match kind.strip_suffix('?') {
            Some(kind) => (kind, true),
            None => (kind, false),
        };
        column(name, kind.parse().unwrap(), nullable)
    };
    text.split_whitespace().map(read).collect()
}

/// The changes in short: what, of which column, from what to what.
fn told(changes: &[ColumnChange]) -> Vec<String> {
    let tell = |change: &ColumnChange| {
        let what = format!("{:?}", change.what).to_lowercase();
        let from = change.from.as_deref().unwrap_or("-");
        let to = change.to.as_deref().unwrap_or("-");
        let mark = if change.breaking { "!" } else { "" };
        format!("{mark}{what} {} {from} {to}", change.column)
    };
    changes.iter().map(tell).collect()
}

#[test]
fn each_change_makes_the_version_that_the_rules_say() {
    let before = "a:integer b:string c:date?";
    for (after, version, expected) in [
        (before, "2.3", vec![]),
        // MAJOR.
        ("a:integer c:date?", "3.0", vec!["!removed b string -"]),
        ("a:integer b:string", "3.0", vec!["!removed c date -"]),
        ("a:integer x:string c:date?", "3.0", vec!["!renamed b b x"]),
        (
            "a:integer x:number c:date?",
            "3.0",
            vec!["!removed b string -", "!added x - number"],
        ),
        ("b:string a:integer c:date?", "3.0", vec!["!moved a 1 2"]),
        ("b:string c:date? a:integer", "3.0", vec!["!moved a 1 3"]),
        ("c:date? a:integer b:string", "3.0", vec!["!moved c 3 1"]),
        (
            "a:number b:string c:date?",
            "3.0",
            vec!["!type a integer number"],
        ),
        (
            "a:integer b:date c:date?",
            "3.0",
            vec!["!type b string date"],
        ),
        (
            "a:integer? b:string c:date?",
            "3.0",
            vec!["!nulls a no nulls nulls"],
        ),
        (
            "a:integer x:string b:string c:date?",
            "3.0",
            vec!["!added x - string"],
        ),
        (
            "x:string a:integer b:string c:date?",
            "3.0",
            vec!["!added x - string"],
        ),
        (
            "a:string? b:string c:date d:date",
            "3.0",
            vec![
                "!type a integer string",
                "!nulls a no nulls nulls",
                "nulls c nulls no nulls",
                "added d - date",
            ],
        ),
        (
            "x:boolean",
            "3.0",
            vec![
                "!removed a integer -",
                "!removed b string -",
                "!removed c date -",
                "added x - boolean",
            ],
        ),
        // MINOR.
        (
            "a:integer b:string c:date? d:string",
            "2.4",
            vec!["added d - string"],
        ),
        (
            "a:integer b:string c:date? d:string? e:date",
            "2.4",
            vec!["added d - string", "added e - date"],
        ),
        (
            "a:integer b:string c:date",
            "2.4",
            vec!["nulls c nulls no nulls"],
        ),
    ] {
        let changes = changes(&columns(before), &columns(after));
        assert_eq!(told(&changes), expected, "{after}");
        let found = SchemaVersion { major: 2, minor: 3 }.after(&changes);
        assert_eq!(found.to_string(), version, "{after}");
    }
}

#[test]
fn units_and_how_values_are_written_are_not_part_of_the_schema() {
    let before = columns("a:number");
    let mut after = before.clone();
    after[0].unit = Some("kg".to_owned());
    after[0].respelled = true;
    assert_eq!(changes(&before, &after), []);
    assert_eq!(schema_digest(&before), schema_digest(&after));
}

#[test]
fn the_digest_of_a_schema_tells_all_that_counts() {
    let all = [
        "a:integer",
        "a:integer?",
        "a:number",
        "b:integer",
        "a:integer b:integer",
        "b:integer a:integer",
        "ab:integer",
        "",
    ];
    let digests: HashSet<_> = all.iter().map(|one| schema_digest(&columns(one))).collect();
    assert_eq!(digests.len(), all.len());
}

#[test]
fn as_few_columns_as_possible_are_said_to_move() {
    let named = |names: &str| -> Vec<Column> {
        names
            .chars()
            .map(|name| column(&name.to_string(), Text, false))
            .collect()
    };
    for (before, after, moved) in [
        ("abcdef", "bcdefa", "a"),
        ("abcdef", "fabcde", "f"),
        ("abcdef", "acbdfe", "be"),
        ("abcdef", "fedcba", "abcde"),
        ("abc", "xcay", "c"),
    ] {
        let changes = changes(&named(before), &named(after));
        let found = changes.iter().filter(|change| change.what == What::Moved);
        let found: String = found.map(|change| change.column.as_str()).collect();
        assert_eq!(found.len(), moved.len(), "{before} {after}: {found}");
    }
}

/// A small generator of numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

/// A table: names, and cells by rows.
type Table = (Vec<&'static str>, Vec<Vec<&'static str>>);

fn table(random: &mut Random) -> Table {
    let mut names = vec!["a", "b", "c", "d", "e"];
    for _ in 0..random.below(3) {
        let (one, other) = (random.below(5), random.below(5));
        names.swap(one, other);
    }
    names.truncate(2 + random.below(4));
    let kinds: Vec<_> = names.iter().map(|_| random.below(4)).collect();
    let cell = |random: &mut Random, kind: usize| match (random.below(12), kind) {
        (0, _) => "",
        (_, 0) => "7",
        (1, 1) => "1.5",
        (_, 1) => "2",
        (_, 2) => "2026-11-30",
        _ => "x",
    };
    let row = |random: &mut Random| kinds.iter().map(|kind| cell(random, *kind)).collect();
    let rows = (0..1 + random.below(3)).map(|_| row(random)).collect();
    (names, rows)
}

/// What flash makes of the table.
fn taken((names, rows): &Table) -> Vec<Column> {
    let lines = rows.iter().map(|row| row.join(","));
    let text: String = std::iter::once(names.join(","))
        .chain(lines)
        .map(|line| line + "\n")
        .collect();
    let mut ingest = Ingest::new(UploadOptions::default(), Limits::default()).unwrap();
    let mut raw_blocks = Vec::new();
    ingest.push(text.as_bytes(), &mut raw_blocks).unwrap();
    ingest.finish(&mut raw_blocks).unwrap();
    let mut profile = Profile::new(Arc::clone(ingest.layout().unwrap()));
    for raw_block in &raw_blocks {
        profile.absorb(&raw_block.analyse().unwrap());
    }
    profile.columns()
}

/// A column as a plain reader sees it: name, type, whether it has nulls.
type Seen = (&'static str, ColumnType, bool);

fn seen((names, rows): &Table) -> Vec<Seen> {
    let column = |(place, name): (usize, &&'static str)| {
        let cells: Vec<&str> = rows.iter().map(|row| row[place]).collect();
        let values = || cells.iter().filter(|cell| !cell.is_empty());
        let kind = match values().count() {
            0 => Text,
            _ if values().all(|cell| cell.parse::<i64>().is_ok()) => Integer,
            _ if values().all(|cell| cell.parse::<f64>().is_ok()) => Number,
            _ if values().all(|cell| cell.starts_with("2026")) => ColumnType::Date,
            _ => Text,
        };
        (*name, kind, cells.contains(&""))
    };
    names.iter().enumerate().map(column).collect()
}

/// The rules in one sentence: nobody breaks if all columns are still there, at their places, with their types and without new nulls.
fn plain(version: SchemaVersion, before: &[Seen], after: &[Seen]) -> SchemaVersion {
    let goes_on = |(was, now): (&Seen, &Seen)| was.0 == now.0 && was.1 == now.1 && was.2 >= now.2;
    let all_there = before.len() <= after.len() && before.iter().zip(after).all(goes_on);
    match all_there {
        _ if before == after => version,
        true => SchemaVersion {
            major: version.major,
            minor: version.minor + 1,
        },
        false => SchemaVersion {
            major: version.major + 1,
            minor: 0,
        },
    }
}

#[test]
fn random_pairs_of_csvs_have_the_versions_of_a_plain_model() {
    let mut random = Random(0x5eed_f1a5);
    let mut version = SchemaVersion::FIRST;
    let mut before = table(&mut random);
    let mut steps = [0; 3];
    for _ in 0..20_000 {
        // Often only a little changes.
        let mut after = match random.below(3) {
            0 => table(&mut random),
            _ => before.clone(),
        };
        if random.below(3) == 0 {
            let (_, fresh) = table(&mut random);
            let row = fresh[0]
                .iter()
                .cycle()
                .take(after.0.len())
                .copied()
                .collect();
            after.1.push(row);
        } else if random.below(3) == 0 && after.0.len() < 6 {
            after.0.push("z");
            after.1.iter_mut().for_each(|row| row.push("1"));
            after.0.dedup();
            after
                .1
                .iter_mut()
                .for_each(|row| row.truncate(after.0.len()));
        }
        let changes = changes(&taken(&before), &taken(&after));
        let expected = plain(version, &seen(&before), &seen(&after));
        let found = version.after(&changes);
        assert_eq!(found, expected, "{before:?}\n{after:?}\n{changes:?}");
        steps[usize::from(found.major > version.major)
            + 2 * usize::from(found.minor > version.minor)] += 1;
        let same = schema_digest(&taken(&before)) == schema_digest(&taken(&after));
        assert_eq!(same, found == version);
        (before, version) = (after, found);
        before.1.truncate(4);
        if before.1.len() == 4 {
            before.1.remove(0);
        }
    }
    assert!(steps.iter().all(|count| *count > 100), "{steps:?}");
}
