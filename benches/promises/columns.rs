//! Questions that look at whole columns, against DuckDB: on the CSV, and on many copies of it. Flash answers as JSON over HTTP, DuckDB in
//! its own process. Measuring begins when Flash has built the columns.

use super::Ground;
use super::duckdb::DuckDb;
use super::kept::Kept;
use super::program::Program;
use super::questions::Columns;
use super::table::{Row, Unit};
use super::turns::{median, timed};

/// How many copies of the CSV the larger dataset has.
const COPIES: usize = 100;
/// How often each question is asked.
const TIMES: usize = 9;

/// A question in both languages; `LIMIT` is another number each time, so that no answer is one that was remembered.
struct Question {
    what: &'static str,
    path: &'static str,
    sql: &'static str,
    limit: usize,
    /// At least so many times as fast, on the CSV and on its copies.
    promises: [f64; 2],
}

const QUESTIONS: [Question; 8] = [
    Question {
        what: "`distance=gt.4900&order=dep_delay.desc&limit=10`",
        path: "distance=gt.4900&order=dep_delay.desc",
        sql: "SELECT * FROM flights WHERE distance > 4900 ORDER BY dep_delay DESC NULLS FIRST LIMIT LIMIT_",
        limit: 10,
        promises: [1.5, 1.0],
    },
    Question {
        what: "`order=arr_delay.desc&limit=100`",
        path: "order=arr_delay.desc",
        sql: "SELECT * FROM flights ORDER BY arr_delay DESC NULLS FIRST LIMIT LIMIT_",
        limit: 100,
        promises: [1.5, 1.0],
    },
    Question {
        what: "`select=carrier,n:count(),late:dep_delay.avg()&order=n.desc`",
        path: "select=carrier,n:count(),late:dep_delay.avg()&order=n.desc",
        sql: "SELECT carrier, count(*) AS n, avg(dep_delay) FROM flights GROUP BY carrier ORDER BY n DESC LIMIT LIMIT_",
        limit: 100,
        promises: [1.5, 1.0],
    },
    Question {
        what: "`select=dest,month,n:count(),late:arr_delay.avg(),far:distance.max()`",
        path: "select=dest,month,n:count(),late:arr_delay.avg(),far:distance.max()",
        sql: "SELECT dest, month, count(*), avg(arr_delay), max(distance) FROM flights GROUP BY dest, month LIMIT LIMIT_",
        limit: 5000,
        promises: [1.5, 1.0],
    },
    Question {
        what: "`dep_delay=gt.60&dest=in.(LAX,SFO)&count=exact&limit=1`",
        path: "dep_delay=gt.60&dest=in.(LAX,SFO)&count=exact",
        sql: "SELECT count(*) FROM flights WHERE dep_delay > 60 AND dest IN ('LAX', 'SFO') LIMIT LIMIT_",
        limit: 1,
        promises: [1.5, 1.0],
    },
    Question {
        what: "`or=(origin.eq.JFK,dest.eq.LAX)&count=exact&limit=1`",
        path: "or=(origin.eq.JFK,dest.eq.LAX)&count=exact",
        sql: "SELECT count(*) FROM flights WHERE origin = 'JFK' OR dest = 'LAX' LIMIT LIMIT_",
        limit: 1,
        promises: [1.0, 1.0],
    },
    Question {
        what: "`tailnum=like.*7*A*&count=exact&limit=1`",
        path: "tailnum=like.*7*A*&count=exact",
        sql: "SELECT count(*) FROM flights WHERE tailnum LIKE '%7%A%' LIMIT LIMIT_",
        limit: 1,
        promises: [1.0, 1.0],
    },
    Question {
        what: "`select=n:count(),late:arr_delay.avg()`",
        path: "select=n:count(),late:arr_delay.avg()",
        sql: "SELECT count(*), avg(arr_delay) FROM flights LIMIT LIMIT_",
        limit: 1,
        promises: [1.0, 1.0],
    },
];

/// What is measured.
pub fn measure(ground: &Ground) -> Vec<Row> {
    let sizes = [(1, "the CSV"), (COPIES, "100 copies")];
    let rows = sizes.into_iter().enumerate();
    rows.flat_map(|(size, (copies, name))| of_copies(ground, size, copies, name))
        .collect()
}

fn of_copies(ground: &Ground, size: usize, copies: usize, name: &str) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &["--max-body", "8GiB"]);
    let text = String::from_utf8(ground.body()).expect("UTF-8");
    let header = text.find('\n').expect("a header") + 1;
    let copied = std::iter::repeat_n(&text[header..], copies).map(str::to_owned);
    let parts = std::iter::once(text[..header].to_owned()).chain(copied);
    program.put_rows("/datasets/flights?null=NA", parts);
    let file = store.path().join("flash.db");
    let stored = || std::fs::metadata(&file).map_or(0, |file| file.len());
    let before = stored();
    let (took, ()) = timed(|| program.wait_for_columns());
    println!(
        "{name}: columns were built in {:.1} s; the file grew from {before} to {} bytes",
        took / 1e3,
        stored()
    );
    let mut connection = Kept::to(&program);
    let columns = Columns::of(&mut connection, "flights");
    let mut duckdb = match DuckDb::start(&store.path().join("columns.duckdb")) {
        Ok(duckdb) => duckdb,
        Err(why) => return vec![Row::unmeasured(format!("questions on {name}"), why)],
    };
    duckdb.fill(&columns, &ground.csv);
    duckdb.ask("CREATE TABLE one AS SELECT * FROM flights");
    for _ in 1..copies {
        duckdb.ask("INSERT INTO flights SELECT * FROM one");
    }
    duckdb.ask("CHECKPOINT");
    let mut rows: Vec<Row> = QUESTIONS
        .iter()
        .map(|question| {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for limit in question.limit..question.limit + TIMES {
                let path = format!("/datasets/flights/rows?{}&limit={limit}", question.path);
                ours.push(timed(|| connection.get(&path)).0);
                let sql = question.sql.replace("LIMIT_", &limit.to_string());
                theirs.push(duckdb.ask(&sql).took);
            }
            let what = format!("{}, {name}", question.what);
            Row::of(what, median(ours), Unit::Milliseconds)
                .against("DuckDB", median(theirs))
                .times_as_fast(Some(question.promises[size]))
        })
        .collect();
    let peak = program.memory("VmHWM");
    rows.push(Row::of(format!("peak memory, {name}"), peak, Unit::Mebibytes).under(256.0));
    rows
}
