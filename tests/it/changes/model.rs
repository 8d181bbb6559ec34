//! Random revisions, compared with a plain model.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ledger::Random;
use crate::server::Server;

/// A row: the values of `id`, `a` and `b`, of which 0 is a null.
type Row = [u64; 3];

fn csv(rows: &[Row]) -> String {
    let cell = |value: &u64| {
        if *value == 0 {
            String::new()
        } else {
            value.to_string()
        }
    };
    let line = |row: &Row| format!("{}\n", row.each_ref().map(cell).join(","));
    let lines: String = rows.iter().map(line).collect();
    format!("id,a,b\n{lines}")
}

fn shown(row: &Row) -> Value {
    let value = |value: u64| {
        if value == 0 {
            Value::Null
        } else {
            value.into()
        }
    };
    json!({ "id": value(row[0]), "a": value(row[1]), "b": value(row[2]) })
}

fn random_rows(random: &mut Random, unique: bool) -> Vec<Row> {
    let count = random.below(40);
    let rows = (0..count).map(|number| {
        let id = if unique { number + 1 } else { random.below(8) };
        [id, random.below(3), 1 + random.below(2)]
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.retain(|_| random.below(5) > 0);
    for at in (1..rows.len()).rev() {
        let other = random.below(at as u64 + 1) as usize;
        rows.swap(at, other);
    }
    // A file without rows has no types.
    rows.push([1000, 1, 1]);
    rows
}

/// The rows that `from` has more of than `to`: the first ones of equal rows.
fn surplus(from: &[Row], to: &[Row]) -> Vec<Row> {
    let mut left: BTreeMap<Row, i64> = BTreeMap::new();
    from.iter()
        .for_each(|row| *left.entry(*row).or_default() += 1);
    to.iter()
        .for_each(|row| *left.entry(*row).or_default() -= 1);
    let mut rows = from.to_vec();
    rows.retain(|row| {
        let left = left.get_mut(row).unwrap();
        *left -= 1;
        *left >= 0
    });
    rows
}

/// What is written about two revisions.
fn expected(from: &[Row], to: &[Row], by_id: bool) -> Vec<Value> {
    let one = |change: &str, row: &Row| json!({ "change": change, "row": shown(row) });
    if !by_id {
        let removed = surplus(from, to);
        let added = surplus(to, from);
        let removed = removed.iter().map(|row| one("removed", row));
        return removed
            .chain(added.iter().map(|row| one("added", row)))
            .collect();
    }
    let of = |rows: &[Row], id: u64| rows.iter().find(|row| row[0] == id).copied();
    let removed = from.iter().filter(|row| of(to, row[0]).is_none());
    let added = to.iter().filter(|row| of(from, row[0]).is_none());
    let changed = to.iter().filter_map(|row| {
        let before = of(from, row[0]).filter(|before| before != row)?;
        Some(json!({ "change": "changed", "before": shown(&before), "after": shown(row) }))
    });
    let lines = removed.map(|row| one("removed", row));
    lines
        .chain(added.map(|row| one("added", row)))
        .chain(changed)
        .collect()
}

#[test]
fn random_revisions_differ_as_a_plain_model_says_also_after_appends() {
    let mut random = Random::new(0xD1FF);
    let server = Server::with(|settings| settings.store.keep_revisions = 1000);
    for world in 0..12 {
        let by_id = world % 2 == 0;
        server.delete("/datasets/people").v2().send();
        let mut revisions: Vec<Vec<Row>> = Vec::new();
        for write in 0..6 {
            let rows = random_rows(&mut random, by_id);
            let revision = match revisions.last() {
                Some(last) if write % 3 == 1 => {
                    let mut more = rows;
                    more.iter_mut().for_each(|row| row[0] += 2000 * (write + 1));
                    let append = server.post("/datasets/people/rows").v2();
                    append.csv(csv(&more)).send().ok();
                    [last.as_slice(), &more].concat()
                }
                _ => {
                    let put = server.put("/datasets/people").v2();
                    assert!(put.csv(csv(&rows)).send().status < 300);
                    rows
                }
            };
            revisions.push(revision);
        }
        for (from, before) in revisions.iter().enumerate() {
            for (to, after) in revisions.iter().enumerate().skip(from + 1) {
                let key = if by_id { "&key=id" } else { "" };
                let query = format!("from={}&to={}{key}", from + 1, to + 1);
                let lines = expected(before, after, by_id);
                assert_eq!(server.lines(&query), lines, "{query}");
                let count =
                    |change: &str| lines.iter().filter(|line| line["change"] == change).count();
                let [removed, added, changed] = ["removed", "added", "changed"].map(count);
                let unchanged = before.len() - removed - changed;
                let changed = by_id.then_some(changed);
                let counts = json!([removed, added, changed, unchanged]);
                assert_eq!(server.counts(&query), counts, "{query}");
            }
        }
    }
}
