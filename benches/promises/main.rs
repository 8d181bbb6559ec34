//! What docs/performance.md promises, measured against baselines in the same run: `cargo bench --bench promises`.
//!
//! The server is the real program, driven over sockets. `FLASH_BENCH_CSV` names the CSV to use; without it one of the
//! same shape as the flights of New York is made. The comparison with `.import` needs the command `sqlite3`.
//! Names of parts after `--` run those alone: `start`, `upload`, `large`, `pages`, `callers`,
//! `queries`, `exports`, `scale`, `creates`, `postgres`; the last needs `FLASH_BENCH_POSTGRES_URL`.

#![expect(
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark tells its figures on standard output, and has no outside"
)]

mod bare;
mod exports;
mod flights;
mod load;
mod postgres;
mod program;
mod queries;
mod scale;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use load::Load;
use program::Program;

const V2: &str = "application/vnd.flash.v2+json";
/// How often a wall time is taken; the median counts.
const RUNS: usize = 7;
/// How long a rate is measured, and how often, in turn with its baseline.
const SPELL: Duration = Duration::from_secs(3);
const SPELLS: usize = 3;

/// A figure, its baseline, and what the ratio of the two should be.
struct Row {
    what: &'static str,
    ours: String,
    baseline: String,
    ratio: String,
    promise: String,
    holds: bool,
}

fn main() {
    // `cargo bench` passes flags for harnesses that this is none of; `--bare` makes this program the baseline server.
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--bare") {
        return bare::serve(Path::new(&arguments[at + 1]));
    }
    let folder = tempfile::tempdir().expect("a folder for what is measured");
    let csv = match std::env::var_os("FLASH_BENCH_CSV") {
        Some(path) => PathBuf::from(path),
        None => flights::write(&folder.path().join("flights.csv")),
    };
    let parts: [(&str, &dyn Fn() -> Vec<Row>); 10] = [
        ("start", &|| start(folder.path())),
        ("upload", &|| upload(folder.path(), &csv)),
        ("large", &large_upload),
        ("pages", &|| pages(&csv)),
        ("callers", &callers),
        ("queries", &|| queries::measure(folder.path(), &csv)),
        ("exports", &|| exports::measure(&csv)),
        ("scale", &scale::measure),
        ("creates", &creates),
        (
            "postgres",
            &|| match std::env::var("FLASH_BENCH_POSTGRES_URL") {
                Ok(url) => postgres::measure(&url, folder.path(), &csv),
                Err(_) => Vec::new(),
            },
        ),
    ];
    let named = |name: &str| arguments.iter().any(|argument| argument == name);
    let all = !parts.iter().any(|(name, _)| named(name));
    let chosen = parts.iter().filter(|(name, _)| all || named(name));
    print(&chosen.flat_map(|(_, part)| part()).collect::<Vec<_>>());
}

fn print(rows: &[Row]) {
    println!("\n| what | Flash | baseline | ratio | promise | holds |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for Row {
        what,
        ours,
        baseline,
        ratio,
        promise,
        holds,
    } in rows
    {
        let holds = if *holds { "yes" } else { "**no**" };
        println!("| {what} | {ours} | {baseline} | {ratio} | {promise} | {holds} |");
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn limit(what: &'static str, value: f64, unit: &str, most: f64) -> Row {
    Row {
        what,
        ours: format!("{value:.1} {unit}"),
        baseline: "–".to_owned(),
        ratio: "–".to_owned(),
        promise: format!("under {most} {unit}"),
        holds: value < most,
    }
}

/// From the start of the process to its first 200, on a database that exists.
fn start(folder: &Path) -> Vec<Row> {
    drop(Program::start(folder, &[]));
    let mut times = Vec::new();
    let mut idle = 0;
    for _ in 0..RUNS {
        let begun = Instant::now();
        let program = Program::start(folder, &[]);
        program.get("/datasets");
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        idle = program.memory("VmRSS");
    }
    vec![
        limit("start to first 200", median(times), "ms", 30.0),
        limit("idle memory", mib(idle), "MiB", 16.0),
    ]
}

/// The whole file, until 201, against `sqlite3`'s `.import`.
fn upload(folder: &Path, csv: &Path) -> Vec<Row> {
    let body = std::fs::read(csv).expect("the CSV can be read");
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    let sqlite3 = Command::new("sqlite3")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let begun = Instant::now();
        program.put(&format!("/datasets/run{run}?null=NA"), &body);
        ours.push(begun.elapsed().as_secs_f64());
        if sqlite3 {
            let database = folder.join(format!("import{run}.db"));
            let begun = Instant::now();
            let import = format!(".import --csv {} flights", csv.display());
            let status = Command::new("sqlite3")
                .arg(&database)
                .arg(&import)
                .status()
                .expect("sqlite3 runs");
            theirs.push(begun.elapsed().as_secs_f64());
            assert!(status.success());
            std::fs::remove_file(database).expect("the database was made");
        }
    }
    let peak = limit(
        "peak memory while uploading it",
        mib(program.memory("VmHWM")),
        "MiB",
        64.0,
    );
    let (ours, megabytes) = (median(ours), body.len() as f64 / 1e6);
    let mut row = Row {
        what: "upload until durable",
        ours: format!("{:.0} ms ({:.0} MB/s)", ours * 1e3, megabytes / ours),
        baseline: "sqlite3 is not installed".to_owned(),
        ratio: "–".to_owned(),
        promise: "at most 0.25 of `.import`".to_owned(),
        holds: false,
    };
    if sqlite3 {
        let theirs = median(theirs);
        row.baseline = format!("`.import` {:.0} ms", theirs * 1e3);
        row.ratio = format!("{:.2}", ours / theirs);
        row.holds = ours / theirs <= 0.25;
    }
    vec![row, peak]
}

/// A gibibyte in one upload.
fn large_upload() -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    let begun = Instant::now();
    let bytes = program.put_streamed("/datasets/large", flights::lines(), 1 << 30);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "1 GiB in one upload: {seconds:.1} s ({:.0} MB/s)",
        bytes as f64 / 1e6 / seconds
    );
    vec![limit(
        "peak memory of a 1 GiB upload",
        mib(program.memory("VmHWM")),
        "MiB",
        64.0,
    )]
}

/// A page of 100 rows, the first and the last of the file, against bare warp with the same bytes.
fn pages(csv: &Path) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &["--log-level", "info"]);
    program.put(
        "/datasets/flights?null=NA",
        &std::fs::read(csv).expect("the CSV can be read"),
    );
    let total = program.get_json("/datasets/flights")["row_count"]
        .as_u64()
        .expect("a number");
    let first = "/datasets/flights/rows?limit=100".to_owned();
    let page = total.div_ceil(100);
    let last = format!("/datasets/flights?page={}&per_page=100", page - 1);
    let first_v1 = "/datasets/flights?page=1&per_page=100".to_owned();
    let bytes = store.path().join("page.json");
    std::fs::write(&bytes, program.get(&first)).expect("the page can be written");
    let bare = Program::start_bare(&bytes);
    let [mut ours, mut theirs, mut fresh, mut near, mut far] = [const { Vec::new() }; 5];
    for _ in 0..SPELLS {
        ours.push(Load::gets(program.address, &first, V2).run(64, SPELL));
        theirs.push(Load::gets(bare.address, "/", V2).run(64, SPELL));
        // Each page of each size is asked for once.
        let unseen = move |number: u64| {
            let number = number.wrapping_mul(0x9e37_79b9) >> 7;
            let (page, size) = (number % 3000, 60 + number / 3000 % 120);
            format!(
                "/datasets/flights?page={page}&per_page={size}",
                page = page + 1
            )
        };
        fresh.push(Load::varied(program.address, unseen).run(64, SPELL));
        near.push(Load::gets(program.address, &first_v1, "*/*").run(64, SPELL));
        far.push(Load::gets(program.address, &last, "*/*").run(64, SPELL));
    }
    let (ours, theirs, fresh) = (median(ours), median(theirs), median(fresh));
    let (near, far) = (median(near), median(far));
    vec![
        Row {
            what: "page of 100 rows, 64 connections",
            ours: format!("{ours:.0}/s"),
            baseline: format!("bare warp {theirs:.0}/s"),
            ratio: format!("{:.2}", ours / theirs),
            promise: "at least 0.8".to_owned(),
            holds: ours / theirs >= 0.8,
        },
        Row {
            what: "page not seen before, 64 connections",
            ours: format!("{fresh:.0}/s"),
            baseline: format!("bare warp {theirs:.0}/s"),
            ratio: format!("{:.2}", fresh / theirs),
            promise: "at least 0.25".to_owned(),
            holds: fresh / theirs >= 0.25,
        },
        Row {
            what: "last page of the file",
            ours: format!("{far:.0}/s"),
            baseline: format!("first page {near:.0}/s"),
            ratio: format!("{:.2}", far / near),
            promise: "within 10 %".to_owned(),
            holds: far / near >= 0.9,
        },
    ]
}

/// A page for a client with a key, counted, against the same page without a key where nothing is counted.
fn callers() -> Vec<Row> {
    let (store, other) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let counted = Program::start(store.path(), &[]);
    let uncounted = Program::start(other.path(), &["--count-usage", "off"]);
    let output = Command::new(env!("CARGO_BIN_EXE_flash"))
        .args(["clients", "add", "load"])
        .current_dir(store.path())
        .output()
        .expect("a client is registered");
    let key = String::from_utf8(output.stdout).expect("a key");
    let csv = flights::small(20_000);
    for program in [&counted, &uncounted] {
        program.put("/datasets/small", csv.as_bytes());
    }
    let path = "/datasets/small/rows?limit=100";
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..SPELLS {
        let load = Load::gets_as(counted.address, path, V2, key.trim());
        ours.push(load.run(64, SPELL));
        theirs.push(Load::gets(uncounted.address, path, V2).run(64, SPELL));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    vec![Row {
        what: "page for a client, counted",
        ours: format!("{ours:.0}/s"),
        baseline: format!("no key, not counted {theirs:.0}/s"),
        ratio: format!("{:.2}", ours / theirs),
        promise: "at least 0.95".to_owned(),
        holds: ours / theirs >= 0.95,
    }]
}

/// Small CSVs, each durable when it is answered, against the same server with a transaction for each.
fn creates() -> Vec<Row> {
    let csv = flights::small(1000);
    let rate = |arguments: &[&str]| {
        let store = tempfile::tempdir().expect("a folder");
        let program = Program::start(store.path(), arguments);
        Load::creates(program.address, &csv).run(32, SPELL)
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..SPELLS {
        ours.push(rate(&[]));
        theirs.push(rate(&["--commit-batch", "1"]));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    vec![Row {
        what: "1 KB creates, 32 connections",
        ours: format!("{ours:.0}/s"),
        baseline: format!("a transaction each {theirs:.0}/s"),
        ratio: format!("{:.1}", ours / theirs),
        promise: "at least 3".to_owned(),
        holds: ours / theirs >= 3.0,
    }]
}
