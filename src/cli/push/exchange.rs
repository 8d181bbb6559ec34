//! One request and its answer. The answer may come while the file is still being sent, if the server refuses it early.

use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use indicatif::ProgressBar;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::logging::with_causes;

use super::source::Body;
use super::target::Target;

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// Time without a byte being sent or an answer.
const STALL: Duration = Duration::from_mins(2);
/// Bytes of an answer. A dataset has thousands of columns at most.
const LONGEST_ANSWER: usize = 16 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("can't connect to {0}: {1}")]
    Connect(String, io::Error),
    #[error("the connection broke: {}", with_causes(.0))]
    Http(hyper::Error),
    #[error("the answer broke off: {}", with_causes(&**.0))]
    Answer(Box<dyn std::error::Error + Send + Sync>),
    #[error("the server has not moved for {}", humantime::format_duration(STALL))]
    Stalled,
    #[error("can't write the request: {0}")]
    Request(http::Error),
    #[error("can't read the file: {0}")]
    Source(io::Error),
}

/// A connection to a server.
pub(super) struct Connection(TcpStream);

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self, Broken> {
        let failed = |error| Broken::Connect(target.authority().to_owned(), error);
        match timeout(CONNECT, TcpStream::connect(target.address())).await {
            Ok(stream) => stream.map(Self).map_err(failed),
            Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Sends a request, and reads the answer. `bar` moves while the file is read.
    pub(super) async fn send(
        self,
        request: Request<Body>,
        bar: &ProgressBar,
    ) -> Result<Response<Bytes>, Broken> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(self.0))
            .await
            .map_err(Broken::Http)?;
        let driver = tokio::spawn(connection);
        let exchange = async {
            let response = sender.send_request(request).await;
            let (head, body) = response.map_err(broken)?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            let body = body.map_err(Broken::Answer)?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        let answer = while_it_moves(bar, exchange).await;
        // The server may have answered before the end of the file. The rest isn't sent.
        driver.abort();
        answer.unwrap_or(Err(Broken::Stalled))
    }
}

/// Tells a file that can't be read from a broken connection.
fn broken(error: hyper::Error) -> Broken {
    let of_file = error
        .is_user()
        .then(|| std::error::Error::source(&error)?.downcast_ref::<io::Error>())
        .flatten();
    match of_file {
        Some(of_file) => Broken::Source(io::Error::new(of_file.kind(), of_file.to_string())),
        None => Broken::Http(error),
    }
}

/// The result of `work`, or `None` if the bar stays at one place for too long.
async fn while_it_moves<T>(bar: &ProgressBar, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut before = bar.position();
    loop {
        if let Ok(done) = timeout(STALL, &mut work).await {
            return Some(done);
        }
        let now = bar.position();
        if now == before {
            return None;
        }
        before = now;
    }
}
