//! Writers that keep books while servers and databases are killed under them: what each dataset must hold by what was
//! acknowledged, and what it may hold by what was not.
//!
//! A write that was not acknowledged may have happened, whole. Its dataset then may be in either of two states, and is not
//! written again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use sha2::{Digest, Sha256};
use ureq::Agent;
use uuid::Uuid;

use crate::client::{Answer, Call, agent};

/// Datasets that a writer has at a time.
const DATASETS: u64 = 6;
/// A body that is stored in many blocks.
const LARGE: usize = 300_000;

/// How long is waited for what should come at once, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers that look random and are the same for the same seed.
pub struct Random(u64);

/// How often a test kills, and what its random numbers grow from. It tells the latter when the test fails.
pub struct Drill {
    pub kills: u64,
    seed: u64,
}

/// What was written, by all writers.
#[derive(Default)]
pub struct Ledger {
    entries: Mutex<HashMap<String, Entry>>,
    acknowledged: AtomicU64,
    enough: AtomicBool,
}

/// The bytes of a dataset, or none where there is no such dataset.
type State = Option<Vec<u8>>;

#[derive(Clone, Default)]
struct Entry {
    sure: State,
    perhaps: Option<State>,
}

/// A write, and what the dataset holds after it.
struct Write {
    method: &'static str,
    path: String,
    body: Vec<u8>,
    after: State,
}

impl Drill {
    /// `FLASH_CRASH_KILLS` and `FLASH_CRASH_SEED`, or five kills and any seed.
    pub fn from_environment() -> Self {
        let number = |name: &str| env::var(name).ok().map(|text| text.parse().unwrap());
        Self {
            kills: number("FLASH_CRASH_KILLS").unwrap_or(5),
            seed: number("FLASH_CRASH_SEED").unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0),
        }
    }

    pub fn random(&self) -> Random {
        Random::new(self.seed)
    }
}

impl Drop for Drill {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!(
                "to see it again: FLASH_CRASH_SEED={} FLASH_CRASH_KILLS={}",
                self.seed, self.kills
            );
        }
    }
}

/// Sets a flag when it goes.
struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % end
    }
}

impl Ledger {
    /// Has `writers` write to the servers, each to one, until `work` is done. What was acknowledged and what was not is taken
    /// down.
    pub fn while_writing(
        &self,
        writers: usize,
        random: &mut Random,
        servers: &[String],
        work: impl FnOnce(&mut Random),
    ) {
        self.enough.store(false, Ordering::Relaxed);
        thread::scope(|scope| {
            for (writer, server) in (0..writers).zip(servers.iter().cycle()) {
                let random = Random::new(random.below(u64::MAX));
                scope.spawn(move || self.write(writer, random, server));
            }
            // However the work ends, the writers do.
            let _enough = SetWhenDropped(&self.enough);
            work(random);
        });
    }

    /// Waits until so many more writes were acknowledged.
    #[track_caller]
    pub fn wait_for(&self, more: u64) {
        let goal = self.acknowledged.load(Ordering::Relaxed) + more;
        let deadline = Instant::now() + PATIENCE;
        while self.acknowledged.load(Ordering::Relaxed) < goal {
            assert!(Instant::now() < deadline, "no writes are acknowledged");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// How many writes were acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// How many writes failed so that nobody knows whether they happened.
    pub fn unsure(&self) -> usize {
        let entries = self.lock();
        let unsure = entries.values().filter(|entry| entry.perhaps.is_some());
        unsure.count()
    }

    fn write(&self, writer: usize, mut random: Random, server: &str) {
        let mut generation = 0;
        let agent = agent();
        while !self.enough.load(Ordering::Relaxed) {
            let name = format!("w{writer}-{}-{generation}", random.below(DATASETS));
            let entry = self.lock().get(&name).cloned().unwrap_or_default();
            if entry.perhaps.is_some() {
                generation += 1;
                continue;
            }
            let write = Write::choose(&name, entry.sure, &mut random);
            let answer = write.send(&agent, server);
            if !self.take_down(name, write, &answer) {
                self.wait_until_it_answers(&agent, server);
            }
        }
    }

    fn wait_until_it_answers(&self, agent: &Agent, server: &str) {
        let answers = || {
            let list = Call::new(agent, "GET", format!("{server}/datasets?limit=1"));
            list.v2()
                .try_send()
                .is_ok_and(|answer| answer.status == 200)
        };
        while !self.enough.load(Ordering::Relaxed) && !answers() {
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Compares the books with what the server has.
    #[track_caller]
    pub fn audit(&self, server: &str) {
        let agent = agent();
        let get = |path: String| {
            Call::new(&agent, "GET", format!("{server}{path}"))
                .v2()
                .send()
        };
        for (name, entry) in self.lock().iter() {
            let source = get(format!("/datasets/{name}/source"));
            let state = match source.status {
                200 => Some(source.body),
                404 => None,
                status => panic!("{name}: {status} {}", source.text()),
            };
            assert!(
                state == entry.sure || entry.perhaps.as_ref() == Some(&state),
                "{name} holds {} instead of {}{}",
                size(&state),
                size(&entry.sure),
                entry
                    .perhaps
                    .as_ref()
                    .map_or(String::new(), |state| format!(" or {}", size(state)))
            );
            if let Some(bytes) = state {
                let dataset = get(format!("/datasets/{name}")).ok().json();
                assert_eq!(dataset["sha256"], digest(&bytes), "{name}");
                assert_eq!(dataset["byte_count"], bytes.len(), "{name}");
            }
        }
    }

    /// Whether the write was acknowledged.
    fn take_down(&self, name: String, write: Write, answer: &Result<Answer, ureq::Error>) -> bool {
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        if matches!(answer, Err(ureq::Error::Io(error)) if refused(error)) {
            // Nobody has heard of it.
            return false;
        }
        let mut entries = self.lock();
        let entry = entries.entry(name).or_default();
        match status {
            Some(200..=299) => {
                entry.sure = write.after;
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                true
            }
            None | Some(503) => {
                entry.perhaps = Some(write.after);
                false
            }
            Some(_) => panic!("{} {}: {answer:?}", write.method, write.path),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap()
    }
}

impl Write {
    fn send(&self, agent: &Agent, server: &str) -> Result<Answer, ureq::Error> {
        let call = Call::new(agent, self.method, format!("{server}{}", self.path)).v2();
        match self.body.as_slice() {
            [] => call.try_send(),
            body => call.csv(body).try_send(),
        }
    }

    /// Something that can be done to a dataset in that state.
    fn choose(name: &str, before: State, random: &mut Random) -> Self {
        let rows = if random.below(8) == 0 { LARGE } else { 40 };
        match (before, random.below(8)) {
            (Some(_), 0) => Self {
                method: "DELETE",
                path: format!("/datasets/{name}"),
                body: Vec::new(),
                after: None,
            },
            (Some(before), 1..=4) => {
                let body = csv(rows, random);
                let header = body.iter().position(|&byte| byte == b'\n').unwrap() + 1;
                Self {
                    method: "POST",
                    path: format!("/datasets/{name}/rows"),
                    after: Some([&before, &body[header..]].concat()),
                    body,
                }
            }
            (None, 0..=3) => Self::whole("POST", format!("/datasets?name={name}"), rows, random),
            _ => Self::whole("PUT", format!("/datasets/{name}"), rows, random),
        }
    }

    fn whole(method: &'static str, path: String, size: usize, random: &mut Random) -> Self {
        let body = csv(size, random);
        Self {
            method,
            path,
            after: Some(body.clone()),
            body,
        }
    }
}

/// A CSV of at least `size` bytes, which packing makes not much smaller.
fn csv(size: usize, random: &mut Random) -> Vec<u8> {
    let mut csv = String::from("id,code\n");
    while csv.len() < size {
        csv.push_str(&format!(
            "{},{:016x}\n",
            random.below(1_000_000),
            random.below(u64::MAX)
        ));
    }
    csv.into_bytes()
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn size(state: &State) -> String {
    match state {
        Some(bytes) => format!("{} bytes", bytes.len()),
        None => "nothing".to_owned(),
    }
}
