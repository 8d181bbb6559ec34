//! `flash check`: reads a whole store and reports what is damaged.

use clap::Args;
use serde_json::{Value, json};

use super::Failure;
use super::json::{self, JsonSetting};
use crate::store::Problem;
use crate::{services, settings::DatabaseSettings, store};

/// The store to check.
#[derive(Args, Clone, Debug)]
pub(super) struct CheckSettings {
    #[command(flatten)]
    json: JsonSetting,
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Prints a line for each problem, then a summary; or all of that as JSON.
pub(super) fn run(settings: &CheckSettings) -> Result<(), Failure> {
    let database = settings.database.resolve()?;
    let is_json = settings.json.json;
    let mut problems = Vec::new();
    let checked = store::check(
        &services::address(&database),
        &mut |problem| match is_json {
            true => problems.push(in_json(problem)),
            false => super::say(&problem.to_string()),
        },
    )?;
    match is_json {
        true => json::print(&json!({
            "datasets": checked.datasets,
            "revisions": checked.revisions,
            "blocks": checked.blocks,
            "bytes": checked.bytes,
            "problems": problems,
        })),
        false => super::say(&checked.to_string()),
    }
    match checked.problems {
        0 => Ok(()),
        _ => Err(Failure::Problems(database.to_string())),
    }
}

fn in_json(problem: &Problem) -> Value {
    json!({
        "dataset": problem.dataset,
        "revision": problem.revision,
        "segment": problem.segment,
        "byte": problem.byte,
        "what": problem.what,
    })
}
