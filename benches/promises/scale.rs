//! The same questions on 10,000,000 rows and on as many as the flights have.

use super::kept::Kept;
use super::program::Program;
use super::table::{Row, Unit};
use super::turns::{in_turn, timed};
use super::{Ground, flights};

const MANY: usize = 10_000_000;
const TIMES: usize = 25;

/// What is measured.
pub fn measure(_: &Ground) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    for (name, rows) in [("few", flights::ROWS), ("many", MANY)] {
        let path = format!("/datasets/{name}?null=NA");
        let (took, ()) = timed(|| program.put_rows(&path, flights::lines().take(rows + 1)));
        println!("{rows} rows in one upload: {:.1} s", took / 1e3);
    }
    let mut rows: Vec<Row> = [
        (
            "a filter that every row passes, 100 rows",
            "year=eq.2013&select=year,flight,tailnum",
        ),
        ("a point query", "flight=eq.3000&month=eq.1&limit=1"),
        ("a value that no row has", "tailnum=eq.N99999XX"),
    ]
    .into_iter()
    .map(|(what, query)| compare(what, query, &program))
    .collect();
    let peak = program.memory("VmHWM");
    rows.push(Row::of("peak memory", peak, Unit::Mebibytes).under(256.0));
    rows
}

fn compare(what: &'static str, query: &str, program: &Program) -> Row {
    let [mut in_few, mut in_many] = ["few", "many"].map(|dataset| {
        let mut connection = Kept::to(program);
        move |more| {
            // A condition more each time, so that no answer is one that was remembered.
            let distance = 100 + more;
            let path = format!("/datasets/{dataset}/rows?{query}&distance=gte.{distance}");
            timed(|| connection.get(&path)).0
        }
    });
    let [few, many] = in_turn(TIMES, [&mut in_few, &mut in_many]);
    Row::of(what, many, Unit::Milliseconds)
        .against("336,776 rows", few)
        .at_most(1.5)
}
