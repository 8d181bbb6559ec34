//! Random queries against a plain model: filters, groups of conditions, orders, functions, conditions on groups, limits and cursors, by
//! `GET` and `QUERY`, on small datasets of many blocks that were appended to, replaced and transcoded.
//!
//! The model has the values that a dataset was written from, so it reads neither CSV nor numbers. `FLASH_QUERIES_SEED` repeats a run,
//! `FLASH_QUERIES` makes it longer or shorter.

mod answer;
mod ask;
mod condition;
mod model;
mod table;
mod value;

use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, panic, thread};

use uuid::Uuid;

use crate::database::Place;
use crate::ledger::Random;
use crate::server::Server;
use ask::Ask;
use table::{Dataset, Table};

/// Queries of one dataset.
const EACH: u64 = 250;
/// Queries in all, on SQLite and on PostgreSQL.
const QUERIES: u64 = 10_000;
const QUERIES_FAR: u64 = 1_000;

#[test]
fn every_random_query_finds_what_a_plain_model_finds() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let usual = if Place::is_shared() {
        QUERIES_FAR
    } else {
        QUERIES
    };
    let queries = number("FLASH_QUERIES").unwrap_or(usual);
    let seed = number("FLASH_QUERIES_SEED").unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0);
    let server = |columns_from| {
        Server::with(|settings| {
            settings.store.blocks.block_bytes = 300;
            settings.store.blocks.page_bytes = 3000;
            settings.store.blocks.group_rows = 40;
            settings.store.blocks.columns_from = columns_from;
        })
    };
    // One scans texts, the other columns where a segment is not very small.
    let servers = [server(u64::MAX), server(10)];
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (begun, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        while failed.load(Ordering::Relaxed) == 0 {
            let number = begun.fetch_add(1, Ordering::Relaxed);
            let before = number * EACH;
            if before >= queries {
                return;
            }
            let seed = seed.wrapping_add(number);
            let server = &servers[seed as usize % 2];
            let run = || ask_about(server, seed, EACH.min(queries - before));
            if panic::catch_unwind(panic::AssertUnwindSafe(run)).is_err() {
                eprintln!("repeat it with FLASH_QUERIES_SEED={seed} FLASH_QUERIES={EACH}");
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

/// Makes a dataset of several revisions, and asks about all of them.
fn ask_about(server: &Server, seed: u64, queries: u64) {
    let random = &mut Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed >> 17);
    let dataset = Dataset::written(server, &format!("d{seed:x}"), random);
    server.wait_for_columns();
    for _ in 0..queries {
        let revision = random.index(dataset.revisions.len());
        let table: &Table = &dataset.revisions[revision];
        let ask = Ask::random(random, table);
        let expected = ask.find(table);
        answer::check(server, &dataset.name, revision + 1, &ask, &expected, random);
    }
}
