//! Stores with a bit of everything in them, and what a client sees of them.

use std::path::{Path, PathBuf};
use std::process::Output;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde_json::Value;

use crate::process::Program;
use crate::sample::large_csv;

/// A running server with datasets of several revisions: replaced, appended to, of several blocks, of another charset, of
/// no rows at all, with rows that were set aside, and one that was deleted.
pub fn filled() -> Program {
    let program = Program::serve(&[]);
    put(&program, "large", "text/csv", large_csv(400_000));
    append(&program, "large", "900001,first\n");
    append(
        &program,
        "large",
        large_csv(200_000).replace("id,code\n", ""),
    );
    put(&program, "replaced", "text/csv", "id,name\n1,old\n");
    put(
        &program,
        "replaced",
        "text/csv",
        "id,name\n1,new\n2,\"a\nb\"\n",
    );
    let tabs = "text/tab-separated-values";
    put(&program, "tabs", tabs, "id\tname\n1\tAda\n");
    let latin = "text/csv; charset=windows-1252";
    put(&program, "latin", latin, b"id,name\n1,Zo\xeb\n".as_slice());
    append(&program, "latin", "2,Jos\u{e9}\n");
    put(&program, "open-line", "text/csv", "id\n1");
    append(&program, "open-line", "2");
    put(&program, "header", "text/csv", "id,name");
    let apart = "apart?bad_rows=set-aside";
    put(&program, apart, "text/csv", "id,name\n1,Ada\n2\n3,x,y\n");
    let said = program.call("PUT", "/datasets/large/description").v2();
    let said =
        said.json(&serde_json::json!({ "title": "Large", "columns": { "id": { "unit": "m" } } }));
    said.send().ok();
    put(&program, "deleted", "text/csv", "id\n1\n");
    let deleted = program.call("DELETE", "/datasets/deleted").v2().send();
    assert_eq!(deleted.status, 204);
    program
}

pub fn put(program: &Program, name: &str, content_type: &str, body: impl AsRef<[u8]>) {
    let path = format!("/datasets/{name}");
    let call = program.call("PUT", &path).v2();
    let answer = call.header("Content-Type", content_type).body(body).send();
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
}

pub fn append(program: &Program, name: &str, rows: impl AsRef<[u8]>) {
    let path = format!("/datasets/{name}/rows");
    let call = program.call("POST", &path).v2();
    let call = call.header("Content-Type", "text/csv; header=absent");
    call.body(rows).send().ok();
}

/// What a client sees of a dataset as of a revision.
#[derive(Debug, PartialEq)]
pub struct Seen {
    name: String,
    revision: String,
    description: String,
    tag: String,
    source: Vec<u8>,
    bad_rows: String,
    /// A cursor, and the page that it leads to.
    next: Option<(String, String)>,
}

/// Everything that a client sees of a server: each kept revision of each dataset.
pub fn seen(program: &Program) -> Vec<Seen> {
    let get = |path: &str| program.call("GET", path).v2().send().ok();
    let mut all = Vec::new();
    for dataset in get("/datasets").json()["data"].as_array().unwrap() {
        let name = dataset["name"].as_str().unwrap();
        let revisions = get(&format!("/datasets/{name}/revisions")).json();
        for revision in revisions["data"].as_array().unwrap() {
            let number = &revision["revision"];
            assert!(number.is_number(), "{revision}");
            let described = get(&format!("/datasets/{name}?revision={number}"));
            let source = get(&format!("/datasets/{name}/source?revision={number}"));
            let bad_rows = get(&format!("/datasets/{name}/bad-rows?revision={number}"));
            let rows = get(&format!("/datasets/{name}/rows?limit=1&revision={number}")).json();
            let next = rows["next"].as_str().map(|cursor| {
                let page = get(&format!("/datasets/{name}/rows?limit=2&cursor={cursor}"));
                (cursor.to_owned(), page.json()["data"].to_string())
            });
            all.push(Seen {
                name: name.to_owned(),
                revision: revision.to_string(),
                description: described.text(),
                tag: source.header("etag").to_owned(),
                source: source.body,
                bad_rows: bad_rows.text(),
                next,
            });
        }
    }
    all
}

/// Whether the cursors that another server gave lead to the same pages here.
pub fn follows(program: &Program, seen: &[Seen]) {
    for one in seen {
        let Some((cursor, page)) = &one.next else {
            continue;
        };
        let path = format!("/datasets/{}/rows?limit=2&cursor={cursor}", one.name);
        let answer = program.call("GET", &path).v2().send().ok();
        assert_eq!(answer.json()["data"], page.parse::<Value>().unwrap());
    }
}

/// A server on a database of that path.
pub fn serve(database: &Path) -> Program {
    Program::serve(&["--database", &address(database)])
}

/// The address of a SQLite file.
pub fn address(database: &Path) -> String {
    format!("sqlite:{}", database.display())
}

/// The database of a running server.
pub fn database(program: &Program) -> PathBuf {
    program.folder().join("flash.db")
}

pub fn connect(database: &Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    connection
        .batch_execute("PRAGMA busy_timeout = 10000")
        .unwrap();
    connection
}

/// The one number that a query gives.
pub fn number(connection: &mut SqliteConnection, query: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let query = format!("SELECT ({query}) AS number");
    diesel::sql_query(query)
        .get_result::<Number>(connection)
        .unwrap()
        .number
}

/// What a command said, if it ended well.
#[track_caller]
pub fn well(output: Output) -> String {
    let said = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaints}");
    assert!(complaints.is_empty(), "{complaints}");
    said
}

/// What a command said and complained of, if it ended with that code.
#[track_caller]
pub fn badly(output: Output, code: i32) -> (String, String) {
    let said = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}{complaints}");
    let last = complaints.lines().last().unwrap_or_default();
    assert!(last.starts_with("flash: "), "{complaints}");
    (said, complaints)
}
