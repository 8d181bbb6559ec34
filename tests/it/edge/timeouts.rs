//! Clients that trickle, stall or fall silent are cut off; those that are merely slow are not, and the server's own
//! slowness is never held against a client.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use flash::api::body::BodyTimedOut;
use flash::server::{Limits, RequestBody};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
    time::timeout,
};

use super::running::{
    Body, Running, TOO_LONG, answering, endless, generous, http2, http2_get, text,
};

/// A time-out that a test waits for.
const SHORT: Duration = Duration::from_millis(100);
/// A time-out that a test keeps within: many times as long as each of its pauses, however much else the machine does, and shorter
/// than all of them together.
const AMPLE: Duration = Duration::from_secs(3);

async fn measure(request: Request<RequestBody>) -> Response<Body> {
    match request.into_body().collect().await {
        Ok(body) => text(body.to_bytes().len().to_string()),
        Err(error) => {
            let mut answer = text(error.to_string());
            *answer.status_mut() = match BodyTimedOut::find(&*error) {
                Some(_) => StatusCode::REQUEST_TIMEOUT,
                None => StatusCode::BAD_REQUEST,
            };
            answer
        }
    }
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_off() {
    let server = Running::start(
        Limits {
            header_timeout: SHORT,
            ..generous()
        },
        answering(measure),
    )
    .await;
    let mut client = server.connect().await;
    let began = Instant::now();
    // Each byte comes long before the time-out of its own; it is the whole head that is timed.
    while client.socket.write_all(b"G").await.is_ok() {
        tokio::time::sleep(SHORT / 5).await;
        assert!(began.elapsed() < TOO_LONG, "still open");
    }
    assert!(began.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_new_connection_that_stays_silent_is_cut_off() {
    let server = Running::start(
        Limits {
            header_timeout: SHORT,
            ..generous()
        },
        answering(measure),
    )
    .await;
    assert!(server.connect().await.closed().await.is_empty());
}

#[tokio::test]
async fn half_a_head_on_a_kept_connection_is_cut_off_too() {
    let server = Running::start(
        Limits {
            header_timeout: SHORT,
            ..generous()
        },
        answering(measure),
    )
    .await;
    let mut client = server.connect().await;
    assert_eq!(client.get("/").await.status(), "200");
    client.send("GET / HTTP/1.1\r\nHo").await;
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_idle_time_and_not_after_the_time_for_a_head() {
    let idle_timeout = AMPLE;
    let limits = Limits {
        header_timeout: SHORT,
        idle_timeout,
        ..generous()
    };
    let server = Running::start(limits, answering(measure)).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        assert_eq!(client.get("/").await.status(), "200");
        tokio::time::sleep(SHORT * 2).await;
    }
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed() {
    let limits = Limits {
        idle_timeout: SHORT,
        ..generous()
    };
    let server = Running::start(limits, answering(measure)).await;
    let mut client = http2(server.address).await;
    let answer = client.send_request(http2_get("/")).await.unwrap();
    assert_eq!(answer.status(), 200);
    let closed = async {
        while client.ready().await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    timeout(TOO_LONG, closed).await.expect("still open");
}

#[tokio::test]
async fn a_body_kept_elsewhere_is_in_flight_and_the_idle_time_begins_when_it_is_let_go() {
    let (keep, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let limits = Limits {
        idle_timeout: SHORT,
        ..generous()
    };
    let service = answering(move |request| {
        keep.send(request.into_body()).unwrap();
        async { text("answered") }
    });
    let server = Running::start(limits, service).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 4\r\n\r\nbody")
        .await;
    assert_eq!(client.answer().await.body, "answered");
    let body = kept.recv().await.unwrap();
    let early = timeout(SHORT * 3, client.socket.read_u8()).await;
    assert!(early.is_err(), "closed while the body was kept: {early:?}");
    drop(body);
    client.closed().await;
}

#[tokio::test]
async fn a_stalled_body_is_an_error_that_the_handler_can_name() {
    let server = Running::start(
        Limits {
            body_timeout: SHORT,
            ..generous()
        },
        answering(measure),
    )
    .await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 10\r\n\r\nhalf")
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status(), "408");
    assert!(
        answer.body.contains("nothing arrived for 100ms"),
        "{}",
        answer.body
    );
    client.closed().await;
}

#[tokio::test]
async fn a_body_that_keeps_coming_may_take_as_long_as_it_likes() {
    let limits = Limits {
        header_timeout: SHORT,
        idle_timeout: SHORT,
        body_timeout: AMPLE,
        // Each byte makes up for a second.
        body_rate: 1,
        ..generous()
    };
    let server = Running::start(limits, answering(measure)).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 24\r\n\r\n")
        .await;
    let began = Instant::now();
    for _ in 0..24 {
        tokio::time::sleep(AMPLE / 20).await;
        client.send("x").await;
    }
    assert!(began.elapsed() > AMPLE);
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.body.as_str()), ("200", "24"));
}

/// Sends a byte at a time, and gives the answer.
async fn trickled(limits: Limits, beginning: usize) -> (String, String) {
    let server = Running::start(limits, answering(measure)).await;
    let mut client = server.connect().await;
    let head = "POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 100000\r\n\r\n";
    client.send(head).await;
    client.send(&"x".repeat(beginning)).await;
    let began = Instant::now();
    let (mut from, mut to) = client.socket.into_split();
    let trickle = tokio::spawn(async move {
        while to.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let mut answer = Vec::new();
    // It ends with a reset when the trickle goes on.
    let _ = timeout(TOO_LONG, from.read_to_end(&mut answer))
        .await
        .expect("still received");
    trickle.abort();
    assert!(began.elapsed() >= SHORT);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn a_body_that_trickles_in_is_408_however_short_its_pauses_are_and_fast_it_was_before() {
    for beginning in [0, 50_000] {
        let limits = Limits {
            body_timeout: SHORT,
            body_rate: 1000,
            ..generous()
        };
        let (head, body) = trickled(limits, beginning).await;
        assert!(head.starts_with("HTTP/1.1 408"), "{head}");
        assert!(body.contains("less than 1000 bytes a second"), "{body}");
        assert!(body.contains("--min-body-rate"), "{body}");
    }
}

#[tokio::test]
async fn without_a_least_rate_only_pauses_count() {
    let limits = Limits {
        body_timeout: AMPLE,
        body_rate: 0,
        ..generous()
    };
    let server = Running::start(limits, answering(measure)).await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 20\r\n\r\n")
        .await;
    for _ in 0..20 {
        client.send("x").await;
        tokio::time::sleep(AMPLE / 15).await;
    }
    assert_eq!(client.answer().await.body, "20");
}

#[tokio::test]
async fn a_slow_handler_is_not_held_against_the_client() {
    let limits = Limits {
        header_timeout: SHORT,
        idle_timeout: SHORT,
        body_timeout: SHORT,
        write_timeout: SHORT,
        ..generous()
    };
    let server = Running::start(
        limits,
        answering(|request| async {
            tokio::time::sleep(SHORT * 3).await;
            measure(request).await
        }),
    )
    .await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 4\r\n\r\nbody")
        .await;
    assert_eq!(client.answer().await.body, "4");
}

/// A service whose only answer never ends, and what tells that it was given up.
fn endless_once() -> (
    impl flash::server::HttpService<Future: Send>,
    oneshot::Receiver<()>,
) {
    let (ended, given_up) = oneshot::channel();
    let ended = Arc::new(Mutex::new(Some(ended)));
    let service = answering(move |_| {
        let ended = ended.lock().unwrap().take().unwrap();
        async { endless(ended) }
    });
    (service, given_up)
}

#[tokio::test]
async fn a_client_that_does_not_take_its_response_is_cut_off() {
    let (service, given_up) = endless_once();
    let server = Running::start(
        Limits {
            write_timeout: SHORT,
            ..generous()
        },
        service,
    )
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: flash\r\n\r\n").await;
    assert!(
        timeout(TOO_LONG, given_up)
            .await
            .expect("still written to")
            .is_err()
    );
}

#[tokio::test]
async fn an_http2_client_that_does_not_take_its_response_is_cut_off() {
    let (service, given_up) = endless_once();
    let server = Running::start(
        Limits {
            write_timeout: SHORT,
            ..generous()
        },
        service,
    )
    .await;
    let answer = http2(server.address)
        .await
        .send_request(http2_get("/"))
        .await
        .unwrap();
    assert!(
        timeout(TOO_LONG, given_up)
            .await
            .expect("still waited for")
            .is_err()
    );
    drop(answer);
}

#[tokio::test]
async fn a_client_that_takes_its_response_slowly_is_not_cut_off() {
    let limits = Limits {
        write_timeout: AMPLE,
        idle_timeout: SHORT,
        ..generous()
    };
    let server = Running::start(
        limits,
        answering(|_| async { text(vec![b'x'; 8 * 1024 * 1024]) }),
    )
    .await;
    let mut answer = http2(server.address)
        .await
        .send_request(http2_get("/"))
        .await
        .unwrap();
    let mut taken = 0;
    while let Some(part) = answer.body_mut().frame().await {
        taken += part.unwrap().into_data().map_or(0, |data| data.len());
        if taken % (1024 * 1024) < 16 * 1024 {
            tokio::time::sleep(AMPLE / 6).await;
        }
    }
    assert_eq!(taken, 8 * 1024 * 1024);
}
