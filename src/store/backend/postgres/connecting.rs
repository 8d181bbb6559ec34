//! Connects to a PostgreSQL server.

use std::time::Duration;

use diesel::connection::CacheSize;
use diesel::prelude::*;

use super::address::PostgresAddress;
use super::locks;
use super::migrating;
use super::session;
use super::sqlstate::{self, Meaning};
use crate::store::backend::address::Migrate;
use crate::store::backend::connection::{AnyConnection, ConnectError, Connected};
use crate::store::backend::migrations::Steps;
use crate::store::error::OpenError;

/// How long one statement of a command may take.
const COMMAND_PATIENCE: Duration = Duration::from_secs(30);

/// Why a build without TLS refuses a server on another machine.
const WITHOUT_TLS: &str = "this build of Flash has no TLS, so the connection would not be encrypted; build it with --features \
     tls, take the image, or accept that with sslmode=disable";

/// Connects to the server that accepts writes, and sets up the session. If none does, connects to a read-only server, unless the
/// address chooses the kind of server.
pub(crate) fn connect(
    address: &PostgresAddress,
    patience: Duration,
) -> Result<Connected, ConnectError> {
    if cfg!(not(feature = "tls")) && address.needs_tls() {
        return Err(ConnectError {
            passing: false,
            reason: WITHOUT_TLS.to_owned(),
        });
    }
    let establish = |wanted: &str| {
        PgConnection::establish(&address.complete(wanted)).map_err(|error| error.to_string())
    };
    let mut read_only = false;
    let established = establish("read-write").or_else(|text| {
        read_only = !address.chooses() && sqlstate::is_read_only(&text);
        if read_only {
            establish("any")
        } else {
            Err(text)
        }
    });
    let mut connection = established.map_err(|text| ConnectError {
        passing: sqlstate::is_passing(&text),
        reason: address.scrub(&sqlstate::without_location(&text)),
    })?;
    if address.is_pooled() {
        // Nothing that is set or prepared stays with the session, so each transaction sets what it needs.
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    } else {
        session::set_up(&mut connection, patience).map_err(|error| ConnectError {
            passing: sqlstate::meaning(&error) != Meaning::Else,
            reason: address.scrub(&error.to_string()),
        })?;
    }
    Ok(Connected {
        connection: AnyConnection::Postgres(connection),
        read_only,
    })
}

/// Connects, with the error of opening a store.
pub(super) fn open(address: &PostgresAddress, patience: Duration) -> Result<Connected, OpenError> {
    connect(address, patience).map_err(|error| {
        let (database, reason) = (address.shown.clone(), error.reason);
        match error.passing {
            true => OpenError::Away { database, reason },
            false => OpenError::Refused { database, reason },
        }
    })
}

/// Connects for a command, while servers may use the store.
pub(crate) fn open_existing(address: &PostgresAddress) -> Result<AnyConnection, OpenError> {
    let mut connected = open(address, COMMAND_PATIENCE)?;
    migrating::migrate(&mut connected, address, Migrate::Check)?;
    Ok(connected.connection)
}

/// Brings the schema up to date.
pub(crate) fn migrate(address: &PostgresAddress) -> Result<Steps, OpenError> {
    let mut connected = open(address, COMMAND_PATIENCE)?;
    migrating::migrate(&mut connected, address, Migrate::Run)
}

/// Connects to the target of a copy, and locks it against other copies.
pub(crate) fn open_target(address: &PostgresAddress) -> Result<AnyConnection, OpenError> {
    if address.is_pooled() {
        return Err(OpenError::Refused {
            database: address.shown.clone(),
            reason: "a copy holds a lock that a pooler in transaction mode would lose: name the server itself, without pooler=transaction".to_owned(),
        });
    }
    let mut connected = open(address, COMMAND_PATIENCE)?;
    hold_for_copy(&mut connected.connection, address)?;
    migrating::migrate(&mut connected, address, Migrate::Run)?;
    Ok(connected.connection)
}

fn hold_for_copy(
    connection: &mut AnyConnection,
    address: &PostgresAddress,
) -> Result<(), OpenError> {
    let AnyConnection::Postgres(server) = connection else {
        return Ok(());
    };
    let refused = |reason: String| OpenError::Refused {
        database: address.shown.clone(),
        reason,
    };
    match locks::try_lock(server, locks::COPY) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused("another flash copy is writing into it".to_owned())),
        Err(error) => Err(refused(address.scrub(&error.to_string()))),
    }
}
