//! Parsers of settings. Each error is one line that says what to write instead. It repeats the wrong text only if that can't
//! be a secret.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bytesize::ByteSize;

use http::uri::Authority;
use jiff::Timestamp;

use super::{
    Database,
    values::{PostgresUrl, Several},
};
use crate::versioning::{self, Brownout, VersionNumber};

/// Longest time that can be set. An `Instant` can hold far more.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Largest count that can be set. No machine serves so many connections, columns or threads.
const MOST: usize = 1_000_000;

/// A host as in the header `Host`, without a port.
pub(super) fn host(text: &str) -> Result<String, String> {
    let is_host = text.parse::<Authority>().is_ok_and(|authority| {
        authority.host() == text && text.bytes().all(|byte| byte.is_ascii_graphic())
    });
    if is_host {
        Ok(text.trim_end_matches('.').to_owned())
    } else {
        Err(format!(
            "{text:?} isn't a host; write a name or an address without a port, such as flash.example or [fd00::7]"
        ))
    }
}

/// An origin as browsers write it: scheme, host, and the port unless it is the default of the scheme.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let origin = text.to_ascii_lowercase();
    let is_origin = origin.split_once("://").is_some_and(|(scheme, authority)| {
        let usual = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return false,
        };
        !authority.contains('@')
            && !authority.ends_with(usual)
            && authority.parse::<Authority>().is_ok()
    });
    if is_origin {
        Ok(origin)
    } else {
        Err(format!(
            "{text:?} isn't an origin; write what a browser sends in the header Origin, such as https://app.example or \
             http://localhost:5173, without a slash at the end"
        ))
    }
}

/// An origin, or `*` for every origin.
pub(super) fn cors_origin(text: &str) -> Result<String, String> {
    match text {
        "*" => Ok(text.to_owned()),
        _ => origin(text).map_err(|error| format!("{error}; * lets pages of every origin read")),
    }
}

/// A number of bytes, plain or with a unit.
pub(super) fn size(text: &str) -> Result<u64, String> {
    match text.parse::<ByteSize>() {
        Ok(size) => Ok(size.as_u64()),
        Err(_) => Err(format!(
            "{text:?} isn't a size; write a number of bytes, or one with a unit such as 64MiB or 1GiB"
        )),
    }
}

/// A count.
pub(super) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= MOST => Ok(count),
        _ => Err(format!(
            "{text:?} isn't a count; write a whole number from 1 to {MOST}"
        )),
    }
}

/// A length of time with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        Ok(_) => Err(format!("{text:?} is too long: write at most 24h")),
        Err(_) => Err(format!(
            "{text:?} isn't a length of time; write a number with its unit, such as 500ms, 10s or 2m"
        )),
    }
}

/// The forms of an address.
const KINDS: &str =
    "write sqlite:PATH, such as sqlite:flash.db, or postgres://USER@HOST:PORT/DATABASE";

/// The address of a database. Errors never repeat it, because it may have a password.
pub(super) fn database(text: &str) -> Result<Database, String> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(format!(
            "the address doesn't begin with a kind of database: {KINDS}"
        ));
    };
    match scheme {
        "sqlite" => sqlite(rest),
        "postgres" | "postgresql" => PostgresUrl::new(text)
            .map(Database::Postgres)
            .map_err(str::to_owned),
        _ => Err(format!(
            "the address begins with a kind of database that isn't supported: {KINDS}"
        )),
    }
}

/// The address of a database in a file.
pub(super) fn database_in(file: &Path) -> Result<Database, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    database(text.trim())
}

fn sqlite(path: &str) -> Result<Database, String> {
    if path.is_empty() || path.ends_with('/') {
        return Err(
            "the address has no path behind sqlite: write sqlite:PATH, such as sqlite:flash.db"
                .to_owned(),
        );
    }
    if path == ":memory:" {
        return Err("a database in memory loses everything when the server stops: write sqlite:PATH, such as sqlite:/tmp/flash.db".to_owned());
    }
    if path.starts_with("//") || path.starts_with("file:") {
        return Err("the address has // or file: behind sqlite, where a plain path belongs: write sqlite:flash.db or sqlite:/var/lib/flash/flash.db".to_owned());
    }
    Ok(Database::Sqlite(PathBuf::from(path)))
}

/// Versions, separated by commas.
pub(super) fn versions(text: &str) -> Result<Several<()>, String> {
    let each = text.split(',').map(|item| Ok((version(item)?, ())));
    each.collect::<Result<_, _>>().map(Several)
}

/// Versions with a date each, as in `v1=2027-01-01,v2=2028-01-01`.
pub(super) fn dates(text: &str) -> Result<Several<Timestamp>, String> {
    let each = text.split(',').map(|item| {
        let (number, moment) = item.split_once('=').ok_or_else(|| {
            format!(
                "{item:?} isn't a version and a date; write VERSION=DATE, such as v1=2027-01-01"
            )
        })?;
        Ok((version(number)?, date(moment)?))
    });
    each.collect::<Result<_, _>>().map(Several)
}

/// Versions, some with a date.
pub(super) fn promotions(text: &str) -> Result<Several<Option<Timestamp>>, String> {
    let each = text.split(',').map(|item| match item.split_once('=') {
        Some((number, moment)) => Ok((version(number)?, Some(date(moment)?))),
        None => Ok((version(item)?, None)),
    });
    each.collect::<Result<_, _>>().map(Several)
}

/// Brownouts, each of the last version named before it, as in `v1=2027-05-01T09:00Z/15m,2027-05-08T09:00Z/1h`.
pub(super) fn brownouts(text: &str) -> Result<Several<Brownout>, String> {
    let mut found = Vec::new();
    let mut current = None;
    for item in text.split(',') {
        let window = match item.split_once('=') {
            Some((number, window)) => {
                current = Some(version(number)?);
                window
            }
            None => item,
        };
        let number = current.ok_or_else(|| {
            format!("{item:?} has no version: write VERSION=START/LENGTH, such as v1=2027-05-01T09:00Z/15m")
        })?;
        let window: Brownout = window
            .parse()
            .map_err(|e: versioning::NotABrownout| e.to_string())?;
        found.push((number, window));
    }
    Ok(Several(found))
}

fn version(text: &str) -> Result<VersionNumber, String> {
    text.parse()
        .map_err(|e: versioning::NotAVersion| e.to_string())
}

fn date(text: &str) -> Result<Timestamp, String> {
    versioning::date(text).map_err(|e| e.to_string())
}
