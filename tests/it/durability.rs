//! What was acknowledged is there, whatever happens next; what was not leaves nothing behind.

mod sqlite;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use rustix::process::Signal;
use ureq::http::StatusCode;

use crate::client::V2;
use crate::process::{Program, rest};
use crate::sample::large_csv;
use crate::server::Builder;

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let program = Program::serve(&[]);
    let large = large_csv(700_000);
    program
        .call("PUT", "/datasets/small")
        .v2()
        .csv("id\n1\n")
        .send()
        .created();
    program
        .call("PUT", "/datasets/large")
        .v2()
        .csv(&large)
        .send()
        .created();
    let program = program.kill_and_restart();
    let source = |name: &str| {
        program
            .call("GET", &format!("/datasets/{name}/source"))
            .v2()
            .send()
            .ok()
            .text()
    };
    assert_eq!(source("small"), "id\n1\n");
    assert_eq!(source("large"), large);
}

#[test]
fn a_kill_amid_writers_loses_nothing_that_was_acknowledged_and_leaves_nothing_half_done() {
    let program = Program::serve(&[]);
    let acknowledged = AtomicUsize::new(0);
    const WRITERS: usize = 4;
    let mut kept: Vec<String> = Vec::new();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (address, acknowledged) = (program.address, &acknowledged);
                scope.spawn(move || {
                    let mut kept = Vec::new();
                    for count in 0.. {
                        let name = format!("w{writer}-{count}");
                        if !write(address, &name) {
                            break;
                        }
                        kept.push(name);
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                    kept
                })
            })
            .collect();
        while acknowledged.load(Ordering::Relaxed) < 200 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        program.signal(Signal::KILL);
        kept = writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect();
    });
    let program = program.kill_and_restart();
    for name in &kept {
        let rows = program
            .call("GET", &format!("/datasets/{name}/rows"))
            .v2()
            .send()
            .ok()
            .json();
        assert_eq!(rows["data"][0]["name"], name.as_str());
    }
    // One write a writer may have been under way: it is there whole, or not at all.
    let total = program
        .call("GET", "/datasets?per_page=1")
        .send()
        .ok()
        .json()["total"]
        .as_u64()
        .unwrap();
    let total = usize::try_from(total).unwrap();
    assert!(
        (kept.len()..=kept.len() + WRITERS).contains(&total),
        "{total} of {}",
        kept.len()
    );
}

/// Whether the write was acknowledged; the server may be killed meanwhile.
fn write(address: SocketAddr, name: &str) -> bool {
    let Ok(mut socket) = TcpStream::connect(address) else {
        return false;
    };
    let body = format!("name\n{name}\n");
    let request = format!(
        "PUT /datasets/{name} HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nContent-Type: text/csv\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).is_ok() && rest(socket).starts_with("HTTP/1.1 201")
}

/// An upload of which the server has had the beginning and waits for the rest.
fn half_an_upload(address: SocketAddr, beginning: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!(
        "PUT /datasets/half HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nContent-Type: text/csv\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        beginning.len() + 1000
    );
    socket.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    socket.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(beginning.as_bytes()).unwrap();
    socket
}

#[test]
fn ctrl_c_during_an_upload_ends_in_time_and_stores_nothing_of_it() {
    let mut program = Program::serve(&["--drain-timeout", "300ms"]);
    let upload = half_an_upload(program.address, &large_csv(2 << 20));
    program.signal(Signal::INT);
    assert!(program.wait().success());
    drop(upload);
    let program = program.kill_and_restart();
    program
        .call("GET", "/datasets/half")
        .send()
        .expect(StatusCode::NOT_FOUND);
    assert_eq!(
        program.call("GET", "/datasets").send().ok().json()["total"],
        0
    );
}

#[test]
fn an_upload_that_the_client_gives_up_is_not_stored_and_its_chunks_go() {
    let mut builder = Builder::new();
    let clock = builder.stand_at(Timestamp::now());
    let server = builder.start();
    let upload = half_an_upload(server.address, &large_csv(4 << 20));
    server.place.wait_for_blocks(|blocks| blocks > 0);
    drop(upload);
    server.place.wait_for_blocks(|blocks| {
        server.place.let_pass(SignedDuration::from_mins(5), &clock);
        blocks == 0
    });
    server
        .get("/datasets/half")
        .send()
        .expect(StatusCode::NOT_FOUND);
}

#[test]
fn what_an_interrupted_upload_left_is_swept_after_the_next_start() {
    let mut program = Program::serve(&[]);
    let _upload = half_an_upload(program.address, &large_csv(4 << 20));
    program.place.wait_for_blocks(|blocks| blocks > 0);
    program.signal(Signal::KILL);
    program.wait();
    let started = Timestamp::now();
    let mut builder = Builder::at(program.place.clone());
    let clock = builder.stand_at(started);
    let server = builder.start();
    // Where others may run beside the server, the upload is first taken for dead, and then collected.
    server.place.wait_for_blocks(|blocks| {
        server.place.let_pass(SignedDuration::from_mins(5), &clock);
        blocks == 0
    });
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
    server.place.let_pass(SignedDuration::from_mins(5), &clock);
    server.place.wait_for_blocks(|blocks| blocks == 0);
}

#[test]
fn a_dataset_deleted_while_its_replacement_arrives_leaves_nothing_in_the_new_one() {
    // A small upload is written with its commit, a large one has been staged under the old number by then.
    for size in [10, 4 << 20] {
        let program = Program::serve(&[]);
        let rows = || program.call("GET", "/datasets/half/rows").v2().send();
        let put = program.call("PUT", "/datasets/half").v2();
        put.csv("id\n1\n").send().created();
        let old = rows().ok();
        let beginning = numbers_from_two(size);
        let mut upload = half_an_upload(program.address, &beginning);
        let delete = program.call("DELETE", "/datasets/half").send();
        delete.expect(StatusCode::NO_CONTENT);
        let ending = "3\n".repeat(500);
        upload.write_all(ending.as_bytes()).unwrap();
        let mut answer = [0; 12];
        upload.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 201");
        let new = rows().ok();
        assert_eq!(new.json()["data"][0]["id"], 2);
        assert_ne!(new.header("etag"), old.header("etag"));
        let source = program.call("GET", "/datasets/half/source").v2().send();
        assert!(source.ok().text() == beginning + &ending);
    }
}

/// A column of numbers, the first of them 2, of about `bytes` bytes that packing makes not much smaller.
fn numbers_from_two(bytes: usize) -> String {
    let mut csv = String::from("id\n2\n");
    let mut number: u64 = 2;
    while csv.len() < bytes {
        number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31) | 1;
        csv.push_str(&format!("{}\n", number >> 2));
    }
    csv
}
