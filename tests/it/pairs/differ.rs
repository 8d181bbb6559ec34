//! What changed between two revisions, asked of a server and of the model.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::shown;
use super::model::{Revision, Which};
use super::value::Kind;
use super::world::World;

/// A row, as far as it is compared.
type Row = Vec<Option<String>>;

impl World {
    /// Asks what changed between two random revisions.
    pub(super) fn compare(&mut self, name: &'static str) {
        let newest = self
            .datasets
            .get(name)
            .map_or(2, |dataset| dataset.newest().number);
        if newest < 2 {
            return self.ask_something(name);
        }
        let below = |world: &mut Self, end: i64| {
            i64::try_from(world.random.below(u64::try_from(end).unwrap())).unwrap()
        };
        // Older ones are not kept.
        let oldest = (newest - self.keep() - 1).max(1);
        let from = oldest + below(self, newest - oldest);
        let to = from + 1 + below(self, newest - from);
        let mut path = format!("/datasets/{name}/changes?from={from}");
        if to < newest || self.random.once_in(2) {
            path += &format!("&to={to}");
        }
        let server = self.a_server();
        self.note(format_args!("{path} of server {server}"));
        let answer = self.servers[server].get(&path).v2().send();
        let keep = self.keep();
        let Some(dataset) = self.datasets.get(name) else {
            assert_eq!(answer.status, 404, "{}", answer.text());
            return;
        };
        let revision = |number| {
            dataset
                .revision(Which::Revision(number), keep)
                .map(Arc::clone)
        };
        match revision(from).and_then(|from| Ok((from, revision(to)?))) {
            Ok((from, to)) => {
                assert_eq!(answer.status, 200, "{}", answer.text());
                check(&answer.json(), &from, &to);
            }
            Err(status) => assert_eq!(answer.status, status, "{}", answer.text()),
        }
    }
}

fn check(said: &Value, from: &Revision, to: &Revision) {
    let (removed, added) = differences(from, to);
    let rows = json!({
        "removed": removed,
        "added": added,
        "changed": null,
        "unchanged": from.rows.len() - removed,
    });
    assert_eq!(said["rows"], rows, "{said}");
    assert_eq!(
        (&said["from"], &said["to"]),
        (&json!(from.number), &json!(to.number))
    );
    assert_eq!(said["schema"]["from"], shown(from.schema));
    assert_eq!(said["schema"]["to"], shown(to.schema));
}

/// How many rows only the one revision has, and how many only the other.
fn differences(from: &Revision, to: &Revision) -> (usize, usize) {
    let names = from.layout.columns.iter().enumerate();
    let common = names.filter_map(|(at, name)| Some((at, to.layout.place(name)?)));
    let common: Vec<_> = common.collect();
    // Without a column to compare, no row is in both.
    if common.is_empty() {
        return (from.rows.len(), to.rows.len());
    }
    let is_number = |kind| matches!(kind, Kind::Integer | Kind::Number);
    let numbers = common
        .iter()
        .map(|(a, b)| is_number(from.kinds[*a]) && is_number(to.kinds[*b]));
    let numbers: Vec<bool> = numbers.collect();
    let row = |revision: &Revision, row: usize, columns: &[usize]| -> Row {
        let cells = columns.iter().zip(&numbers).map(|(&column, is_number)| {
            let text = revision.value(row, column)?;
            Some(match is_number {
                true => text.parse::<f64>().unwrap().to_bits().to_string(),
                false => text.to_owned(),
            })
        });
        cells.collect()
    };
    let (of_from, of_to): (Vec<_>, Vec<_>) = common.into_iter().unzip();
    let mut left: BTreeMap<Row, i64> = BTreeMap::new();
    for at in 0..from.rows.len() {
        *left.entry(row(from, at, &of_from)).or_default() += 1;
    }
    for at in 0..to.rows.len() {
        *left.entry(row(to, at, &of_to)).or_default() -= 1;
    }
    let sum = |counts: &mut dyn Iterator<Item = i64>| usize::try_from(counts.sum::<i64>()).unwrap();
    let removed = sum(&mut left.values().copied().filter(|count| *count > 0));
    let added = sum(&mut left.values().map(|count| -count).filter(|count| *count > 0));
    (removed, added)
}
