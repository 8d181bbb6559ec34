//! `flash list`: the datasets of a store.

use std::io::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::Failure;
use super::json::JsonSetting;
use crate::{
    services,
    settings::DatabaseSettings,
    store::{Dataset, Exporter},
};

/// The store whose datasets are listed.
#[derive(Args, Clone, Debug)]
pub(super) struct ListSettings {
    #[command(flatten)]
    json: JsonSetting,
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Prints a line for each dataset, by name. The names come last, because their lengths differ most.
pub(super) fn run(settings: &ListSettings) -> Result<(), Failure> {
    let mut store = Exporter::open(&services::address(&settings.database.resolve()?))?;
    match settings.json.json {
        true => in_json(&mut store),
        false => in_lines(&mut store),
    }
}

fn in_lines(store: &mut Exporter) -> Result<(), Failure> {
    let mut last = None;
    loop {
        let datasets = store.datasets(last.as_ref())?;
        let Some(newest) = datasets.last() else { break };
        if last.is_none() {
            super::say(&line(
                "ROWS", "COLUMNS", "BYTES", "REVISION", "UPDATED", "NAME",
            ));
        }
        last = Some(newest.name.clone());
        datasets
            .iter()
            .for_each(|dataset| super::say(&about(dataset)));
    }
    if last.is_none() {
        super::say("the store has no datasets");
    }
    Ok(())
}

/// Prints a JSON object piece by piece, because a store may have many datasets.
fn in_json(store: &mut Exporter) -> Result<(), Failure> {
    let mut last = None;
    let mut out = std::io::stdout().lock();
    // A closed standard output is fine.
    drop(out.write_all(b"{\"datasets\": ["));
    loop {
        let datasets = store.datasets(last.as_ref())?;
        for dataset in &datasets {
            let before = if last.is_none() { "\n" } else { ",\n" };
            drop(write!(out, "{before}{}", shown(dataset)));
            last = Some(dataset.name.clone());
        }
        if datasets.is_empty() {
            break;
        }
    }
    drop(out.write_all(b"\n]}\n"));
    Ok(())
}

fn shown(dataset: &Dataset) -> Value {
    json!({
        "name": dataset.name.as_str(),
        "rows": dataset.rows,
        "columns": dataset.columns.len(),
        "bytes": dataset.bytes,
        "revision": dataset.revision,
        "updated_at": dataset.updated_at,
    })
}

fn about(dataset: &Dataset) -> String {
    line(
        &dataset.rows.to_string(),
        &dataset.columns.len().to_string(),
        &dataset.bytes.to_string(),
        &dataset.revision.to_string(),
        // To the second.
        &format!("{:.0}", dataset.updated_at),
        dataset.name.as_str(),
    )
}

fn line(
    rows: &str,
    columns: &str,
    bytes: &str,
    revision: &str,
    updated: &str,
    name: &str,
) -> String {
    format!("{rows:>12}  {columns:>7}  {bytes:>15}  {revision:>8}  {updated:20}  {name}")
}
