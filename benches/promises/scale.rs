//! The same questions on 10,000,000 rows and on as many as the flights have.

use std::time::Instant;

use super::program::Program;
use super::queries::Kept;
use super::{Row, flights, limit, median, mib};

const MANY: usize = 10_000_000;
const TIMES: u64 = 25;

pub fn measure() -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    for (name, rows) in [("few", flights::ROWS), ("many", MANY)] {
        let begun = Instant::now();
        let path = format!("/datasets/{name}?null=NA");
        program.put_rows(&path, flights::lines().take(rows + 1));
        println!(
            "{rows} rows in one upload: {:.1} s",
            begun.elapsed().as_secs_f64()
        );
    }
    let mut connection = Kept::to(&program);
    let mut rows: Vec<Row> = [
        (
            "page of 10,000,000 rows",
            "year=eq.2013&select=year,flight,tailnum",
        ),
        (
            "point query of 10,000,000 rows",
            "flight=eq.3000&month=eq.1&limit=1",
        ),
        ("rare value of 10,000,000 rows", "tailnum=eq.N99999XX"),
    ]
    .into_iter()
    .map(|(what, query)| compare(what, query, &mut connection))
    .collect();
    rows.push(limit(
        "peak memory with 10,000,000 rows",
        mib(program.memory("VmHWM")),
        "MiB",
        256.0,
    ));
    rows
}

fn compare(what: &'static str, query: &str, connection: &mut Kept) -> Row {
    let mut times = [Vec::new(), Vec::new()];
    for more in 0..TIMES {
        for (name, times) in ["few", "many"].into_iter().zip(&mut times) {
            // A condition more each time, so that no answer is one that was remembered.
            let path = format!("/datasets/{name}/rows?{query}&distance=gte.{}", 100 + more);
            let begun = Instant::now();
            connection.get(&path);
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    let [few, many] = times.map(median);
    Row {
        what,
        ours: format!("{many:.2} ms"),
        baseline: format!("336,776 rows {few:.2} ms"),
        ratio: format!("{:.2}", many / few),
        promise: "at most 1.5".to_owned(),
        holds: many / few <= 1.5,
    }
}
