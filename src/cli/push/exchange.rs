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
use tokio::time::timeout;

use crate::logging::with_causes;
use crate::outgoing::{self, ConnectError, Stream};

use super::source::Body;
use super::target::Target;

/// Time without a byte being sent or an answer.
const STALL: Duration = Duration::from_mins(2);
/// Bytes of an answer. A dataset has thousands of columns at most.
const LONGEST_ANSWER: usize = 16 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Connect(#[from] ConnectError),
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

impl Broken {
    /// Whether another attempt would end like this one.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Connect(error) => error.is_final(),
            _ => false,
        }
    }
}

/// A connection to a server.
pub(super) struct Connection(Box<dyn Stream>);

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Self, Broken> {
        Ok(Self(outgoing::connect(target.endpoint()).await?))
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
