//! `flash clients …`: manages registered clients and their keys. It works on the database while servers run; they notice changes
//! within seconds.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::Failure;
use crate::{
    api::Registry,
    services::{self, clients},
    settings::{DatabaseSettings, RateLimit},
    store::{AdminStore, Client, ClientLimit, StoreError},
    versioning::{self, NotAVersion, VersionNumber},
};

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
    },
    /// List all clients with their pins
    List,
    /// Show one client: its pin, the history of the pin, the number of its keys, and its requests and refusals of the last 30 days
    Show {
        /// Name of the client
        name: String,
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
        #[arg(long)]
        finish: bool,
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
    /// Change what holds for one client
    Set {
        /// Name of the client
        name: String,
        /// Its own rate limit, such as 1000/s, on servers with --rate-limit. unlimited: it has no limit. default: that of the server
        #[arg(long, value_name = "LIMIT", value_parser = rate_limit)]
        rate_limit: Own,
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
        Command::Add { name } => add(&mut admin, name, now)?,
        Command::List => list(&mut admin)?,
        Command::Show { name } => show(&mut admin, name, now)?,
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
        Command::RotateKey { name, finish: true } => {
            let dropped = admin.drop_old_keys(name)?;
            super::say(&format!(
                "{name} has one key, the newest; {} revoked",
                super::counted(dropped, "older key")
            ));
        }
        Command::RotateKey {
            name,
            finish: false,
        } => {
            let key = clients::new_key();
            admin.rotate_key(name, &clients::digest(&key), now)?;
            super::say(&key);
        }
        Command::Extend { name, grant } => extend(&mut admin, name, *grant, now)?,
        Command::Set { name, rate_limit } => set(&mut admin, name, *rate_limit)?,
        Command::Pin { name, version } => pin(&mut admin, name, *version, now)?,
    }
    Ok(())
}

fn add(admin: &mut AdminStore, name: &str, now: Timestamp) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !(1..=63).contains(&name.len()) || !name.chars().all(fits) {
        return Err(Failure::Usage(format!(
            "{name:?} isn't a valid name for a client: use 1 to 63 characters from a to z, 0 to 9, - and _"
        )));
    }
    let key = clients::new_key();
    admin.add(name, &clients::digest(&key), now)?;
    super::say(&key);
    Ok(())
}

fn list(admin: &mut AdminStore) -> Result<(), StoreError> {
    for client in admin.list()? {
        let pin = pin_of(&client);
        let disabled = client.disabled_at.map_or("", |_| "  disabled");
        super::say(&format!("{}  {pin}{disabled}", client.name));
    }
    Ok(())
}

fn pin_of(client: &Client) -> String {
    match client.pin {
        Some(pin) => format!("v{pin}"),
        None => "not pinned yet".to_owned(),
    }
}

fn show(admin: &mut AdminStore, name: &str, now: Timestamp) -> Result<(), StoreError> {
    let client = admin.find(name)?;
    super::say(&format!("name           {}", client.name));
    super::say(&format!("pin            {}", pin_of(&client)));
    super::say(&format!("keys           {}", admin.count_keys(&client)?));
    super::say(&format!("created        {}", client.created_at));
    if let Some(at) = client.first_contact_at {
        super::say(&format!("first contact  {at}"));
    }
    if let Some(at) = client.disabled_at {
        super::say(&format!("disabled       {at}"));
    }
    for one in &client.extensions {
        super::say(&format!(
            "extended       v{} until {}",
            one.version, one.retires_at
        ));
    }
    if let Some(limit) = client.rate_limit {
        super::say(&format!("rate limit     {}", shown(limit)));
    }
    for one in admin.moves(&client)? {
        let from = one
            .from
            .map_or_else(String::new, |from| format!("v{from} -> "));
        super::say(&format!(
            "pinned         {} {from}v{} by {}",
            one.at, one.to, one.by
        ));
    }
    for used in admin.usage(Some(&client), services::retirement::first_day(now))? {
        super::say(&format!(
            "used           v{} {} {}, last {}",
            used.version,
            used.operation,
            super::counted(used.requests, "time"),
            used.last_at
        ));
    }
    for refused in admin.refusals(Some(&client), services::retirement::first_day(now))? {
        super::say(&format!(
            "refused        v{} {} {}, last {}",
            refused.version,
            refused.operation,
            super::counted(refused.requests, "time"),
            refused.last_at
        ));
    }
    Ok(())
}

/// A client's own rate limit. `None`: that of the server.
type Own = Option<ClientLimit>;

fn rate_limit(text: &str) -> Result<Own, String> {
    match text {
        "default" => Ok(None),
        "unlimited" => Ok(Some(ClientLimit::Unlimited)),
        text => match text.parse() {
            Ok(RateLimit { requests, seconds }) => {
                Ok(Some(ClientLimit::Rate { requests, seconds }))
            }
            Err(error) => Err(format!("{error}; or unlimited, or default")),
        },
    }
}

fn shown(limit: ClientLimit) -> String {
    match limit {
        ClientLimit::Unlimited => "unlimited".to_owned(),
        ClientLimit::Rate { requests, seconds } => RateLimit { requests, seconds }.to_string(),
    }
}

fn set(admin: &mut AdminStore, name: &str, limit: Own) -> Result<(), StoreError> {
    admin.set_rate_limit(name, limit)?;
    super::say(&match limit {
        None => format!("{name} has the rate limit of the servers (--rate-limit)"),
        Some(ClientLimit::Unlimited) => format!("{name} has no rate limit"),
        Some(limit) => format!(
            "{name} has the rate limit {}, on servers with --rate-limit",
            shown(limit)
        ),
    });
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
