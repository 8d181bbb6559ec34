//! `flash list`: the datasets of a store.

use crate::{
    services,
    settings::DatabaseSettings,
    store::{Dataset, Exporter},
};

use super::Failure;

/// Prints a line for each dataset, by name. The names come last, because their lengths differ most.
pub(super) fn run(database: &DatabaseSettings) -> Result<(), Failure> {
    let mut store = Exporter::open(&services::address(&database.resolve()?))?;
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
