//! A server in this process with a service made for the test, and clients that see every byte.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use bytes::Bytes;
use flash::{
    server::{self, Drain, Limits, RequestBody, Stage, Summary},
    settings::ServeSettings,
};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

/// Far longer than anything here takes; a test that gets here has failed.
pub(super) const TOO_LONG: Duration = Duration::from_secs(10);

pub(super) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// A running server; it stops when it is dropped.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) drain: Drain,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Summary>,
}

/// Limits that no test runs into unless it sets them.
pub(super) fn generous() -> Limits {
    let mut settings = ServeSettings::default();
    settings.access.hosts = vec!["flash".to_owned()];
    Limits::public(&settings.check().unwrap())
}

impl Running {
    pub(super) async fn start(
        limits: Limits,
        service: impl server::HttpService<Future: Send>,
    ) -> Self {
        let listener = server::bind("127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
        let address = listener.local_addr().unwrap();
        let drain = Drain::new();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let ended = tokio::spawn(server::serve(
            listener,
            service,
            limits,
            drain.clone(),
            None,
            shutdown,
        ));
        Self {
            address,
            drain,
            stop,
            ended,
        }
    }

    pub(super) async fn connect(&self) -> Client {
        Client {
            socket: TcpStream::connect(self.address).await.unwrap(),
        }
    }

    /// A client at that address of this machine.
    pub(super) async fn connect_from(&self, address: [u8; 4]) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        Client {
            socket: socket.connect(self.address).await.unwrap(),
        }
    }

    /// Asks the server to go away and waits until it has got as far as `stage`.
    pub(super) async fn stop(self, stage: Stage) -> JoinHandle<Summary> {
        self.stop.send(()).unwrap();
        self.drain.reached(stage).await;
        self.ended
    }
}

/// A raw HTTP/1.1 client.
pub(super) struct Client {
    pub(super) socket: TcpStream,
}

/// An answer: its head as text, and its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Client {
    pub(super) async fn send(&mut self, bytes: &str) {
        self.socket.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// The next answer, whose length is given in its head (or is nothing).
    pub(super) async fn answer(&mut self) -> Answer {
        timeout(TOO_LONG, self.read_answer())
            .await
            .expect("no answer came")
    }

    async fn read_answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(
                self.socket
                    .read_u8()
                    .await
                    .expect("closed within the head of an answer"),
            );
        }
        let mut answer = Answer {
            head: String::from_utf8(head).unwrap(),
            body: String::new(),
        };
        let length = answer
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).await.unwrap();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: flash\r\n\r\n"))
            .await;
        self.answer().await
    }

    /// Waits until the server has closed the connection, and gives what it had sent until then.
    pub(super) async fn closed(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is a way of closing, too.
        let _ = timeout(TOO_LONG, self.socket.read_to_end(&mut rest))
            .await
            .expect("the connection is still open");
        rest
    }
}

/// A service made of one function.
#[derive(Clone)]
pub(super) struct Answering<F>(pub(super) F);

impl<F> tower_service::Service<Request<RequestBody>> for Answering<F>
where
    F: Fn(Request<RequestBody>) -> BoxFuture<'static, Response<Body>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let answer = (self.0)(request);
        Box::pin(async { Ok(answer.await) })
    }
}

/// A service made of one async function.
pub(super) fn answering<A>(
    answer: impl Fn(Request<RequestBody>) -> A + Clone + Send + 'static,
) -> impl server::HttpService<Body = Body, Future: Send>
where
    A: Future<Output = Response<Body>> + Send + 'static,
{
    Answering(move |request| Box::pin(answer(request)) as BoxFuture<'static, _>)
}

/// A response with this text.
pub(super) fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(
        http_body_util::Full::new(text.into())
            .map_err(|never| match never {})
            .boxed_unsync(),
    )
}

/// A response that goes on for ever; `ended` is closed when it is given up.
pub(super) fn endless(ended: oneshot::Sender<()>) -> Response<Body> {
    let parts = futures_util::stream::unfold(ended, |ended| async {
        Some((
            Ok(http_body::Frame::data(Bytes::from_static(
                &[b'x'; 16 * 1024],
            ))),
            ended,
        ))
    });
    Response::new(http_body_util::StreamBody::new(parts).boxed_unsync())
}

/// The HTTP/2 side of a connection to `address`, without TLS.
pub async fn http2(
    address: SocketAddr,
) -> hyper::client::conn::http2::SendRequest<http_body_util::Empty<Bytes>> {
    let socket = hyper_util::rt::TokioIo::new(TcpStream::connect(address).await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (sender, connection) = hyper::client::conn::http2::handshake(executor, socket)
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

/// The answer to one request, as it is written, on a connection of its own.
pub(super) async fn asked(server: &Running, request: &str) -> Answer {
    let mut client = server.connect().await;
    client.send(request).await;
    client.answer().await
}

/// An HTTP/2 request for `path`.
pub(super) fn http2_get(path: &str) -> Request<http_body_util::Empty<Bytes>> {
    Request::get(format!("http://flash{path}"))
        .body(http_body_util::Empty::new())
        .unwrap()
}
