//! A model test over pairs of features: random sequences of writes and reads, on random data, under random settings, each
//! answer compared with what a plain model in memory says. What goes wrong only where two features meet is found here.
//!
//! `FLASH_PAIRS_SEED` repeats a run, `FLASH_PAIRS_STEPS` makes it longer or shorter; docs/testing.md says more.

mod answer;
mod ask;
mod document;
mod found;
mod group;
mod model;
mod query;
mod question;
mod value;
mod world;
mod write;

use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, panic, thread};

use uuid::Uuid;

use crate::database::Place;
use crate::ledger::Random;
use world::World;

/// Steps that one world goes through before the next one begins.
const WORLD: u64 = 250;
/// Steps in all, on SQLite and on PostgreSQL, whose servers are several and whose worlds take longer to begin.
const STEPS: u64 = 10_000;
const STEPS_FAR: u64 = 1_000;

#[test]
fn every_answer_is_the_one_that_a_plain_model_gives_whatever_was_written_and_asked_before() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let usual = if Place::is_shared() { STEPS_FAR } else { STEPS };
    let steps = number("FLASH_PAIRS_STEPS").unwrap_or(usual);
    let seed = number("FLASH_PAIRS_SEED").unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (begun, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        while failed.load(Ordering::Relaxed) == 0 {
            let world = begun.fetch_add(1, Ordering::Relaxed);
            let before = world * WORLD;
            if before >= steps {
                return;
            }
            let (seed, steps) = (seed.wrapping_add(world), WORLD.min(steps - before));
            if panic::catch_unwind(|| live(seed, steps)).is_err() {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    assert_eq!(failed.into_inner(), 0, "an answer was not the model's");
}

/// One world, from its beginning: so the same seed gives the same steps, wherever it comes in a run.
fn live(seed: u64, steps: u64) {
    let mut world = World::new(seed, Random::new(mixed(seed)));
    for _ in 0..steps {
        world.step();
    }
}

/// Seeds that follow one another lead to numbers that have nothing to do with each other (SplitMix64).
fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// What is often needed of chance.
impl Random {
    /// Whether something happens that happens once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A number below `end`.
    pub fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap()
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.index(all.len())]
    }
}
