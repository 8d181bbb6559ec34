//! A load: connections that are kept alive, each sending its next request when the answer to the last is whole. One
//! thread drives them all, so that it takes as little of the machine as it can.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::V2;

/// What is sent, again and again.
pub struct Load {
    address: SocketAddr,
    request: Box<dyn Fn(u64) -> Vec<u8>>,
}

impl Load {
    /// The same `GET`.
    pub fn gets(address: SocketAddr, path: &str, accept: &str) -> Self {
        Self::same(
            address,
            format!("GET {path} HTTP/1.1\r\nHost: flash\r\nAccept: {accept}\r\n\r\n"),
        )
    }

    /// The same `GET` by the client with that key.
    pub fn gets_as(address: SocketAddr, path: &str, accept: &str, key: &str) -> Self {
        Self::same(
            address,
            format!(
                "GET {path} HTTP/1.1\r\nHost: flash\r\nAccept: {accept}\r\nAuthorization: Bearer {key}\r\n\r\n"
            ),
        )
    }

    /// `GET`s of ever new paths.
    pub fn varied(address: SocketAddr, path: impl Fn(u64) -> String + 'static) -> Self {
        let request = move |number| {
            let path = path(number);
            format!("GET {path} HTTP/1.1\r\nHost: flash\r\n\r\n").into_bytes()
        };
        Self {
            address,
            request: Box::new(request),
        }
    }

    fn same(address: SocketAddr, request: String) -> Self {
        Self {
            address,
            request: Box::new(move |_| request.clone().into_bytes()),
        }
    }

    /// `POST`s of one CSV under ever new names, which begin with `prefix`.
    pub fn creates(address: SocketAddr, prefix: &str, csv: &str) -> Self {
        let prefix = prefix.to_owned();
        let length = csv.len();
        let rest = format!(
            " HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nContent-Type: text/csv\r\nContent-Length: {length}\r\n\r\n{csv}"
        );
        let request =
            move |number| format!("POST /datasets?name={prefix}{number}{rest}").into_bytes();
        Self {
            address,
            request: Box::new(request),
        }
    }

    /// Answers a second, over `connections` connections during `spell`.
    pub fn run(self, connections: usize, spell: Duration) -> f64 {
        let load = Rc::new(self);
        let answered = Rc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let local = tokio::task::LocalSet::new();
        let begun = Instant::now();
        for connection in 0..connections {
            let (load, answered) = (Rc::clone(&load), Rc::clone(&answered));
            local.spawn_local(async move { load.connection(connection as u64, &answered).await });
        }
        runtime.block_on(local.run_until(async { tokio::time::sleep(spell).await }));
        answered.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64()
    }

    async fn connection(&self, number: u64, answered: &AtomicU64) {
        let mut socket = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        socket.set_nodelay(true).expect("TCP");
        let mut buffer = vec![0; 256 << 10];
        for count in 0.. {
            socket
                .write_all(&(self.request)(number << 32 | count))
                .await
                .expect("it is taken");
            let mut filled = 0;
            let mut whole = None;
            while whole.is_none_or(|(_, end)| filled < end) {
                let read = socket.read(&mut buffer[filled..]).await.expect("an answer");
                assert!(read > 0, "the server hung up");
                filled += read;
                whole = whole.or_else(|| length(&buffer[..filled]));
            }
            answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Where the head of an answer ends, once it is there, and where its body does; it must be one of success.
pub fn length(answer: &[u8]) -> Option<(usize, usize)> {
    let end = memchr::memmem::find(answer, b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..end]).expect("ASCII");
    assert!(head.starts_with("HTTP/1.1 20"), "{head}");
    let name = "content-length: ";
    let at = head.find(name).expect("a length") + name.len();
    let digits = head[at..].split('\r').next().expect("a value");
    Some((end, end + digits.parse::<usize>().expect("a number")))
}
