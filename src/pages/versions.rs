//! `/explore/-/versions`: where each version is in its life, what is announced and when, and what changed.

use askama::Template;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::compare::Changelog;
use super::compare::notes::Change;
use super::problem::Problem;
use super::sent::{Robots, page as sent};
use super::text::Frame;
use super::times::moment;
use super::visit::Visit;
use crate::api::reply::Reply;

/// The most bytes of an answer that are read.
const ANSWER: usize = 1 << 20;

/// What the API says of its versions.
#[derive(Deserialize)]
struct Versions {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    media_type: String,
    semantic_version: String,
    state: String,
    deprecated_at: Option<Timestamp>,
    retired_at: Option<Timestamp>,
    brownouts: Vec<Brownout>,
    default: bool,
}

#[derive(Deserialize)]
struct Brownout {
    start: Timestamp,
    end: Timestamp,
}

/// Something that happens to a version.
struct Event {
    at: Timestamp,
    when: String,
    what: String,
    /// Whether it is the time of the page.
    now: bool,
}

/// The changes of one release.
struct Release {
    version: String,
    breaking: usize,
    changes: Vec<Change>,
}

#[derive(Template)]
#[template(path = "versions.html")]
struct VersionsPage<'a> {
    frame: Frame<'a>,
    versions: Vec<Version>,
    events: Vec<Event>,
    releases: Vec<Release>,
    /// The oldest and the newest version.
    from: String,
    to: String,
}

/// The page.
pub(super) async fn page(visit: &Visit) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let answer = visit
        .api
        .get(super::DATA, "/versions", ANSWER)
        .await
        .success()?;
    let Versions { versions } = answer.read_as()?;
    let named = |version: Option<&Version>| {
        version.map_or_else(String::new, |version| version.version.clone())
    };
    let (from, to) = (named(versions.last()), named(versions.first()));
    let releases = match versions.len() {
        0 | 1 => Vec::new(),
        _ => {
            let target = format!("/changelog?from={from}&to={to}");
            let answer = visit
                .api
                .get(super::DATA, &target, ANSWER)
                .await
                .success()?;
            by_release(answer.read_as::<Changelog>()?.changes)
        }
    };
    let shown = VersionsPage {
        frame: Frame::titled("Versions · Flash"),
        events: events(visit, &versions),
        versions,
        releases,
        from,
        to,
    };
    Ok(sent(StatusCode::OK, &shown, Robots::Index))
}

/// All that is announced, in the order of time, with the present among it.
fn events(visit: &Visit, versions: &[Version]) -> Vec<Event> {
    let event = |at, what: String| Event {
        at,
        when: moment(at),
        what,
        now: false,
    };
    let now = visit.services.clock.now();
    let mut events = vec![Event {
        now: true,
        ..event(now, "Today".to_owned())
    }];
    for version in &visit.services.catalogue {
        let promoted = version.lifecycle.promoted;
        events.extend(
            promoted.map(|at| event(at, format!("{} is no preview any more", version.number))),
        );
    }
    for version in versions {
        let name = &version.version;
        let deprecated = version.deprecated_at;
        events.extend(deprecated.map(|at| event(at, format!("{name} is deprecated"))));
        let retired = version.retired_at;
        events.extend(retired.map(|at| {
            event(
                at,
                format!("{name} is retired: it is not served from then on"),
            )
        }));
        events.extend(version.brownouts.iter().map(|brownout| {
            let what = format!(
                "{name} has a brownout: it is refused until {}",
                moment(brownout.end)
            );
            event(brownout.start, what)
        }));
    }
    events.sort_by_key(|event| event.at);
    events
}

/// The changes of each release, the newest first.
fn by_release(changes: Vec<Change>) -> Vec<Release> {
    let mut releases: Vec<Release> = Vec::new();
    for change in changes {
        let breaking = usize::from(change.breaking);
        match releases.last_mut() {
            Some(release) if release.version == change.version => {
                release.breaking += breaking;
                release.changes.push(change);
            }
            _ => releases.push(Release {
                version: change.version.clone(),
                breaking,
                changes: vec![change],
            }),
        }
    }
    releases.reverse();
    releases
}
