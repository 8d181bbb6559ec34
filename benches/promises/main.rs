//! What docs/performance.md promises, measured against baselines in the same run: `cargo bench --bench promises`.
//!
//! The server is the real program, driven over sockets. `FLASH_BENCH_CSV` names the CSV to use; without it one of the
//! same shape as the flights of New York is made. A baseline that is not to be had here (the commands `sqlite3` and `python3`,
//! DuckDB from PyPI, a PostgreSQL) is said to be lacking in its row.
//!
//! Names of parts after `--` run those alone: `start`, `upload`, `large`, `pages`, `callers`, `exports`, `creates`, `lists`,
//! `queries`, `columns`, `scale`, `postgres`. `--chart PATH`, or `FLASH_BENCH_CHART`, draws how far each promise holds. The last lines that are
//! printed are the tables of docs/performance.md, as they are there.

#![expect(
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark tells its figures on standard output, and has no outside"
)]

mod bare;
mod callers;
mod chart;
#[expect(
    clippy::unwrap_used,
    dead_code,
    reason = "it is of the tests, which use the rest"
)]
#[path = "../../tests/it/cluster/mod.rs"]
mod cluster;
mod columns;
mod creates;
mod duckdb;
mod exports;
mod flights;
mod kept;
mod lists;
mod load;
mod pages;
mod postgres;
mod program;
mod queries;
mod questions;
mod scale;
mod sqlite;
mod start;
mod table;
mod turns;
mod upload;

use std::path::{Path, PathBuf};

use table::{Row, Table};

const V2: &str = "application/vnd.flash.v2+json";

/// What the parts measure with.
struct Ground {
    /// Where they leave what they need for a while.
    folder: PathBuf,
    csv: PathBuf,
}

impl Ground {
    /// The bytes of the CSV.
    fn body(&self) -> Vec<u8> {
        std::fs::read(&self.csv).expect("the CSV can be read")
    }
}

type Part = (&'static str, fn(&Ground) -> Vec<Row>);

/// The parts, under the titles of their tables.
const PARTS: [(&str, &[Part]); 5] = [
    (
        "Measured",
        &[
            ("start", start::measure),
            ("upload", upload::measure),
            ("large", upload::measure_large),
            ("pages", pages::measure),
            ("callers", callers::measure),
            ("exports", exports::measure),
            ("creates", creates::measure),
            ("lists", lists::measure),
        ],
    ),
    ("Queries", &[("queries", queries::measure)]),
    ("Whole columns", &[("columns", columns::measure)]),
    ("Ten million rows", &[("scale", scale::measure)]),
    ("On PostgreSQL", &[("postgres", postgres::measure)]),
];

fn all() -> impl Iterator<Item = &'static Part> {
    PARTS.into_iter().flat_map(|(_, parts)| parts)
}

/// What the command line asks for.
struct Asked {
    /// Names of parts; none: all.
    parts: Vec<String>,
    chart: Option<PathBuf>,
    /// The page that this program is to serve as the baseline.
    bare: Option<PathBuf>,
}

impl Asked {
    fn read() -> Self {
        let mut asked = Self {
            parts: Vec::new(),
            chart: std::env::var_os("FLASH_BENCH_CHART").map(PathBuf::from),
            bare: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut path = || PathBuf::from(arguments.next().expect("a path follows"));
            match argument.as_str() {
                "--bare" => asked.bare = Some(path()),
                "--chart" => asked.chart = Some(path()),
                // `cargo bench` passes flags for harnesses that this is none of.
                flag if flag.starts_with('-') => {}
                name => asked.parts.push(name.to_owned()),
            }
        }
        let mut names = asked.parts.iter();
        let unknown = names.find(|name| !all().any(|(part, _)| part == name));
        assert_eq!(unknown, None, "there is no such part");
        asked
    }

    fn wants(&self, name: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|part| part == name)
    }
}

fn main() {
    let asked = Asked::read();
    if let Some(page) = &asked.bare {
        return bare::serve(page);
    }
    let folder = tempfile::tempdir().expect("a folder for what is measured");
    let csv = match std::env::var_os("FLASH_BENCH_CSV") {
        Some(path) => PathBuf::from(path),
        None => flights::write(&folder.path().join("flights.csv")),
    };
    let ground = Ground {
        folder: folder.path().to_owned(),
        csv,
    };
    let tables = PARTS.map(|(title, parts)| {
        let chosen = parts.iter().filter(|(name, _)| asked.wants(name));
        Table {
            title,
            rows: chosen.flat_map(|(_, measure)| measure(&ground)).collect(),
        }
    });
    if let Some(path) = &asked.chart {
        draw(path, &tables);
    }
    tables.iter().for_each(Table::print);
}

fn draw(path: &Path, tables: &[Table]) {
    std::fs::write(path, chart::of(tables)).expect("the chart can be written");
}
