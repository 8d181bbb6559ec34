//! `flash versions …`: the state and dates of each version as the servers announce them, and its users.

mod announced;
mod retire_check;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Failure, json};
use crate::{
    services::{
        self,
        retirement::{self, User},
        usage,
    },
    settings::{DatabaseSettings, LifecycleSettings},
    store::{AdminStore, Used},
    versioning::{Catalogue, Format, Version, media_type},
};
use announced::Announced;
use retire_check::RetireCheck;

/// The arguments of `flash versions`.
#[derive(Debug, Args)]
pub(super) struct Versions {
    /// Also list the users of each version in the last 30 days, and the callers that a brownout or a retirement refused: clients by name,
    /// anonymous callers by kind of user agent
    #[arg(long)]
    usage: bool,
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    lifecycle: LifecycleSettings,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the callers that still use a version. Exit with 1 if one that would be left behind used it lately
    RetireCheck(RetireCheck),
}

/// Runs the command.
pub(super) fn run(versions: &Versions) -> Result<(), Failure> {
    let now = Timestamp::now();
    match &versions.command {
        Some(Command::RetireCheck(check)) => {
            let mut admin = admin(&versions.database)?;
            let announced = Announced::find(&mut admin, &versions.lifecycle, now)?;
            let Some(version) = announced.catalogue.get(check.version) else {
                return Err(super::no_version(check.version, &announced.catalogue));
            };
            warn(&announced);
            let members = versions.json.then(|| announced.in_json());
            check.run(&mut admin, version, now, members)
        }
        None => list(versions, now),
    }
}

fn admin(database: &DatabaseSettings) -> Result<AdminStore, Failure> {
    Ok(AdminStore::open(&services::address(&database.resolve()?))?)
}

/// Tells on standard error what the operator should know of the result.
fn warn(announced: &Announced) {
    for warning in &announced.warnings {
        super::complain(warning);
    }
}

/// The users of the versions.
struct Usage {
    used: Vec<Used>,
    refused: Vec<Used>,
}

/// Lists the versions.
fn list(versions: &Versions, now: Timestamp) -> Result<(), Failure> {
    let database = &versions.database;
    let is_chosen = database.database.is_some() || database.database_file.is_some();
    let (announced, usage) = match admin(database) {
        Ok(mut admin) => {
            let announced = Announced::find(&mut admin, &versions.lifecycle, now)?;
            let first_day = retirement::first_day(now);
            let usage = match versions.usage {
                true => Some(Usage {
                    used: admin.usage(None, first_day)?,
                    refused: admin.refusals(None, first_day)?,
                }),
                false => None,
            };
            (announced, usage)
        }
        Err(error) if versions.usage || is_chosen => return Err(error),
        // Without a database, the command tells what a server would announce.
        Err(error) => {
            let flags = &versions.lifecycle;
            (Announced::of_flags(flags, now, &error.to_string())?, None)
        }
    };
    warn(&announced);
    match versions.json {
        true => json::print(&in_json(&announced, usage.as_ref(), now)),
        false => say_all(&announced, usage.as_ref(), now),
    }
    Ok(())
}

fn in_json(announced: &Announced, usage: Option<&Usage>, now: Timestamp) -> Value {
    let mut result = Map::new();
    let versions = json::versions(&announced.catalogue, now);
    result.insert("versions".to_owned(), versions);
    for (name, value) in announced.in_json() {
        result.insert(name.to_owned(), value);
    }
    if let Some(usage) = usage {
        let since = json::date(retirement::first_day(now));
        result.insert("since".to_owned(), since);
        let used = json::used(&usage.used, "operation");
        result.insert("usage".to_owned(), used);
        let refused = json::used(&usage.refused, "reason");
        result.insert("refusals".to_owned(), refused);
    }
    result.into()
}

fn say_all(announced: &Announced, usage: Option<&Usage>, now: Timestamp) {
    let catalogue = &announced.catalogue;
    for version in catalogue {
        super::say(&line(version, version.number == catalogue.first(), now));
    }
    let Some(usage) = usage else { return };
    announced.servers().for_each(|line| super::say(&line));
    say_users(catalogue, &retirement::users(&usage.used));
    say_refused(&usage.refused);
}

/// The line about a version.
fn line(version: &Version, is_default: bool, now: Timestamp) -> String {
    let mut parts = vec![format!(
        "{}  {}  {}  {}",
        version.number,
        version.semantic,
        media_type(version.number, Format::Json),
        version.state(now)
    )];
    parts.extend(version.lifecycle.announced());
    if is_default {
        parts.push("default version".to_owned());
    }
    parts.join(", ")
}

/// Prints a table of the versions and their users.
fn say_users(catalogue: &Catalogue, users: &[User]) {
    let width = users.iter().map(|user| user.name.len()).max().unwrap_or(0);
    let width = width.max("CALLER".len());
    super::say("");
    super::say(&format!(
        "VERSION  {:width$}  {:>12}  LAST",
        "CALLER", "REQUESTS"
    ));
    for user in users {
        let version = format!("v{}", user.version);
        super::say(&format!(
            "{version:7}  {:width$}  {:>12}  {}",
            user.name, user.requests, user.last_at
        ));
    }
    for version in catalogue {
        let number = version.number;
        if !users.iter().any(|user| user.version == number.get()) {
            super::say(&format!(
                "{number:7}  no requests in the last {} days",
                retirement::DAYS
            ));
        }
    }
}

/// Prints a table of the callers that a brownout or a retirement refused, if there are any.
fn say_refused(refused: &[Used]) {
    if refused.is_empty() {
        return;
    }
    let width = refused.iter().map(|one| usage::caller(one).len()).max();
    let width = width.unwrap_or(0).max("CALLER".len());
    super::say("");
    super::say(&format!(
        "VERSION  {:width$}  REFUSED BY  {:>12}  LAST",
        "CALLER", "REQUESTS"
    ));
    for one in refused {
        let version = format!("v{}", one.version);
        super::say(&format!(
            "{version:7}  {:width$}  {:10}  {:>12}  {}",
            usage::caller(one),
            one.operation,
            one.requests,
            one.last_at
        ));
    }
}
