//! What Prometheus is told: on the admin address, in labels that clients can't make more of.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};

use ureq::Agent;

use crate::client::{Call, V1, V2, agent, begin, begin_with};
use crate::database::Place;
use crate::process::{Program, flash};

/// What is told, once it was told who uses which version: that is handed over every few seconds.
pub fn whole(program: &Program) -> String {
    let mut text = scrape(program);
    while !text.contains("flash_api_requests_total{") {
        text = scrape(program);
    }
    text
}

fn scrape(program: &Program) -> String {
    let agent: Agent = agent();
    let url = format!("http://{}/metrics", program.admin);
    let answer = Call::new(&agent, "GET", url).send().ok();
    assert_eq!(answer.header("Content-Type"), "text/plain; version=0.0.4");
    String::from_utf8(answer.body).unwrap()
}

/// The value of the series whose name and labels are all in its line.
fn value(text: &str, parts: &[&str]) -> Option<f64> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let line = lines.find(|line| parts.iter().all(|part| line.contains(part)))?;
    line.rsplit(' ').next().unwrap().parse().ok()
}

#[test]
fn requests_are_counted_and_timed_by_route_method_status_and_version() {
    let program = Program::serve(&[]);
    let csv = "id,name\n1,Ada\n";
    let put = program.call("PUT", "/datasets/people");
    put.v2().csv(csv).send().created();
    for _ in 0..3 {
        program.call("GET", "/datasets/people").v2().send().ok();
    }
    program
        .call("GET", "/datasets/people")
        .accept(V1)
        .send()
        .ok();
    program.call("GET", "/datasets/nothing").v2().send();
    let text = scrape(&program);
    let requests = |labels: &[&str]| {
        let name = ["flash_http_requests_total{", "route=\"/datasets/{name}\""];
        value(&text, &[&name[..], labels].concat())
    };
    let of = |status| ["method=\"GET\"", "api_version=\"v2\"", status];
    assert_eq!(requests(&of("status=\"200\"")), Some(3.0), "{text}");
    assert_eq!(requests(&of("status=\"404\"")), Some(1.0));
    assert_eq!(requests(&["method=\"PUT\"", "status=\"201\""]), Some(1.0));
    assert_eq!(requests(&["api_version=\"v1\""]), Some(1.0));
    let timed = [
        "flash_http_request_duration_seconds_count{",
        "method=\"GET\"",
        "api_version=\"v2\"",
    ];
    assert_eq!(value(&text, &timed), Some(4.0));
    let bytes = value(&text, &["flash_http_request_bytes_total"]);
    assert_eq!(bytes, Some(csv.len() as f64));
    assert!(value(&text, &["flash_http_response_bytes_total"]).unwrap() > 500.0);
    assert_eq!(value(&text, &["flash_http_requests_in_flight"]), Some(0.0));
}

#[test]
fn refusals_because_of_a_version_are_counted_by_caller_and_reason() {
    let program = Program::serve(&["--retire", "v1=2026-01-01"]);
    let call = program.call("GET", "/datasets").accept(V1);
    assert_eq!(call.header("User-Agent", "curl/8.5.0").send().status, 410);
    let mut text = scrape(&program);
    while !text.contains("flash_api_refusals_total{") {
        text = scrape(&program);
    }
    let parts = [
        "flash_api_refusals_total{",
        "client=\"anonymous (curl)\"",
        "reason=\"retired\"",
        "version=\"v1\"",
    ];
    assert_eq!(value(&text, &parts), Some(1.0), "{text}");
}

#[test]
fn an_answer_that_is_compressed_or_remembered_is_counted_by_its_route_too() {
    let program = Program::serve(&[]);
    let csv = format!("id,name\n{}", "1,Ada\n".repeat(200));
    let put = program.call("PUT", "/datasets/people");
    put.v2().csv(csv).send().created();
    for _ in 0..4 {
        let call = program.call("GET", "/datasets/people/rows").v2();
        let answer = call.header("Accept-Encoding", "gzip").send().ok();
        assert_eq!(answer.header("Content-Encoding"), "gzip");
    }
    let text = scrape(&program);
    let rows = [
        "flash_http_requests_total{",
        "route=\"/datasets/{name}/rows\"",
        "api_version=\"v2\"",
    ];
    assert_eq!(value(&text, &rows), Some(4.0), "{text}");
}

#[test]
fn the_store_the_caches_the_process_and_the_release_are_told_of() {
    let program = Program::serve(&[]);
    let put = program.call("PUT", "/datasets/people");
    put.v2().csv("id\n1\n").send().created();
    for _ in 0..2 {
        program
            .call("GET", "/datasets/people/rows")
            .v2()
            .send()
            .ok();
    }
    let text = scrape(&program);
    let write = value(&text, &["flash_store_duration_seconds_count", "\"write\""]);
    assert!(write.unwrap() >= 1.0, "{text}");
    let read = value(&text, &["flash_store_duration_seconds_count", "\"read\""]);
    assert!(read.unwrap() >= 1.0);
    assert!(value(&text, &["flash_store_connections", "\"idle\""]).is_some());
    assert_eq!(value(&text, &["flash_store_waiting"]), Some(0.0));
    assert_eq!(value(&text, &["flash_store_write_queue"]), Some(0.0));
    let hits = ["flash_cache_requests_total", "\"reads\"", "\"hit\""];
    assert!(value(&text, &hits).unwrap() >= 1.0);
    assert!(value(&text, &["flash_cache_bytes", "\"reads\""]).unwrap() > 0.0);
    assert!(value(&text, &["process_resident_memory_bytes"]).unwrap() > 0.0);
    let release = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert_eq!(value(&text, &["flash_build_info", &release]), Some(1.0));
    assert_eq!(value(&text, &["flash_ready"]), Some(1.0));
}

#[test]
fn what_is_in_flight_and_what_waits_to_be_written_is_told_while_it_is_so() {
    if Place::is_shared() {
        return;
    }
    let program = Program::serve(&[]);
    let until = |name: &str, least: f64| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while value(&scrape(&program), &[name]).unwrap() < least {
            assert!(Instant::now() < deadline, "{name} stays below {least}");
        }
    };
    let held = begin(program.address, "PUT", "/datasets/held", "", "id\n1\n");
    until("flash_http_requests_in_flight ", 1.0);
    until("flash_http_connections ", 1.0);
    assert!(held.finish().starts_with("HTTP/1.1 201"));
    // While somebody else writes to the file, every write waits.
    let mut other = SqliteConnection::establish(program.place.file().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|number| {
                let call = program.call("PUT", &format!("/datasets/d{number}"));
                scope.spawn(move || call.v2().csv("id\n1\n").send().status)
            })
            .collect();
        until("flash_store_write_queue ", 1.0);
        other.batch_execute("ROLLBACK").unwrap();
        for writer in writers {
            assert_eq!(writer.join().unwrap(), 201);
        }
    });
}

#[test]
fn the_lives_of_versions_are_told_so_that_one_can_be_warned_in_time() {
    let program = Program::serve(&["--retire", "v1=2099-01-01"]);
    let text = scrape(&program);
    let state =
        |version: &str, state: &str| value(&text, &["flash_api_version_state{", version, state]);
    assert_eq!(state("\"v1\"", "\"deprecated\""), Some(1.0), "{text}");
    assert_eq!(state("\"v1\"", "\"stable\""), Some(0.0));
    assert_eq!(state("\"v2\"", "\"stable\""), Some(1.0));
    let retires = ["flash_api_version_retires_timestamp_seconds", "\"v1\""];
    assert_eq!(value(&text, &retires), Some(4_070_908_800.0));
}

#[test]
fn who_uses_which_version_is_told_by_name_and_by_kind_of_user_agent() {
    let program = Program::serve(&[]);
    let added = flash(&program.folder(), &["clients", "add", "shop"]);
    let key = String::from_utf8(added.stdout).unwrap();
    let call = program.call("GET", "/datasets").accept(V2);
    let bearer = format!("Bearer {}", key.trim());
    call.header("Authorization", &bearer).send().ok();
    let call = program.call("GET", "/").header("User-Agent", "curl/8.5.0");
    call.send().ok();
    let text = whole(&program);
    let used = |parts: &[&str]| value(&text, &[&["flash_api_requests_total{"], parts].concat());
    assert_eq!(used(&["\"v2\"", "\"shop\""]), Some(1.0), "{text}");
    assert_eq!(used(&["\"v1\"", "\"anonymous (curl)\""]), Some(1.0));
}

#[test]
fn nothing_that_a_client_sends_makes_a_new_label() {
    let program = Program::serve(&[]);
    for number in 0..20 {
        let path = format!("/nothing/{number}");
        program.call("GET", &path).send();
        program.call("GET", &format!("/datasets/d{number}")).send();
        let mut socket = TcpStream::connect(program.address).unwrap();
        let request =
            format!("WORD{number} / HTTP/1.1\r\nHost: flash\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        socket.read_to_end(&mut Vec::new()).unwrap();
    }
    let text = scrape(&program);
    let series = text
        .lines()
        .filter(|line| line.starts_with("flash_http_requests_total{"));
    assert_eq!(series.count(), 3, "{text}");
    let other = [
        "flash_http_requests_total",
        "method=\"other\"",
        "route=\"/\"",
    ];
    assert_eq!(value(&text, &other), Some(20.0));
    let nowhere = ["flash_http_requests_total", "route=\"none\""];
    assert_eq!(value(&text, &nowhere), Some(20.0));
}

/// Scrapes until the value of a series is as it should be.
#[track_caller]
fn wait_until(program: &Program, series: &[&str], is_so: impl Fn(f64) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !value(&scrape(program), series).is_some_and(&is_so) {
        assert!(Instant::now() < deadline, "{series:?} stays as it is");
    }
}

#[test]
fn requests_that_wait_for_a_connection_to_the_store_are_counted_while_they_wait() {
    let program = Program::serve(&["--store-readers", "1"]);
    let put = program.call("PUT", "/datasets/people");
    put.v2().csv("id\n1\n").send().created();
    let revisions = format!("http://{}/datasets/people/revisions", program.address);
    let stop = AtomicBool::new(false);
    // The readers also end if the test fails.
    let end = Instant::now() + Duration::from_secs(90);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let (agent, url) = (agent(), &revisions);
                while !stop.load(Ordering::Relaxed) && Instant::now() < end {
                    Call::new(&agent, "GET", url.clone()).v2().send().ok();
                }
            });
        }
        wait_until(&program, &["flash_store_waiting"], |waiting| waiting > 0.0);
        stop.store(true, Ordering::Relaxed);
    });
    wait_until(&program, &["flash_store_waiting"], |waiting| waiting == 0.0);
}

#[test]
fn requests_that_wait_for_memory_are_counted_while_they_wait() {
    let program = Program::serve(&["--max-json-body", "64MiB"]);
    let series = ["flash_memory_waiting", "\"large\""];
    let csv = format!("n\\n{}", "1\\n".repeat(700_000));
    let mut lists: Vec<_> = ["one", "two"]
        .map(|name| {
            let body = format!(r#"[{{"name": "{name}", "csv": "{csv}"}}]"#);
            let headers = "Content-Type: application/json\r\n";
            begin_with(program.address, "POST", "/datasets", headers, &body)
        })
        .into();
    // Each list is long now, and only one of them gets the memory for it.
    for list in &mut lists {
        list.send((1 << 20) + (64 << 10));
    }
    wait_until(&program, &series, |waiting| waiting == 1.0);
    thread::scope(|scope| {
        for list in lists {
            scope.spawn(|| {
                let answer = list.finish();
                assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
            });
        }
    });
    wait_until(&program, &series, |waiting| waiting == 0.0);
}
