//! `flash copy` brings a whole store into another database, also when it is stopped half-way.

use std::path::Path;
use std::process::{Command, Stdio};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use tempfile::TempDir;

use super::stores::{
    address, badly, connect, database, filled, follows, number, put, seen, serve, well,
};
use crate::client::V2;
use crate::process::{Program, flash};
use crate::sample::large_csv;

/// Copies a store into `to`, and gives what was said.
fn copy(folder: &Path, from: &str, to: &str) -> std::process::Output {
    flash(folder, &["copy", "--from", from, "--to", to])
}

/// How many rows of a table only one of two databases has.
fn differences(one: &Path, other: &Path, table: &str) -> i64 {
    let mut connection = connect(one);
    let other = other.display();
    connection
        .batch_execute(&format!("ATTACH '{other}' AS other"))
        .unwrap();
    let (here, there) = (format!("main.{table}"), format!("other.{table}"));
    let only = |a: &str, b: &str| format!("SELECT * FROM {a} EXCEPT SELECT * FROM {b}");
    [only(&here, &there), only(&there, &here)]
        .iter()
        .map(|query| number(&mut connection, &format!("SELECT count(*) FROM ({query})")))
        .sum()
}

#[test]
fn a_copy_is_the_same_to_every_client_and_in_every_table() {
    let program = filled();
    let post = |program: &Program| {
        let call = program.call("POST", "/datasets?name=once").v2();
        let call = call.header("Idempotency-Key", "a-key-of-ours");
        call.csv("id\n1\n").send().created().text()
    };
    let answer = post(&program);
    let key = well(flash(&program.folder(), &["clients", "add", "shop"]));
    let call = program.call("GET", "/client");
    let call = call.header("Authorization", &format!("Bearer {}", key.trim()));
    assert_eq!(call.send().ok().json()["pin"], "v2");
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("target.db");
    let said = well(copy(
        &program.folder(),
        "sqlite:flash.db",
        &address(&target),
    ));
    assert!(said.contains("8 datasets, 13 revisions, "), "{said}");
    let source = database(&program);
    for table in [
        "datasets",
        "descriptions",
        "revisions",
        "secrets",
        "idempotency_keys",
        "clients",
        "client_keys",
        "client_moves",
    ] {
        assert_eq!(differences(&source, &target, table), 0, "{table}");
    }
    let runs = "SELECT count(*) FROM (SELECT DISTINCT dataset_id, run FROM chunks)";
    // What was deleted, and waits to be collected, stays where it is.
    let left = number(&mut connect(&source), runs) - number(&mut connect(&target), runs);
    assert_eq!(left, 1);
    let before = seen(&program);
    let copied = serve(&target);
    assert_eq!(seen(&copied), before);
    follows(&copied, &before);
    assert_eq!(post(&copied), answer);
}

#[test]
fn a_copy_that_was_killed_serves_nobody_and_is_complete_when_it_is_run_again() {
    let program = filled();
    put(&program, "huge", "text/csv", large_csv(20 << 20));
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("target.db");
    let to = address(&target);
    well(flash(folder.path(), &["migrate", "--database", &to]));
    // Half-way the copy never gets on, so that it is certain to be killed there.
    let mut connection = connect(&target);
    connection
        .batch_execute(
            "CREATE VIEW endless AS
                WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;
            CREATE TRIGGER half_way BEFORE INSERT ON chunks WHEN (SELECT count(*) FROM chunks) > 200
                BEGIN SELECT count(*) FROM endless; END",
        )
        .unwrap();
    let mut copying = Command::new(env!("CARGO_BIN_EXE_flash"))
        .args(["copy", "--from", "sqlite:flash.db", "--to", &to])
        .current_dir(program.folder())
        .env_clear()
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while number(&mut connection, "SELECT count(*) FROM chunks") == 0 {
        std::thread::yield_now();
    }
    copying.kill().unwrap();
    copying.wait().unwrap();
    connection
        .batch_execute("DROP TRIGGER half_way; DROP VIEW endless")
        .unwrap();
    let part = number(&mut connection, "SELECT count(*) FROM chunks");
    assert_eq!(number(&mut connection, "SELECT count(*) FROM datasets"), 0);
    drop(connection);

    let unbound = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let serving = [&["serve", "--database", &to], &unbound[..]].concat();
    // Nor does it take a client, which would be lost when the copy goes on.
    let register = ["clients", "--database", &to, "add", "shop"];
    for arguments in [&serving[..], &["check", "--database", &to], &register[..]] {
        let (_, complaint) = badly(flash(folder.path(), arguments), 1);
        assert!(complaint.contains("a copy into"), "{complaint}");
        assert!(complaint.contains("run the same `flash copy` again"));
    }
    let other = Program::serve(&[]);
    let (_, complaint) = badly(copy(&other.folder(), "sqlite:flash.db", &to), 1);
    assert!(complaint.contains("a copy of another store"), "{complaint}");

    // The source has gone on meanwhile: what it dropped does not stay in the target.
    let deleted = program.call("DELETE", "/datasets/large").v2().send();
    assert_eq!(deleted.status, 204);
    well(copy(&program.folder(), "sqlite:flash.db", &to));
    let mut connection = connect(&target);
    assert!(number(&mut connection, "SELECT count(*) FROM chunks") > part);
    let stray = "SELECT count(*) FROM chunks WHERE dataset_id NOT IN (SELECT id FROM datasets)";
    assert_eq!(number(&mut connection, stray), 0);
    drop(connection);
    assert_eq!(seen(&serve(&target)), seen(&program));
}

#[test]
fn a_copy_into_a_store_that_is_in_use_is_refused() {
    let (program, other) = (filled(), Program::serve(&[]));
    let to = address(&database(&other));
    let (_, complaint) = badly(copy(&program.folder(), "sqlite:flash.db", &to), 1);
    assert!(complaint.contains("is held by another flash process"));
    assert!(complaint.contains("write another path in --to sqlite:PATH"));
    put(&other, "theirs", "text/csv", "id\n1\n");
    let kept = TempDir::new().unwrap();
    let kept = kept.path().join("kept.db");
    well(flash(&other.folder(), &["backup", kept.to_str().unwrap()]));
    let (_, complaint) = badly(
        copy(&program.folder(), "sqlite:flash.db", &address(&kept)),
        1,
    );
    assert!(complaint.contains("has datasets already"), "{complaint}");
    let kept = serve(&kept);
    let path = "/datasets/theirs/source";
    let source = kept.call("GET", path).accept(V2).send().ok();
    assert_eq!(source.text(), "id\n1\n");
}

#[test]
fn a_damaged_store_is_not_copied_as_if_it_were_whole() {
    let program = filled();
    let folder = TempDir::new().unwrap();
    let damaged = folder.path().join("damaged.db");
    let backup = ["backup", damaged.to_str().unwrap()];
    well(flash(&program.folder(), &backup));
    connect(&damaged)
        .batch_execute("UPDATE chunk_data SET data = zeroblob(9) WHERE first_byte = 0")
        .unwrap();
    let (from, to) = (address(&damaged), "sqlite:target.db");
    let (_, complaint) = badly(copy(folder.path(), &from, to), 1);
    assert!(complaint.contains("differs from the source"), "{complaint}");
    let (_, complaint) = badly(flash(folder.path(), &["check", "--database", to]), 1);
    assert!(complaint.contains("is not finished"), "{complaint}");
}

#[test]
fn each_of_the_two_stores_is_asked_for_once() {
    let folder = TempDir::new().unwrap();
    let (_, complaint) = badly(flash(folder.path(), &["copy", "--from", "sqlite:a.db"]), 2);
    assert!(complaint.contains("--to or --to-file"), "{complaint}");
    let (_, complaint) = badly(copy(folder.path(), "sqlite:a.db", "sqlite:b.db"), 1);
    assert!(
        complaint.contains("there is no database a.db: write another path in --from sqlite:PATH")
    );
    assert!(!folder.path().join("b.db").exists());
}

#[test]
fn a_store_goes_to_postgresql_and_back_unchanged() {
    let Ok(url) = std::env::var("FLASH_TEST_POSTGRES_URL") else {
        return;
    };
    let program = filled();
    let before = seen(&program);
    let name = format!("flash_copy_{}", uuid::Uuid::new_v4().simple());
    let mut server = PgConnection::establish(&url).unwrap();
    server
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .unwrap();
    let (place, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let (place, _) = place.rsplit_once('/').unwrap();
    let there = format!("{place}/{name}{query}");
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("address");
    std::fs::write(&file, &there).unwrap();
    let file = file.to_str().unwrap();
    let arguments = ["copy", "--from", "sqlite:flash.db", "--to-file", file];
    well(flash(&program.folder(), &arguments));
    well(flash(folder.path(), &["check", "--database-file", file]));
    let served = Program::serve(&["--database", &there]);
    assert_eq!(seen(&served), before);
    follows(&served, &before);
    let back = ["copy", "--from-file", file, "--to", "sqlite:back.db"];
    well(flash(folder.path(), &back));
    let back = folder.path().join("back.db");
    for table in ["datasets", "revisions", "chunks", "chunk_data", "sources"] {
        let source = database(&program);
        let deleted = i64::from(table.starts_with("chunk"));
        assert_eq!(differences(&source, &back, table), deleted, "{table}");
    }
    assert_eq!(seen(&serve(&back)), before);
    drop(served);
    server
        .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .unwrap();
}
