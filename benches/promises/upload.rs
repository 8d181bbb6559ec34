//! Uploads: the whole file until 201, against what loads a CSV into a file elsewhere, and a gibibyte in one upload.

use super::duckdb::DuckDb;
use super::program::Program;
use super::table::{Row, Unit};
use super::turns::{RUNS, median, timed};
use super::{Ground, flights, sqlite};

const UPLOAD: &str = "upload until 201 and durable";
/// Bytes of the large one.
const LARGE: usize = 1 << 30;

/// What is measured, on the CSV.
pub fn measure(ground: &Ground) -> Vec<Row> {
    let body = ground.body();
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    let mut duckdb = DuckDb::start(&ground.folder.join("loaded.duckdb"));
    let [mut ours, mut imports, mut loads] = [const { Vec::new() }; 3];
    for run in 0..RUNS {
        let path = format!("/datasets/run{run}?null=NA");
        ours.push(timed(|| program.put(&path, &body)).0);
        imports.extend(sqlite::import(&ground.folder, &ground.csv));
        if let Ok(duckdb) = &mut duckdb {
            loads.push(duckdb.load(&ground.csv));
        }
    }
    let peak = program.memory("VmHWM");
    let ours = median(ours);
    let megabytes = body.len() as f64 / 1e6;
    let upload = || {
        let rate = megabytes / (ours / 1e3);
        Row::of(UPLOAD, ours, Unit::Milliseconds).also(rate, Unit::MegabytesPerSecond)
    };
    vec![
        match imports.is_empty() {
            true => upload().without(sqlite::LACKING),
            false => upload()
                .against("`sqlite3` `.import`", median(imports))
                .at_most(0.25),
        },
        match duckdb {
            Err(why) => upload().without(why),
            Ok(_) => upload()
                .against("DuckDB `read_csv` into a file", median(loads))
                .unpromised(),
        },
        Row::of(
            "peak memory while uploading it seven times",
            peak,
            Unit::Mebibytes,
        )
        .under(64.0),
    ]
}

/// A gibibyte in one upload.
pub fn measure_large(_: &Ground) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    let (took, bytes) = timed(|| program.put_streamed("/datasets/large", flights::lines(), LARGE));
    println!(
        "1 GiB in one upload: {:.1} s ({:.0} MB/s)",
        took / 1e3,
        bytes as f64 / 1e3 / took
    );
    let peak = program.memory("VmHWM");
    vec![Row::of("peak memory of a 1 GiB upload", peak, Unit::Mebibytes).under(64.0)]
}
