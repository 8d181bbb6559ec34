//! A day under load, on either database: clients read and write without a pause while servers are replaced and the database restarts.
//!
//! `FLASH_DAY_SECONDS` says how long it takes. The day has twelve periods, and each is reported: requests, latencies, memory of the
//! servers, size of the database. A short day checks what must be right. A long one also checks that nothing grows: the latencies and the
//! memory of its last third are about those of its first.

use std::env;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::balancer::Balancer;
use crate::client::{Call, agent};
use crate::ledger::{Drill, Ledger};
use crate::process::Program;

const PERIODS: usize = 12;
const WRITERS: usize = 3;
const READERS: usize = 3;
/// A day that is shorter proves nothing about growth.
const LONG: Duration = Duration::from_secs(600);
/// The settings of all servers of a day: old revisions are pruned soon, and blocks are collected.
pub const SETTINGS: [&str; 4] = ["--keep-revisions", "3", "--drain-delay", "1500ms"];

/// A database and the servers on it.
pub trait Stage {
    /// The servers that run now.
    fn servers(&self) -> Vec<&Program>;
    /// Where clients connect.
    fn balancer(&self) -> &Balancer;
    /// Replaces all servers by newly started ones.
    fn roll_out(&mut self);
    /// Whether requests may fail during a rollout.
    fn fails_during_rollouts(&self) -> bool;
    /// Ends the database as a power loss does, and starts it again, if it is beside the servers.
    fn restart_database(&mut self);
    /// How many bytes the database takes.
    fn bytes(&self) -> u64;
    /// Ends the servers in an orderly way. Then `flash check` must find nothing.
    fn check(self);
}

/// What readers met with.
#[derive(Default)]
struct Readers {
    done: AtomicBool,
    /// Whether requests may fail now, because of a restart.
    trouble: AtomicBool,
    /// Grows when that changes: a request that began before counts as one of the trouble.
    troubles: AtomicU64,
    micros: Mutex<Vec<u32>>,
    failures: Mutex<Vec<String>>,
}

/// What a period was like.
struct Period {
    reads: usize,
    writes: u64,
    median: u32,
    tail: u32,
    memory: u64,
    bytes: u64,
}

/// How long the day is.
fn seconds() -> u64 {
    let text = env::var("FLASH_DAY_SECONDS").ok();
    text.map_or(20, |text| text.parse().unwrap())
}

/// Lives through a day.
pub fn run(mut stage: impl Stage) {
    let day = Duration::from_secs(seconds());
    let drill = Drill::from_environment();
    let mut random = drill.random();
    let base = format!("http://{}", stage.balancer().address);
    let seed = Call::new(&agent(), "PUT", format!("{base}/datasets/seed"));
    seed.v2().csv(rows()).send().created();
    let (ledger, readers) = (Ledger::default(), Readers::default());
    let mut periods = Vec::with_capacity(PERIODS);
    ledger.while_writing(WRITERS, &mut random, std::slice::from_ref(&base), |_| {
        thread::scope(|scope| {
            for reader in 0..READERS {
                let (readers, base) = (&readers, base.as_str());
                scope.spawn(move || readers.read(base, reader));
            }
            let _done = Done(&readers.done);
            for number in 0..PERIODS {
                let period = live(&mut stage, number, day, &ledger, &readers);
                report(number, &period);
                periods.push(period);
                let failures = lock(&readers.failures);
                assert!(failures.is_empty(), "{failures:#?}");
            }
        });
    });
    ledger.audit(&base);
    if day >= LONG {
        stays_flat(&periods);
    }
    stage.check();
}

/// One period of the day.
fn live(
    stage: &mut impl Stage,
    number: usize,
    day: Duration,
    ledger: &Ledger,
    readers: &Readers,
) -> Period {
    let begun = Instant::now();
    let (written, unsure) = (ledger.acknowledged(), ledger.unsure());
    let mut may_fail = false;
    match number {
        // Servers are replaced after the first third and before the last one, so that what they hold in each can be compared.
        4 | 7 => {
            may_fail = stage.fails_during_rollouts();
            readers.in_trouble(may_fail, || stage.roll_out());
        }
        5 => {
            may_fail = true;
            readers.in_trouble(true, || stage.restart_database());
        }
        _ => {}
    }
    let end = day / u32::try_from(PERIODS).unwrap();
    // However slow the machine is, something happens in each period.
    ledger.wait_for(5);
    thread::sleep(end.saturating_sub(begun.elapsed()));
    if !may_fail {
        assert_eq!(ledger.unsure(), unsure, "writes failed in period {number}");
    }
    let mut micros = std::mem::take(&mut *lock(&readers.micros));
    micros.sort_unstable();
    let at = |part: usize| micros.get(micros.len() * part / 100).copied().unwrap_or(0);
    Period {
        reads: micros.len(),
        writes: ledger.acknowledged() - written,
        median: at(50),
        tail: at(99),
        memory: stage.servers().into_iter().map(memory).max().unwrap_or(0),
        bytes: stage.bytes(),
    }
}

fn report(number: usize, period: &Period) {
    let Period {
        reads,
        writes,
        median,
        tail,
        memory,
        bytes,
    } = period;
    eprintln!(
        "period {:2}: {reads} reads, {writes} writes, p50 {:.1} ms, p99 {:.1} ms, {:.1} MiB in memory, {:.1} MiB in the database",
        number + 1,
        f64::from(*median) / 1e3,
        f64::from(*tail) / 1e3,
        *memory as f64 / 1024.0,
        *bytes as f64 / f64::from(1 << 20),
    );
}

/// Nothing grows from the first third of a long day to its last.
fn stays_flat(periods: &[Period]) {
    let third = |of: fn(&Period) -> u64| {
        let most = |periods: &[Period]| periods.iter().map(of).max().unwrap_or(0);
        // The first period warms up, and in the eighth the servers of the last third start.
        (most(&periods[1..4]), most(&periods[8..]))
    };
    let (first, last) = third(|period| period.memory);
    assert!(
        last < first * 3 / 2 + 16 * 1024,
        "memory: {first} to {last} KiB"
    );
    for of in [
        (|period: &Period| period.median.into()) as fn(&Period) -> u64,
        |period| period.tail.into(),
    ] {
        let (first, last) = third(of);
        assert!(last < first * 2 + 5000, "latency: {first} to {last} µs");
    }
    let (first, last) = third(|period| period.bytes);
    assert!(
        last < first * 2 + (64 << 20),
        "database: {first} to {last} bytes"
    );
}

impl Readers {
    /// Does something during which requests may fail.
    fn in_trouble(&self, may_fail: bool, work: impl FnOnce()) {
        if !may_fail {
            return work();
        }
        self.trouble.store(true, Ordering::SeqCst);
        work();
        self.troubles.fetch_add(1, Ordering::SeqCst);
        self.trouble.store(false, Ordering::SeqCst);
    }

    /// Reads pages that others asked for before, pages of ever new queries, and a whole source.
    fn read(&self, base: &str, reader: usize) {
        let agent = agent();
        let whole = rows();
        for count in reader.. {
            if self.done.load(Ordering::Relaxed) {
                return;
            }
            let troubles = self.troubles.load(Ordering::SeqCst);
            let path = match count % 4 {
                0 | 1 => "rows?limit=100".to_owned(),
                2 => format!("rows?id=gte.{}&limit=20", count % 1900),
                _ => "source".to_owned(),
            };
            let begun = Instant::now();
            let url = format!("{base}/datasets/seed/{path}");
            let failure = match Call::new(&agent, "GET", url).v2().try_send() {
                Ok(answer) if answer.status == 200 => {
                    let took = begun.elapsed().as_micros();
                    lock(&self.micros).push(u32::try_from(took).unwrap_or(u32::MAX));
                    (path == "source" && answer.text() != whole)
                        .then(|| "another source".to_owned())
                }
                Ok(answer) => Some(format!("{path}: {} {}", answer.status, answer.text())),
                Err(error) => Some(format!("{path}: {error}")),
            };
            let allowed = self.trouble.load(Ordering::SeqCst)
                || self.troubles.load(Ordering::SeqCst) != troubles;
            if let Some(failure) = failure.filter(|_| !allowed) {
                lock(&self.failures).push(failure);
            }
        }
    }
}

/// Ends the readers, however the day ends.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The CSV that is read.
fn rows() -> String {
    let rows = (0..2000).map(|id| format!("{id},name {id}\n"));
    std::iter::once("id,name\n".to_owned())
        .chain(rows)
        .collect()
}

/// The memory of a server, in KiB.
fn memory(server: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.unwrap().split_whitespace().next().unwrap();
    kib.parse().unwrap()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
