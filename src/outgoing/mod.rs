//! Connections to other servers, with TLS if the build has it (feature `tls`).

#[cfg(feature = "tls")]
mod tls;

use std::io;
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// The host and port of a server, and whether connections to it are encrypted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    #[cfg(feature = "tls")]
    tls: bool,
    authority: Authority,
    port: u16,
}

/// Why a URL has no endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotAnEndpoint {
    /// It doesn't begin with `http://` or `https://`.
    Scheme,
    /// It has no host.
    NoHost,
    /// It has a user name, and maybe a password.
    UserName,
    /// It begins with `https://`, and the build has no TLS.
    WithoutTls,
}

impl Endpoint {
    /// The endpoint of a URL.
    ///
    /// # Errors
    ///
    /// When the URL has none that can be connected to.
    pub fn of(uri: &Uri) -> Result<Self, NotAnEndpoint> {
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(NotAnEndpoint::Scheme),
        };
        if tls && cfg!(not(feature = "tls")) {
            return Err(NotAnEndpoint::WithoutTls);
        }
        let authority = uri.authority().ok_or(NotAnEndpoint::NoHost)?;
        if authority.as_str().contains('@') {
            return Err(NotAnEndpoint::UserName);
        }
        Ok(Self {
            #[cfg(feature = "tls")]
            tls,
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.clone(),
        })
    }

    /// The value of `Host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// The host and port to connect to.
    #[must_use]
    pub fn address(&self) -> (&str, u16) {
        let host = self.authority.host();
        // In a URL, an IPv6 address is in brackets (RFC 3986 §3.2.2).
        (host.trim_matches(['[', ']']), self.port)
    }
}

/// What a connection reads from and writes to.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server doesn't answer.
    #[error("can't connect to {0}: {1}")]
    Connect(String, io::Error),
    /// The server can't speak TLS, or its certificate isn't valid.
    #[error("there is no secure connection to {0}: {1}")]
    Untrusted(String, String),
}

impl ConnectError {
    /// Whether another attempt would end like this one.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Untrusted(..))
    }
}

/// Connects to a server.
///
/// # Errors
///
/// When it doesn't answer in ten seconds, refuses the connection, or can't be trusted.
pub async fn connect(endpoint: &Endpoint) -> Result<Box<dyn Stream>, ConnectError> {
    let stream = timeout(CONNECT, open(endpoint)).await;
    stream.unwrap_or_else(|_| {
        let error = io::ErrorKind::TimedOut.into();
        Err(ConnectError::Connect(
            endpoint.authority().to_owned(),
            error,
        ))
    })
}

async fn open(endpoint: &Endpoint) -> Result<Box<dyn Stream>, ConnectError> {
    let failed = |error| ConnectError::Connect(endpoint.authority().to_owned(), error);
    let stream = TcpStream::connect(endpoint.address()).await;
    let stream = stream.map_err(failed)?;
    #[cfg(feature = "tls")]
    if endpoint.tls {
        let (host, _) = endpoint.address();
        return match tls::connect(host, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(error.into_io_error().map_or_else(
                |error| ConnectError::Untrusted(endpoint.authority().to_owned(), error.to_string()),
                failed,
            )),
        };
    }
    Ok(Box::new(stream))
}
