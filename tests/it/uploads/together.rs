//! Many uploads at once: slow ones make way, and those that wait for a place get one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt as _, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::client::V2;
use crate::server::Server;

/// A CSV that is too long to be taken in without a place.
fn csv(mark: &str, rows: usize) -> String {
    let rows = (0..rows).map(|row| format!("{row},{mark} of some length\n"));
    std::iter::once("n,text\n".to_owned()).chain(rows).collect()
}

/// An upload of which a part was sent.
struct Slow {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Slow {
    fn begin(address: SocketAddr, name: &str, headers: &str, body: &[u8], sent: usize) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "PUT /datasets/{name} HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body[..sent]).unwrap();
        Self {
            stream,
            rest: body[sent..].to_vec(),
        }
    }

    fn finish(mut self) -> String {
        self.stream.write_all(&self.rest).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

#[test]
fn uploads_that_do_not_move_make_way_for_others_and_go_on_later() {
    let server = Server::with(|settings| settings.limits.max_uploads = 2);
    let text = csv("slow", 20_000);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let plain = "Content-Type: text/csv\r\n";
    let coded = "Content-Type: text/csv; charset=utf-16le\r\n";
    let slow: Vec<_> = [
        ("plain-1", plain, text.as_bytes(), 20_000),
        ("plain-2", plain, text.as_bytes(), 400_001),
        // In the middle of a character.
        ("coded-1", coded, &utf16[..], 20_001),
        ("coded-2", coded, &utf16[..], 700_001),
    ]
    .map(|(name, headers, body, sent)| {
        (name, Slow::begin(server.address, name, headers, body, sent))
    })
    .into();
    for round in 0..2 {
        let name = format!("other-{round}");
        server.store(&name, csv("other", 5000));
    }
    for (name, slow) in slow {
        let answer = slow.finish();
        assert!(answer.starts_with("HTTP/1.1 201"), "{name}: {answer}");
        assert_eq!(server.dataset(name)["row_count"], 20_000, "{name}");
        let source = server
            .get(&format!("/datasets/{name}/source"))
            .v2()
            .send()
            .ok();
        let expected = if name.starts_with("plain") {
            text.as_bytes()
        } else {
            &utf16[..]
        };
        assert!(source.body == expected, "{name}");
        let path = format!("/datasets/{name}/rows?n=eq.19999");
        let found = server.get(&path).v2().send().ok().json();
        assert_eq!(found["data"][0]["text"], "slow of some length", "{name}");
        let path = format!("/datasets/{name}/summary");
        server.get(&path).v2().send().ok();
    }
}

#[test]
fn an_append_that_made_way_is_whole() {
    let server = Server::with(|settings| settings.limits.max_uploads = 1);
    server.store("log", "n,text\n-1,first");
    let rows = csv("more", 20_000);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST /datasets/log/rows HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nConnection: close\r\nContent-Type: text/csv\r\n\
         Content-Length: {}\r\n\r\n",
        rows.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (first, rest) = rows.as_bytes().split_at(100_003);
    stream.write_all(first).unwrap();
    server.store("other", csv("other", 5000));
    let slow = Slow {
        stream,
        rest: rest.to_vec(),
    };
    let answer = slow.finish();
    assert!(
        answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 201"),
        "{answer}"
    );
    assert_eq!(server.dataset("log")["row_count"], 20_001);
    let source = server.get("/datasets/log/source").v2().send().ok();
    let (_, without_header) = rows.split_once('\n').unwrap();
    assert_eq!(source.text(), format!("n,text\n-1,first\n{without_header}"));
}

#[test]
fn uploads_beyond_the_most_wait_and_are_all_stored() {
    let server = Server::with(|settings| settings.limits.max_uploads = 2);
    let text = csv("one of many", 50_000);
    thread::scope(|scope| {
        for number in 0..12 {
            let (server, text) = (&server, &text);
            scope.spawn(move || server.store(&format!("set-{number}"), text));
        }
    });
    assert_eq!(server.names().len(), 12);
}

#[test]
fn an_upload_that_gets_no_permit_in_time_is_503_and_told_the_settings() {
    let server = Server::with(|settings| {
        settings.limits.max_uploads = 1;
        settings.timeouts.queue_timeout = Duration::from_millis(20);
    });
    let text = csv("held", 2000);
    let refused = (0..).find_map(|round| {
        // It keeps its place for a second, however little else is sent.
        let name = format!("held-{round}");
        let plain = "Content-Type: text/csv\r\n";
        let _held = Slow::begin(server.address, &name, plain, text.as_bytes(), 20_000);
        let answer = server.put("/datasets/other").v2().csv(&text).send();
        (answer.status == 503).then_some(answer)
    });
    let refused = refused.unwrap();
    assert_eq!(refused.header("Retry-After"), "1");
    refused.refused(503, &["--max-uploads", "--queue-timeout"]);
}

#[test]
fn streams_of_one_http2_connection_do_not_keep_others_from_uploading() {
    let server = Server::with(|settings| {
        settings.limits.max_uploads = 8;
        // Longer than the test takes on a machine that does much else.
        settings.timeouts.body_timeout = Duration::from_secs(600);
    });
    let address = server.address;
    let text = csv("slow", 2000);
    let (held, streams) = server.wait_for(async {
        let socket = TokioIo::new(tokio::net::TcpStream::connect(address).await.unwrap());
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), socket)
                .await
                .unwrap();
        tokio::spawn(connection);
        let mut streams = Vec::new();
        for number in 0..40 {
            let first = bytes::Bytes::from(text.clone().into_bytes()[..20_000].to_vec());
            let parts = futures_util::stream::once(async {
                Ok::<_, std::io::Error>(http_body::Frame::data(first))
            });
            let endless = futures_util::StreamExt::chain(parts, futures_util::stream::pending());
            let request = Request::put(format!("http://flash/datasets/slow-{number}"))
                .header("content-type", "text/csv")
                .header("accept", V2)
                .body(StreamBody::new(Box::pin(endless)).boxed_unsync())
                .unwrap();
            streams.push(tokio::spawn(client.send_request(request)));
        }
        (client, streams)
    });
    for number in 0..3 {
        server.store(&format!("other-{number}"), csv("other", 5000));
    }
    assert!(streams.iter().all(|stream| !stream.is_finished()));
    drop(held);
}
