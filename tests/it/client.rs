//! A client that shows a test just what came back: status, headers, body.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use serde_json::Value;
use ureq::Agent;
use ureq::config::AutoHeaderValue;
use ureq::http::{HeaderMap, Method, Request, Response, StatusCode};

/// The media type of version 1.
pub const V1: &str = "application/vnd.flash.v1+json";
/// The media type of version 2.
pub const V2: &str = "application/vnd.flash.v2+json";
/// The newest release of version 1.
pub const V1_RELEASE: &str = "1.3.0";
/// The newest release of version 2.
pub const V2_RELEASE: &str = "2.4.0";

/// A request in the making.
pub struct Call {
    agent: Agent,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A client without habits: it adds no header of its own and takes every status for an answer.
pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .max_redirects(0)
        .build()
        .into()
}

impl Call {
    pub fn new(agent: &Agent, method: &str, url: String) -> Self {
        let method = method.parse().unwrap();
        Self {
            agent: agent.clone(),
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn accept(self, value: &str) -> Self {
        self.header("Accept", value)
    }

    pub fn v2(self) -> Self {
        self.accept(V2)
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// A body of `text/csv`.
    pub fn csv(self, body: impl AsRef<[u8]>) -> Self {
        self.header("Content-Type", "text/csv").body(body)
    }

    /// A body of `application/json`.
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(body.to_string())
    }

    pub fn send(self) -> Answer {
        self.try_send().unwrap()
    }

    /// Sends the request to a server that may end meanwhile.
    pub fn try_send(self) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = if self.body.is_empty()
            && [Method::GET, Method::HEAD, Method::DELETE].contains(&self.method)
        {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(self.body).unwrap())
        };
        read(response?)
    }
}

fn read(response: Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let (head, body) = response.into_parts();
    let mut bytes = Vec::new();
    body.into_reader().read_to_end(&mut bytes)?;
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: bytes,
    })
}

impl Answer {
    /// The answer, if it has that status.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status.as_u16(), "{}", self.text());
        self
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        self.expect(StatusCode::OK)
    }

    #[track_caller]
    pub fn created(self) -> Self {
        self.expect(StatusCode::CREATED)
    }

    /// The answer, if it is a refusal with that status, whose sentence holds each of `words`.
    #[track_caller]
    pub fn refused(self, status: u16, words: &[&str]) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        let body = self.json();
        let sentence = body.get("detail").or(body.get("error"));
        let sentence = sentence.and_then(Value::as_str).unwrap_or_default();
        for word in words {
            assert!(sentence.contains(word), "{word:?} is not in {sentence:?}");
        }
        self
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers));
        value.to_str().unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Sends a request as it is written, which must make the server close the connection, and gives what comes back.
pub fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends a part of a request and goes away; gives what came back once the server has noticed.
pub fn break_off(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request whose handler has begun and waits for the body.
pub struct Begun {
    stream: TcpStream,
    body: Vec<u8>,
}

/// Begins a write of a CSV in version 2: sends its head, and waits until the body is wanted.
pub fn begin(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Begun {
    let headers = format!("Content-Type: text/csv\r\n{headers}");
    begin_with(address, method, path, &headers, body)
}

/// The same for a body whose type is among the headers.
pub fn begin_with(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Begun {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nConnection: close\r\n\
         Expect: 100-continue\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    Begun {
        stream,
        body: body.as_bytes().to_vec(),
    }
}

impl Begun {
    /// Sends the first `bytes` of the body.
    pub fn send(&mut self, bytes: usize) {
        let first: Vec<u8> = self.body.drain(..bytes).collect();
        self.stream.write_all(&first).unwrap();
    }

    /// Sends the body, and gives what comes back.
    pub fn finish(mut self) -> String {
        self.stream.write_all(&self.body).unwrap();
        let mut answer = Vec::new();
        self.stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}
