//! What only a file can show: what is in it, who holds it, and which files are none.

use diesel::prelude::*;
use jiff::{SignedDuration, Timestamp};
use rustix::process::Signal;
use ureq::http::StatusCode;

use super::{half_an_upload, large_csv};
use crate::process::{Program, flash};
use crate::server::{Builder, Server};

#[test]
fn an_orderly_stop_keeps_everything_and_tidies_the_log_away() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    let server = server.restart();
    server.get("/datasets/people").send().ok();
    let database = server.database();
    let log = database.with_file_name("flash.db-wal");
    drop(server);
    assert!(!log.exists() || log.metadata().unwrap().len() == 0);
}

#[test]
fn what_an_interrupted_upload_left_is_swept_after_the_next_start() {
    let program = Program::serve(&[]);
    let _upload = half_an_upload(&program, &large_csv(4 << 20));
    let database = program.folder().join("flash.db");
    wait_until(&database, |chunks| chunks > 0);
    let folder = program.folder();
    program.signal(Signal::KILL);
    let copy = tempfile::TempDir::new().unwrap();
    for file in ["flash.db", "flash.db-wal"] {
        std::fs::copy(folder.join(file), copy.path().join(file)).unwrap();
    }
    let started = Timestamp::now();
    let mut builder = Builder::new();
    builder.use_folder(copy);
    let clock = builder.stand_at(started);
    let server = builder.start();
    clock.set(started + SignedDuration::from_mins(5));
    wait_until(&server.database(), |chunks| chunks == 0);
}

/// Waits for another thread or process to bring the number of stored chunks where it should be.
fn wait_until(database: &std::path::Path, done: impl Fn(i64) -> bool) {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        chunks: i64,
    }
    let mut connection = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let count = diesel::sql_query("SELECT count(*) AS chunks FROM chunks")
            .get_result::<Count>(&mut connection);
        if count.is_ok_and(|count| done(count.chunks)) {
            return;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "the chunks stay as they are"
        );
        std::thread::yield_now();
    }
}

#[test]
fn a_deleted_dataset_is_gone_at_once_and_its_chunks_in_time() {
    let started = Timestamp::now();
    let mut builder = Builder::new();
    let clock = builder.stand_at(started);
    let server = builder.start();
    server.store("people", large_csv(300_000));
    server
        .delete("/datasets/people")
        .send()
        .expect(StatusCode::NO_CONTENT);
    server
        .get("/datasets/people")
        .send()
        .expect(StatusCode::NOT_FOUND);
    clock.set(started + SignedDuration::from_mins(5));
    wait_until(&server.database(), |chunks| chunks == 0);
}

#[test]
fn a_second_server_on_the_same_database_is_refused_in_one_line() {
    let program = Program::serve(&[]);
    let output = flash(
        &program.folder(),
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
        ],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("flash: the database flash.db is held by another flash process"),
        "{said}"
    );
}

#[test]
fn a_database_that_can_not_be_used_is_refused_with_what_to_do() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("notes.txt"),
        "not a database at all, but long enough to look at\n".repeat(50),
    )
    .unwrap();
    std::fs::create_dir(folder.path().join("dir")).unwrap();
    let mut other =
        SqliteConnection::establish(folder.path().join("other.db").to_str().unwrap()).unwrap();
    diesel::sql_query("CREATE TABLE theirs (id INTEGER)")
        .execute(&mut other)
        .unwrap();
    for (database, said) in [
        (
            "sqlite:missing/flash.db",
            "the folder missing of the database missing/flash.db does not exist",
        ),
        ("sqlite:dir", "can't open the database dir"),
        (
            "sqlite:notes.txt",
            "notes.txt is not a database that Flash can use",
        ),
        ("sqlite:other.db", "it holds the tables of another program"),
        (
            "sqlite:/proc/flash.db",
            "can't open the database /proc/flash.db",
        ),
    ] {
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
            "--database",
            database,
        ];
        let output = flash(folder.path(), &arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{database}: {text}");
        let last = text.lines().last().unwrap();
        assert!(
            last.contains(said) && last.contains("--database sqlite:PATH"),
            "{database}: {text}"
        );
    }
}
