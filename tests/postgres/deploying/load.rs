//! Clients that call all the time, over connections that they keep.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crate::client::{Call, agent};
use crate::servers::until;

use super::stand_in::StandIn;

const WRITERS: usize = 3;
const READERS: usize = 2;

/// A row of a writer.
type Row = (usize, u64);

/// The clients, and what they are told.
pub struct Load {
    told: Arc<Told>,
    writers: Vec<JoinHandle<BTreeSet<Row>>>,
    readers: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Told {
    done: AtomicBool,
    written: AtomicU64,
    refused: AtomicU64,
    read: AtomicU64,
}

impl Load {
    /// Starts them, and waits until they write.
    pub fn start(cluster: &StandIn) -> Self {
        let key = cluster.flash(&["clients", "add", "load"]).trim().to_owned();
        let base = format!("http://{}/datasets/log", cluster.address());
        let put = Call::new(&agent(), "PUT", base.clone()).v2();
        let put = put.header("Authorization", &format!("Bearer {key}"));
        put.csv("writer,row\n").send().created();
        let told = Arc::new(Told::default());
        let writers = (0..WRITERS).map(|writer| {
            let (told, base, key) = (Arc::clone(&told), base.clone(), key.clone());
            thread::spawn(move || told.write(&base, &key, writer))
        });
        let writers = writers.collect();
        let readers = (0..READERS).map(|_| {
            let (told, base) = (Arc::clone(&told), base.clone());
            thread::spawn(move || told.read(&base))
        });
        let readers = readers.collect();
        until("clients write", || {
            told.written.load(Ordering::Relaxed) > 20
        });
        Self {
            told,
            writers,
            readers,
        }
    }

    /// Waits until they write again, and stops them. Every row that was acknowledged is there, and no read has failed.
    pub fn stop_and_check(self, cluster: &StandIn) {
        let told = &self.told;
        let written = told.written.load(Ordering::Relaxed);
        until("clients write again", || {
            told.written.load(Ordering::Relaxed) > written + 20
        });
        told.done.store(true, Ordering::Relaxed);
        let mut acknowledged = BTreeSet::new();
        for writer in self.writers {
            acknowledged.append(&mut writer.join().unwrap());
        }
        for reader in self.readers {
            reader.join().unwrap();
        }
        assert!(
            told.refused.load(Ordering::Relaxed) > 0,
            "writes never were off"
        );
        assert!(told.read.load(Ordering::Relaxed) > 0);
        let url = format!("http://{}/datasets/log/source", cluster.address());
        let csv = Call::new(&agent(), "GET", url).v2().send().ok().text();
        let rows: BTreeSet<Row> = csv
            .lines()
            .skip(1)
            .map(|line| {
                let (writer, row) = line.split_once(',').unwrap();
                (writer.parse().unwrap(), row.parse().unwrap())
            })
            .collect();
        let lost: Vec<_> = acknowledged.difference(&rows).collect();
        assert!(
            lost.is_empty(),
            "{} of {} acknowledged writes are lost: {lost:?}",
            lost.len(),
            acknowledged.len()
        );
    }
}

impl Told {
    /// Appends rows. Returns those that were acknowledged.
    fn write(&self, base: &str, key: &str, writer: usize) -> BTreeSet<Row> {
        let (agent, mut acknowledged) = (agent(), BTreeSet::new());
        for row in 0.. {
            if self.done.load(Ordering::Relaxed) {
                break;
            }
            let append = Call::new(&agent, "POST", format!("{base}/rows")).v2();
            let append = append.header("Authorization", &format!("Bearer {key}"));
            // What comes of a write whose connection breaks is not known.
            let Ok(answer) = append
                .csv(format!("writer,row\n{writer},{row}\n"))
                .try_send()
            else {
                continue;
            };
            match answer.status {
                200 => {
                    acknowledged.insert((writer, row));
                    self.written.fetch_add(1, Ordering::Relaxed);
                }
                503 => {
                    assert!(
                        answer.text().contains("turned writes off"),
                        "{}",
                        answer.text()
                    );
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                other => panic!("a write is answered with {other}: {}", answer.text()),
            }
        }
        acknowledged
    }

    fn read(&self, base: &str) {
        let agent = agent();
        while !self.done.load(Ordering::Relaxed) {
            let read = Call::new(&agent, "GET", format!("{base}/rows?limit=1"));
            read.v2().send().ok();
            self.read.fetch_add(1, Ordering::Relaxed);
        }
    }
}
