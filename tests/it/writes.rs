//! Writes that the operator turns off: they are refused everywhere, reads go on, and a copy that is made meanwhile has every write that
//! was acknowledged.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use flash::services::address;
use flash::store::{Step, copy};
use jiff::Timestamp;
use serde_json::json;

use crate::client::{Call, V1, begin};
use crate::clients::Keyed;
use crate::database::Place;
use crate::process::Program;
use crate::server::{Builder, Server};

/// Writers of the load, each with a connection that it keeps, and readers.
const WRITERS: usize = 4;
const READERS: usize = 2;

impl Server {
    #[track_caller]
    fn turn_writes_off(&self) {
        assert!(self.admin().turn_writes_off(Timestamp::now()).unwrap());
    }

    fn turn_writes_on(&self) {
        self.admin().turn_writes_on().unwrap();
        self.until(|server| !server.services.store.writes_are_off());
    }
}

fn every_write(server: &Server) -> Vec<Call> {
    let v2 = |method, path| server.call(method, path).v2();
    vec![
        v2("POST", "/datasets?name=new").csv("n\n7\n"),
        v2("POST", "/datasets").json(&json!([{"name": "new", "csv": "n\n7\n"}])),
        v2("PUT", "/datasets/new").csv("n\n7\n"),
        v2("PUT", "/datasets/old").csv("n\n7\n"),
        v2("PUT", "/datasets/old?dry_run=true").csv("n\n7\n"),
        v2("POST", "/datasets/old/rows").csv("n\n7\n"),
        v2("PATCH", "/datasets/old").json(&json!({"schema_changes": "none"})),
        v2("PUT", "/datasets/old/description").json(&json!({"title": "Old"})),
        v2("DELETE", "/datasets/old"),
        v2("DELETE", "/datasets/old").header("Idempotency-Key", "k1"),
    ]
}

#[test]
fn while_writes_are_off_every_write_is_refused_at_once_and_reads_go_on() {
    let server = Server::start();
    server.store("old", "n\n1\n");
    let before = server.get("/datasets/old").v2().send().ok().json();
    server.turn_writes_off();
    for write in every_write(&server) {
        let answer = write
            .send()
            .refused(503, &["turned writes off", "reads still work"]);
        assert_eq!(answer.header("Retry-After"), "5");
        assert_eq!(answer.json()["type"], "urn:flash:problem:writes-off");
    }
    let v1 = server.post("/datasets?name=new").accept(V1).csv("n\n7\n");
    let answer = v1.send().refused(503, &["turned writes off"]);
    assert_eq!(answer.header("Retry-After"), "5");
    let now = server.get("/datasets/old").v2().send().ok().json();
    assert_eq!(now, before);
    server.get("/datasets/new").v2().send().refused(404, &[]);
    server.turn_writes_on();
    server.put("/datasets/old").v2().csv("n\n7\n").send().ok();
}

#[test]
fn an_upload_that_began_before_is_refused_at_its_end() {
    let server = Server::start();
    let upload = begin(server.address, "PUT", "/datasets/new", "", "n\n7\n");
    server.turn_writes_off();
    let answer = upload.finish();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    server.get("/datasets/new").v2().send().refused(404, &[]);
}

#[test]
fn the_switch_is_in_the_store_so_another_server_obeys_it_too() {
    let server = Server::start();
    server.turn_writes_off();
    let server = server.restart();
    let write = server.put("/datasets/new").v2().csv("n\n7\n");
    write.send().refused(503, &["turned writes off"]);
    server.turn_writes_on();
    server.store("new", "n\n7\n");
    if Place::is_shared() {
        let other = Builder::at(server.place.clone()).start();
        server.turn_writes_off();
        let write = other.put("/datasets/other").v2().csv("n\n7\n");
        write.send().refused(503, &["turned writes off"]);
    }
}

#[test]
fn what_servers_write_for_themselves_goes_on() {
    let server = Server::start();
    let key = server.register("shop");
    server.turn_writes_off();
    let answer = server.get("/datasets").with_key(&key).send().ok();
    assert_eq!(answer.header("API-Version-Source"), "pin");
    server.hand_usage_over();
    let mut admin = server.admin();
    let client = admin.find("shop").unwrap();
    assert_eq!(client.pin, Some(2));
    assert_eq!(admin.usage(Some(&client), 0).unwrap().len(), 1);
    // A move of a pin is a write of the client.
    let moved = server.call("PATCH", "/client").v2().with_key(&key);
    moved.json(&json!({"version": 1})).send().refused(503, &[]);
}

#[test]
fn metrics_say_that_writes_are_off() {
    let server = Server::start();
    let says = |server: &Server, value: &str| {
        let text = server.services.metrics.scrape(&server.services, true);
        let text = String::from_utf8(text).unwrap();
        text.contains(&format!("\nflash_store_writes_off {value}\n"))
    };
    server.until(|server| says(server, "0"));
    server.turn_writes_off();
    server.until(|server| says(server, "1"));
    server.turn_writes_on();
    assert!(says(&server, "0"));
}

/// A row that was acknowledged, of a writer.
type Row = (usize, u64);

#[test]
fn a_copy_made_while_writes_are_off_has_every_acknowledged_write_and_no_read_fails() {
    let server = Server::start();
    server.store("log", "writer,row\n");
    let (stop, acknowledged) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    let (written, refused, read) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let to = Place::new();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (server, stop, acknowledged) = (&server, &stop, &acknowledged);
            let (written, refused) = (&written, &refused);
            scope.spawn(move || {
                for row in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let append = server.post("/datasets/log/rows").v2();
                    let answer = append.csv(format!("writer,row\n{writer},{row}\n")).send();
                    match answer.status {
                        200 => {
                            acknowledged.lock().unwrap().insert((writer, row));
                            written.fetch_add(1, Ordering::Relaxed);
                        }
                        503 => drop(refused.fetch_add(1, Ordering::Relaxed)),
                        other => panic!("{other}: {}", answer.text()),
                    }
                }
            });
        }
        for _ in 0..READERS {
            let (server, stop, read) = (&server, &stop, &read);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    server.get("/datasets/log/rows?limit=1").v2().send().ok();
                    read.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        server.until(|_| written.load(Ordering::Relaxed) > 50);
        server.turn_writes_off();
        let last = written.load(Ordering::Relaxed);
        let (from, to) = (server.place.setting(), to.setting());
        copy(&address(&from), &address(&to), &mut |_: Step| {}).unwrap();
        // Reads and attempts go on after it.
        let (tried, asked) = (
            refused.load(Ordering::Relaxed),
            read.load(Ordering::Relaxed),
        );
        server.until(|_| refused.load(Ordering::Relaxed) > tried + 20);
        server.until(|_| read.load(Ordering::Relaxed) > asked + 20);
        stop.store(true, Ordering::Relaxed);
        // An answer may have been on its way when the writes were turned off.
        assert!(written.load(Ordering::Relaxed) <= last + WRITERS as u64);
    });
    let copied = Builder::at(to).start();
    let csv = copied.get("/datasets/log/source").v2().send().ok().text();
    let rows: BTreeSet<Row> = csv
        .lines()
        .skip(1)
        .map(|line| {
            let (writer, row) = line.split_once(',').unwrap();
            (writer.parse().unwrap(), row.parse().unwrap())
        })
        .collect();
    let acknowledged = acknowledged.into_inner().unwrap();
    let lost: Vec<_> = acknowledged.difference(&rows).collect();
    assert!(lost.is_empty(), "{lost:?} were acknowledged and are lost");
    // The copy takes writes when the operator says so.
    let write = copied.put("/datasets/new").v2().csv("n\n7\n");
    write.send().refused(503, &["turned writes off"]);
    copied.turn_writes_on();
    copied.store("new", "n\n7\n");
}

#[test]
fn the_command_works_beside_a_running_server() {
    let server = Program::serve(&[]);
    let put = || {
        server
            .call("PUT", "/datasets/new")
            .v2()
            .csv("n\n7\n")
            .send()
    };
    let said = |arguments: &[&str]| {
        let (code, text) = server.manage(arguments);
        assert_eq!(code, 0, "{text}");
        text
    };
    assert_eq!(said(&["writes", "status"]), "writes are on\n");
    let text = said(&["writes", "off"]);
    assert!(text.starts_with("writes are off; reads go on."), "{text}");
    put().refused(503, &["turned writes off"]);
    let since = said(&["writes", "status"]);
    assert!(since.starts_with("writes are off since 2"), "{since}");
    said(&["writes", "off"]);
    assert_eq!(
        said(&["writes", "status"]),
        since,
        "they are off since then"
    );
    server.line_with("writes are off: they are refused until `flash writes on`");
    assert_eq!(said(&["writes", "on"]), "writes are on\n");
    server.line_with("writes are on again");
    assert_eq!(put().status, 201);
    assert_eq!(said(&["writes", "on"]), "writes are on\n");
}
