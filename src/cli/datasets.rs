//! `flash datasets …`: what a store has of a dataset. It works while servers run.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use serde_json::{Value, json};

use super::Failure;
use super::json::{self, JsonSetting};
use crate::{
    dataset::{Column, DatasetName},
    services::{self, retirement, usage},
    settings::DatabaseSettings,
    store::{Dataset, Exporter, Reader},
};

/// The arguments of `flash datasets`.
#[derive(Debug, Args)]
pub(super) struct Datasets {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show one dataset: its schema with its version, and who read it in the last 30 days
    Show {
        /// Name of the dataset
        name: DatasetName,
        #[command(flatten)]
        json: JsonSetting,
    },
}

/// Runs one of the commands.
pub(super) fn run(datasets: &Datasets) -> Result<(), Failure> {
    let Command::Show { name, json } = &datasets.command;
    let mut store = Exporter::open(&services::address(&datasets.database.resolve()?))?;
    let dataset = store.find(name)?;
    let first_day = retirement::first_day(Timestamp::now());
    let readers = store.readers(&dataset, first_day)?;
    match json.json {
        true => json::print(&in_json(&dataset, &readers)),
        false => {
            say_dataset(&dataset);
            say_readers(&readers);
        }
    }
    Ok(())
}

fn in_json(dataset: &Dataset, readers: &[Reader]) -> Value {
    let column = |column: &Column| json!({"name": column.name, "type": column.kind.to_string(), "nullable": column.nullable});
    let reader = |reader: &Reader| {
        let (client, family) = json::caller(reader.client.as_deref(), &reader.family);
        json!({
            "client": client,
            "family": family,
            "requests": reader.requests,
            "last_at": reader.last_at,
            "columns": reader.columns,
            "more_columns": reader.more_columns,
        })
    };
    json!({
        "name": dataset.name.as_str(),
        "revision": dataset.revision,
        "schema": dataset.schema.to_string(),
        "rows": dataset.rows,
        "updated_at": dataset.updated_at,
        "columns": dataset.columns.iter().map(column).collect::<Value>(),
        "days": retirement::DAYS,
        "readers": readers.iter().map(reader).collect::<Value>(),
    })
}

fn say_dataset(dataset: &Dataset) {
    super::say(&format!("name      {}", dataset.name));
    super::say(&format!("revision  {}", dataset.revision));
    super::say(&format!("schema    {}", dataset.schema));
    super::say(&format!("rows      {}", dataset.rows));
    super::say(&format!("updated   {:.0}", dataset.updated_at));
    for column in dataset.columns.iter() {
        let nulls = if column.nullable { ", with nulls" } else { "" };
        super::say(&format!("column    {} {}{nulls}", column.name, column.kind));
    }
}

/// A line for each reader.
fn say_readers(readers: &[Reader]) {
    if readers.is_empty() {
        let days = retirement::DAYS;
        super::say(&format!("reader    nobody in the last {days} days"));
    }
    for reader in readers {
        let name = match &reader.client {
            Some(name) => name.clone(),
            None => usage::anonymous(&reader.family),
        };
        let more = if reader.more_columns { " and more" } else { "" };
        let columns = match reader.columns.is_empty() {
            true => String::new(),
            false => format!(", names {}{more}", reader.columns.join(", ")),
        };
        let requests = super::counted(reader.requests, "request");
        let last = reader.last_at;
        super::say(&format!(
            "reader    {name}, {requests}, last {last:.0}{columns}"
        ));
    }
}
