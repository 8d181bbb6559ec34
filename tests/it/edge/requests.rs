//! What every request goes through before the service sees it, and after.

use bytes::Bytes;
use flash::server::Limits;
use futures_util::future::BoxFuture;
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;
use warp::Filter;

use super::running::{Answering, Body, Running, answering, generous, http2, http2_get, text};

#[tokio::test]
async fn connect_is_refused_before_warp_would_panic_on_it() {
    let filter = warp::path::full().map(|path: warp::path::FullPath| path.as_str().to_owned());
    let server = Running::start(generous(), warp::service(filter)).await;
    let mut client = server.connect().await;
    client
        .send("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status(), "405");
    assert_eq!(answer.header("allow"), Some(""));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        server.connect().await.get("/datasets").await.body,
        "/datasets"
    );
}

#[tokio::test]
async fn a_target_that_is_not_a_path_is_refused_and_options_of_everything_is_answered() {
    let server = Running::start(generous(), answering(|_| async { text("served") })).await;
    for (request, status) in [
        ("GET example.com:80 HTTP/1.1", "400"),
        ("GET * HTTP/1.1", "400"),
        ("OPTIONS * HTTP/1.1", "204"),
        ("GET http://localhost/path HTTP/1.1", "200"),
        ("GET http://localhost HTTP/1.1", "200"),
    ] {
        let mut client = server.connect().await;
        client
            .send(&format!("{request}\r\nHost: flash\r\n\r\n"))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status(), status, "{request}: {}", answer.body);
        assert!(answer.header("x-request-id").is_some(), "{request}");
    }
}

fn later() -> Response<Body> {
    panic!("later, on purpose")
}

#[tokio::test]
async fn a_panic_is_answered_with_500_and_the_connection_goes_on() {
    let service = Answering(|request: http::Request<_>| match request.uri().path() {
        "/at-once" => panic!("at once, on purpose"),
        "/later" => Box::pin(async {
            tokio::task::yield_now().await;
            later()
        }) as BoxFuture<'static, Response<Body>>,
        _ => Box::pin(async { text("served") }),
    });
    let server = Running::start(generous(), service).await;
    let mut client = server.connect().await;
    for path in ["/at-once", "/later"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status(), "500");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(!answer.body.contains("on purpose"), "{}", answer.body);
    }
    assert_eq!(client.get("/").await.body, "served");
    let mut client = http2(server.address).await;
    assert_eq!(
        client
            .send_request(http2_get("/later"))
            .await
            .unwrap()
            .status(),
        500
    );
    assert_eq!(
        client.send_request(http2_get("/")).await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn a_fit_request_id_is_taken_over_and_any_other_is_replaced() {
    let service = answering(|request| async move {
        let ids: Vec<_> = request.headers().get_all("x-request-id").iter().collect();
        assert_eq!(ids.len(), 1);
        text(ids[0].to_str().unwrap().to_owned())
    });
    let server = Running::start(generous(), service).await;
    let mut client = server.connect().await;
    let longest = "x".repeat(128);
    let too_long = "x".repeat(129);
    for (sent, taken_over) in [
        (
            "X-Request-Id: order-17/a\r\n".to_owned(),
            Some("order-17/a"),
        ),
        (
            format!("X-Request-Id: {longest}\r\n"),
            Some(longest.as_str()),
        ),
        (format!("X-Request-Id: {too_long}\r\n"), None),
        ("X-Request-Id: two words\r\n".to_owned(), None),
        ("X-Request-Id: é\r\n".to_owned(), None),
        ("X-Request-Id:\r\n".to_owned(), None),
        ("X-Request-Id: a\r\nX-Request-Id: b\r\n".to_owned(), None),
        (String::new(), None),
    ] {
        client
            .send(&format!("GET / HTTP/1.1\r\nHost: flash\r\n{sent}\r\n"))
            .await;
        let answer = client.answer().await;
        let id = answer.header("x-request-id").unwrap();
        assert_eq!(
            id, answer.body,
            "the service sees the id that the response carries"
        );
        match taken_over {
            Some(sent) => assert_eq!(id, sent),
            None => assert_eq!(
                uuid::Uuid::parse_str(id).unwrap().get_version_num(),
                7,
                "{sent}"
            ),
        }
    }
}

#[tokio::test]
async fn an_answer_to_an_upload_that_is_still_being_sent_is_not_lost() {
    let service = answering(|_| async {
        let mut answer = text("too large");
        *answer.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        answer
    });
    let server = Running::start(generous(), service).await;
    let mut client = server.connect().await;
    let size = 32 * 1024 * 1024;
    client
        .send(&format!(
            "POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: {size}\r\n\r\n"
        ))
        .await;
    // A client that looks at the answer only when it has sent everything.
    client.socket.write_all(&vec![b'x'; size]).await.unwrap();
    let answer = client.answer().await;
    assert_eq!(
        (answer.status(), answer.body.as_str()),
        ("413", "too large")
    );
}

#[tokio::test]
async fn http2_without_tls_is_spoken_and_large_bodies_arrive_whole() {
    let size = 3 * 1024 * 1024 + 17;
    let server = Running::start(
        generous(),
        answering(move |_| async move { text(vec![b'x'; size]) }),
    )
    .await;
    let mut client = http2(server.address).await;
    let answer = client.send_request(http2_get("/")).await.unwrap();
    assert_eq!(
        answer.headers()["content-length"],
        size.to_string().as_str()
    );
    let body: Bytes = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body.len(), size);
}

#[tokio::test]
async fn requests_beside_others_of_their_connection_are_bounded_and_each_connection_can_have_one() {
    let limits = Limits {
        connections: 8,
        ..generous()
    };
    let (arrives, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let never = answering(move |_| {
        arrives.send(()).unwrap();
        std::future::pending()
    });
    let server = Running::start(limits, never).await;
    let mut client = http2(server.address).await;
    let mut under_way = Vec::new();
    // One is the first of its connection, and seven of eight may be beside it.
    for _ in 0..8 {
        under_way.push(tokio::spawn(client.send_request(http2_get("/"))));
        arrived.recv().await.unwrap();
    }
    let refused = client.send_request(http2_get("/")).await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("--max-connections"), "{body}");

    let mut other = http2(server.address).await;
    let first = tokio::spawn(other.send_request(http2_get("/")));
    arrived.recv().await.unwrap();
    assert!(!first.is_finished());

    // A request that its client gives up makes way for the next one.
    under_way[1].abort();
    loop {
        tokio::select! {
            refused = client.send_request(http2_get("/")) => assert_eq!(refused.unwrap().status(), 503),
            _ = arrived.recv() => break,
        }
    }
}
