//! Clients that make a server hold as much as they can, each in many connections at once.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::TokioIo;

use crate::client::V2;

/// How many of each, and how large.
#[derive(Clone, Copy)]
pub struct Size {
    /// How long each attack goes on.
    pub time: Duration,
    /// Parts of a thousand of the full number of clients.
    pub permille: usize,
}

impl Size {
    /// Whether all that the promise names comes at once.
    pub fn is_full(self) -> bool {
        self.permille == 1000
    }

    /// So many of a full number.
    pub fn of(self, full: usize) -> usize {
        (full * self.permille / 1000).max(2)
    }
}

/// What holds connections open, until it is dropped.
#[derive(Default)]
pub struct Open {
    streams: Vec<TcpStream>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// Connects from one of several addresses, as several clients would: one alone can't have all connections.
async fn reach(address: SocketAddr, client: usize) -> std::io::Result<tokio::net::TcpStream> {
    let from = Ipv4Addr::new(127, 0, 1, 1 + (client % 8) as u8);
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(address).await
}

fn connect(address: SocketAddr, client: usize) -> std::io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let stream = runtime.block_on(async { reach(address, client).await?.into_std() })?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// Clients that send this and then nothing more, and read nothing.
fn silent(address: SocketAddr, count: usize, request: &str) -> Open {
    let streams = (0..count).filter_map(|client| {
        let mut stream = connect(address, client).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        Some(stream)
    });
    Open {
        streams: streams.collect(),
        runtime: None,
    }
}

/// Clients that ask for `path` and read nothing of the answer.
pub fn unread(address: SocketAddr, count: usize, path: &str, headers: &str) -> Open {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    silent(address, count, &request)
}

/// Clients that send almost as long a head as there may be, and not its end.
pub fn unfinished_heads(address: SocketAddr, count: usize) -> Open {
    let value = "x".repeat(127 << 10);
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {value}");
    silent(address, count, &head)
}

/// The HTTP/2 side of a connection.
async fn http2<B>(address: SocketAddr, client: usize) -> Option<SendRequest<B>>
where
    B: http_body::Body<Data = Bytes, Error: std::error::Error + Send + Sync>
        + Send
        + Unpin
        + 'static,
{
    let socket = TokioIo::new(reach(address, client).await.ok()?);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (sender, served) = hyper::client::conn::http2::handshake(executor, socket)
        .await
        .ok()?;
    tokio::spawn(served);
    Some(sender)
}

/// So many connections of HTTP/2 that stay open, each with what `begin` sends, given the number of the connection.
fn http2_clients<B>(
    address: SocketAddr,
    connections: usize,
    begin: impl Fn(&mut SendRequest<B>, usize),
) -> Open
where
    B: http_body::Body<Data = Bytes, Error: std::error::Error + Send + Sync>
        + Send
        + Unpin
        + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for connection in 0..connections {
            let Some(mut client) = http2(address, connection).await else {
                break;
            };
            begin(&mut client, connection);
        }
    });
    Open {
        streams: Vec::new(),
        runtime: Some(runtime),
    }
}

/// The same as [`unread`] with so many streams in each of `connections` HTTP/2 connections.
pub fn unread_streams(
    address: SocketAddr,
    connections: usize,
    streams: usize,
    path: &str,
    coding: &str,
) -> Open {
    http2_clients(address, connections, |client, _| {
        for _ in 0..streams {
            let request = hyper::Request::get(format!("http://localhost{path}"))
                .header("accept", "application/vnd.flash.v2+ndjson")
                .header("accept-encoding", coding)
                .body(http_body_util::Empty::new())
                .unwrap();
            let answer = client.send_request(request);
            tokio::spawn(async move {
                // An answer whose body nobody reads.
                let _answer = answer.await;
                std::future::pending::<()>().await;
            });
        }
    })
}

/// HTTP/2 connections of which each sends the bodies of some uploads as far as the server lets it, and never ends one.
pub fn stuck_uploads(address: SocketAddr, connections: usize, streams: usize) -> Open {
    http2_clients(address, connections, |client, connection| {
        for stream in 0..streams {
            let parts = futures_util::stream::repeat_with(|| {
                let part = Bytes::from_static(&[b'x'; 16 << 10]);
                Ok::<_, std::convert::Infallible>(http_body::Frame::data(part))
            });
            let path = format!("/datasets/stuck{connection}-{stream}");
            let request = hyper::Request::put(format!("http://localhost{path}"))
                .header("accept", V2)
                .header("content-type", "text/csv")
                .body(http_body_util::StreamBody::new(parts))
                .unwrap();
            tokio::spawn(client.send_request(request));
        }
    })
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.streams.clear();
    }
}

/// Clients that send the same request again and again, `count` of them at once, for some time. How many answers each
/// status had; 0 stands for those that broke off.
pub fn repeat(
    address: SocketAddr,
    count: usize,
    time: Duration,
    request: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static,
) -> Vec<u16> {
    let until = Instant::now() + time;
    let request = Arc::new(request);
    let clients = (0..count).map(|number| {
        let request = Arc::clone(&request);
        std::thread::spawn(move || {
            let mut statuses = Vec::new();
            let bytes = request(number);
            while statuses.is_empty() || Instant::now() < until {
                let status = exchange(address, number, &bytes).unwrap_or_default();
                statuses.push(status);
                if status == 0 {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
            statuses
        })
    });
    let clients: Vec<_> = clients.collect();
    clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect()
}

/// Sends a request on a connection of its own, and reads the answer to its end without keeping it.
fn exchange(address: SocketAddr, client: usize, request: &[u8]) -> Option<u16> {
    let mut stream = connect(address, client).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(90)))
        .ok()?;
    // A server that refuses early may stop reading.
    let _sent = stream.write_all(request);
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    let status = std::str::from_utf8(&head[9..12]).ok()?.parse().ok()?;
    let mut rest = vec![0; 64 << 10];
    while stream.read(&mut rest).is_ok_and(|read| read > 0) {}
    Some(status)
}

/// A request with a body.
pub fn upload(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: {V2}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A request without one.
pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").into()
}

/// Packed with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
