//! Datasets: random values, and the files that are made of them.

use super::value::{Kind, UNIT, Value};
use crate::ledger::Random;
use crate::server::Server;

/// The columns of all datasets.
pub const COLUMNS: [(&str, Kind); 9] = [
    ("n", Kind::Integer),
    ("dest", Kind::Text),
    ("a.b:c", Kind::Text),
    ("delay", Kind::Integer),
    ("fare", Kind::Number),
    ("huge", Kind::Number),
    ("day", Kind::Day),
    ("at", Kind::Second),
    ("ok", Kind::Bool),
];

/// The values of a revision, row by row.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub rows: Vec<Vec<Value>>,
}

/// A dataset on the server.
pub struct Dataset {
    pub name: String,
    /// The values of each revision, from number 1.
    pub revisions: Vec<Table>,
}

const TEXTS: [&str; 7] = [
    "LAX",
    "SFO",
    "Zürich, CH",
    "\"Q\"",
    "x",
    "two\nlines",
    "Ärger",
];

impl Table {
    fn random(random: &mut Random, first: usize, count: usize) -> Self {
        let rows = (first..first + count).map(|n| {
            let values = COLUMNS.iter().map(|(name, kind)| match *name {
                "n" => Value::Number(n as i128 * UNIT),
                _ => value(random, name, *kind),
            });
            values.collect()
        });
        Self {
            rows: rows.collect(),
        }
    }

    fn csv(&self, random: &mut Random) -> String {
        let names = COLUMNS.map(|(name, _)| name).join(",");
        let mut csv = format!("{names}\n");
        for row in &self.rows {
            let cells = row
                .iter()
                .zip(COLUMNS)
                .map(|(value, (_, kind))| match value {
                    Value::Null => "NA".to_owned(),
                    value => {
                        let text = value.spelled(kind, random);
                        match text.contains([',', '"', '\n']) {
                            true => format!("\"{}\"", text.replace('"', "\"\"")),
                            false => text,
                        }
                    }
                });
            csv.push_str(&cells.collect::<Vec<_>>().join(","));
            csv.push('\n');
        }
        csv
    }

    fn followed_by(&self, more: &Self) -> Self {
        Self {
            rows: [&*self.rows, &more.rows].concat(),
        }
    }
}

fn value(random: &mut Random, name: &str, kind: Kind) -> Value {
    if random.once_in(9) {
        return Value::Null;
    }
    let mut below = |end: u64| i128::from(random.below(end));
    match (name, kind) {
        ("delay", _) => Value::Number((below(40) - 15) * UNIT),
        ("huge", _) => {
            let huge = 99_999_999_999_999_999_999_999_i128;
            match below(4) {
                0 => Value::Number((huge + below(3)) * UNIT),
                1 => Value::Number(-(huge - below(3)) * UNIT),
                2 => Value::Number(9_007_199_254_740_993 * UNIT + below(2)),
                _ => Value::Number(below(5) - 2),
            }
        }
        (_, Kind::Integer | Kind::Number) => Value::Number((below(400) - 100) * 2500),
        (_, Kind::Day) => Value::Day(i64::try_from(15_700 + below(90) * 11).unwrap()),
        (_, Kind::Second) => {
            let second = 1_356_998_400 + below(60) * 86_400 * 9 + below(3) * 1800 - 3600;
            Value::Second(i64::try_from(second).unwrap())
        }
        (_, Kind::Bool) => Value::Bool(below(3) > 0),
        (_, Kind::Text) => Value::Text(random.one_of(&TEXTS).to_owned()),
    }
}

impl Dataset {
    /// Writes a dataset: created, appended to, replaced, and appended to again.
    pub fn written(server: &Server, name: &str, random: &mut Random) -> Self {
        let charset = random.one_of(&["utf-8", "iso-8859-1", "utf-16"]);
        let (few, some) = (1 + random.index(40), 60 + random.index(120));
        let mut dataset = Self {
            name: name.to_owned(),
            revisions: Vec::new(),
        };
        for (append, count) in [(false, few), (true, 30), (false, some), (true, some / 2)] {
            let first = match dataset.revisions.last() {
                Some(before) if append => before.rows.len(),
                _ => 0,
            };
            let table = Table::random(random, first, count);
            let csv = table.csv(random);
            match append {
                false => {
                    // The types are stated, whatever the few values look like.
                    let put = server
                        .put(&format!("/datasets/{name}?null=NA&{}", types()))
                        .v2();
                    let put = put.header("Content-Type", &format!("text/csv; charset={charset}"));
                    let answer = put.body(encoded(&csv, charset)).send();
                    assert!([200, 201].contains(&answer.status), "{}", answer.text());
                    dataset.revisions.push(table);
                }
                true => {
                    let post = server.post(&format!("/datasets/{name}/rows")).v2();
                    post.csv(&csv).send().ok();
                    let before = dataset.revisions.last().unwrap();
                    let whole = before.followed_by(&table);
                    dataset.revisions.push(whole);
                }
            }
        }
        dataset
    }
}

fn types() -> String {
    let types = COLUMNS.iter().map(|(name, kind)| {
        let kind = match kind {
            Kind::Bool => "boolean",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Day => "date",
            Kind::Second => "datetime",
            Kind::Text => "string",
        };
        format!("type.{}={kind}", super::ask::escaped(name))
    });
    types.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str, charset: &str) -> Vec<u8> {
    match charset {
        "iso-8859-1" => text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect(),
        "utf-16" => {
            let mark = [0xff, 0xfe];
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            mark.into_iter().chain(units).collect()
        }
        _ => text.as_bytes().to_vec(),
    }
}
