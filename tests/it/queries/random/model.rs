//! What a query finds.

use std::cmp::Ordering;

use super::ask::{Ask, Item};
use super::table::{COLUMNS, Table};
use super::value::{UNIT, Value, civil, date};

/// The columns of an answer, and its rows.
pub struct Found {
    pub names: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Ask {
    /// All rows of the answer, in order.
    pub fn find(&self, table: &Table) -> Found {
        let mut rows = match self.is_grouped {
            true => self.groups(table),
            false => self.matching(table),
        };
        if self.is_grouped {
            rows.retain(|group| {
                let holds = |one: &super::condition::Condition| {
                    one.truth(&group[one.subject.at]) == Some(true)
                };
                self.having.iter().all(holds)
                    && (self.having_trees.iter()).all(|tree| tree.truth(group) == Some(true))
            });
        }
        // This sort keeps the order of equal rows.
        rows.sort_by(|one, other| {
            let terms = self.order.iter().map(|(at, descending, nulls)| {
                let nulls_first = nulls.unwrap_or(*descending);
                compare(&one[*at], &other[*at], *descending, nulls_first)
            });
            terms.fold(Ordering::Equal, Ordering::then)
        });
        if self.is_grouped {
            let names = self.items.iter().map(Item::name).collect();
            return Found { names, rows };
        }
        let shown: Vec<usize> = match self.items.is_empty() {
            true => (0..COLUMNS.len()).collect(),
            false => self.items.iter().filter_map(|item| item.column).collect(),
        };
        let rows = rows
            .iter()
            .map(|row| shown.iter().map(|at| row[*at].clone()).collect());
        Found {
            names: shown.iter().map(|at| COLUMNS[*at].0.to_owned()).collect(),
            rows: rows.collect(),
        }
    }

    fn matching(&self, table: &Table) -> Vec<Vec<Value>> {
        let rows = table.rows.iter().filter(|row| {
            let holds =
                |one: &super::condition::Condition| one.truth(&row[one.subject.at]) == Some(true);
            self.filters.iter().all(holds)
                && (self.trees.iter()).all(|tree| tree.truth(row) == Some(true))
        });
        rows.cloned().collect()
    }

    /// All groups, in the order of their keys.
    pub fn groups(&self, table: &Table) -> Vec<Vec<Value>> {
        let keys: Vec<&Item> = self.items.iter().filter(|item| item.is_key()).collect();
        let mut groups: Vec<(Vec<Value>, Vec<Vec<Value>>)> = Vec::new();
        if keys.is_empty() {
            groups.push((Vec::new(), Vec::new()));
        }
        for row in self.matching(table) {
            let key: Vec<_> = keys.iter().map(|item| key_of(item, &row)).collect();
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        groups.sort_by(|(one, _), (other, _)| {
            let pairs = one.iter().zip(other);
            pairs
                .map(|(a, b)| a.compare(b))
                .fold(Ordering::Equal, Ordering::then)
        });
        let shown = groups.into_iter().map(|(key, rows)| {
            let mut key = key.into_iter();
            let values = self.items.iter().map(|item| match item.is_key() {
                true => key.next().unwrap(),
                false => computed(item, &rows),
            });
            values.collect()
        });
        shown.collect()
    }
}

fn compare(one: &Value, other: &Value, descending: bool, nulls_first: bool) -> Ordering {
    match (one == &Value::Null, other == &Value::Null) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_first => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if nulls_first => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if descending => other.compare(one),
        (false, false) => one.compare(other),
    }
}

fn key_of(item: &Item, row: &[Value]) -> Value {
    let value = &row[item.column.unwrap()];
    let Some(period) = item.function else {
        return value.clone();
    };
    let (day, second) = match value {
        Value::Null => return Value::Null,
        Value::Day(day) => (*day, 0),
        Value::Second(second) => (second.div_euclid(86_400), second.rem_euclid(86_400)),
        other => panic!("{other:?} has no {period}"),
    };
    let (year, month, _) = civil(day);
    match period {
        "year" => Value::Number(i128::from(year) * UNIT),
        "quarter" => Value::Text(format!("{year}-Q{}", (month + 2) / 3)),
        "month" => Value::Text(date(day)[..7].to_owned()),
        "day" => Value::Day(day),
        _ => Value::Second(day * 86_400 + second / 3600 * 3600),
    }
}

fn computed(item: &Item, rows: &[Vec<Value>]) -> Value {
    let count = |count: usize| Value::Number(count as i128 * UNIT);
    let Some(column) = item.column else {
        return count(rows.len());
    };
    let values = rows.iter().map(|row| &row[column]);
    let mut values: Vec<_> = values.filter(|value| **value != Value::Null).collect();
    values.sort_by(|a, b| a.compare(b));
    let sum = || {
        let numbers = values.iter().map(|value| match value {
            Value::Number(number) => *number,
            other => panic!("{other:?} is no number"),
        });
        numbers.sum::<i128>()
    };
    match item.function {
        Some("count") => count(values.len()),
        Some("distinct") => {
            values.dedup_by(|a, b| a.compare(b).is_eq());
            count(values.len())
        }
        _ if values.is_empty() => Value::Null,
        Some("min") => values[0].clone(),
        Some("max") => values[values.len() - 1].clone(),
        Some("sum") => Value::Number(sum()),
        Some("avg") => Value::Float(quotient(sum(), values.len() as i128)),
        _ => {
            let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
            Value::Float(low.float() / 2.0 + high.float() / 2.0 + 0.0)
        }
    }
}

/// A number of units divided by a count, by long division to more digits than decide.
fn quotient(units: i128, count: i128) -> f64 {
    let divisor = count * UNIT;
    let (whole, mut rest) = (units.abs() / divisor, units.abs() % divisor);
    let mut text = format!("{}{whole}.", if units < 0 { "-" } else { "" });
    for _ in 0..60 {
        rest *= 10;
        text.push_str(&(rest / divisor).to_string());
        rest %= divisor;
    }
    let quotient: f64 = text.parse().unwrap();
    quotient + 0.0
}
