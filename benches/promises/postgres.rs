//! The same on PostgreSQL: on a throwaway cluster, as the tests start it, or in the database that `FLASH_BENCH_POSTGRES_URL`
//! names, which may be filled and is on the same machine. The baselines are in a schema of their own, and go with it.
//!
//! Uploads and creates need the commands `psql` and `pgbench`. Questions go over one connection of libpq's that is kept; the
//! server makes the JSON objects, by `to_json`.

use std::path::Path;
use std::process::{Command, Stdio};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

use super::cluster::{self, Cluster};
use super::kept::Kept;
use super::load::Load;
use super::program::Program;
use super::questions::{self, Baseline, Columns, Database};
use super::table::{Row, Unit};
use super::turns::{RUNS, SPELL, SPELLS, in_turn, timed};
use super::{Ground, flights, lists, pages};

/// Where the baselines are.
const SCHEMA: &str = "flash_bench";

/// A create as a client of PostgreSQL writes it: a transaction with a statement for each table. Flash sends one statement for all. With values of the sizes that a CSV of 1 KB makes.
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

/// What is measured, where there is a PostgreSQL.
pub fn measure(ground: &Ground) -> Vec<Row> {
    let lacking = ["psql", "pgbench"]
        .into_iter()
        .find(|program| !is_installed(program));
    if let Some(program) = lacking {
        let why = format!("the command `{program}` is not installed");
        return vec![Row::unmeasured("all of it", why)];
    }
    if let Ok(url) = std::env::var("FLASH_BENCH_POSTGRES_URL") {
        return measure_on(&url, ground);
    }
    match cluster::available() {
        Ok(()) => {
            let cluster = Cluster::start(cluster::Options::default());
            measure_on(&cluster.url("postgres"), ground)
        }
        Err(why) => vec![Row::unmeasured("all of it", why)],
    }
}

fn measure_on(url: &str, ground: &Ground) -> Vec<Row> {
    let mut connection = PgConnection::establish(url).expect("the database answers");
    connection
        .batch_execute(&format!(
            "DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; SET search_path TO {SCHEMA}"
        ))
        .expect("a schema is made");
    let program = Program::start(&ground.folder, &["--database", url]);
    let own = std::process::id();
    let dataset = format!("flights-{own}-0");
    let mut rows = vec![
        upload(&program, url, ground, own),
        creates(&program, url, &ground.folder, own),
    ];
    rows.extend(pages_of(&program, url, &ground.folder, &dataset));
    rows.extend(queries(&program, url, ground, &dataset, connection));
    let mut connection = PgConnection::establish(url).expect("the database answers");
    lists::fill_postgres(&program, &mut connection);
    rows.push(lists::last_page(&program));
    let peak = program.memory("VmHWM");
    rows.push(Row::of("peak memory throughout", peak, Unit::Mebibytes).under(96.0));
    run(
        "psql",
        &["-q", url, "-c", &format!("DROP SCHEMA {SCHEMA} CASCADE")],
    );
    rows
}

/// The whole file, until 201, against `\copy` into a table of text columns.
fn upload(program: &Program, url: &str, ground: &Ground, own: u32) -> Row {
    let body = ground.body();
    let header = body.split(|byte| *byte == b'\n').next().expect("a header");
    let header = String::from_utf8_lossy(header);
    let names = header.trim().split(',');
    let columns: Vec<String> = names.map(|name| format!("\"{name}\" text")).collect();
    let columns = columns.join(", ");
    let table =
        format!("DROP TABLE IF EXISTS {SCHEMA}.copied; CREATE TABLE {SCHEMA}.copied ({columns})");
    let copy = format!(
        "\\copy {SCHEMA}.copied FROM '{}' CSV HEADER",
        ground.csv.display()
    );
    let [ours, theirs] = in_turn(
        RUNS,
        [
            &mut |run| {
                let path = format!("/datasets/flights-{own}-{run}?null=NA");
                timed(|| program.put(&path, &body)).0
            },
            &mut |_| {
                run("psql", &["-q", url, "-c", &table]);
                timed(|| run("psql", &["-q", url, "-c", &copy])).0
            },
        ],
    );
    Row::of("upload until 201 and durable", ours, Unit::Milliseconds)
        .against("`psql` `\\copy` into text columns", theirs)
        .at_most(1.0)
}

/// Small CSVs against `pgbench` with the same statements.
fn creates(program: &Program, url: &str, folder: &Path, own: u32) -> Row {
    let script = folder.join("create.sql");
    std::fs::write(&script, CREATE).expect("the script can be written");
    let csv = flights::small(1000);
    let [ours, theirs] = in_turn(
        SPELLS,
        [
            &mut |spell| {
                let prefix = format!("p{spell}-{own}-");
                Load::creates(program.address, &prefix, &csv).run(32, SPELL)
            },
            &mut |_| pgbench(url, &script),
        ],
    );
    Row::of(
        "1 KB creates, 32 connections, each durable",
        ours,
        Unit::PerSecond,
    )
    .against("`pgbench`, a statement for each table, 32 clients", theirs)
    .at_least(0.75)
}

/// How often a second the script is run by 32 clients.
fn pgbench(url: &str, script: &Path) -> f64 {
    let (seconds, script) = (SPELL.as_secs().to_string(), script.to_string_lossy());
    let mut arguments = vec!["-n", "-M", "prepared", "-c", "32", "-j", "2"];
    arguments.extend(["-T", &seconds, "-f", &script, url]);
    let told = run("pgbench", &arguments);
    let rate = told.lines().find_map(|line| line.strip_prefix("tps = "));
    let digits = rate.and_then(|rate| rate.split(' ').next());
    let rate = digits.and_then(|digits| digits.parse().ok());
    rate.expect("a rate")
}

/// A page that was asked for before; what the newest revision is, is asked each time, by all that wait together. From one server, and from
/// two on the same database, which share these cores with PostgreSQL and with the clients.
fn pages_of(program: &Program, url: &str, folder: &Path, dataset: &str) -> [Row; 3] {
    let page = format!("/datasets/{dataset}/rows?limit=100");
    let bare = pages::bare(program, &page, folder);
    let second = Program::start(folder, &["--database", url]);
    let alone = |program: &Program, path: &str| {
        1000.0 / Load::gets(program.address, path, super::V2).run(1, SPELL)
    };
    let both = || {
        std::thread::scope(|scope| {
            let rates = [program, &second].map(|program| {
                scope.spawn(|| Load::gets(program.address, &page, super::V2).run(32, SPELL))
            });
            rates.map(|rate| rate.join().expect("a rate")).iter().sum()
        })
    };
    let [ours, theirs, two, one_client, bare_client] = in_turn(
        SPELLS,
        [
            &mut |_| pages::rate(program, &page),
            &mut |_| pages::rate(&bare, "/"),
            &mut |_| both(),
            &mut |_| alone(program, &page),
            &mut |_| alone(&bare, "/"),
        ],
    );
    [
        Row::of(
            "page of 100 rows as JSON that was asked for before, 64 connections",
            ours,
            Unit::PerSecond,
        )
        .against("bare warp, same bytes", theirs)
        .at_least(0.35),
        Row::of("the same for one client", one_client, Unit::Milliseconds)
            .against("bare warp", bare_client)
            .unpromised(),
        Row::of("the same from two servers", two, Unit::PerSecond)
            .against("from one server", ours)
            .unpromised(),
    ]
}

/// Questions against PostgreSQL itself, of a table with typed columns, `NA` as null and no index.
fn queries(
    program: &Program,
    url: &str,
    ground: &Ground,
    dataset: &str,
    mut postgres: PgConnection,
) -> Vec<Row> {
    let mut connection = Kept::to(program);
    let columns = Columns::of(&mut connection, dataset);
    postgres
        .batch_execute(&columns.create())
        .expect("the table is made");
    let copy = format!(
        "\\copy {SCHEMA}.flights FROM '{}' CSV HEADER NULL 'NA'",
        ground.csv.display()
    );
    run("psql", &["-q", url, "-c", &copy]);
    postgres
        .batch_execute("VACUUM ANALYZE flights")
        .expect("the table is looked at");
    let mut baselines = [Baseline {
        database: Database::Postgres,
        ask: questions::over(postgres),
    }];
    questions::ask(&mut connection, dataset, &columns, &mut baselines)
}

fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .env("PGOPTIONS", "-c client_min_messages=warning")
        .stderr(Stdio::inherit())
        .output()
        .expect("the program is installed");
    assert!(output.status.success(), "{program} failed");
    String::from_utf8(output.stdout).expect("UTF-8")
}
