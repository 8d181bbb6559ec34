//! What the servers of a database announce. It counts for the commands, whatever flags the shell has.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Registry;
use crate::cli::Failure;
use crate::cli::serve::ServeError;
use crate::settings::LifecycleSettings;
use crate::store::{AdminStore, Announcer};
use crate::versioning::Catalogue;

/// The versions, and who says so.
pub(super) struct Announced {
    pub(super) catalogue: Catalogue,
    /// Who announces them.
    source: Source,
    /// The servers that run.
    servers: Vec<Announcer>,
    /// What the operator should know of it.
    pub(super) warnings: Vec<String>,
}

/// Who announces versions.
#[derive(Clone, Copy)]
enum Source {
    /// Servers that run.
    Servers,
    /// The last server that ran.
    LastServer,
    /// Nobody: they are those of this release and the flags of the command.
    Flags,
}

impl Source {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Servers => "servers",
            Self::LastServer => "last-server",
            Self::Flags => "flags",
        }
    }
}

impl Announced {
    /// What the servers of a store announce. If no server ever did, it is this release's versions with the flags.
    pub(super) fn find(
        admin: &mut AdminStore,
        flags: &LifecycleSettings,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let all = admin.servers()?;
        let servers: Vec<Announcer> = all.iter().filter(|one| one.runs(now)).cloned().collect();
        let newest = servers.iter().max_by_key(|server| server.started_at);
        let Some(chosen) = newest.or(all.first()) else {
            return Self::of_flags(
                flags,
                now,
                "no server has announced its versions in this store",
            );
        };
        let (catalogue, mut warnings) = (chosen.catalogue.clone(), Vec::new());
        let source = match newest {
            Some(_) => Source::Servers,
            None => {
                warnings.push(format!(
                    "no server runs on this store; these are the versions of the last one, seen at {:.0}",
                    chosen.seen_at
                ));
                Source::LastServer
            }
        };
        for other in &servers {
            let there = format!("on the server that started at {:.0}", other.started_at);
            let differences = catalogue.differences(&other.catalogue, &there);
            warnings.extend(differences.into_iter().map(|difference| {
                format!("the servers disagree: {difference}; give all of them the same settings")
            }));
        }
        let differences = flags.differences(&catalogue, "on the servers");
        warnings.extend(differences.into_iter().map(|difference| {
            format!("the flags or variables of this command differ from the servers, which count: {difference}")
        }));
        Ok(Self {
            catalogue,
            source,
            servers,
            warnings,
        })
    }

    /// This release's versions with the flags, because nothing is known of servers.
    pub(super) fn of_flags(
        flags: &LifecycleSettings,
        now: Timestamp,
        why: &str,
    ) -> Result<Self, Failure> {
        let catalogue = Registry::standard()
            .and_then(|registry| registry.catalogue())
            .map_err(ServeError::from)?;
        Ok(Self {
            catalogue: flags.apply(&catalogue, now)?,
            source: Source::Flags,
            servers: Vec::new(),
            warnings: vec![format!(
                "{why}: these are the versions of this release, with the flags of this command"
            )],
        })
    }

    /// A line for each server that runs.
    pub(super) fn servers(&self) -> impl Iterator<Item = String> {
        self.servers.iter().map(|server| {
            format!(
                "server  release {}, up since {:.0}",
                server.release, server.started_at
            )
        })
    }

    /// The members of the result about servers, and the warnings.
    pub(super) fn in_json(&self) -> [(&'static str, Value); 3] {
        let server = |server: &Announcer| {
            json!({
                "release": server.release,
                "started_at": server.started_at,
                "seen_at": server.seen_at,
            })
        };
        [
            ("source", self.source.as_str().into()),
            ("servers", self.servers.iter().map(server).collect()),
            ("warnings", self.warnings.clone().into()),
        ]
    }
}
