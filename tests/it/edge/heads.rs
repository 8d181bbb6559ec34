//! Heads that break a rule of HTTP: each is refused with the status that says which, and a body that says what.

use http::Request;
use http_body_util::{BodyExt, Empty};
use tokio::io::AsyncWriteExt;

use super::running::{Answer, Running, answering, asked, generous, http2, text};

async fn server() -> Running {
    let service = answering(|request| async {
        let body = request.into_body().collect().await;
        match body.map_or(0, |body| body.to_bytes().len()) {
            0 => text("served"),
            length => text(length.to_string()),
        }
    });
    Running::start(generous(), service).await
}

#[track_caller]
fn refused(answer: &Answer, request: &str, status: &str, words: &str) {
    assert_eq!(answer.status(), status, "{request:?}: {answer:?}");
    let body: serde_json::Value = serde_json::from_str(&answer.body)
        .unwrap_or_else(|error| panic!("{request:?}: {error}: {answer:?}"));
    let sentence = body["error"].as_str().unwrap();
    assert!(sentence.contains(words), "{request:?}: {sentence}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("x-request-id").is_some(), "{request:?}");
    assert!(answer.header("date").is_some(), "{request:?}");
}

#[tokio::test]
async fn a_head_that_can_not_be_read_is_answered_with_what_is_wrong_with_it() {
    let server = server().await;
    let long_header = format!(
        "GET / HTTP/1.1\r\nHost: flash\r\nFiller: {}\r\n\r\n",
        "x".repeat(256 * 1024)
    );
    let long_target = format!(
        "GET /?{} HTTP/1.1\r\nHost: flash\r\n\r\n",
        "x".repeat(70_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: flash\r\n{}\r\n",
        "A: b\r\n".repeat(101)
    );
    for (request, status, words) in [
        (
            "GET /rows?name=\"a\" HTTP/1.1\r\nHost: flash\r\n\r\n",
            "400",
            "%22",
        ),
        ("GET / HTTP/9.9\r\nHost: flash\r\n\r\n", "400", "HTTP/1.1"),
        (
            "GET / HTTP/1.1\r\nHost: flash\r\nNo colon\r\n\r\n",
            "400",
            "header's name",
        ),
        (
            "POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: ten\r\n\r\n",
            "400",
            "Content-Length",
        ),
        (
            "POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 18446744073709551615\r\n\r\n",
            "413",
            "Content-Length",
        ),
        (
            "POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "413",
            "Content-Length",
        ),
        (
            "POST / HTTP/1.1\r\nHost: flash\r\nTransfer-Encoding: gzip\r\n\r\n",
            "501",
            "gzip",
        ),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}", "400", "TLS"),
        (&long_header, "431", "128 KiB"),
        (&many, "431", "100 headers"),
        (&long_target, "414", "65534"),
    ] {
        let mut client = server.connect().await;
        // All of it, as a client sends it that looks at the answer only then.
        client.socket.write_all(request.as_bytes()).await.unwrap();
        let answer = client.answer().await;
        let shown = &request[..request.floor_char_boundary(100)];
        refused(&answer, shown, status, words);
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(client.closed().await.is_empty(), "{shown:?}");
    }
}

#[tokio::test]
async fn a_head_that_can_not_be_read_is_told_so_after_others_that_could() {
    let server = server().await;
    let mut client = server.connect().await;
    assert_eq!(client.get("/").await.body, "served");
    // Each as soon as the one before is answered, and at once.
    client
        .send("GET /?\" HTTP/1.1\r\nHost: flash\r\n\r\n")
        .await;
    refused(&client.answer().await, "the second", "400", "%22");
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nHost: flash\r\n\r\nGET /?\" HTTP/1.1\r\nHost: flash\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.body, "served");
    refused(
        &client.answer().await,
        "the second at once",
        "400",
        "HTTP/1.1",
    );
    // Of which a part came with the body of the one before.
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nHost: flash\r\nContent-Length: 4\r\n\r\nbodyGE")
        .await;
    assert_eq!(client.answer().await.body, "4");
    client.send("T /?\" HTTP/1.1\r\nHost: flash\r\n\r\n").await;
    refused(
        &client.answer().await,
        "in two parts",
        "400",
        "METHOD /PATH",
    );
}

#[tokio::test]
async fn what_looks_like_an_answer_within_an_answer_is_left_as_it_is() {
    let look = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let service = answering(move |_| async move { text(look) });
    let server = Running::start(generous(), service).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        assert_eq!(client.get("/").await.body, look);
    }
}

#[tokio::test]
async fn an_answer_to_head_that_can_not_be_read_has_no_body() {
    let server = server().await;
    let mut client = server.connect().await;
    client
        .send("HEAD /?\" HTTP/1.1\r\nHost: flash\r\n\r\n")
        .await;
    let rest = String::from_utf8(client.closed().await).unwrap();
    assert!(rest.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{rest}");
    assert!(rest.ends_with("\r\n\r\n"), "{rest}");
}

#[tokio::test]
async fn a_transfer_coding_other_than_chunked_is_501() {
    let server = server().await;
    for codings in [
        "gzip, chunked",
        "chunked, chunked",
        "identity, chunked",
        "chunked\r\nTransfer-Encoding: chunked",
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: flash\r\nTransfer-Encoding: {codings}\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
        );
        let answer = asked(&server, &request).await;
        refused(&answer, codings, "501", "chunked");
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let request = "POST / HTTP/1.1\r\nHost: flash\r\nTransfer-Encoding: Chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
    assert_eq!(asked(&server, request).await.body, "4");
}

#[tokio::test]
async fn an_expectation_that_is_not_met_is_417() {
    let server = server().await;
    let request = "GET / HTTP/1.1\r\nHost: flash\r\nExpect: banana\r\n\r\n";
    refused(
        &asked(&server, request).await,
        request,
        "417",
        "100-continue",
    );
    let request = "GET / HTTP/1.1\r\nHost: flash\r\nExpect: 100-Continue\r\n\r\n";
    assert_eq!(asked(&server, request).await.body, "served");
}

#[tokio::test]
async fn a_request_of_http_1_1_names_its_host_once() {
    let server = server().await;
    for (head, words) in [
        ("GET / HTTP/1.1", "missing"),
        ("GET http://flash/ HTTP/1.1", "missing"),
        ("OPTIONS * HTTP/1.1", "missing"),
        ("CONNECT flash:80 HTTP/1.1", "missing"),
        (
            "GET / HTTP/1.1\r\nHost: flash\r\nHost: flash",
            "more than once",
        ),
        (
            "GET / HTTP/1.0\r\nHost: flash\r\nHost: flash",
            "more than once",
        ),
        ("GET / HTTP/1.1\r\nHost: fla sh", "isn't a host"),
        ("GET / HTTP/1.1\r\nHost: flash/path", "isn't a host"),
        ("GET / HTTP/1.1\r\nHost: me@flash", "isn't a host"),
    ] {
        let answer = asked(&server, &format!("{head}\r\n\r\n")).await;
        refused(&answer, head, "400", words);
    }
    for head in [
        "GET / HTTP/1.0",
        "GET / HTTP/1.1\r\nhOST: flash",
        "GET http://flash/ HTTP/1.1\r\nHost: evil.example",
    ] {
        assert_eq!(
            asked(&server, &format!("{head}\r\n\r\n")).await.body,
            "served",
            "{head}"
        );
    }
}

#[tokio::test]
async fn http2_names_its_host_by_authority() {
    let server = server().await;
    let get = |authority: &str, host: Option<&str>| {
        let mut request = Request::get(format!("http://{authority}/"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        request.body(Empty::new()).unwrap()
    };
    for (authority, host, status) in [
        ("flash", None, 200),
        ("flash", Some("flash"), 200),
        ("flash", Some("localhost"), 400),
        ("evil.example", None, 421),
        ("evil.example", Some("evil.example"), 421),
    ] {
        let mut client = http2(server.address).await;
        let answer = client.send_request(get(authority, host)).await.unwrap();
        assert_eq!(answer.status(), status, "{authority} {host:?}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(!body.is_empty());
    }
}
