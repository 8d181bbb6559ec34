//! Asks the server, and compares its answers with what the model has found.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::ask::{Ask, escaped};
use super::model::Found;
use super::value::Value;
use crate::client::Answer;
use crate::ledger::Random;
use crate::server::Server;

/// A row in JSON, with the texts of its values: a number has all of its digits there.
type Row = BTreeMap<String, Box<RawValue>>;

#[derive(serde::Deserialize)]
struct Page {
    data: Vec<Row>,
    next: Option<String>,
    total: Option<usize>,
}

/// Asks for all pages of the answer, or for some of them.
pub fn check(
    server: &Server,
    name: &str,
    revision: usize,
    ask: &Ask,
    expected: &Found,
    random: &mut Random,
) {
    let mut parameters = ask.parameters();
    if revision < 4 || random.once_in(2) {
        parameters.push(("revision".to_owned(), revision.to_string()));
    }
    let format = random.one_of(&["json", "json", "json", "json", "ndjson", "csv"]);
    if format != "json" {
        let answer = sent(server, name, &parameters, format, random);
        return compare_file(&answer, format, expected, &parameters);
    }
    let limit = random.one_of(&[1, 2, 3, 7, 20, 100, 10_000, 10_000]);
    parameters.push(("limit".to_owned(), limit.to_string()));
    let is_counted = random.once_in(3);
    if is_counted {
        parameters.push(("count".to_owned(), "exact".to_owned()));
    }
    let (mut cursor, mut at) = (None, 0);
    for _ in 0..random.one_of(&[1, 2, 6]) {
        let mut all = parameters.clone();
        all.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
        let answer = sent(server, name, &all, "json", random);
        let page: Page = serde_json::from_slice(&answer.body).unwrap();
        let end = (at + limit).min(expected.rows.len());
        compare(&page.data, expected, at..end, &parameters);
        assert_eq!(
            page.next.is_some(),
            end < expected.rows.len(),
            "{parameters:?}"
        );
        assert_eq!(
            page.total,
            is_counted.then_some(expected.rows.len()),
            "{parameters:?}"
        );
        (cursor, at) = (page.next, end);
        if cursor.is_none() {
            return;
        }
    }
}

/// Sends a query in the URL, or in a body.
fn sent(
    server: &Server,
    name: &str,
    parameters: &[(String, String)],
    format: &str,
    random: &mut Random,
) -> Answer {
    let pairs = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    let query = pairs.collect::<Vec<_>>().join("&");
    let path = format!("/datasets/{name}/rows?version=v2&format={format}");
    let answer = match random.once_in(3) {
        true => {
            let call = server.call("QUERY", &path).body(&query);
            call.header("Content-Type", "application/x-www-form-urlencoded")
                .send()
        }
        false => server.get(&format!("{path}&{query}")).send(),
    };
    assert_eq!(answer.status, 200, "{parameters:?}: {}", answer.text());
    answer
}

fn compare(
    rows: &[Row],
    expected: &Found,
    range: std::ops::Range<usize>,
    parameters: &[(String, String)],
) {
    let wanted = &expected.rows[range];
    assert_eq!(rows.len(), wanted.len(), "{parameters:?}");
    for (row, wanted) in rows.iter().zip(wanted) {
        assert_eq!(row.len(), expected.names.len(), "{parameters:?}");
        for (name, value) in expected.names.iter().zip(wanted) {
            let text = row[name].get();
            assert!(
                is(text, value),
                "{name} is {text} and not {value:?}: {parameters:?}"
            );
        }
    }
}

fn compare_file(answer: &Answer, format: &str, expected: &Found, parameters: &[(String, String)]) {
    if format == "ndjson" {
        let text = answer.text();
        let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let rows: Vec<Row> = rows.collect();
        return compare(&rows, expected, 0..expected.rows.len(), parameters);
    }
    // A line of a CSV has no more than one quoted line end, and its values were compared as JSON: here are as many of them.
    let text = answer.text();
    let header = text.lines().next().unwrap();
    let names = expected.names.join(",");
    assert_eq!(header.replace('"', ""), names, "{parameters:?}");
    let ends = expected.rows.iter().flatten().map(|value| match value {
        Value::Text(text) => text.matches('\n').count(),
        _ => 0,
    });
    let lines = 1 + expected.rows.len() + ends.sum::<usize>();
    assert_eq!(text.matches('\n').count(), lines, "{parameters:?}: {text}");
}

/// Whether a text in JSON is that value.
fn is(json: &str, value: &Value) -> bool {
    let string = || serde_json::from_str::<String>(json).unwrap_or_default();
    match value {
        Value::Null => json == "null",
        Value::Bool(value) => json == value.to_string(),
        Value::Number(number) => units(json) == Some(*number),
        Value::Float(float) => json.parse::<f64>().is_ok_and(|found| found == *float),
        Value::Day(_) | Value::Text(_) => string() == value.text(),
        Value::Second(second) => {
            let found: jiff::Timestamp = string().parse().unwrap();
            found.as_second() == *second && found.subsec_nanosecond() == 0
        }
    }
}

/// A number in units, exactly.
fn units(json: &str) -> Option<i128> {
    if let Some(units) = json.strip_suffix("e-4") {
        return units.parse().ok();
    }
    let (whole, decimals) = json.split_once('.').unwrap_or((json, ""));
    let decimals = decimals.trim_end_matches('0');
    (decimals.len() <= 4).then_some(())?;
    let padded = format!("{}{decimals:0<4}", whole.trim_start_matches('-'));
    let units: i128 = padded.parse().ok()?;
    Some(if whole.starts_with('-') {
        -units
    } else {
        units
    })
}
