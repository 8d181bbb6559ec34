//! Binds a listener. The error is one line for the operator.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait in the kernel while the server is at its limit.
const BACKLOG: u32 = 1024;

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

/// Binds `address`, which the operator set with `flag`. A port that a server has just released can be bound again.
///
/// # Errors
///
/// The address can't be bound.
pub fn bind(address: SocketAddr, flag: &'static str) -> Result<TcpListener, BindError> {
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
