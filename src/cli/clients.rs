//! `flash clients …`: manages registered clients and their keys. It works on the database while servers run; they notice changes
//! within seconds.

mod details;
mod limit;
mod shown;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::Failure;
use super::json::{self, JsonSetting};
use crate::{
    api::Registry,
    services::{self, clients, retirement},
    settings::DatabaseSettings,
    store::{AdminStore, ClientLimit, Details, Removal},
    versioning::{self, NotAVersion, VersionNumber},
};
use details::{KeySettings, NewDetails, SetSettings};

/// The arguments of `flash clients`.
#[derive(Debug, Args)]
pub(super) struct Clients {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register a client and print its key. The key is shown only once
    Add {
        /// Name of the client: 1 to 63 characters from a to z, 0 to 9, - and _
        name: String,
        #[command(flatten)]
        details: NewDetails,
        #[command(flatten)]
        key: KeySettings,
        #[command(flatten)]
        json: JsonSetting,
    },
    /// List all clients with their pins
    List {
        #[command(flatten)]
        json: JsonSetting,
    },
    /// Show one client: its pin, the history of the pin, its keys, and its requests and refusals of the last 30 days
    Show {
        /// Name of the client
        name: String,
        #[command(flatten)]
        json: JsonSetting,
    },
    /// Change the note, the contact or the rate limit of a client, or when its keys expire
    Set {
        /// Name of the client
        name: String,
        #[command(flatten)]
        settings: SetSettings,
    },
    /// Remove a client: its keys are refused, and its pin, extensions and usage are deleted
    Remove {
        /// Name of the client
        name: String,
        /// Remove it although it sent requests in the last 30 days
        #[arg(long)]
        yes: bool,
    },
    /// Refuse a client's keys until it is enabled again
    Disable {
        /// Name of the client
        name: String,
    },
    /// Accept a disabled client's keys again
    Enable {
        /// Name of the client
        name: String,
    },
    /// Print a new key for a client. Its other keys stay valid until --finish
    RotateKey {
        /// Name of the client
        name: String,
        /// Revoke all keys except the newest, and make no new one
        #[arg(long, conflicts_with = "expires")]
        finish: bool,
        #[command(flatten)]
        key: KeySettings,
        #[command(flatten)]
        json: JsonSetting,
    },
    /// Let one client use a version after its retirement
    Extend {
        /// Name of the client
        name: String,
        /// The version, and its retirement date for this client: v1=2028-01-01 (midnight UTC) or v1=2028-01-01T09:00:00Z.
        /// v1=none takes an extension back
        #[arg(value_name = "VERSION=DATE", value_parser = grant)]
        grant: (VersionNumber, Option<Timestamp>),
    },
    /// Move a client's pin to another version
    Pin {
        /// Name of the client
        name: String,
        /// The version, such as v2
        version: VersionNumber,
    },
}

/// Runs one of the commands.
pub(super) fn run(clients: &Clients) -> Result<(), Failure> {
    let database = clients.database.resolve()?;
    let mut admin = AdminStore::open(&services::address(&database))?;
    let now = Timestamp::now();
    match &clients.command {
        Command::Add {
            name,
            details,
            key,
            json,
        } => {
            let details = details.with_key(key.expires_at(now)?);
            add(&mut admin, name, &details, *json, now)?;
        }
        Command::List { json } => shown::list(&mut admin, *json, now)?,
        Command::Show { name, json } => shown::show(&mut admin, name, *json, now)?,
        Command::Set { name, settings } => set(&mut admin, name, settings, now)?,
        Command::Remove { name, yes } => remove(&mut admin, name, *yes, now)?,
        Command::Disable { name } => {
            admin.set_disabled(name, true, now)?;
            super::say(&format!(
                "{name} is disabled; every server refuses it within 5 seconds"
            ));
        }
        Command::Enable { name } => {
            admin.set_disabled(name, false, now)?;
            super::say(&format!("{name} is enabled"));
        }
        Command::RotateKey {
            name, finish: true, ..
        } => {
            let dropped = admin.drop_old_keys(name)?;
            super::say(&format!(
                "{name} has one key, the newest; {} revoked",
                super::counted(dropped, "older key")
            ));
        }
        Command::RotateKey {
            name,
            finish: false,
            key: settings,
            json,
        } => {
            let key = clients::new_key();
            let expires_at = settings.expires_at(now)?;
            admin.rotate_key(name, &clients::digest(&key), expires_at, now)?;
            say_key(name, &key, expires_at, *json);
        }
        Command::Extend { name, grant } => extend(&mut admin, name, *grant, now)?,
        Command::Pin { name, version } => pin(&mut admin, name, *version, now)?,
    }
    Ok(())
}

fn add(
    admin: &mut AdminStore,
    name: &str,
    details: &Details,
    json: JsonSetting,
    now: Timestamp,
) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !(1..=63).contains(&name.len()) || !name.chars().all(fits) {
        return Err(Failure::Usage(format!(
            "{name:?} isn't a valid name for a client: use 1 to 63 characters from a to z, 0 to 9, - and _"
        )));
    }
    let key = clients::new_key();
    admin.add(name, &clients::digest(&key), details, now)?;
    say_key(name, &key, details.expires_at, json);
    Ok(())
}

/// Prints a new key, which is shown only once.
fn say_key(name: &str, key: &str, expires_at: Option<Timestamp>, json: JsonSetting) {
    match json.json {
        true => json::print(&json!({"name": name, "key": key, "expires_at": expires_at})),
        false => super::say(key),
    }
}

fn remove(admin: &mut AdminStore, name: &str, yes: bool, now: Timestamp) -> Result<(), Failure> {
    let client = admin.find(name)?;
    let first_day = retirement::first_day(now);
    let mut used = admin.usage(Some(&client), first_day)?;
    used.extend(admin.refusals(Some(&client), first_day)?);
    let last_at = used.iter().map(|used| used.last_at).max();
    if let (Some(last_at), false) = (last_at, yes) {
        return Err(Failure::InUse {
            client: name.to_owned(),
            requests: used.iter().map(|used| used.requests).sum(),
            days: retirement::DAYS,
            last_at,
        });
    }
    match admin.remove(name)? {
        Removal::Done { keys } => {
            super::say(&format!(
                "{name} is removed, with {}; every server refuses its keys within 5 seconds",
                super::counted(keys as u64, "key")
            ));
            Ok(())
        }
        Removal::Owns { datasets, names } => {
            let more = if datasets > names.len() { ", …" } else { "" };
            Err(Failure::Owner {
                client: name.to_owned(),
                datasets,
                names: format!("{}{more}", names.join(", ")),
            })
        }
    }
}

fn set(
    admin: &mut AdminStore,
    name: &str,
    settings: &SetSettings,
    now: Timestamp,
) -> Result<(), Failure> {
    if let Some(changes) = settings.changes(now)? {
        admin.change(name, &changes)?;
        super::say(&format!("{name} is changed"));
    }
    if let Some(limit) = settings.rate_limit() {
        admin.set_rate_limit(name, limit)?;
        super::say(&match limit {
            None => format!("{name} has the rate limit of the servers (--rate-limit)"),
            Some(ClientLimit::Unlimited) => format!("{name} has no rate limit"),
            Some(limit) => format!(
                "{name} has the rate limit {}, on servers with --rate-limit",
                limit::shown(limit)
            ),
        });
    }
    Ok(())
}

/// A version and its retirement date for one client, or `None` for `none`.
fn grant(text: &str) -> Result<(VersionNumber, Option<Timestamp>), String> {
    let (version, date) = text.split_once('=').ok_or_else(|| {
        format!("{text:?} isn't a version and a date; write VERSION=DATE, such as v1=2028-01-01")
    })?;
    let version = version
        .parse()
        .map_err(|error: NotAVersion| error.to_string())?;
    match date {
        "none" => Ok((version, None)),
        date => match versioning::date(date) {
            Ok(date) => Ok((version, Some(date))),
            Err(error) => Err(format!("{error}; or none, to take an extension back")),
        },
    }
}

fn extend(
    admin: &mut AdminStore,
    name: &str,
    (version, until): (VersionNumber, Option<Timestamp>),
    now: Timestamp,
) -> Result<(), Failure> {
    check_version(version)?;
    if let Some(past) = until.filter(|until| *until <= now) {
        return Err(Failure::Usage(format!(
            "{past} is in the past: write a future date, or {version}=none to take an extension back"
        )));
    }
    admin.extend(name, version.get(), until)?;
    super::say(&match until {
        Some(until) => {
            format!("{name} can use {version} until {until}, even if it is retired before")
        }
        None => format!("{name} has no extension of {version} any more"),
    });
    Ok(())
}

fn check_version(version: VersionNumber) -> Result<(), Failure> {
    let catalogue = Registry::standard().and_then(|registry| registry.catalogue());
    let catalogue = catalogue.map_err(super::serve::ServeError::from)?;
    match catalogue.get(version) {
        Some(_) => Ok(()),
        None => Err(super::no_version(version, &catalogue)),
    }
}

fn pin(
    admin: &mut AdminStore,
    name: &str,
    version: VersionNumber,
    now: Timestamp,
) -> Result<(), Failure> {
    check_version(version)?;
    admin.pin(name, version.get(), now)?;
    super::say(&format!("{name} is pinned to {version}"));
    Ok(())
}
