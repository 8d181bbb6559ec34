//! Going away: what is in flight finishes, nothing else holds it, and it ends in time.

use std::{sync::Arc, time::Duration};

use flash::server::{HttpService, Limits, Stage, Summary};
use http_body_util::BodyExt;
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Semaphore, task::JoinHandle, time::timeout};

use super::running::{Running, TOO_LONG, answering, generous, http2, http2_get, text};

/// A service that announces each request and answers it when it is let.
struct Gate {
    arrived: Arc<Semaphore>,
    let_on: Arc<Semaphore>,
}

impl Gate {
    fn new() -> (Self, impl HttpService<Future: Send>) {
        let gate = Self {
            arrived: Arc::new(Semaphore::new(0)),
            let_on: Arc::new(Semaphore::new(0)),
        };
        let (arrived, let_on) = (Arc::clone(&gate.arrived), Arc::clone(&gate.let_on));
        let service = answering(move |request| {
            let (arrived, let_on) = (Arc::clone(&arrived), Arc::clone(&let_on));
            async move {
                arrived.add_permits(1);
                let_on.acquire().await.unwrap().forget();
                match request.into_body().collect().await {
                    Ok(body) => text(format!("finished {}", body.to_bytes().len())),
                    Err(error) => text(error.to_string()),
                }
            }
        });
        (gate, service)
    }

    async fn request_arrives(&self) {
        timeout(TOO_LONG, self.arrived.acquire())
            .await
            .expect("no request arrived")
            .unwrap()
            .forget();
    }

    fn let_on(&self) {
        self.let_on.add_permits(1);
    }
}

async fn ended(serving: JoinHandle<Summary>) -> Summary {
    timeout(TOO_LONG, serving)
        .await
        .expect("the server is still there")
        .unwrap()
}

#[tokio::test]
async fn what_is_in_flight_finishes_and_new_connections_are_refused() {
    let (gate, service) = Gate::new();
    let server = Running::start(generous(), service).await;
    let (address, drain) = (server.address, server.drain.clone());
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: flash\r\n\r\n").await;
    gate.request_arrives().await;
    assert!(!drain.is_draining());
    let serving = server.stop(Stage::Closing).await;
    assert!(drain.is_draining());
    // Not at once: a process that another test is starting holds a copy of the listener for a moment.
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(TOO_LONG, refused).await.expect("still accepting");
    gate.let_on();
    let answer = client.answer().await;
    assert_eq!(answer.body, "finished 0");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(
        ended(serving).await,
        Summary {
            connections: 1,
            requests: 1,
            cut_off: 0
        }
    );
}

#[tokio::test]
async fn an_upload_that_is_still_arriving_finishes() {
    let (gate, service) = Gate::new();
    let server = Running::start(generous(), service).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 8\r\n\r\nhalf")
        .await;
    gate.request_arrives().await;
    let serving = server.stop(Stage::Closing).await;
    gate.let_on();
    client.send("half").await;
    assert_eq!(client.answer().await.body, "finished 8");
    assert_eq!(ended(serving).await.cut_off, 0);
}

#[tokio::test]
async fn half_sent_idle_and_silent_connections_do_not_hold_it() {
    let (gate, service) = Gate::new();
    let server = Running::start(generous(), service).await;
    let mut half_sent = server.connect().await;
    half_sent.send("GET / HTTP/1.1\r\nHo").await;
    let mut silent = server.connect().await;
    let mut half_second = server.connect().await;
    let mut idle = server.connect().await;
    for client in [&mut half_second, &mut idle] {
        gate.let_on();
        assert_eq!(client.get("/").await.status(), "200");
    }
    half_second.send("GET /second HTTP/1.1\r\n").await;
    let summary = timeout(
        Duration::from_millis(500),
        server.stop(Stage::Closing).await,
    )
    .await;
    assert_eq!(summary.expect("held up").unwrap().cut_off, 0);
    for client in [&mut half_sent, &mut silent, &mut half_second, &mut idle] {
        assert!(client.closed().await.is_empty());
    }
}

#[tokio::test]
async fn a_lame_duck_still_serves_and_asks_clients_to_go() {
    let limits = Limits {
        drain_delay: Duration::from_millis(200),
        ..generous()
    };
    let server = Running::start(limits, answering(|_| async { text("served") })).await;
    let address = server.address;
    let mut kept = server.connect().await;
    assert_eq!(kept.get("/").await.header("connection"), None);
    let drain = server.drain.clone();
    let serving = server.stop(Stage::LameDuck).await;
    assert!(drain.is_draining());
    let mut new = super::running::Client {
        socket: TcpStream::connect(address).await.unwrap(),
    };
    for client in [&mut kept, &mut new] {
        let answer = client.get("/").await;
        assert_eq!(
            (answer.body.as_str(), answer.header("connection")),
            ("served", Some("close"))
        );
        assert!(client.closed().await.is_empty());
    }
    assert_eq!(drain.stage(), Stage::LameDuck);
    assert_eq!(
        ended(serving).await,
        Summary {
            connections: 2,
            requests: 3,
            cut_off: 0
        }
    );
}

#[tokio::test]
async fn what_takes_longer_than_the_time_for_draining_is_cut_off_and_counted() {
    let (gate, service) = Gate::new();
    let limits = Limits {
        drain_timeout: Duration::from_millis(100),
        ..generous()
    };
    let server = Running::start(limits, service).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: flash\r\n\r\n").await;
    gate.request_arrives().await;
    let serving = server.stop(Stage::Closing).await;
    assert_eq!(ended(serving).await.cut_off, 1);
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn http2_requests_in_flight_finish() {
    let (gate, service) = Gate::new();
    let server = Running::start(generous(), service).await;
    let mut client = http2(server.address).await;
    let answer = tokio::spawn(client.send_request(http2_get("/")));
    gate.request_arrives().await;
    let serving = server.stop(Stage::Closing).await;
    gate.let_on();
    let body = answer.await.unwrap().unwrap().into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "finished 0");
    assert_eq!(ended(serving).await.cut_off, 0);
}

#[tokio::test]
async fn an_http2_client_that_says_nothing_any_more_does_not_hold_it() {
    let (gate, service) = Gate::new();
    let server = Running::start(generous(), service).await;
    let mut silent = server.connect().await;
    // The preface, empty settings, and GET / as a whole request; later pings are never answered.
    let request = "\0\0\x0a\x01\x05\0\0\0\x01\u{82}\u{86}\u{84}\x41\x05flash";
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for character in preface.chars().chain(request.chars()) {
        let byte = u8::try_from(u32::from(character)).unwrap();
        silent.socket.write_u8(byte).await.unwrap();
    }
    gate.let_on();
    gate.request_arrives().await;
    let serving = server.stop(Stage::Closing).await;
    assert_eq!(ended(serving).await.cut_off, 0);
}
