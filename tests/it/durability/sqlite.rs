//! What is true of a file only: who holds it, what is left beside it, and which files are no database.

use diesel::prelude::*;

use crate::process::{Program, flash};
use crate::server::Server;

#[test]
fn an_orderly_stop_keeps_everything_and_tidies_the_log_away() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    let server = server.restart();
    server.get("/datasets/people").send().ok();
    let database = server.place.file();
    let log = database.with_file_name("flash.db-wal");
    drop(server);
    assert!(!log.exists() || log.metadata().unwrap().len() == 0);
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
