//! The server announces in the store what it serves: its versions with their dates, and its default version. Commands and other servers
//! read it there. What was announced before must hold, unless the operator says otherwise.

use std::time::Duration;

use super::Services;
use crate::store::{Announcement, Announcer, Broken, Permissions, SERVERS_LIVE, StoreError};

/// How often the server shows that it runs.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// How soon a failed announcement is repeated.
const AGAIN: Duration = Duration::from_secs(1);

/// What the server would break of what was announced before.
#[derive(Debug, thiserror::Error)]
#[error("{}", in_words(.0))]
pub struct AnnounceError(Vec<Broken>);

impl Services {
    /// Announces what this server serves. Returns what the operator should know of it; `None`: the store does not answer, so it has to be
    /// announced later.
    ///
    /// # Errors
    ///
    /// If it breaks what was announced before, and the settings don't allow that.
    pub async fn announce(&self) -> Result<Option<Vec<String>>, AnnounceError> {
        let promises = self.settings.promises;
        let permissions = Permissions {
            sooner: promises.sooner,
            other_default: promises.default_anyway,
        };
        let release = env!("FLASH_VERSION");
        let announced = self.store.announce(release, &self.catalogue, permissions);
        match announced.await {
            Ok(Announcement::Made { broken, others }) => {
                let broken = broken.iter().map(told);
                let others = others.iter().flat_map(|other| self.disagreements(other));
                Ok(Some(broken.chain(others).collect()))
            }
            Ok(Announcement::Refused(broken)) => Err(AnnounceError(broken)),
            Err(error) => {
                log::debug!("what this server serves is announced later: {error}");
                Ok(None)
            }
        }
    }

    /// Where another server announces something else.
    fn disagreements(&self, other: &Announcer) -> Vec<String> {
        let there = format!(
            "on another server (release {}, up since {:.0})",
            other.release, other.started_at
        );
        let differences = self.catalogue.differences(&other.catalogue, &there);
        let line = |difference| {
            format!(
                "the servers of this database disagree: {difference}; give all of them the same settings"
            )
        };
        differences.into_iter().map(line).collect()
    }

    /// Shows from time to time that the server runs, and announces what it serves if that is not done yet. Ends only with an error.
    pub async fn keep_announced(&self, mut is_announced: bool) -> AnnounceError {
        loop {
            tokio::time::sleep(if is_announced { HEARTBEAT } else { AGAIN }).await;
            if is_announced {
                match self.store.renew_announcement().await {
                    Ok(is_there) => is_announced = is_there,
                    Err(StoreError::Closed) => return std::future::pending().await,
                    Err(error) => log::debug!("the heartbeat of this server is late: {error}"),
                }
            }
            if !is_announced {
                match self.announce().await {
                    Ok(warnings) => {
                        is_announced = warnings.is_some();
                        warn(&warnings.unwrap_or_default());
                    }
                    Err(error) => return error,
                }
            }
        }
    }

    /// Notes that the server stops. If the store doesn't answer, others notice it by the missing heartbeats.
    pub async fn end_announcement(&self) {
        if let Err(error) = self.store.end_announcement().await {
            log::debug!("other servers notice in {SERVERS_LIVE:?} that this one stopped: {error}");
        }
    }
}

/// Logs what the operator should know.
pub fn warn(warnings: &[String]) {
    for warning in warnings {
        log::warn!("{warning}");
    }
}

/// Why the server doesn't start.
fn in_words(broken: &[Broken]) -> String {
    let all: Vec<String> = broken.iter().map(refusal).collect();
    all.join("; ")
}

/// What would be broken, and what to do.
fn refusal(broken: &Broken) -> String {
    match broken {
        Broken::Sooner { announced, .. } => format!(
            "{}: choose {announced} or a later date with --retire, or add --sooner to break what clients were told",
            what(broken)
        ),
        Broken::OtherDefault { served, .. } => format!(
            "{}: keep it with --default v{served}, or add --default-anyway if none of them is left",
            what(broken)
        ),
    }
}

/// What is broken, for the log.
fn told(broken: &Broken) -> String {
    let flag = match broken {
        Broken::Sooner { .. } => "--sooner",
        Broken::OtherDefault { .. } => "--default-anyway",
    };
    format!("{} ({flag})", what(broken))
}

fn what(broken: &Broken) -> String {
    match broken {
        Broken::Sooner {
            version,
            announced,
            date,
        } => {
            format!(
                "v{version} is to be retired at {date}, sooner than announced before ({announced})"
            )
        }
        Broken::OtherDefault {
            served,
            at,
            default,
        } => {
            format!(
                "callers that named no version got v{served}, the last ones at {at:.0} or later, and are to get v{default}"
            )
        }
    }
}
