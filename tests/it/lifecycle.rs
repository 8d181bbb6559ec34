//! The lifecycle of versions: what the operator announces, what callers see of it, and how time alone moves a version on.

mod brownouts;
mod extensions;
mod headers;
mod refused;
mod states;

use clap::Parser;
use flash::services::Clock;
use flash::settings::LifecycleSettings;
use jiff::Timestamp;

use crate::client::Answer;
use crate::server::{Builder, Server};

const PEOPLE: &str = include_str!("../data/team.csv");

/// The flags of `flash serve` that say it.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    lifecycle: LifecycleSettings,
}

/// The settings that those flags of `flash serve` make.
pub fn flags(flags: &[&str]) -> LifecycleSettings {
    Flags::parse_from([&["flash"], flags].concat()).lifecycle
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A server with the dataset `people` and those flags, whose clock stands at that time.
fn server(flags: &[&str], time: &str) -> (Server, Clock) {
    let mut builder = Builder::new();
    let clock = builder.stand_at(at(time));
    builder.settings.lifecycle = self::flags(flags);
    let server = builder.start();
    server.store("people", PEOPLE);
    (server, clock)
}

/// All links of an answer.
fn links(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.get_all("link").iter();
    lines
        .flat_map(|line| line.to_str().unwrap().split(", "))
        .map(str::to_owned)
        .collect()
}

/// The link of an answer with that relation.
fn link(answer: &Answer, relation: &str) -> Option<String> {
    let relation = format!("rel=\"{relation}\"");
    let all = links(answer);
    let mut found = all.iter().filter(|link| link.contains(&relation));
    let first = found.next().cloned();
    assert_eq!(found.next(), None, "{relation} is there twice");
    first
}
