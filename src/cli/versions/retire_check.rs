//! `flash versions retire-check`: who would be left behind by the end of a version.

use std::io::Write as _;
use std::time::Duration;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cli::json;
use crate::cli::{Failure, counted, say};
use crate::services::retirement::{self, User};
use crate::services::usage;
use crate::store::{AdminStore, Client, Used};
use crate::versioning::{Version, VersionNumber};

/// The longest time to look back.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// The arguments of the command.
#[derive(Debug, Args)]
pub(super) struct RetireCheck {
    /// The version, such as v1
    pub(super) version: VersionNumber,
    /// Leave out anonymous callers of a kind of user agent, such as curl; separate several with commas, or repeat the flag
    #[arg(long, value_name = "FAMILY", value_delimiter = ',', value_parser = family)]
    ignore: Vec<&'static str>,
    /// How far to look back, such as 7d
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = time)]
    since: Duration,
}

/// A kind of user agents.
fn family(text: &str) -> Result<&'static str, String> {
    let found = usage::families().find(|family| *family == text);
    found.ok_or_else(|| {
        let known: Vec<&str> = usage::families().collect();
        format!(
            "{text:?} isn't a kind of user agent; use one of: {}",
            known.join(", ")
        )
    })
}

fn time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if !time.is_zero() && time <= LONGEST => Ok(time),
        _ => Err(format!(
            "{text:?} isn't a length of time; write a number with its unit, such as 12h or 7d, up to ten years"
        )),
    }
}

/// Who would be left behind.
struct Found {
    left_behind: Vec<User>,
    /// Clients that are pinned to the version, and sent no requests.
    silent: Vec<String>,
    /// Anonymous callers that were left out.
    ignored: Vec<User>,
}

impl RetireCheck {
    /// Lists the callers that still use the version.
    pub(super) fn run(
        &self,
        admin: &mut AdminStore,
        version: &Version,
        now: Timestamp,
        members: Option<[(&'static str, Value); 3]>,
    ) -> Result<(), Failure> {
        let found = self.find(admin, version, now)?;
        match members {
            Some(members) => self.print(&found, version, members),
            None => self.say(&found),
        }
        // Flush, so that the list comes before the error.
        drop(std::io::stdout().flush());
        match found.left_behind.len() {
            0 => Ok(()),
            callers => Err(Failure::StillUsed {
                version: self.version,
                callers,
            }),
        }
    }

    fn find(
        &self,
        admin: &mut AdminStore,
        version: &Version,
        now: Timestamp,
    ) -> Result<Found, Failure> {
        let since = self.start(now);
        let all = admin.usage(None, usage::day(since))?;
        let clients: Vec<Client> = admin.list()?;
        let end = version.lifecycle.retired.unwrap_or(now);
        let is_ignored =
            |one: &&Used| one.client.is_none() && self.ignore.contains(&one.family.as_str());
        let ignored: Vec<Used> = all
            .iter()
            .filter(is_ignored)
            .filter(|one| one.version == self.version.get() && one.last_at >= since)
            .cloned()
            .collect();
        let used = retirement::of_interest(all, since, &self.ignore);
        let silent = retirement::silent(&clients, &used, self.version);
        Ok(Found {
            left_behind: retirement::left_behind(&used, &clients, self.version, end),
            silent: silent.map(|client| client.name.clone()).collect(),
            ignored: retirement::users(&ignored),
        })
    }

    fn start(&self, now: Timestamp) -> Timestamp {
        let since = SignedDuration::try_from(self.since).unwrap_or_default();
        now.checked_sub(since).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The time to look back, in words.
    fn lately(&self) -> String {
        /// Seconds of a day.
        const DAY: u64 = 24 * 60 * 60;
        match self.since.as_secs() {
            seconds if seconds % DAY == 0 => counted(seconds / DAY, "day"),
            _ => humantime::format_duration(self.since).to_string(),
        }
    }

    fn say(&self, found: &Found) {
        let (number, lately) = (self.version, self.lately());
        for user in &found.left_behind {
            say(&user.to_string());
        }
        for name in &found.silent {
            say(&format!(
                "{name} is pinned to {number}, but did not use it in the last {lately}"
            ));
        }
        for user in &found.ignored {
            say(&format!("ignored: {user}"));
        }
        if found.left_behind.is_empty() {
            let but = match self.ignore.as_slice() {
                [] => String::new(),
                families => format!(
                    ", apart from anonymous callers with {}",
                    families.join(", ")
                ),
            };
            say(&format!(
                "{number} can be retired: no caller would be left behind{but}"
            ));
        }
    }

    fn print(&self, found: &Found, version: &Version, members: [(&'static str, Value); 3]) {
        let mut result = json!({
            "version": self.version.to_string(),
            "retired_at": version.lifecycle.retired,
            "since": humantime::format_duration(self.since).to_string(),
            "can_be_retired": found.left_behind.is_empty(),
            "left_behind": users(&found.left_behind),
            "silent": found.silent,
            "ignored": users(&found.ignored),
        });
        for (name, value) in members {
            result[name] = value;
        }
        json::print(&result);
    }
}

fn users(users: &[User]) -> Value {
    let one = |user: &User| {
        let (client, family) = match &user.family {
            Some(family) => (Value::Null, family.as_str().into()),
            None => (user.name.as_str().into(), Value::Null),
        };
        json!({"client": client, "family": family, "requests": user.requests, "last_at": user.last_at})
    };
    users.iter().map(one).collect()
}
