//! The program as a process: signals, exit codes, what it writes, and the health check beside it.

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
    time::timeout,
};

const TOO_LONG: Duration = Duration::from_secs(20);

struct Server {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    api: String,
    admin: String,
    database: std::path::PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        for rest in ["", "-wal", "-shm", "-lock"] {
            let _ = std::fs::remove_file(format!("{}{rest}", self.database.display()));
        }
    }
}

impl Server {
    async fn start(arguments: &[&str]) -> Self {
        Self::start_in(&[], arguments).await
    }

    async fn start_in(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let database = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{}.db", uuid::Uuid::now_v7()));
        let mut child = Command::new("sh")
            .args([
                "-c",
                "ulimit -n 1024 && exec \"$0\" \"$@\"",
                env!("CARGO_BIN_EXE_flash"),
            ])
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .args(["--database", &format!("sqlite:{}", database.display())])
            .args(arguments)
            .env_clear()
            .env("FLASH_HOST", "flash")
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut server = Self {
            child,
            log,
            api: String::new(),
            admin: String::new(),
            database,
        };
        server.api = address_in(&server.line_with("the API is at").await);
        server.admin = address_in(&server.line_with("probes and metrics are at").await);
        server
    }

    /// The next line of the log that holds `text`.
    async fn line_with(&mut self, text: &str) -> String {
        let find = async {
            while let Some(line) = self.log.next_line().await.unwrap() {
                if line.contains(text) {
                    return line;
                }
            }
            panic!("the log ended without {text:?}");
        };
        timeout(TOO_LONG, find)
            .await
            .unwrap_or_else(|_| panic!("no line with {text:?}"))
    }

    async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .await
                .unwrap()
                .success()
        );
    }

    async fn exit_code(&mut self) -> Option<i32> {
        timeout(TOO_LONG, self.child.wait())
            .await
            .expect("the process is still there")
            .unwrap()
            .code()
    }

    /// An upload of which the server has read the head and waits for the body.
    async fn unfinished_upload(&self) -> TcpStream {
        let mut socket = TcpStream::connect(&self.api).await.unwrap();
        let head = "POST /datasets?name=people HTTP/1.1\r\nHost: flash\r\nContent-Type: text/csv\r\n\
                    Content-Length: 9\r\nExpect: 100-continue\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 25];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
        socket
    }
}

fn address_in(line: &str) -> String {
    let (_, address) = line.rsplit_once("http://").unwrap();
    address
        .chars()
        .take_while(|character| character.is_ascii_digit() || ".:".contains(*character))
        .collect()
}

async fn get(address: &str, path: &str, id: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: flash\r\nConnection: close\r\nX-Request-Id: {id}\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn each_signal_ends_it_with_0_once_what_is_in_flight_is_done() {
    for name in ["TERM", "INT"] {
        let mut server = Server::start(&[]).await;
        let mut upload = server.unfinished_upload().await;
        server.signal(name).await;
        server.line_with("finishing requests in flight").await;
        upload.write_all(b"id,n\n1,2\n").await.unwrap();
        let mut answer = String::new();
        upload.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
        assert_eq!(server.exit_code().await, Some(0));
        server.line_with("stopped").await;
    }
}

#[tokio::test]
async fn its_log_begins_with_the_life_of_each_version_that_is_not_plainly_stable() {
    let lines = [
        "v2 is stable, promoted at 2021-01-01T00:00:00Z",
        "v1 is deprecated, deprecated at 2020-01-01T00:00:00Z, retired at 2999-01-01T00:00:00Z, \
         brownout from 2998-12-01T00:00:00Z to 2998-12-01T01:00:00Z",
    ];
    let mut server = Server::start(&[
        "--deprecate",
        "v1=2020-01-01",
        "--retire",
        "v1=2999-01-01",
        "--brownout",
        "v1=2998-12-01/1h",
        "--promote",
        "v2=2021-01-01",
    ])
    .await;
    for line in lines {
        server.line_with(line).await;
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut server = Server::start(&["--drain-timeout", "10m", "--body-timeout", "10m"]).await;
    let _upload = server.unfinished_upload().await;
    server.signal("TERM").await;
    server.line_with("finishing requests in flight").await;
    server.signal("TERM").await;
    assert_eq!(server.exit_code().await, Some(1));
    server
        .line_with("flash: a second SIGTERM stopped the server at once")
        .await;
}

#[tokio::test]
async fn while_it_drains_it_is_alive_but_not_ready() {
    let mut server = Server::start(&["--drain-delay", "10m"]).await;
    assert!(
        get(&server.admin, "/readyz", "a")
            .await
            .starts_with("HTTP/1.1 200")
    );
    server.signal("TERM").await;
    server.line_with("finishing requests in flight").await;
    let not_ready = async {
        while !get(&server.admin, "/readyz", "b")
            .await
            .starts_with("HTTP/1.1 503")
        {}
    };
    timeout(TOO_LONG, not_ready).await.expect("still ready");
    assert!(
        get(&server.admin, "/livez", "c")
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn requests_are_lines_of_text_and_probes_are_not() {
    let mut server = Server::start(&[]).await;
    get(&server.admin, "/livez", "probe").await;
    get(&server.api, "/datasets?page=1", "asked").await;
    let line = server.line_with(" request ").await;
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(humantime::parse_rfc3339(time).is_ok(), "{line}");
    assert!(
        rest.starts_with("INFO  request method=GET path=/datasets status=200 "),
        "{line}"
    );
    assert!(rest.ends_with(" id=asked"), "{line}");
}

#[tokio::test]
async fn requests_are_json_objects_when_asked_and_probes_too_at_debug() {
    let mut server = Server::start(&["--log-format", "json", "--log-level", "debug"]).await;
    for (address, path, id, level) in [
        (&server.admin, "/livez", "probe", "DEBUG"),
        (&server.api, "/", "asked", "INFO"),
    ] {
        get(address, path, id).await;
        let find = async {
            loop {
                let line = server.log.next_line().await.unwrap().unwrap();
                let line: serde_json::Value = serde_json::from_str(&line).unwrap();
                if line["target"] == "flash::access" {
                    return line;
                }
            }
        };
        let line = timeout(TOO_LONG, find).await.expect("no line");
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

#[tokio::test]
async fn it_outlives_a_shortage_of_file_descriptors() {
    let mut server = Server::start(&[]).await;
    let id = i32::try_from(server.child.id().unwrap()).unwrap();
    let files = |limit| {
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(1024),
        };
        prlimit(Pid::from_raw(id), Resource::Nofile, limit).unwrap();
    };
    // Fewer than are open.
    files(5);
    let waiting = TcpStream::connect(&server.api).await.unwrap();
    server.line_with("accepting a connection failed").await;
    drop(waiting);
    files(1024);
    let answer = timeout(TOO_LONG, get(&server.api, "/", "after"))
        .await
        .expect("it does not accept any more");
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

#[tokio::test]
async fn with_a_clock_before_1970_it_starts_and_tells_its_clients_why_it_does_not_serve() {
    let Some(library) = faketime() else {
        return;
    };
    let environment = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME", "-80y"),
    ];
    let mut server = Server::start_in(&environment, &[]).await;
    for address in [server.api.clone(), server.admin.clone()] {
        let answer = get(&address, "/livez", "early").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("before 1970"), "{answer}");
    }
    let line = server.line_with("connections are refused").await;
    assert!(line.starts_with("19"), "{line}");
    server.signal("TERM").await;
    assert_eq!(server.exit_code().await, Some(0));
}

#[tokio::test]
async fn a_port_in_use_is_one_line_and_exit_code_1() {
    let first = Server::start(&[]).await;
    let second = Command::new(env!("CARGO_BIN_EXE_flash"))
        .args([
            "serve",
            "--listen",
            &first.api,
            "--admin-listen",
            "127.0.0.1:0",
        ])
        .args([
            "--database",
            &format!(
                "sqlite:{}",
                first.database.with_extension("second.db").display()
            ),
        ])
        .env_clear()
        .output()
        .await
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let lines = String::from_utf8(second.stderr).unwrap();
    let last = lines.lines().last().unwrap();
    assert!(
        last.starts_with("flash: ") && last.contains(&first.api) && last.contains("--listen"),
        "{lines}"
    );
}

#[tokio::test]
async fn the_health_check_tells_ready_from_not_ready_and_from_gone() {
    let mut server = Server::start(&["--drain-delay", "10m"]).await;
    let check = |variable: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flash"));
        command.arg("healthcheck").env_clear();
        if variable {
            command.env("FLASH_ADMIN_LISTEN", &server.admin);
        } else {
            command.args(["--admin-listen", &server.admin]);
        }
        async move { command.output().await.unwrap() }
    };
    for variable in [true, false] {
        assert_eq!(check(variable).await.status.code(), Some(0));
    }
    let draining = check(false);
    let gone = check(false);
    server.signal("TERM").await;
    server.line_with("finishing requests in flight").await;
    while !get(&server.admin, "/readyz", "a")
        .await
        .starts_with("HTTP/1.1 503")
    {}
    let draining = draining.await;
    assert_eq!(draining.status.code(), Some(1));
    assert!(String::from_utf8(draining.stderr).unwrap().contains("503"));
    server.child.kill().await.unwrap();
    let gone = gone.await;
    assert_eq!(gone.status.code(), Some(1));
    assert!(
        String::from_utf8(gone.stderr)
            .unwrap()
            .contains("does not answer")
    );
}
