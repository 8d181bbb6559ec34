//! The start of a server: the addresses that it takes, what its log says first, and what a failed start leaves.

use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::process::{Program, flash};

/// A server with exactly these arguments, and the lines of its log until it serves.
struct Started {
    child: Child,
    lines: Vec<String>,
    _folder: TempDir,
}

impl Started {
    fn with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_flash"))
            .arg("serve")
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut lines = Vec::new();
        while !lines
            .last()
            .is_some_and(|line: &String| line.contains("probes and metrics"))
        {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended: {lines:?}");
            lines.push(line.trim_end().to_owned());
        }
        std::thread::spawn(move || log.lines().for_each(drop));
        Self {
            child,
            lines,
            _folder: folder,
        }
    }

    /// What stands behind `text` in a line of the log.
    #[track_caller]
    fn behind(&self, text: &str) -> &str {
        let found = self.lines.iter().find_map(|line| line.split_once(text));
        let (_, rest) = found.unwrap_or_else(|| panic!("no {text:?} in {:?}", self.lines));
        rest
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The first line of the answer to `GET /` at that address, which is also the host.
fn status(address: SocketAddr, host: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_port_alone_is_that_of_localhost_in_both_families() {
    let has_v6 = TcpListener::bind("[::1]:0").is_ok();
    let flags: &[&[&str]] = &[
        &["--listen", "0", "--admin-listen", ":0"],
        &["--listen", ":0", "--admin-listen", "localhost:0"],
        &["--listen", "localhost:0", "--admin-listen", "0"],
        &[],
    ];
    for flags in flags {
        let variables: &[(&str, &str)] = match flags.is_empty() {
            true => &[("FLASH_LISTEN", ":0"), ("FLASH_ADMIN_LISTEN", "0")],
            false => &[],
        };
        let started = Started::with(flags, variables);
        for (text, expected) in [
            ("the API is at http://localhost:", "200"),
            ("operator, are at http://localhost:", "200"),
        ] {
            let port: u16 = started.behind(text).parse().unwrap();
            let mut addresses: Vec<SocketAddr> = vec![([127, 0, 0, 1], port).into()];
            if has_v6 {
                addresses.push(format!("[::1]:{port}").parse().unwrap());
            }
            for address in addresses {
                for host in [address.to_string(), format!("localhost:{port}")] {
                    let status = status(address, &host);
                    let answers = status.contains(expected) || text.contains("operator");
                    assert!(
                        status.starts_with("HTTP/1.1 ") && answers,
                        "{host}: {status}"
                    );
                    assert!(!status.contains("421"), "{host}: {status}");
                }
            }
        }
    }
}

#[test]
fn the_health_check_finds_a_server_on_localhost() {
    let started = Started::with(&["--listen", "0", "--admin-listen", "0"], &[]);
    let port = started.behind("are at http://localhost:");
    let folder = TempDir::new().unwrap();
    for address in [
        port.to_owned(),
        format!("localhost:{port}"),
        format!(":{port}"),
    ] {
        let checked = flash(folder.path(), &["healthcheck", "--admin-listen", &address]);
        assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    }
}

#[test]
fn the_log_begins_with_version_database_access_and_an_address_to_open() {
    for (arguments, access, url) in [
        (
            &["--listen", "0"][..],
            "callers without a key may read, upload and delete; only this machine reaches the API",
            "http://localhost:",
        ),
        (
            &["--listen", "127.0.0.1:0", "--anonymous", "read"],
            "callers without a key may read, and only registered clients may write; only this machine reaches the API",
            "http://127.0.0.1:",
        ),
        (
            &["--listen", "0.0.0.0:0", "--anonymous", "none"],
            "only registered clients may read and write; other machines reach the API at 0.0.0.0:0",
            "http://localhost:",
        ),
    ] {
        let started = Started::with(&[arguments, &["--admin-listen", "0"]].concat(), &[]);
        let said: Vec<&str> = started
            .lines
            .iter()
            .map(|line| line.split_once("INFO  ").unwrap().1)
            .collect();
        let first = concat!("flash ", env!("CARGO_PKG_VERSION"));
        assert!(said[0].starts_with(first), "{said:?}");
        assert!(said[0].ends_with(", database sqlite:flash.db"), "{said:?}");
        assert!(said.contains(&access), "{access} is not in {said:?}");
        let api = format!("the API is at {url}");
        assert!(said.iter().any(|line| line.starts_with(&api)), "{said:?}");
    }
}

#[test]
fn the_log_tells_the_database_without_its_password() {
    let database = "postgres://me:hunter2@127.0.0.1:1/flash?sslpassword=hunter2";
    let arguments = ["--listen", "0", "--admin-listen", "0"];
    let started = Started::with(&arguments, &[("FLASH_DATABASE", database)]);
    let shown = started.behind(", database ");
    assert_eq!(shown, "postgres://me@127.0.0.1:1/flash");
    let log = started.lines.join("\n");
    assert!(!log.contains("hunter2"), "{log}");
}

/// Starts a server that is to fail.
fn failed(folder: &Path, arguments: &[&str]) -> Output {
    let free = ["serve", "--listen", "0", "--admin-listen", "0"];
    let output = flash(folder, &[&free, arguments].concat());
    assert!(!output.status.success(), "{output:?}");
    output
}

#[test]
fn a_failed_start_leaves_no_file_that_it_made() {
    let folder = TempDir::new().unwrap();
    failed(folder.path(), &["--migrate", "off"]);
    assert_eq!(names(folder.path()), Vec::<String>::new());
    let text = "not a database at all, but long enough to look at\n".repeat(50);
    fs::write(folder.path().join("notes.txt"), &text).unwrap();
    failed(folder.path(), &["--database", "sqlite:notes.txt"]);
    assert_eq!(names(folder.path()), ["notes.txt"]);
    let kept = fs::read_to_string(folder.path().join("notes.txt")).unwrap();
    assert_eq!(kept, text);
}

#[test]
fn a_failed_start_takes_nothing_from_a_store_that_is_served_or_was() {
    let server = Program::serve(&["--database", "sqlite:flash.db"]);
    let before = names(&server.folder());
    assert!(before.contains(&"flash.db.lock".to_owned()), "{before:?}");
    failed(&server.folder(), &["--database", "sqlite:flash.db"]);
    assert_eq!(names(&server.folder()), before);
    let place = server.place.clone();
    drop(server);
    // A later release has steps that this one doesn't know; an earlier one lacks some.
    let file = place.folder.path().join("flash.db");
    forget_a_migration(&file);
    let before = names(place.folder.path());
    failed(
        place.folder.path(),
        &["--database", "sqlite:flash.db", "--migrate", "off"],
    );
    let after = names(place.folder.path());
    assert!(
        before
            .iter()
            .filter(|name| !name.contains("-"))
            .all(|name| after.contains(name))
    );
}

/// Makes a store look like one of an earlier release.
fn forget_a_migration(file: &Path) {
    use diesel::connection::SimpleConnection as _;
    let mut connection = super::stores::connect(file);
    connection
        .batch_execute(
            "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
        )
        .unwrap();
}

#[test]
fn a_file_of_another_program_stays_as_it_is() {
    use diesel::connection::SimpleConnection as _;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("other.db");
    super::stores::connect(&file)
        .batch_execute("CREATE TABLE theirs (id INTEGER)")
        .unwrap();
    let before = fs::read(&file).unwrap();
    let output = failed(folder.path(), &["--database", "sqlite:other.db"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("it holds the tables of another program"),
        "{said}"
    );
    assert!(fs::read(&file).unwrap() == before, "it was changed");
    assert_eq!(names(folder.path()), ["other.db"]);
}
