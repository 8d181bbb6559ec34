//! One line a request, when and with what.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, OnceLock},
};

use bytes::Bytes;
use flash::server::RequestBody;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::io::AsyncReadExt;

use super::running::{Body, Running, TOO_LONG, answering, generous, text};

type Fields = BTreeMap<String, String>;

/// Keeps the named values of each request's line.
#[derive(Default)]
struct Lines {
    written: Mutex<Vec<Fields>>,
    more: Condvar,
}

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        struct Collect(Fields);
        impl<'kvs> log::kv::VisitSource<'kvs> for Collect {
            fn visit_pair(
                &mut self,
                key: log::kv::Key<'kvs>,
                value: log::kv::Value<'kvs>,
            ) -> Result<(), log::kv::Error> {
                self.0.insert(key.to_string(), value.to_string());
                Ok(())
            }
        }
        if record.target() == "flash::access" {
            let mut fields = Collect(Fields::from([(
                "level".to_owned(),
                record.level().to_string(),
            )]));
            record.key_values().visit(&mut fields).unwrap();
            self.written.lock().unwrap().push(fields.0);
            self.more.notify_all();
        }
    }

    fn flush(&self) {}
}

fn lines() -> &'static Lines {
    static LINES: OnceLock<&'static Lines> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines: &'static Lines = Box::leak(Box::default());
        log::set_logger(lines).unwrap();
        log::set_max_level(log::LevelFilter::Debug);
        lines
    })
}

/// The line of the request with this id, as soon as it is written.
async fn line_of(id: &'static str) -> Fields {
    let find = move || {
        let lines = lines();
        let is_it = |fields: &Fields| fields["id"] == id;
        let written = lines.written.lock().unwrap();
        let (written, waited) = lines
            .more
            .wait_timeout_while(written, TOO_LONG, |written| !written.iter().any(is_it))
            .unwrap();
        assert!(!waited.timed_out(), "no line of {id}");
        let mut found: Vec<_> = written
            .iter()
            .filter(|fields| is_it(fields))
            .cloned()
            .collect();
        assert_eq!(found.len(), 1, "more than one line of {id}");
        found.remove(0)
    };
    tokio::task::spawn_blocking(find).await.unwrap()
}

/// Three parts of ten bytes; on `/for-ever` then nothing more, but no end either.
async fn stream(request: Request<RequestBody>) -> Response<Body> {
    let part = || Ok(Frame::data(Bytes::from_static(b"0123456789")));
    let parts = futures_util::stream::iter([part(), part(), part()]);
    let mut response = if request.uri().path() == "/for-ever" {
        Response::new(StreamBody::new(parts.chain(futures_util::stream::pending())).boxed_unsync())
    } else {
        Response::new(StreamBody::new(parts).boxed_unsync())
    };
    response
        .headers_mut()
        .insert("api-version", "2.1.0".parse().unwrap());
    response
        .headers_mut()
        .insert("api-version-source", "pin".parse().unwrap());
    response
}

fn request(method: &str, path: &str, id: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: flash\r\nX-Request-Id: {id}\r\n\r\n")
}

#[tokio::test]
async fn a_response_of_known_length_is_logged_when_it_is_produced() {
    lines();
    let server = Running::start(generous(), answering(|_| async { text("twelve bytes") })).await;
    let mut client = server.connect().await;
    client
        .send(&request("DELETE", "/datasets/people?secret=1", "log-known"))
        .await;
    client.answer().await;
    let line = line_of("log-known").await;
    assert!(line["ms"].parse::<f64>().unwrap() > 0.0);
    for (name, value) in [
        ("level", "INFO"),
        ("method", "DELETE"),
        ("path", "/datasets/people"),
        ("status", "200"),
        ("bytes", "12"),
    ] {
        assert_eq!(line[name], value);
    }
    assert!(
        !line.contains_key("version") && !line.contains_key("aborted"),
        "{line:?}"
    );
}

#[tokio::test]
async fn a_streamed_response_is_logged_at_its_end_with_what_was_sent_and_the_version() {
    lines();
    let server = Running::start(generous(), answering(stream)).await;
    let mut client = server.connect().await;
    client.send(&request("GET", "/all", "log-streamed")).await;
    let line = line_of("log-streamed").await;
    for (name, value) in [("bytes", "30"), ("version", "2.1.0"), ("source", "pin")] {
        assert_eq!(line[name], value);
    }
    assert!(!line.contains_key("aborted"), "{line:?}");
}

#[tokio::test]
async fn a_streamed_response_that_the_client_leaves_is_logged_as_aborted() {
    lines();
    let server = Running::start(generous(), answering(stream)).await;
    let mut client = server.connect().await;
    client
        .send(&request("GET", "/for-ever", "log-aborted"))
        .await;
    let mut received = Vec::new();
    while received.iter().filter(|byte| **byte == b'9').count() < 3 {
        received.push(client.socket.read_u8().await.unwrap());
    }
    drop(client);
    let line = line_of("log-aborted").await;
    assert_eq!(
        (line["bytes"].as_str(), line["aborted"].as_str()),
        ("30", "true")
    );
}

#[tokio::test]
async fn a_request_that_the_client_leaves_before_the_answer_is_logged_as_aborted_without_a_status()
{
    lines();
    let server = Running::start(generous(), answering(|_| std::future::pending())).await;
    let mut client = server.connect().await;
    client.send(&request("GET", "/slow", "log-left")).await;
    drop(client);
    let line = line_of("log-left").await;
    assert_eq!(
        (line["path"].as_str(), line["aborted"].as_str()),
        ("/slow", "true")
    );
    assert!(!line.contains_key("status"), "{line:?}");
}

#[tokio::test]
async fn an_answer_to_head_has_no_bytes_and_is_not_aborted() {
    lines();
    let server = Running::start(generous(), answering(stream)).await;
    let mut client = server.connect().await;
    client.send(&request("HEAD", "/all", "log-head")).await;
    let line = line_of("log-head").await;
    assert_eq!(line["bytes"], "0");
    assert!(!line.contains_key("aborted"), "{line:?}");
}

#[tokio::test]
async fn what_never_reaches_the_service_is_logged_too() {
    lines();
    let server = Running::start(generous(), answering(stream)).await;
    let mut client = server.connect().await;
    client
        .send(&request("CONNECT", "example.com:443", "log-connect"))
        .await;
    let line = line_of("log-connect").await;
    assert_eq!(
        (line["path"].as_str(), line["status"].as_str()),
        ("example.com:443", "405")
    );
}

#[tokio::test]
async fn the_trace_of_the_caller_is_logged_and_what_is_none_is_not() {
    lines();
    let server = Running::start(generous(), answering(stream)).await;
    for (id, parent, taken) in [
        (
            "log-trace",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            true,
        ),
        ("log-short", "00-4bf92f35-00f067aa0ba902b7-01", false),
        (
            "log-upper",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
            false,
        ),
    ] {
        let mut client = server.connect().await;
        client
            .send(&format!(
                "GET /all HTTP/1.1\r\nHost: flash\r\nX-Request-Id: {id}\r\ntraceparent: {parent}\r\n\r\n"
            ))
            .await;
        let line = line_of(id).await;
        let logged = line.get("traceparent").map(String::as_str);
        assert_eq!(logged, taken.then_some(parent));
    }
}
