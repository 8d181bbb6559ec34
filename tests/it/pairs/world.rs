//! Servers, the model of what they hold, and what is done with both.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{fmt, thread};

use flash::services::Clock;
use flash::settings::{BlockSizes, ServeSettings};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::ask::{Open, Remembered};
use super::model::{Dataset, Revision};
use crate::clients::Keyed;
use crate::database::Place;
use crate::ledger::Random;
use crate::server::{Builder, Server};

const NAMES: [&str; 3] = ["one", "two", "three"];
/// What is told of a world that went wrong.
const TRAIL: usize = 25;

/// Servers of one store, and what they must answer.
pub struct World {
    seed: u64,
    pub(super) random: Random,
    pub(super) servers: Vec<Server>,
    place: Place,
    settings: ServeSettings,
    clock: Clock,
    mood: Mood,
    /// The key of a registered client, and the version it is pinned to.
    pub(super) key: String,
    pub(super) pin: u32,
    pub(super) datasets: BTreeMap<&'static str, Dataset>,
    /// The last revisions of datasets that were deleted.
    pub(super) former: BTreeMap<&'static str, Arc<Revision>>,
    /// Datasets that there ever were.
    pub(super) incarnations: u64,
    /// Questions that were asked before.
    pub(super) remembered: Vec<Remembered>,
    /// Lists that were not read to their end.
    pub(super) open: Vec<Open>,
    /// Keys of idempotent writes that were used.
    pub(super) keys: u64,
    /// Descriptions that were written.
    pub(super) descriptions: u64,
    trail: Vec<String>,
}

/// What is done how often, of a hundred steps; the rest are questions.
#[derive(Debug, Clone, Copy)]
struct Mood {
    names: usize,
    put: u64,
    append: u64,
    delete: u64,
}

const MOODS: [Mood; 4] = [
    Mood {
        names: 3,
        put: 15,
        append: 20,
        delete: 5,
    },
    // So many appends that compaction has something to do.
    Mood {
        names: 1,
        put: 1,
        append: 50,
        delete: 0,
    },
    Mood {
        names: 2,
        put: 3,
        append: 35,
        delete: 1,
    },
    Mood {
        names: 2,
        put: 5,
        append: 10,
        delete: 1,
    },
];

impl World {
    pub fn new(seed: u64, mut random: Random) -> Self {
        let place = Place::new();
        let mut settings = ServeSettings::default();
        settings.store.keep_revisions = 1 + random.index(5);
        settings.memory.cache_bytes = Some(random.one_of(&[0, 1 << 20, 32 << 20, 32 << 20]));
        let (block_bytes, page_bytes) = random.one_of(&[
            (64, 256),
            (200, 1 << 10),
            (1 << 10, 4 << 10),
            (4 << 10, 1 << 16),
        ]);
        settings.store.blocks = BlockSizes {
            block_bytes,
            page_bytes,
            // So small datasets have columns, too.
            group_rows: random.one_of(&[1, 10, 50, 1 << 16]),
            columns_from: random.one_of(&[1, 1, 8, 4096]),
        };
        let mut world = Self {
            seed,
            servers: Vec::new(),
            clock: Clock::standing_at(Timestamp::now()),
            mood: random.one_of(&MOODS),
            key: String::new(),
            pin: 2,
            random,
            place,
            settings,
            datasets: BTreeMap::new(),
            former: BTreeMap::new(),
            incarnations: 0,
            remembered: Vec::new(),
            open: Vec::new(),
            keys: 0,
            descriptions: 0,
            trail: Vec::new(),
        };
        let ServeSettings { store, memory, .. } = &world.settings;
        let about = format!(
            "keep {} revisions, cache of {:?} bytes, {:?}",
            store.keep_revisions, memory.cache_bytes, store.blocks
        );
        world.note(about);
        // Only a database beside them has several servers.
        let count = if Place::is_shared() { 2 } else { 1 };
        for _ in 0..count {
            world.start();
        }
        world.key = world.servers[0].register("client");
        for server in &world.servers {
            server.get("/client").with_key(&world.key).send().ok();
        }
        world
    }

    fn start(&mut self) {
        let mut builder = Builder::at(self.place.clone());
        builder.settings = self.settings.clone();
        builder.clock = self.clock.clone();
        self.servers.push(builder.start());
    }

    /// Revisions that are kept.
    pub(super) fn keep(&self) -> i64 {
        i64::try_from(self.settings.store.keep_revisions).unwrap()
    }

    /// Whether blocks are so small that a large upload would have too many for a test.
    pub(super) fn has_tiny_blocks(&self) -> bool {
        self.settings.store.blocks.block_bytes < 1 << 10
    }

    /// Writes down what is done, for whoever has to find out what went wrong.
    pub(super) fn note(&mut self, what: impl fmt::Display) {
        self.trail.push(what.to_string());
    }

    pub(super) fn a_server(&mut self) -> usize {
        self.random.index(self.servers.len())
    }

    pub(super) fn a_name(&mut self) -> &'static str {
        NAMES[self.random.index(self.mood.names)]
    }

    /// One random thing.
    pub fn step(&mut self) {
        let Mood {
            put,
            append,
            delete,
            ..
        } = self.mood;
        let name = self.a_name();
        let chance = self.random.below(100);
        match chance {
            chance if chance < put => self.put(name),
            chance if chance < put + append => self.append(name),
            chance if chance < put + append + delete => self.delete(name),
            chance if chance < 80 => return self.ask_something(name),
            80..84 => return self.compare(name),
            84 => self.describe(name),
            chance if chance < 96 => return self.read_on(),
            96 => return self.let_time_pass(),
            97 => return self.move_pin(),
            98 => return self.wait_for_compaction(name),
            _ if self.random.once_in(4) => return self.restart(),
            _ => return self.ask_something(name),
        }
        // What was known before a write must not be taken for what is so after it.
        self.ask_again(name);
    }

    /// Lets what nobody reads any more be collected.
    fn let_time_pass(&mut self) {
        self.note("time passes");
        let later = self.clock.now() + SignedDuration::from_secs(61);
        self.clock.set(later);
    }

    /// Moves the client to the other version. Other servers hear of it within seconds only.
    fn move_pin(&mut self) {
        if let [server] = &self.servers[..] {
            self.pin = 3 - self.pin;
            let patch = server.call("PATCH", "/client").v2().with_key(&self.key);
            patch.json(&json!({ "version": self.pin })).send().ok();
            let moved = format!("the client moves to v{}", self.pin);
            self.note(moved);
        }
    }

    fn restart(&mut self) {
        let server = self.a_server();
        self.note(format_args!("restart of server {server}"));
        drop(self.servers.remove(server));
        self.start();
    }

    /// Until the appends to a dataset are put together, which comes by itself: here it is only made likely before what comes
    /// next.
    fn wait_for_compaction(&mut self, name: &'static str) {
        if !self.datasets.contains_key(name) {
            return;
        }
        self.note(format_args!("compaction of {name}"));
        for _ in 0..200 {
            if self.servers[0].segments(name) < 16 {
                return;
            }
            thread::yield_now();
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            let last = self.trail.len().saturating_sub(TRAIL);
            eprintln!("the world began with: {}", self.trail[0]);
            for (at, step) in self.trail.iter().enumerate().skip(last) {
                eprintln!("{at}. {step}");
            }
            eprintln!(
                "to see it again: FLASH_PAIRS_SEED={} FLASH_PAIRS_STEPS={}",
                self.seed,
                super::WORLD
            );
        }
    }
}
