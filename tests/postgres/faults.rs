//! A database that refuses: what it says is understood, in whichever language, and whatever can go on does.

use std::net::SocketAddr;
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::client::{Answer, Call, agent, begin};
use crate::cluster::{Cluster, Options};
use crate::process::Program;
use crate::servers::{probe, shared, until, wait_until_ready};
use crate::trials;

trials![
    what_a_german_database_refuses_is_understood,
    a_server_waits_for_a_german_database_that_has_too_many_connections,
    a_wrong_password_is_refused_at_once_by_a_german_database,
    a_read_only_database_is_read_and_refuses_writes_until_it_takes_them_again,
    other_servers_are_told_of_requests_in_flight_while_appends_are_put_together,
];

fn german() -> Cluster {
    let cluster = Cluster::start(Options {
        careless: true,
        german: true,
        ..Options::default()
    });
    let said = "DO $$ BEGIN PERFORM 1/0; EXCEPTION WHEN OTHERS THEN CREATE TABLE said AS SELECT SQLERRM AS text; END $$";
    cluster.psql("postgres", said);
    let said = cluster.psql("postgres", "SELECT text FROM said");
    assert!(said.contains("Division durch Null"), "{said}");
    cluster
}

fn put(server: &Program, name: &str) -> Answer {
    put_at(server.address, name)
}

fn put_at(address: SocketAddr, name: &str) -> Answer {
    let url = format!("http://{address}/datasets/{name}");
    let put = Call::new(&agent(), "PUT", url).v2();
    put.csv("id\n1\n").send()
}

fn rows(server: &Program, name: &str) -> Answer {
    let path = format!("/datasets/{name}/source");
    server.call("GET", &path).v2().send()
}

/// Lets the next writes of blocks do this before.
fn before_writes(cluster: &Cluster, database: &str, statements: &str) {
    let trigger = format!(
        "CREATE OR REPLACE FUNCTION before_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statements} RETURN NEW; END $$; \
         CREATE OR REPLACE TRIGGER before_write BEFORE INSERT ON chunks FOR EACH ROW EXECUTE FUNCTION before_write()"
    );
    cluster.psql(database, &trigger);
}

fn what_a_german_database_refuses_is_understood() {
    let cluster = german();
    cluster.create_database("flash");
    let url = cluster.url("flash");
    let server = Program::serve(&["--database", &url, "--store-timeout", "3s"]);
    wait_until_ready(&server);
    let raise = |state: &str| {
        format!("RAISE EXCEPTION 'Das geht gerade leider nicht' USING ERRCODE = '{state}';")
    };
    before_writes(&cluster, "flash", &raise("53100"));
    put(&server, "full").refused(507, &["disk is full"]);
    // What another transaction was in the way of is done again.
    cluster.psql("flash", "CREATE SEQUENCE tries");
    for state in ["40P01", "40001"] {
        let once = format!("IF nextval('tries') % 3 > 0 THEN {} END IF;", raise(state));
        before_writes(&cluster, "flash", &once);
        put(&server, &format!("again-{}", state.to_lowercase())).created();
    }
    // Too slow for the server's own limit, and cancelled by whoever runs the database.
    before_writes(
        &cluster,
        "flash",
        "SET LOCAL statement_timeout = 100; PERFORM pg_sleep(60);",
    );
    let slow = put(&server, "slow").refused(503, &[]);
    slow.header("retry-after").parse::<u32>().unwrap();
    before_writes(&cluster, "flash", "PERFORM pg_sleep(60);");
    for by in ["pg_cancel_backend", "pg_terminate_backend"] {
        let address = server.address;
        let writing = thread::spawn(move || put_at(address, "ended"));
        until("the write sleeps", || end(&cluster, by));
        let ended = writing.join().unwrap().refused(503, &[]);
        ended.header("retry-after").parse::<u32>().unwrap();
    }
    before_writes(&cluster, "flash", "");
    put(&server, "after").created();
    assert_eq!(probe(&server, "/readyz"), 200);
}

/// Whether there was a write that slept, and was ended by that function.
fn end(cluster: &Cluster, by: &str) -> bool {
    let sql = format!(
        "SELECT count({by}(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = 'flash'"
    );
    cluster.psql("postgres", &sql) != "0"
}

fn a_server_waits_for_a_german_database_that_has_too_many_connections() {
    let cluster = german();
    cluster.create_database("flash");
    cluster.psql(
        "flash",
        "CREATE ROLE app LOGIN SUPERUSER; ALTER ROLE app NOSUPERUSER CONNECTION LIMIT 1",
    );
    cluster.psql("flash", "GRANT ALL ON SCHEMA public TO app");
    let url = cluster.url("flash").replace("flash@", "app@");
    let mut only = PgConnection::establish(&url).unwrap();
    only.batch_execute("SELECT 1").unwrap();
    let server = Program::serve(&["--database", &url, "--store-timeout", "2s"]);
    assert_eq!(
        (probe(&server, "/readyz"), probe(&server, "/livez")),
        (503, 200)
    );
    put(&server, "early").refused(503, &[]);
    drop(only);
    cluster.psql("flash", "ALTER ROLE app CONNECTION LIMIT 20");
    wait_until_ready(&server);
    put(&server, "late").created();
}

fn a_wrong_password_is_refused_at_once_by_a_german_database() {
    let cluster = Cluster::start(Options {
        careless: true,
        german: true,
        password: Some("right"),
        ..Options::default()
    });
    let url = cluster.url("postgres").replace("flash@", "flash:wrong@");
    let line = crate::servers::refusal(&["--database", &url]);
    assert!(
        line.contains("28P01") && line.contains("check the address"),
        "{line}"
    );
    assert!(
        !line.contains("wrong") && !line.contains("LOCATION"),
        "{line}"
    );
}

fn a_read_only_database_is_read_and_refuses_writes_until_it_takes_them_again() {
    let cluster = german();
    cluster.create_database("flash");
    let url = cluster.url("flash");
    let server = Program::serve(&["--database", &url]);
    wait_until_ready(&server);
    put(&server, "before").created();
    let read_only = |value: &str| {
        let set = format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
        cluster.psql("postgres", &set);
        cluster.psql("postgres", "SELECT pg_reload_conf()");
    };
    read_only("on");
    until("writes are refused", || {
        put(&server, "meanwhile").status == 503
    });
    for _ in 0..20 {
        assert_eq!(rows(&server, "before").ok().text(), "id\n1\n");
        let refused = put(&server, "meanwhile").refused(503, &["read-only", "reads still work"]);
        refused.header("retry-after").parse::<u32>().unwrap();
    }
    assert_eq!(
        (probe(&server, "/readyz"), probe(&server, "/livez")),
        (200, 200)
    );
    // One that starts now serves what there is.
    let other = Program::serve(&["--database", &url]);
    wait_until_ready(&other);
    assert_eq!(rows(&other, "before").ok().text(), "id\n1\n");
    put(&other, "meanwhile").refused(503, &["read-only"]);
    read_only("off");
    for server in [&server, &other] {
        until("writes go on", || put(server, "after").status / 100 == 2);
    }
}

fn other_servers_are_told_of_requests_in_flight_while_appends_are_put_together() {
    const LOCK: i64 = 15;
    let url = shared("heartbeats");
    let patient = ["--store-timeout", "120s", "--body-timeout", "120s"];
    let server = Program::serve(&[&["--database", &url], &patient[..]].concat());
    wait_until_ready(&server);
    put(&server, "log").created();
    let key = "Idempotency-Key: slow\r\n";
    let slow = begin(server.address, "PUT", "/datasets/slow", key, "id\n1\n");
    // Compaction notes the segment that it writes; that waits for a lock of ours.
    let mut held = PgConnection::establish(&url).unwrap();
    let hold = format!(
        "SELECT pg_advisory_lock({LOCK}); \
         CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS \
           $$ BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NEW; END $$; \
         CREATE TRIGGER hold BEFORE INSERT ON uploads FOR EACH ROW EXECUTE FUNCTION hold()"
    );
    held.batch_execute(&hold).unwrap();
    for _ in 0..20 {
        let append = server.call("POST", "/datasets/log/rows").v2();
        append.csv("id\n2\n").send().ok();
    }
    let count = |sql: &str| crate::database::count(&url, sql);
    until("compaction waits", || {
        count("SELECT count(*) AS found FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            > 0
    });
    let renewed = "SELECT renewed_at AS found FROM idempotency_keys WHERE key = 'slow'";
    let before = count(renewed);
    until("the request in flight is told of", || {
        count(renewed) > before
    });
    assert!(
        count("SELECT count(*) AS found FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            > 0
    );
    drop(held);
    let answer = slow.finish();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
