//! Queries against SQLite, in this very process, and beside DuckDB, in one of its own: on files with the same columns, typed and
//! without an index, each asked for the first time, of blocks that were read before.

use super::duckdb::DuckDb;
use super::kept::Kept;
use super::program::Program;
use super::questions::{self, Baseline, Columns, Database, TIMES};
use super::table::{Row, Unit};
use super::turns::{median, timed};
use super::{Ground, sqlite};

/// What is measured, on the CSV.
pub fn measure(ground: &Ground) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    program.put("/datasets/flights?null=NA", &ground.body());
    let mut connection = Kept::to(&program);
    let columns = Columns::of(&mut connection, "flights");
    let (mut baselines, mut lacking) = (Vec::new(), Vec::new());
    match sqlite::typed(&ground.folder, &ground.csv, &columns) {
        Some(sqlite) => baselines.push(Baseline {
            database: Database::Sqlite,
            ask: questions::over(sqlite),
        }),
        None => lacking.push(sqlite::LACKING.to_owned()),
    }
    match DuckDb::start(&ground.folder.join("typed.duckdb")) {
        Ok(mut duckdb) => {
            duckdb.fill(&columns, &ground.csv);
            baselines.push(Baseline {
                database: Database::DuckDb,
                ask: Box::new(move |sql| duckdb.ask(sql)),
            });
        }
        Err(why) => lacking.push(why),
    }
    let mut rows = questions::ask(&mut connection, "flights", &columns, &mut baselines);
    let lacking = lacking.into_iter();
    rows.extend(lacking.map(|why| Row::unmeasured("the same questions", why)));
    rows.push(far_down(&mut connection));
    rows
}

/// The tenth page of an order against its first one.
fn far_down(connection: &mut Kept) -> Row {
    let (mut first, mut tenth) = (Vec::new(), Vec::new());
    for more in 0..TIMES {
        let limit = 200 + more;
        let plain = format!("/datasets/flights/rows?order=arr_delay.desc&limit={limit}");
        let mut path = plain.clone();
        for page in 1..=10 {
            let (took, answer) = timed(|| connection.json(&path));
            match page {
                1 => first.push(took),
                10 => tenth.push(took),
                _ => {}
            }
            let cursor = answer["next"].as_str().expect("there is a next page");
            path = format!("{plain}&cursor={cursor}");
        }
    }
    Row::of(
        "tenth page of `order=arr_delay.desc`",
        median(tenth),
        Unit::Milliseconds,
    )
    .against("first page", median(first))
    .within_a_tenth()
}
