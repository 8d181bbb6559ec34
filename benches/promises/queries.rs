//! Queries against SQLite on a table with the same columns, typed and without an index, in this very process: each asked for
//! the first time, of chunks that were read before.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::Value;

use super::load::length;
use super::program::Program;
use super::{Row, V2, median};

/// How often each query is asked, each time for another number of rows, so that no answer is one that was remembered.
const TIMES: u64 = 15;

/// A query in both languages.
struct Query {
    what: &'static str,
    path: String,
    sql: String,
    limit: u64,
    /// At least so many times as fast as SQLite.
    promise: f64,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Text)]
    row: String,
}

/// What is measured, on the CSV.
pub fn measure(folder: &Path, csv: &Path) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &[]);
    let body = std::fs::read(csv).expect("the CSV can be read");
    program.put("/datasets/flights?null=NA", &body);
    let mut connection = Kept::to(&program);
    let tailnum = connection.json("/datasets/flights/rows?limit=1")["data"][0]["tailnum"]
        .as_str()
        .expect("a text")
        .to_owned();
    let columns = connection.json("/datasets/flights")["columns"].take();
    let Some(mut sqlite) = sqlite(folder, csv, &columns) else {
        println!("queries are not measured: the command sqlite3 is not installed");
        return Vec::new();
    };
    let mut rows: Vec<Row> = queries(&tailnum)
        .iter()
        .map(|query| compare(query, &mut connection, &mut sqlite, &columns))
        .collect();
    rows.push(far_down(&mut connection));
    rows
}

fn queries(tailnum: &str) -> [Query; 4] {
    [
        Query {
            what: "dest=eq.LAX",
            path: "dest=eq.LAX".to_owned(),
            sql: "WHERE dest = 'LAX'".to_owned(),
            limit: 100,
            promise: 1.0,
        },
        Query {
            what: "tailnum=eq.…, selective",
            path: format!("tailnum=eq.{tailnum}"),
            sql: format!("WHERE tailnum = '{tailnum}'"),
            limit: 1000,
            promise: 5.0,
        },
        Query {
            what: "distance=gt.4900, order=dep_delay.desc",
            path: "distance=gt.4900&order=dep_delay.desc".to_owned(),
            sql: "WHERE distance > 4900 ORDER BY dep_delay DESC NULLS FIRST, rowid".to_owned(),
            limit: 10,
            promise: 1.0,
        },
        Query {
            what: "order=arr_delay.desc",
            path: "order=arr_delay.desc".to_owned(),
            sql: "ORDER BY arr_delay DESC NULLS FIRST, rowid".to_owned(),
            limit: 100,
            promise: 1.0,
        },
    ]
}

fn compare(
    query: &Query,
    connection: &mut Kept,
    sqlite: &mut SqliteConnection,
    columns: &Value,
) -> Row {
    let names: Vec<&str> = columns
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| column["name"].as_str().expect("a name"))
        .collect();
    let pairs: Vec<String> = names
        .iter()
        .map(|name| format!("'{name}', {name}"))
        .collect();
    let object = format!("json_object({})", pairs.join(", "));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for more in 0..TIMES {
        let limit = query.limit + more;
        let path = format!("/datasets/flights/rows?{}&limit={limit}", query.path);
        let begun = Instant::now();
        let answer = connection.get(&path);
        ours.push(begun.elapsed().as_secs_f64() * 1e3);
        let sql = format!(
            "SELECT {object} AS row FROM flights {} LIMIT {limit}",
            query.sql
        );
        let begun = Instant::now();
        let found: Vec<Answer> = diesel::sql_query(sql).load(sqlite).expect("SQLite answers");
        theirs.push(begun.elapsed().as_secs_f64() * 1e3);
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let answer = answer["data"].as_array().expect("rows");
        assert_eq!(answer.len(), found.len(), "{path}");
        assert!(found.iter().all(|one| one.row.starts_with('{')));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    Row {
        what: query.what,
        ours: format!("{ours:.2} ms"),
        baseline: format!("SQLite {theirs:.2} ms"),
        ratio: format!("{:.1} times as fast", theirs / ours),
        promise: format!("at least {}", query.promise),
        holds: theirs / ours >= query.promise,
    }
}

/// The tenth page of an order against its first one.
fn far_down(connection: &mut Kept) -> Row {
    let (mut first, mut tenth) = (Vec::new(), Vec::new());
    for more in 0..TIMES {
        let mut path = format!(
            "/datasets/flights/rows?order=arr_delay.desc&limit={}",
            200 + more
        );
        let plain = path.clone();
        for page in 1..=10 {
            let begun = Instant::now();
            let answer = connection.json(&path);
            let took = begun.elapsed().as_secs_f64() * 1e3;
            match page {
                1 => first.push(took),
                10 => tenth.push(took),
                _ => {}
            }
            let cursor = answer["next"].as_str().expect("there is a next page");
            path = format!("{plain}&cursor={cursor}");
        }
    }
    let (first, tenth) = (median(first), median(tenth));
    Row {
        what: "tenth page of order=arr_delay.desc",
        ours: format!("{tenth:.2} ms"),
        baseline: format!("first page {first:.2} ms"),
        ratio: format!("{:.2}", tenth / first),
        promise: "at most 1".to_owned(),
        // Two figures that are the same differ by chance.
        holds: tenth / first <= 1.1,
    }
}

/// The CSV in a table of SQLite, every column with the type that it has here.
fn sqlite(folder: &Path, csv: &Path, columns: &Value) -> Option<SqliteConnection> {
    let database = folder.join("typed.db");
    let columns: Vec<(String, &str)> = columns
        .as_array()?
        .iter()
        .map(|column| {
            let kind = match column["type"].as_str() {
                Some("integer") => "INTEGER",
                Some("number") => "REAL",
                _ => "TEXT",
            };
            (column["name"].as_str().unwrap_or_default().to_owned(), kind)
        })
        .collect();
    let declared: Vec<String> = columns
        .iter()
        .map(|(name, kind)| format!("{name} {kind}"))
        .collect();
    let path = database.to_str()?;
    let mut connection = SqliteConnection::establish(path).expect("SQLite opens");
    connection
        .batch_execute(&format!("CREATE TABLE flights ({})", declared.join(", ")))
        .expect("the table is made");
    let import = format!(".import --csv --skip 1 {} flights", csv.display());
    let status = Command::new("sqlite3")
        .args([path, &import])
        .stderr(Stdio::null())
        .status();
    if !status.is_ok_and(|status| status.success()) {
        return None;
    }
    for (name, _) in &columns {
        let nulls = format!("UPDATE flights SET {name} = NULL WHERE {name} = 'NA'");
        connection.batch_execute(&nulls).expect("nulls are set");
    }
    Some(connection)
}

/// A connection that is kept, as clients keep them.
pub struct Kept {
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Kept {
    pub fn to(program: &Program) -> Self {
        let socket = TcpStream::connect(program.address).expect("a connection");
        socket.set_nodelay(true).expect("TCP");
        Self {
            socket,
            buffer: vec![0; 4 << 20],
        }
    }

    pub fn get(&mut self, path: &str) -> Vec<u8> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\n\r\n");
        self.socket
            .write_all(request.as_bytes())
            .expect("it is taken");
        let (mut filled, mut whole) = (0, None);
        while whole.is_none_or(|(_, end)| filled < end) {
            let read = self
                .socket
                .read(&mut self.buffer[filled..])
                .expect("an answer");
            assert!(read > 0, "the server hung up");
            filled += read;
            whole = whole.or_else(|| length(&self.buffer[..filled]));
        }
        let (head, end) = whole.expect("it is whole");
        self.buffer[head..end].to_vec()
    }

    fn json(&mut self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path)).expect("JSON")
    }
}
