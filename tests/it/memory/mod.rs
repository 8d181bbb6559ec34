//! Memory is bounded by a setting for the whole server, whatever clients send and however slowly they read.
//!
//! Each attack runs against a server with default settings, whose peak is looked at afterwards, while a client reads single rows
//! all the while. In the suite it is short; `FLASH_MEMORY_SECONDS=60 cargo test --release memory_stays` runs it at full size, and
//! `FLASH_MEMORY_ATTACK=uploads` only the attacks that have that in their names (docs/testing.md).

mod attacks;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use attacks::{
    Open, Size, get, gzip, repeat, stuck_uploads, unfinished_heads, unread, unread_streams, upload,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::V2;
use crate::process::Program;

/// Bytes that the process may have had at most, with the default budget of 256 MiB.
const PEAK: u64 = 384 << 20;
/// Bytes that it may have once it is left alone.
const REST: u64 = 160 << 20;
/// How long it may take until memory is given back.
const PATIENCE: Duration = Duration::from_secs(60);

const NDJSON: &str = "Accept: application/vnd.flash.v2+ndjson\r\n";

fn size() -> Size {
    let seconds = std::env::var("FLASH_MEMORY_SECONDS").ok();
    match seconds.and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => Size {
            time: Duration::from_secs(seconds),
            permille: 1000,
        },
        None => Size {
            time: Duration::from_secs(1),
            permille: 200,
        },
    }
}

/// A server with default settings, and with what the attacks ask for.
struct Target {
    program: Program,
    aim: Aim,
}

/// Where attacks go, and how large they are.
#[derive(Clone, Copy)]
struct Aim {
    address: SocketAddr,
    size: Size,
}

impl Target {
    fn new() -> Self {
        let files = getrlimit(Resource::Nofile);
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: files.maximum,
                maximum: files.maximum,
            },
        )
        .unwrap();
        let program = Program::serve(&[]);
        program
            .call("PUT", "/datasets/people")
            .v2()
            .csv("id,name\n1,Ada\n2,Grace\n")
            .send()
            .created();
        let aim = Aim {
            address: program.address,
            size: size(),
        };
        Self { program, aim }
    }

    fn put(&self, name: &str, csv: &[u8]) {
        let path = format!("/datasets/{name}");
        self.program
            .call("PUT", &path)
            .v2()
            .csv(csv)
            .send()
            .created();
    }

    /// A dataset whose export is far larger than what the system buffers for a client.
    fn put_large(&self) {
        let mut csv = String::from("id,name,number\n");
        for row in 0..500_000 {
            writeln!(csv, "{row},name of {row},{}", row % 10_007 * 7919 % 100_003).unwrap();
        }
        self.put("large", csv.as_bytes());
    }

    /// One with six records of almost 8 MiB.
    fn put_long(&self) {
        let record = "x".repeat((8 << 20) - 64);
        let mut csv = String::from("id,text\n");
        for row in 0..6 {
            writeln!(csv, "{row},{record}").unwrap();
        }
        self.put("long", csv.as_bytes());
    }

    /// Some with 4,096 columns, whose names together have almost a MiB.
    fn put_wide(&self) {
        let name = "n".repeat(245);
        let names: Vec<String> = (0..4096).map(|column| format!("{name}{column}")).collect();
        let csv = gzip(format!("{}\n", names.join(",")).as_bytes());
        let count = if self.aim.size.is_full() { 1000 } else { 40 };
        for number in 0..count {
            self.program
                .call("PUT", &format!("/datasets/wide{number}"))
                .v2()
                .header("content-type", "text/csv")
                .header("content-encoding", "gzip")
                .body(csv.clone())
                .send()
                .created();
        }
    }

    fn figure(&self, name: &str) -> u64 {
        let status = format!("/proc/{}/status", self.program.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let number = line.split_whitespace().nth(1).unwrap();
        number.parse::<u64>().unwrap() * 1024
    }

    /// The peak is within bounds during an attack, single rows are answered all the while, and memory is given back.
    fn withstands(&self, name: &str, attack: fn(Aim)) {
        // Makes the peak what is in use now (proc(5)).
        let references = format!("/proc/{}/clear_refs", self.program.id());
        std::fs::write(references, "5").unwrap();
        let points = Points::begin(self.program.address);
        attack(self.aim);
        let (answered, slowest) = points.end();
        let peak = self.figure("VmHWM");
        eprintln!(
            "{name}: peak {} MiB, {answered} single rows, the slowest after {slowest:?}",
            peak >> 20
        );
        assert!(peak < PEAK, "{name}: the peak was {} MiB", peak >> 20);
        if self.aim.size.is_full() {
            let second = Duration::from_secs(1);
            assert!(slowest < second, "{name}: a row took {slowest:?}");
        }
        let begun = Instant::now();
        while self.figure("VmRSS") > REST {
            assert!(begun.elapsed() < PATIENCE, "{name}: memory is kept");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A client that reads a single row again and again.
struct Points {
    stop: Arc<AtomicBool>,
    reading: JoinHandle<(usize, Duration)>,
}

impl Points {
    fn begin(address: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let agent = crate::client::agent();
        let reading = std::thread::spawn(move || {
            let (mut answered, mut slowest) = (0, Duration::ZERO);
            while answered == 0 || !stopped.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let url = format!("http://{address}/datasets/people/rows?limit=1&id=eq.2");
                let call = crate::client::Call::new(&agent, "GET", url);
                let rows = call.v2().send().ok().json();
                assert_eq!(rows["data"][0]["name"], "Grace");
                (answered, slowest) = (answered + 1, slowest.max(begun.elapsed()));
                std::thread::sleep(Duration::from_millis(5));
            }
            (answered, slowest)
        });
        Self { stop, reading }
    }

    fn end(self) -> (usize, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        self.reading.join().unwrap()
    }
}

impl Aim {
    /// Holds connections open for as long as an attack goes on.
    fn hold(self, _open: &[Open]) {
        std::thread::sleep(self.size.time);
    }
}

fn exports(aim: Aim) -> Vec<Open> {
    let count = aim.size.of(250);
    ["zstd", "br", "gzip", "identity"]
        .map(|coding| {
            let headers = format!("{NDJSON}Accept-Encoding: {coding}\r\n");
            unread(aim.address, count, "/datasets/large/rows", &headers)
        })
        .into()
}

fn streams(aim: Aim) -> Vec<Open> {
    let (address, count) = (aim.address, aim.size.of(128));
    ["zstd", "br", "gzip", "identity"]
        .map(|coding| unread_streams(address, 1, count, "/datasets/large/rows", coding))
        .into()
}

fn pages(aim: Aim) -> Vec<Open> {
    let (address, count) = (aim.address, aim.size.of(32));
    let v2 = format!("Accept: {V2}\r\n");
    vec![
        unread(address, count, "/datasets/long", ""),
        unread(address, count, "/datasets/long/rows", &v2),
    ]
}

fn lists_of_json(aim: Aim) -> Vec<u16> {
    let csv = "1\\n".repeat((16 << 20) / 3 - 40);
    let list = move |number| format!(r#"[{{"name":"list{number}","csv":"a\n{csv}"}}]"#);
    let packed = gzip(list(0).as_bytes());
    repeat(aim.address, aim.size.of(128), aim.size.time, move |_| {
        upload(
            "POST",
            "/datasets",
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
            &packed,
        )
    })
}

fn lists_of_datasets(aim: Aim) -> Vec<u16> {
    repeat(aim.address, 6, aim.size.time, |_| {
        get("/datasets?limit=1000", &format!("Accept: {V2}\r\n"))
    })
}

fn uploads(aim: Aim) -> Vec<u16> {
    let rows = if aim.size.is_full() {
        1_000_000
    } else {
        100_000
    };
    let csv: String = (0..rows).fold("id,name,number\n".to_owned(), |mut csv, row| {
        writeln!(csv, "{row},name of {row},{}", row % 10_007 * 7919 % 100_003).unwrap();
        csv
    });
    let headers = "Content-Type: text/csv\r\n";
    repeat(aim.address, aim.size.of(64), aim.size.time, move |number| {
        let path = format!("/datasets/upload{number}");
        upload("PUT", &path, headers, csv.as_bytes())
    })
}

fn scans(aim: Aim) -> Vec<u16> {
    repeat(aim.address, aim.size.of(64), aim.size.time, |number| {
        let order = ["number.desc", "name", "number,name.desc"][number % 3];
        let path = format!("/datasets/large/rows?order={order}&limit={}", 100 + number);
        get(&path, NDJSON)
    })
}

/// Only answers that may be, and one of the good ones at least: 503 is for who got no memory in time, and 0 for what was cut
/// off.
#[track_caller]
fn some(statuses: &[u16], good: &[u16]) {
    let other = statuses
        .iter()
        .find(|status| !good.contains(status) && ![503, 0].contains(*status));
    assert_eq!(other, None, "only {good:?}, 503 and broken connections");
    let answered = statuses.iter().filter(|status| good.contains(status));
    eprintln!("{} of {} were answered", answered.count(), statuses.len());
    assert!(statuses.iter().any(|status| good.contains(status)));
}

/// What attacks a server, by the name of what it does.
type Attack = (&'static str, fn(Aim));

const ATTACKS: [Attack; 11] = [
    ("unread exports", |aim| aim.hold(&exports(aim))),
    ("unread streams of HTTP/2", |aim| aim.hold(&streams(aim))),
    ("many streams of many connections", |aim| {
        let connections = aim.size.of(1000);
        let path = "/datasets/large/rows";
        aim.hold(&[unread_streams(aim.address, connections, 128, path, "gzip")]);
    }),
    ("bodies of HTTP/2 that nobody reads", |aim| {
        aim.hold(&[stuck_uploads(aim.address, aim.size.of(1000), 4)]);
    }),
    ("long heads that never end", |aim| {
        aim.hold(&[unfinished_heads(aim.address, aim.size.of(1000))]);
    }),
    ("unread pages of large records", |aim| aim.hold(&pages(aim))),
    // All but the first find the name taken.
    ("JSON lists", |aim| some(&lists_of_json(aim), &[201, 409])),
    ("lists of wide datasets", |aim| {
        some(&lists_of_datasets(aim), &[200]);
    }),
    ("uploads", |aim| some(&uploads(aim), &[200, 201])),
    ("ordered scans", |aim| some(&scans(aim), &[200])),
    ("all of it at once", |aim| {
        let open: Vec<Open> = [streams(aim), pages(aim), exports(aim)]
            .into_iter()
            .flatten()
            .collect();
        std::thread::scope(|scope| {
            scope.spawn(|| lists_of_json(aim));
            scope.spawn(|| lists_of_datasets(aim));
            scope.spawn(|| uploads(aim));
            scope.spawn(|| scans(aim));
        });
        aim.hold(&open);
    }),
];

#[test]
fn memory_stays_within_its_budget_whatever_clients_do() {
    let only = std::env::var("FLASH_MEMORY_ATTACK").ok();
    let target = Target::new();
    target.put_large();
    target.put_long();
    target.put_wide();
    for (name, attack) in ATTACKS {
        if only.as_deref().is_none_or(|only| name.contains(only)) {
            target.withstands(name, attack);
        }
    }
}
