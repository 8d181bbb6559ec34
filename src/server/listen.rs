//! Binding a listener, and one line for the operator when that fails.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Connections the kernel keeps ready while all of ours are busy.
const BACKLOG: u32 = 1024;

/// An address could not be bound; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Something else listens there.
    #[error("{address} is in use by another program: stop it, or choose another port with {flag}")]
    InUse {
        /// What was to be bound.
        address: SocketAddr,
        /// The flag that names it.
        flag: &'static str,
    },
    /// The port needs a privilege.
    #[error("{address} may not be bound by this user: choose a port from 1024 up with {flag}")]
    NotAllowed {
        /// What was to be bound.
        address: SocketAddr,
        /// The flag that names it.
        flag: &'static str,
    },
    /// The address belongs to another machine.
    #[error(
        "{address} is not an address of this machine: choose one that is, or 0.0.0.0, with {flag}"
    )]
    NotOurs {
        /// What was to be bound.
        address: SocketAddr,
        /// The flag that names it.
        flag: &'static str,
    },
    /// Anything else.
    #[error("{address} cannot be bound (see {flag})")]
    Other {
        /// What was to be bound.
        address: SocketAddr,
        /// The flag that names it.
        flag: &'static str,
        /// What went wrong.
        source: io::Error,
    },
}

/// Binds `address`, which the operator chose with `flag`. A port that a server has just left can be taken again.
///
/// # Errors
///
/// Which address, and what to do about it.
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
