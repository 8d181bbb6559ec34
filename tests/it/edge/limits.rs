//! How many, and how large.

use std::time::Duration;

use flash::server::{self, Limits};
use tokio::time::timeout;

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
async fn a_port_in_use_is_one_line_that_names_the_address_and_the_flag() {
    let taken = server::bind("127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
    let address = taken.local_addr().unwrap();
    let error = server::bind(address, "--admin-listen")
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
        while server::bind(address, "--listen").is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(TOO_LONG, bound).await.expect("still in use");
}
