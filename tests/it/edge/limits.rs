//! How many, and how large.

use std::process::Command;
use std::time::Duration;

use flash::server::{self, Limits};
use tokio::{net::TcpSocket, time::timeout};

use crate::client::exchange;
use crate::database::Place;
use crate::process::Program;

use super::running::{Running, TOO_LONG, answering, generous, text};

#[tokio::test]
async fn at_the_cap_further_connections_wait_until_one_ends() {
    let limits = Limits {
        connections: 1,
        ..generous()
    };
    let server = Running::start(limits, answering(|_| async { text("served") })).await;
    let mut first = server.connect().await;
    assert_eq!(first.get("/").await.body, "served");
    let mut second = server.connect().await;
    second.send("GET / HTTP/1.1\r\nHost: flash\r\n\r\n").await;
    let waiting = timeout(Duration::from_millis(100), second.socket.readable()).await;
    assert!(
        waiting.is_err(),
        "the second connection was served beside the first"
    );
    drop(first);
    assert_eq!(second.answer().await.body, "served");
}

#[tokio::test]
async fn one_address_can_not_take_all_connections_and_is_told_so() {
    let limits = Limits {
        connections: 16,
        ..generous()
    };
    let server = Running::start(limits, answering(|_| async { text("served") })).await;
    let (mut served, mut refused) = (Vec::new(), 0);
    for _ in 0..40 {
        let mut client = server.connect_from([127, 0, 0, 2]).await;
        client.send("GET / HTTP/1.1\r\nHost: flash\r\n\r\n").await;
        let answer = client.answer().await;
        if answer.status() == "200" {
            served.push(client);
            continue;
        }
        assert_eq!(answer.status(), "503", "{answer:?}");
        assert!(answer.body.contains("--max-connections"), "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(client.closed().await.is_empty());
        refused += 1;
    }
    assert_eq!((served.len(), refused), (14, 26));
    let mut other = server.connect_from([127, 0, 0, 3]).await;
    assert_eq!(other.get("/").await.body, "served");
    // What one of its own gives back, it can have again.
    served.pop();
    let again = async {
        loop {
            let mut client = server.connect_from([127, 0, 0, 2]).await;
            if client.get("/").await.status() == "200" {
                return;
            }
        }
    };
    timeout(TOO_LONG, again).await.expect("still refused");
}

#[tokio::test]
async fn probes_get_through_when_clients_have_all_the_files_that_the_process_may_open() {
    let flash = &Program::command()[0];
    let limited = ["sh", "-c", "ulimit -n 100; exec \"$0\" \"$@\"", flash];
    let server = Program::spawn(&limited.map(str::to_owned), Place::in_folder(), &[]);
    // More than there are files, from more addresses than could share them.
    let mut clients = Vec::new();
    for client in 0..200 {
        let socket = TcpSocket::new_v4().unwrap();
        socket
            .bind(([127, 0, 0, 2 + client % 50], 0).into())
            .unwrap();
        clients.push(socket.connect(server.address).await.unwrap());
    }
    for _ in 0..3 {
        for path in ["livez", "readyz", "metrics"] {
            let request =
                format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let answer = exchange(server.admin, &request);
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
    drop(clients);
    let log: Vec<_> = server.lines.try_iter().collect();
    assert!(
        !log.iter()
            .any(|line| line.contains("accepting a connection failed")),
        "{log:?}"
    );
}

#[test]
fn a_lower_limit_of_open_files_is_raised_as_far_as_it_goes_and_what_that_means_is_told() {
    let flash = &Program::command()[0];
    let spawn = |limits: &str| {
        let script = format!("{limits}; exec \"$0\" \"$@\"");
        let limited = ["sh", "-c", &script, flash].map(str::to_owned);
        Program::spawn(&limited, Place::in_folder(), &[])
    };
    // The line with the addresses comes after.
    let server = spawn("ulimit -Sn 100; ulimit -Hn 3000");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    assert_eq!(files.split_whitespace().nth(3), Some("3000"), "{files}");
    // One that ends because its port is in use says that first.
    let listen = server.address.to_string();
    for (limit, told, code) in [
        ("ulimit -n 20", "20 files (ulimit -n)", 1),
        ("ulimit -n 64", "--max-connections 1024 is lowered to", 1),
    ] {
        let folder = Place::in_folder();
        let script =
            format!("{limit}; exec \"$0\" serve --listen {listen} --admin-listen 127.0.0.1:0");
        let output = Command::new("sh")
            .args(["-c", &script, flash])
            .current_dir(folder.folder.path())
            .env_clear()
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(told), "{said}");
        assert_eq!(output.status.code(), Some(code), "{said}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_one_line_that_names_the_address_and_the_flag() {
    let taken = server::bind("127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
    let address = taken.local_addr().unwrap();
    let error = server::bind(address.into(), "--admin-listen")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&address.to_string()) && error.contains("--admin-listen"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1);
}

#[tokio::test]
async fn the_port_of_a_server_that_has_just_ended_can_be_taken_again() {
    let server = Running::start(generous(), answering(|_| async { text("served") })).await;
    let address = server.address;
    let mut client = server.connect().await;
    client.get("/").await;
    // The server closes first, so the kernel remembers the connection at the server's port.
    server.stop(server::Stage::Closing).await.await.unwrap();
    client.closed().await;
    // Not at once: a process that another test is starting holds a copy of the listener for a moment.
    let bound = async {
        while server::bind(address.into(), "--listen").is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(TOO_LONG, bound).await.expect("still in use");
}
