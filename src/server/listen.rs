//! Binds a listener. The error is one line for the operator.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::settings::ListenAddress;

/// Connections that wait in the kernel while the server is at its limit.
const BACKLOG: u32 = 1024;

/// How often a port that is free in one family is looked for in the other.
const ATTEMPTS: usize = 16;

/// An address can't be bound. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there.
    #[error("{address} is in use by another program: stop it, or choose another port with {flag}")]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
    },
    /// The port needs a privilege.
    #[error("this user may not bind {address}: choose a port from 1024 up with {flag}")]
    NotAllowed {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
    },
    /// The address belongs to another machine.
    #[error(
        "{address} isn't an address of this machine: choose one of its addresses, or 0.0.0.0, with {flag}"
    )]
    NotOurs {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
    },
    /// Any other error.
    #[error("can't bind {address} (see {flag})")]
    Other {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// What went wrong.
        source: io::Error,
    },
}

/// A listener: one socket, or one of each family.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<TcpListener>,
    /// The socket to ask first, so that a busy one doesn't keep the other waiting.
    next: usize,
    address: ListenAddress,
    port: u16,
}

impl Listener {
    /// The address of its first socket.
    ///
    /// # Errors
    ///
    /// When the operating system doesn't tell it.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self.sockets.first() {
            Some(socket) => socket.local_addr(),
            None => Err(io::ErrorKind::AddrNotAvailable.into()),
        }
    }

    /// The URL that opens it on this machine.
    pub fn url(&self) -> String {
        format!("http://{}", self.address.nearby(self.port))
    }

    /// The next connection of any socket.
    pub(super) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|cx| {
            let count = self.sockets.len();
            let first = self.next;
            for at in (0..count).map(|step| (first + step) % count) {
                if let Poll::Ready(accepted) = self.sockets[at].poll_accept(cx) {
                    self.next = at + 1;
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Binds `address`, which the operator set with `flag`. A port that a server has just released can be bound again.
///
/// # Errors
///
/// The address can't be bound. Of `localhost`, one family is enough on a machine that lacks the other.
pub fn bind(address: ListenAddress, flag: &'static str) -> Result<Listener, BindError> {
    let bind_one = |one| bind_socket(one, flag);
    for _ in 1..ATTEMPTS {
        match bind_all(address, bind_one) {
            // The system chose a port that is in use in the other family.
            Err(BindError::InUse { .. }) if address == ListenAddress::Localhost(0) => {}
            bound => return bound,
        }
    }
    bind_all(address, bind_one)
}

fn bind_all(
    address: ListenAddress,
    bind_one: impl Fn(SocketAddr) -> Result<TcpListener, BindError>,
) -> Result<Listener, BindError> {
    let mut sockets = Vec::new();
    let mut missing = None;
    let mut port = 0;
    for mut one in address.sockets() {
        if port != 0 {
            one.set_port(port);
        }
        match bind_one(one) {
            Ok(socket) => {
                port = socket.local_addr().map_or(port, |bound| bound.port());
                sockets.push(socket);
            }
            // A browser might reach the other program instead of this one.
            Err(refused @ (BindError::InUse { .. } | BindError::NotAllowed { .. })) => {
                return Err(refused);
            }
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    match missing {
        Some(error) if sockets.is_empty() => Err(error),
        _ => Ok(Listener {
            sockets,
            next: 0,
            address,
            port,
        }),
    }
}

fn bind_socket(address: SocketAddr, flag: &'static str) -> Result<TcpListener, BindError> {
    listen(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address, flag },
        io::ErrorKind::PermissionDenied => BindError::NotAllowed { address, flag },
        io::ErrorKind::AddrNotAvailable => BindError::NotOurs { address, flag },
        _ => BindError::Other {
            address,
            flag,
            source,
        },
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCALHOST: ListenAddress = ListenAddress::Localhost(0);

    fn not_ours(address: SocketAddr) -> Result<TcpListener, BindError> {
        let flag = "--listen";
        Err(BindError::NotOurs { address, flag })
    }

    #[tokio::test]
    async fn localhost_goes_on_without_a_family_that_the_machine_lacks() {
        let only = |v4: bool| {
            let bound = bind_all(LOCALHOST, |address| match address.is_ipv4() == v4 {
                // IPv4 stands in for both: this machine may lack the other.
                true => bind_socket(([127, 0, 0, 1], address.port()).into(), "--listen"),
                false => not_ours(address),
            });
            bound.unwrap()
        };
        for v4 in [true, false] {
            let mut listener = only(v4);
            let address = listener.local_addr().unwrap();
            assert_eq!(
                listener.url(),
                format!("http://localhost:{}", address.port())
            );
            let client = TcpStream::connect(address).await.unwrap();
            let (_, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, client.local_addr().unwrap());
        }
    }

    #[tokio::test]
    async fn localhost_is_refused_if_the_machine_has_neither_family_or_another_program_has_a_port()
    {
        let neither = bind_all(LOCALHOST, not_ours).unwrap_err();
        assert!(matches!(neither, BindError::NotOurs { .. }), "{neither}");
        let half = bind_all(LOCALHOST, |address| match address.is_ipv4() {
            true => bind_socket(address, "--listen"),
            false => Err(BindError::InUse {
                address,
                flag: "--listen",
            }),
        });
        let half = half.unwrap_err().to_string();
        assert!(half.contains("[::1]:") && half.contains("in use"), "{half}");
    }

    #[tokio::test]
    async fn a_busy_socket_does_not_keep_the_other_one_waiting() {
        let sockets = || bind_socket(([127, 0, 0, 1], 0).into(), "--listen").unwrap();
        let (busy, other) = (sockets(), sockets());
        let (to_busy, to_other) = (busy.local_addr().unwrap(), other.local_addr().unwrap());
        let mut listener = Listener {
            sockets: vec![busy, other],
            next: 0,
            address: LOCALHOST,
            port: 0,
        };
        let mut clients = Vec::new();
        for address in [to_busy, to_busy, to_busy, to_other] {
            clients.push(TcpStream::connect(address).await.unwrap());
        }
        let mut accepted = Vec::new();
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            accepted.push(stream.local_addr().unwrap());
        }
        assert_eq!(accepted, [to_busy, to_other]);
    }
}
