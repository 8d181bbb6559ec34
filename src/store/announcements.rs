//! What the servers of a database announce: the dates of the versions, and the version of callers that name none.
//!
//! Each server writes it down at its start, and shows from time to time that it still runs. A server is refused if it breaks what was
//! announced before: a retirement that comes sooner, or another default version for callers that were served the former one.

use std::time::Duration;

use diesel::prelude::*;
use jiff::Timestamp;

use super::backend::dialect::insert_or_change;
use super::backend::{AnyConnection, Transaction, WriteOptions};
use super::error::StoreError;
use super::handle::Store;
use super::schema::{default_versions, servers, sunsets};
use super::units::{micros, time_from_db};
use crate::versioning::{Catalogue, VersionNumber};

/// A server that was not seen for so long does not run any more.
pub const SERVERS_LIVE: Duration = Duration::from_mins(3);
/// How long a server that stopped is remembered, while another one runs.
const SERVERS_KEPT: Duration = Duration::from_hours(24);

/// A server, and what it announces.
#[derive(Debug, Clone)]
pub struct Announcer {
    /// The release that it runs.
    pub release: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// Whether it has stopped: it said so.
    has_stopped: bool,
    /// Its versions and its default version.
    pub catalogue: Catalogue,
}

impl Announcer {
    /// Whether it runs at that time.
    #[must_use]
    pub fn runs(&self, now: Timestamp) -> bool {
        !self.has_stopped && self.seen_at + SERVERS_LIVE > now
    }
}

/// What a server that starts is allowed to break.
#[derive(Debug, Clone, Copy, Default)]
pub struct Permissions {
    /// A retirement may come sooner than announced.
    pub sooner: bool,
    /// The default version may differ from one that was served.
    pub other_default: bool,
}

/// A broken announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A version is to be retired sooner than announced.
    Sooner {
        /// The version, N of vN.
        version: u32,
        /// The date that was announced.
        announced: Timestamp,
        /// The date that it is to have.
        date: Timestamp,
    },
    /// Callers that name no version got another one before.
    OtherDefault {
        /// The version that they got.
        served: u32,
        /// When one of them last got it, as of the last start of a server.
        at: Timestamp,
        /// The version that they are to get.
        default: u32,
    },
}

impl Permissions {
    fn allow(self, broken: &Broken) -> bool {
        match broken {
            Broken::Sooner { .. } => self.sooner,
            Broken::OtherDefault { .. } => self.other_default,
        }
    }
}

/// What came of an announcement.
#[derive(Debug, Clone)]
pub enum Announcement {
    /// It is written down, although it breaks what is listed. The other servers that run are listed, too.
    Made {
        /// What it breaks, as it was allowed to.
        broken: Vec<Broken>,
        /// The other servers that run.
        others: Vec<Announcer>,
    },
    /// Nothing was written, because it breaks what it was not allowed to.
    Refused(Vec<Broken>),
}

impl Store {
    /// Announces what this process serves: its release and its catalogue.
    pub async fn announce(
        &self,
        release: &'static str,
        catalogue: &Catalogue,
        permissions: Permissions,
    ) -> Result<Announcement, StoreError> {
        let holder = self.shared.holder;
        let catalogue = catalogue.clone();
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let mut broken = broken_sunsets(tx, &catalogue)?;
                broken.extend(broken_default(tx, &catalogue)?);
                let refused = |one: &Broken| !permissions.allow(one);
                if broken.iter().any(refused) {
                    broken.retain(refused);
                    return Ok(Announcement::Refused(broken));
                }
                write_promises(tx, &catalogue)?;
                let others = write_server(tx, holder, release, &catalogue)?;
                Ok(Announcement::Made { broken, others })
            })
            .await
    }

    /// Notes that this process still runs. `false`: its announcement is missing.
    pub async fn renew_announcement(&self) -> Result<bool, StoreError> {
        let holder = self.shared.holder;
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let now = tx.database_now()?;
                let renewed = diesel::update(servers::table.find(holder))
                    .set(servers::seen_at.eq(now))
                    .execute(&mut **tx)?;
                Ok(renewed > 0)
            })
            .await
    }

    /// Notes that this process stops.
    pub async fn end_announcement(&self) -> Result<(), StoreError> {
        let holder = self.shared.holder;
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let now = tx.database_now()?;
                diesel::update(servers::table.find(holder))
                    .set((servers::seen_at.eq(now), servers::stopped_at.eq(now)))
                    .execute(&mut **tx)?;
                Ok(())
            })
            .await
    }

    /// Notes that a caller that named no version was served that one.
    pub async fn note_default_served(&self, version: VersionNumber) -> Result<(), StoreError> {
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let (version, now) = (i64::from(version.get()), tx.now());
                let values = (
                    default_versions::version.eq(version),
                    default_versions::served_at.eq(now),
                );
                let change = default_versions::served_at.eq(now);
                let key = default_versions::version;
                insert_or_change!(&mut **tx, default_versions::table, values, key, change)?;
                Ok(())
            })
            .await
    }
}

/// All servers that are remembered, the one that was seen last first.
pub(crate) fn list(connection: &mut AnyConnection) -> Result<Vec<Announcer>, StoreError> {
    let rows: Vec<ServerRow> = servers::table
        .order((servers::seen_at.desc(), servers::holder))
        .select(ServerRow::as_select())
        .load(connection)?;
    Ok(readable(rows))
}

/// The servers whose announcements this release can read. A later release may write others.
fn readable(rows: Vec<ServerRow>) -> Vec<Announcer> {
    rows.into_iter()
        .filter_map(|row| {
            let release = row.release.clone();
            row.into_announcer()
                .inspect_err(|error| {
                    log::warn!(
                        "what a server of release {release} announces can't be read: {error}"
                    );
                })
                .ok()
        })
        .collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = servers)]
struct ServerRow {
    release: String,
    started_at: i64,
    seen_at: i64,
    stopped_at: Option<i64>,
    announces: String,
}

impl ServerRow {
    fn into_announcer(self) -> Result<Announcer, StoreError> {
        Ok(Announcer {
            release: self.release,
            started_at: time_from_db(self.started_at)?,
            seen_at: time_from_db(self.seen_at)?,
            has_stopped: self.stopped_at.is_some(),
            catalogue: Catalogue::from_announcement(&self.announces)
                .map_err(|error| super::units::unreadable("announcement", error))?,
        })
    }
}

/// The versions that this catalogue retires sooner than announced.
fn broken_sunsets(
    connection: &mut AnyConnection,
    catalogue: &Catalogue,
) -> Result<Vec<Broken>, StoreError> {
    let announced: Vec<(i64, i64)> = sunsets::table
        .order(sunsets::version)
        .select((sunsets::version, sunsets::retires_at))
        .load(connection)?;
    let mut broken = Vec::new();
    for (version, announced) in announced {
        let version = u32::try_from(version).unwrap_or(0);
        let found = VersionNumber::new(version).and_then(|number| catalogue.get(number));
        let date = found.and_then(|version| version.lifecycle.retired);
        let announced = time_from_db(announced)?;
        if let Some(date) = date.filter(|date| *date < announced) {
            broken.push(Broken::Sooner {
                version,
                announced,
                date,
            });
        }
    }
    Ok(broken)
}

/// The other default version that callers were served, unless a server was started with this one last.
fn broken_default(
    connection: &mut AnyConnection,
    catalogue: &Catalogue,
) -> Result<Option<Broken>, StoreError> {
    let known: Vec<(i64, Option<i64>, Option<i64>)> = default_versions::table
        .select(default_versions::all_columns)
        .load(connection)?;
    let default = catalogue.first().get();
    let chosen = known.iter().filter(|(_, chosen_at, _)| chosen_at.is_some());
    let chosen = chosen.max_by_key(|(_, chosen_at, _)| *chosen_at);
    if chosen.is_some_and(|(version, ..)| *version == i64::from(default)) {
        return Ok(None);
    }
    let others = known
        .iter()
        .filter(|(version, ..)| *version != i64::from(default));
    let served = others.filter_map(|(version, _, served_at)| Some((*version, (*served_at)?)));
    let Some((version, at)) = served.max_by_key(|(_, served_at)| *served_at) else {
        return Ok(None);
    };
    Ok(Some(Broken::OtherDefault {
        served: u32::try_from(version).unwrap_or(0),
        at: time_from_db(at)?,
        default,
    }))
}

/// Writes down the dates of retirement and the default version. A date that is left out stays announced: if it comes back, it must not be
/// sooner.
fn write_promises(tx: &mut Transaction<'_>, catalogue: &Catalogue) -> QueryResult<()> {
    let now = tx.now();
    // In the order of their keys, which all servers use, to avoid deadlocks.
    let mut versions: Vec<_> = catalogue.iter().collect();
    versions.reverse();
    for version in versions {
        let Some(retired) = version.lifecycle.retired else {
            continue;
        };
        let retires_at = retired.as_microsecond();
        let values = (
            sunsets::version.eq(i64::from(version.number.get())),
            sunsets::retires_at.eq(retires_at),
            sunsets::announced_at.eq(now),
        );
        let change = (
            sunsets::retires_at.eq(retires_at),
            sunsets::announced_at.eq(now),
        );
        insert_or_change!(&mut **tx, sunsets::table, values, sunsets::version, change)?;
    }
    let values = (
        default_versions::version.eq(i64::from(catalogue.first().get())),
        default_versions::chosen_at.eq(now),
    );
    let change = default_versions::chosen_at.eq(now);
    let key = default_versions::version;
    insert_or_change!(&mut **tx, default_versions::table, values, key, change)?;
    Ok(())
}

/// Writes down this process, forgets servers that stopped long ago, and returns the others that run.
fn write_server(
    tx: &mut Transaction<'_>,
    holder: i64,
    release: &str,
    catalogue: &Catalogue,
) -> Result<Vec<Announcer>, StoreError> {
    let (here, now) = (tx.now(), tx.database_now()?);
    let announces = catalogue.to_announcement();
    let values = (
        servers::holder.eq(holder),
        servers::release.eq(release),
        servers::started_at.eq(here),
        servers::seen_at.eq(now),
        servers::announces.eq(&announces),
    );
    let change = (servers::seen_at.eq(now), servers::announces.eq(&announces));
    insert_or_change!(&mut **tx, servers::table, values, servers::holder, change)?;
    let forgotten = servers::seen_at.lt(now - micros(SERVERS_KEPT));
    diesel::delete(servers::table.filter(forgotten)).execute(&mut **tx)?;
    let Some(given_up) = tx.given_up_before(SERVERS_LIVE, now) else {
        // Only this process uses the database, so the others were killed.
        diesel::update(servers::table)
            .filter(servers::holder.ne(holder))
            .filter(servers::stopped_at.is_null())
            .set(servers::stopped_at.eq(servers::seen_at.nullable()))
            .execute(&mut **tx)?;
        return Ok(Vec::new());
    };
    let rows: Vec<ServerRow> = servers::table
        .filter(servers::holder.ne(holder))
        .filter(servers::stopped_at.is_null())
        .filter(servers::seen_at.ge(given_up))
        .order(servers::holder)
        .select(ServerRow::as_select())
        .load(&mut **tx)?;
    Ok(readable(rows))
}
