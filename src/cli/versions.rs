//! `flash versions …`: the state and dates of each version, and its users.

use std::io::Write as _;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::Failure;
use super::serve::ServeError;
use crate::{
    api::Registry,
    services::{
        self,
        retirement::{self, User},
        usage,
    },
    settings::{DatabaseSettings, LifecycleSettings},
    store::{AdminStore, StoreError, Used},
    versioning::{Catalogue, Format, Version, VersionNumber, media_type},
};

/// The arguments of `flash versions`.
#[derive(Debug, Args)]
pub(super) struct Versions {
    /// Also list the users of each version in the last 30 days, and the callers that a brownout or a retirement refused: clients by name,
    /// anonymous callers by kind of user agent
    #[arg(long)]
    usage: bool,
    #[command(flatten)]
    lifecycle: LifecycleSettings,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the callers that still use a version. Exit with 1 if one that would be left behind used it in the last 30 days
    RetireCheck {
        /// The version, such as v1
        version: VersionNumber,
    },
}

/// Runs the command.
pub(super) fn run(versions: &Versions) -> Result<(), Failure> {
    let now = Timestamp::now();
    let catalogue = Registry::standard()
        .and_then(|registry| registry.catalogue())
        .map_err(ServeError::from)?;
    let catalogue = versions.lifecycle.apply(&catalogue, now)?;
    match &versions.command {
        Some(Command::RetireCheck { version }) => {
            let Some(version) = catalogue.get(*version) else {
                return Err(super::no_version(*version, &catalogue));
            };
            retire_check(&mut admin(&versions.database)?, version, now)
        }
        None => {
            for version in &catalogue {
                super::say(&line(version, version.number == catalogue.first(), now));
            }
            if versions.usage {
                let admin = &mut admin(&versions.database)?;
                say_users(&catalogue, &retirement::users(&lately(admin, now)?));
                say_refused(&admin.refusals(None, retirement::first_day(now))?);
            }
            Ok(())
        }
    }
}

fn admin(database: &DatabaseSettings) -> Result<AdminStore, Failure> {
    Ok(AdminStore::open(&services::address(&database.resolve()?))?)
}

fn lately(admin: &mut AdminStore, now: Timestamp) -> Result<Vec<Used>, StoreError> {
    admin.usage(None, retirement::first_day(now))
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

/// Lists the callers that still use a version.
fn retire_check(admin: &mut AdminStore, version: &Version, now: Timestamp) -> Result<(), Failure> {
    let number = version.number;
    let (used, clients) = (lately(admin, now)?, admin.list()?);
    let users = retirement::left_behind(&used, &clients, number, now);
    for user in &users {
        super::say(&user.to_string());
    }
    for client in retirement::silent(&clients, &used, number) {
        super::say(&format!(
            "{} is pinned to {number}, but did not use it in the last {} days",
            client.name,
            retirement::DAYS
        ));
    }
    // Flush, so that the list comes before the error.
    drop(std::io::stdout().flush());
    match users.len() {
        0 => {
            super::say(&format!(
                "{number} can be retired: no caller would be left behind"
            ));
            Ok(())
        }
        callers => Err(Failure::StillUsed {
            version: number,
            callers,
        }),
    }
}
