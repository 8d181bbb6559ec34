//! `flash healthcheck`: requests `/readyz` of the admin listener, for container images without a shell.
//!
//! It uses plain blocking sockets: it runs every few seconds beside the server, so it starts no runtime. One time-out covers
//! the whole exchange, however slowly the answer arrives.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use crate::settings::ListenAddress;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes to read: more than a status line has.
const LONGEST_STATUS_LINE: usize = 256;

/// Why the server is not ready.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// No answer.
    #[error("http://{address}/readyz does not answer")]
    NoAnswer {
        /// The address of the request.
        address: SocketAddr,
        /// What went wrong.
        source: io::Error,
    },
    /// An answer other than 200.
    #[error("http://{address}/readyz answered {status:?}")]
    Answer {
        /// The address of the request.
        address: SocketAddr,
        /// The status line.
        status: String,
    },
}

/// Requests `/readyz` of the server whose admin listener is bound to `bound`.
pub(super) fn run(bound: ListenAddress) -> Result<(), NotReady> {
    let mut silent = Ok(());
    for address in bound.sockets().into_iter().map(reachable) {
        match ask(address) {
            Ok(status) if status.split(' ').nth(1) == Some("200") => return Ok(()),
            Ok(status) => return Err(NotReady::Answer { address, status }),
            // A server on localhost may lack one of its addresses.
            Err(source) => silent = silent.and(Err(NotReady::NoAnswer { address, source })),
        }
    }
    silent
}

/// The address for a request from the same machine, also if the listener is bound to all addresses.
fn reachable(mut bound: SocketAddr) -> SocketAddr {
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => bound.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => bound.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    bound
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let deadline = Instant::now() + TIMEOUT;
    let mut socket = TcpStream::connect_timeout(&address, TIMEOUT)?;
    socket.set_write_timeout(Some(TIMEOUT))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        let mut part = [0; LONGEST_STATUS_LINE];
        match socket.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => answer.extend_from_slice(&part[..length]),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    Ok(line.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn a_listener_on_every_address_is_asked_on_loopback() {
        for (bound, asked) in [
            ("0.0.0.0:3001", "127.0.0.1:3001"),
            ("[::]:3001", "[::1]:3001"),
            ("10.0.0.7:3001", "10.0.0.7:3001"),
        ] {
            assert_eq!(reachable(bound.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
