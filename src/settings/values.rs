//! The values of settings that are no number, time or IP address.

use std::{fmt, path::PathBuf};

use clap::ValueEnum;
use percent_encoding::percent_decode_str;

use crate::versioning::VersionNumber;

/// The values of one flag, each for a version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Several<T>(pub Vec<(VersionNumber, T)>);

/// What callers without a key may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Anonymous {
    /// Anyone may read, upload, change and delete
    ReadWrite,
    /// Anyone may read, and only registered clients may write
    Read,
    /// Only registered clients may do anything
    None,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// For people: time, level, message
    Text,
    /// For machines: one JSON object a line
    Json,
}

/// The level of a log line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogLevel {
    /// Failures that need attention
    Error,
    /// Problems that the server handled
    Warn,
    /// Events: starts, stops, requests
    Info,
    /// Details: probes, cut-off connections
    Debug,
    /// Everything, including libraries
    Trace,
}

impl From<LogLevel> for log::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
            LogLevel::Trace => Self::Trace,
        }
    }
}

/// What to do if the schema of the database is older than this release.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum MigrateMode {
    /// Bring the schema up to date at the start
    Auto,
    /// Refuse to start
    Off,
}

/// How much an upload may change the schema of its dataset.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum SchemaChanges {
    /// As much as it wants
    Any,
    /// What breaks no client that reads rows
    Additive,
    /// Nothing
    None,
}

/// Whether requests are counted per caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum CountUsage {
    /// Count by client (or kind of user agent), version, operation and day
    On,
    /// Count nothing. Flash then can't list the callers of a version
    Off,
}

/// A database.
///
/// Its `Display` is for logs and error messages. It leaves out secrets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Database {
    /// A SQLite file, for one server.
    Sqlite(PathBuf),
    /// A PostgreSQL database, which several servers may share.
    Postgres(PostgresUrl),
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

/// The address of a PostgreSQL database, as libpq takes it (PostgreSQL, "Connection URIs").
///
/// Its `Display` and its `Debug` leave out the password and all parameters.
#[derive(Clone, Eq, PartialEq)]
pub struct PostgresUrl {
    whole: String,
    shown: String,
    secrets: Vec<String>,
}

impl PostgresUrl {
    /// Parses `postgres://…`. A password with an `@` or a `/` in it must be percent-encoded, as libpq demands.
    pub(super) fn new(text: &str) -> Result<Self, &'static str> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the address of the database has white space in it: write %20 for a space");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(
                "postgres: is not followed by //: write postgres://USER@HOST:PORT/DATABASE",
            );
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, hosts) = match place.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, place),
        };
        let (name, password) = match user.and_then(|user| user.split_once(':')) {
            Some((name, password)) => (Some(name), Some(password)),
            None => (user, None),
        };
        let modes = query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("pooler="));
        if !modes
            .clone()
            .all(|mode| ["transaction", "session"].contains(&mode))
        {
            return Err(
                "pooler in the address of the database is neither transaction nor session: write the mode of the pooler",
            );
        }
        let mut secrets = Vec::new();
        let in_query = query.split('&').filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.contains("password").then_some(value)
        });
        for secret in password.into_iter().chain(in_query) {
            let decoded = percent_decode_str(secret)
                .decode_utf8()
                .map_err(|_| "the password in the address of the database is not UTF-8")?;
            secrets.push(decoded.into_owned());
            secrets.push(secret.to_owned());
        }
        if !is_percent_encoded(rest) {
            return Err(
                "the address of the database has a % that is not followed by two hexadecimal digits: write %25 for a %",
            );
        }
        let shown = match name {
            Some(name) => format!("{scheme}://{name}@{hosts}"),
            None => format!("{scheme}://{hosts}"),
        };
        Ok(Self {
            whole: text.to_owned(),
            shown,
            secrets,
        })
    }

    /// The whole address, with its secrets. Don't show it.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// Its secrets, percent-encoded and decoded.
    pub fn secrets(&self) -> Vec<String> {
        self.secrets.clone()
    }
}

fn is_percent_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes();
        [digits.next(), digits.next()]
            .iter()
            .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit()))
    })
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::PostgresUrl;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (address, shown) in [
            ("postgres://db/flash", "postgres://db/flash"),
            (
                "postgres://me:hunter2@db:5433/flash",
                "postgres://me@db:5433/flash",
            ),
            (
                "postgres://me:p%40ss@a:1,b:2/flash?sslmode=require",
                "postgres://me@a:1,b:2/flash",
            ),
            (
                "postgresql://me@db/flash?password=hunter2",
                "postgresql://me@db/flash",
            ),
            ("postgres://me:a@b:c@db/flash", "postgres://me@db/flash"),
        ] {
            let url = PostgresUrl::new(address).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(url.as_str(), address);
        }
        let url = PostgresUrl::new("postgres://me:p%40ss@db/flash?sslpassword=key").unwrap();
        assert_eq!(url.secrets(), ["p@ss", "p%40ss", "key", "key"]);
    }

    #[test]
    fn an_address_that_libpq_would_repeat_in_an_error_is_refused_before() {
        for address in [
            "postgres:flash",
            "postgres://db/flash?pooler=statement",
            "postgres://me:50%off@db/flash",
            "postgres://me:a b@db/flash",
        ] {
            let refusal = PostgresUrl::new(address).unwrap_err();
            assert!(
                !refusal.contains("off") && !refusal.contains("a b"),
                "{refusal}"
            );
        }
    }
}
