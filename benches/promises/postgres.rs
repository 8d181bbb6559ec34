//! The same on PostgreSQL: `FLASH_BENCH_POSTGRES_URL` names a database that may be filled, on the same machine. The
//! baselines need the commands `psql` and `pgbench`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::load::Load;
use super::program::Program;
use super::{RUNS, Row, SPELL, SPELLS, flights, limit, median, mib};

/// The statements of one create, with values of the sizes that a CSV of 1 KB makes.
const CREATE: &str = "\
\\set id random(1, 9000000000000000000)
BEGIN;
SELECT id, name, revision, created_at, updated_at FROM datasets WHERE name = 'b' || :id FOR UPDATE;
INSERT INTO datasets (id, name, revision, created_at, updated_at) VALUES (:id, 'b' || :id, 1, 1, 1) ON CONFLICT DO NOTHING;
INSERT INTO revisions (dataset_id, number, run, row_count, byte_count, sha256, content_type, transcoded, profile, author, created_at, segments, tail)
 VALUES (:id, 1, :id, 10, 1000, decode(repeat('ab', 32), 'hex'), 'text/csv; charset=utf-8', false, decode(repeat('ab', 250), 'hex'), NULL, 1, NULL, decode(repeat('ab', 122), 'hex'));
INSERT INTO chunks (dataset_id, run, first_row, seq, row_count, first_byte, body_start, stats)
 VALUES (:id, :id, 0, 0, 10, 0, 100, decode(repeat('ab', 250), 'hex'));
INSERT INTO chunk_data (dataset_id, run, first_byte, byte_count, digest, data)
 VALUES (:id, :id, 0, 1000, decode(repeat('ab', 16), 'hex'), decode(repeat('ab', 500), 'hex'));
COMMIT;
";

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .expect("the program is installed");
    assert!(output.status.success(), "{program} failed");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What is measured when there is a database to measure on.
pub fn measure(url: &str, folder: &Path, csv: &Path) -> Vec<Row> {
    let program = Program::start(folder, &["--database", url]);
    let mut rows = vec![upload(&program, url, csv), creates(&program, url, folder)];
    rows.push(limit(
        "peak memory on PostgreSQL",
        mib(program.memory("VmHWM")),
        "MiB",
        96.0,
    ));
    rows
}

/// The whole file, until 201, against `\copy` into a table of text columns.
fn upload(program: &Program, url: &str, csv: &Path) -> Row {
    let body = std::fs::read(csv).expect("the CSV can be read");
    let header = body.split(|byte| *byte == b'\n').next().expect("a header");
    let header = String::from_utf8_lossy(header).into_owned();
    let columns: Vec<String> = header
        .trim()
        .split(',')
        .map(|name| format!("\"{name}\" text"))
        .collect();
    let copy = format!("\\copy copied FROM '{}' CSV HEADER", csv.display());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..RUNS {
        let name = format!("/datasets/run{number}-{}?null=NA", std::process::id());
        let begun = Instant::now();
        program.put(&name, &body);
        ours.push(begun.elapsed().as_secs_f64());
        let table = format!(
            "DROP TABLE IF EXISTS copied; CREATE TABLE copied ({})",
            columns.join(", ")
        );
        run("psql", &["-q", url, "-c", &table]);
        let begun = Instant::now();
        run("psql", &["-q", url, "-c", &copy]);
        theirs.push(begun.elapsed().as_secs_f64());
    }
    run("psql", &["-q", url, "-c", "DROP TABLE copied"]);
    let (ours, theirs) = (median(ours), median(theirs));
    Row {
        what: "PostgreSQL: upload until durable",
        ours: format!("{:.0} ms", ours * 1e3),
        baseline: format!("`\\copy` {:.0} ms", theirs * 1e3),
        ratio: format!("{:.2}", ours / theirs),
        promise: "at most 1".to_owned(),
        holds: ours <= theirs,
    }
}

/// Small CSVs against `pgbench` with the same statements.
fn creates(program: &Program, url: &str, folder: &Path) -> Row {
    let script = folder.join("create.sql");
    std::fs::write(&script, CREATE).expect("the script can be written");
    let script = script.to_string_lossy();
    let seconds = SPELL.as_secs().to_string();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for spell in 0..SPELLS {
        let csv = flights::small(1000);
        let prefix = format!("p{spell}-{}-", std::process::id());
        ours.push(Load::creates_named(program.address, &prefix, &csv).run(32, SPELL));
        let told = run(
            "pgbench",
            &[
                "-n", "-M", "prepared", "-c", "32", "-j", "2", "-T", &seconds, "-f", &script, url,
            ],
        );
        let tps = told
            .lines()
            .find_map(|line| line.strip_prefix("tps = "))
            .and_then(|rest| rest.split(' ').next()?.parse().ok());
        theirs.push(tps.expect("a rate"));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    Row {
        what: "PostgreSQL: 1 KB creates, 32 connections",
        ours: format!("{ours:.0}/s"),
        baseline: format!("`pgbench`, the same statements {theirs:.0}/s"),
        ratio: format!("{:.2}", ours / theirs),
        promise: "at least 0.33".to_owned(),
        holds: ours / theirs >= 1.0 / 3.0,
    }
}
