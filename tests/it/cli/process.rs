//! The program as a process: signals, exit codes, what it writes, and the health check beside it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Begun, begin};
use crate::database::Place;
use crate::process::{Program, flash};

const TOO_LONG: Duration = Duration::from_secs(20);

fn serve(arguments: &[&str]) -> Program {
    serve_by(
        &["sh", "-c", "ulimit -n 1024 && exec \"$0\" \"$@\""],
        arguments,
    )
}

/// An upload of which the server has read the head and waits for the body.
fn unfinished_upload(server: &Program) -> Begun {
    let (path, body) = ("/datasets?name=people", "id,n\n1,2\n");
    begin(server.address, "POST", path, "", body)
}

/// Starts a server by a command that the program and its arguments are put behind.
fn serve_by(command: &[&str], arguments: &[&str]) -> Program {
    let command: Vec<String> = command.iter().map(ToString::to_string).collect();
    Program::spawn(
        &[command, Program::command()].concat(),
        Place::in_folder(),
        arguments,
    )
}

fn get(address: SocketAddr, path: &str, id: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(TOO_LONG)).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: flash\r\nConnection: close\r\nX-Request-Id: {id}\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits until a draining server says that it is not ready.
fn wait_until_not_ready(server: &Program) {
    let began = Instant::now();
    while !get(server.admin, "/readyz", "b").starts_with("HTTP/1.1 503") {
        assert!(began.elapsed() < TOO_LONG, "still ready");
    }
}

#[test]
fn each_signal_ends_it_with_0_once_what_is_in_flight_is_done() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = serve(&[]);
        let upload = unfinished_upload(&server);
        server.signal(signal);
        server.line_with("finishing requests in flight");
        let answer = upload.finish();
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
        assert_eq!(server.wait().code(), Some(0));
        server.line_with("stopped");
    }
}

#[test]
fn its_log_begins_with_the_life_of_each_version_that_is_not_plainly_stable() {
    let lines = [
        "v2 is stable, promoted at 2021-01-01T00:00:00Z",
        "v1 is deprecated, deprecated at 2020-01-01T00:00:00Z, retired at 2999-01-01T00:00:00Z, \
         brownout from 2998-12-01T00:00:00Z to 2998-12-01T01:00:00Z",
    ];
    let server = serve(&[
        "--deprecate",
        "v1=2020-01-01",
        "--retire",
        "v1=2999-01-01",
        "--brownout",
        "v1=2998-12-01/1h",
        "--promote",
        "v2=2021-01-01",
    ]);
    for line in lines {
        server.line_with(line);
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = serve(&["--drain-timeout", "10m", "--body-timeout", "10m"]);
    let _upload = unfinished_upload(&server);
    server.signal(Signal::TERM);
    server.line_with("finishing requests in flight");
    // Those that come soon are the first one.
    while server.is_running() {
        server.signal(Signal::TERM);
    }
    assert_eq!(server.wait().code(), Some(1));
    server.line_with("flash: a second SIGTERM stopped the server at once");
}

#[test]
fn signals_that_come_together_are_one() {
    let mut server = serve(&[]);
    let upload = unfinished_upload(&server);
    // As `timeout` sends it to the process and to its group, and a terminal to a wrapper that sends it once more.
    server.signal(Signal::STOP);
    for signal in [Signal::INT, Signal::TERM] {
        server.signal(signal);
    }
    server.signal(Signal::CONT);
    server.line_with("finishing requests in flight");
    let answer = upload.finish();
    assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn while_it_drains_it_is_alive_but_not_ready() {
    let server = serve(&["--drain-delay", "10m"]);
    assert!(get(server.admin, "/readyz", "a").starts_with("HTTP/1.1 200"));
    server.signal(Signal::TERM);
    server.line_with("finishing requests in flight");
    wait_until_not_ready(&server);
    assert!(get(server.admin, "/livez", "c").starts_with("HTTP/1.1 200"));
}

#[test]
fn requests_are_lines_of_text_and_probes_are_not() {
    let server = serve(&[]);
    get(server.admin, "/livez", "probe");
    get(server.address, "/datasets?page=1", "asked");
    let line = server.line_with(" request ");
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(humantime::parse_rfc3339(time).is_ok(), "{line}");
    assert!(
        rest.starts_with("INFO  request method=GET path=/datasets status=200 "),
        "{line}"
    );
    assert!(rest.ends_with(" id=asked"), "{line}");
}

#[test]
fn requests_are_json_objects_when_asked_and_probes_too_at_debug() {
    let server = serve(&["--log-format", "json", "--log-level", "debug"]);
    for (address, path, id, level) in [
        (server.admin, "/livez", "probe", "DEBUG"),
        (server.address, "/", "asked", "INFO"),
    ] {
        get(address, path, id);
        let line = loop {
            let line: Value = serde_json::from_str(&server.line_with("{")).unwrap();
            if line["target"] == "flash::access" {
                break line;
            }
        };
        assert_eq!(
            (&line["id"], &line["level"], &line["path"]),
            (&id.into(), &level.into(), &path.into())
        );
        assert_eq!(
            (&line["method"], &line["status"]),
            (&"GET".into(), &200.into())
        );
        assert!(
            line["ms"].is_number() && line["bytes"].is_number(),
            "{line}"
        );
    }
}

#[test]
fn it_outlives_a_shortage_of_file_descriptors() {
    let server = serve(&[]);
    let id = i32::try_from(server.id()).unwrap();
    let files = |limit| {
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(1024),
        };
        prlimit(Pid::from_raw(id), Resource::Nofile, limit).unwrap();
    };
    // Fewer than are open.
    files(5);
    let waiting = TcpStream::connect(server.address).unwrap();
    server.line_with("accepting a connection failed");
    drop(waiting);
    files(1024);
    let answer = get(server.address, "/", "after");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Debian's library that shows a program another time, where it is installed.
fn faketime() -> Option<std::path::PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?;
    let files = folders
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    files.into_iter().find(|file| file.is_file())
}

#[test]
fn with_a_clock_before_1970_it_starts_and_tells_its_clients_why_it_does_not_serve() {
    let Some(library) = faketime() else {
        return;
    };
    let library = format!("LD_PRELOAD={}", library.display());
    let mut server = serve_by(&["env", &library, "FAKETIME=-80y"], &[]);
    for address in [server.address, server.admin] {
        let answer = get(address, "/livez", "early");
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("before 1970"), "{answer}");
    }
    let line = server.line_with("connections are refused");
    assert!(line.starts_with("19"), "{line}");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_port_in_use_is_one_line_and_exit_code_1() {
    let first = serve(&[]);
    let address = first.address.to_string();
    let other = TempDir::new().unwrap();
    let arguments = [
        "serve",
        "--listen",
        &address,
        "--admin-listen",
        "127.0.0.1:0",
    ];
    let second = flash(other.path(), &arguments);
    assert_eq!(second.status.code(), Some(1));
    let lines = String::from_utf8(second.stderr).unwrap();
    let last = lines.lines().last().unwrap();
    assert!(
        last.starts_with("flash: ") && last.contains(&address) && last.contains("--listen"),
        "{lines}"
    );
}

#[test]
fn the_health_check_tells_ready_from_not_ready_and_from_gone() {
    let server = serve(&["--drain-delay", "10m"]);
    let admin = server.admin.to_string();
    let check = |variable: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flash"));
        command.arg("healthcheck").env_clear();
        if variable {
            command.env("FLASH_ADMIN_LISTEN", &admin);
        } else {
            command.args(["--admin-listen", &admin]);
        }
        let checked = command.output().unwrap();
        let said = String::from_utf8(checked.stderr).unwrap();
        (checked.status.code(), said)
    };
    for variable in [true, false] {
        assert_eq!(check(variable).0, Some(0));
    }
    server.signal(Signal::TERM);
    server.line_with("finishing requests in flight");
    wait_until_not_ready(&server);
    let (code, said) = check(false);
    assert_eq!(code, Some(1));
    assert!(said.contains("503"), "{said}");
    drop(server);
    let (code, said) = check(false);
    assert_eq!(code, Some(1));
    assert!(said.contains("does not answer"), "{said}");
}
