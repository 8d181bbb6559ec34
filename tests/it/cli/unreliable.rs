//! A way to a server that loses what is sent on it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::pin::Pin;
use std::thread;

use openssl::ssl::{Ssl, SslAcceptor, SslFiletype, SslMethod};
use tokio_openssl::SslStream;

/// What becomes of a connection.
#[derive(Clone, Copy)]
pub enum Way {
    /// It is closed when that many bytes of the request have come.
    Cut(usize),
    /// The server gets the request, and its answer is lost.
    LoseAnswer,
    /// This is the answer, and the server gets nothing.
    Answer(&'static str),
    /// Nothing is lost.
    Open,
}

/// Listens, and deals with each connection as the next of `ways` says. All further ones are open.
pub fn way_to(server: SocketAddr, ways: &'static [Way]) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let ways = ways.iter().copied().chain(std::iter::repeat(Way::Open));
        for (socket, way) in listener.incoming().zip(ways) {
            // What is lost on the way is the matter of the client.
            drop(pass(socket.unwrap(), server, way));
        }
    });
    address
}

/// Listens as `localhost` with TLS, with the certificate and key of these files, and passes all connections to the server.
pub fn secure_way_to(server: SocketAddr, certificate: &Path, key: &Path) -> SocketAddr {
    let mut acceptor = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_certificate_chain_file(certificate).unwrap();
    acceptor
        .set_private_key_file(key, SslFiletype::PEM)
        .unwrap();
    let acceptor = acceptor.build();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let passing = async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let ssl = Ssl::new(acceptor.context()).unwrap();
            let mut client = SslStream::new(ssl, client).unwrap();
            if Pin::new(&mut client).accept().await.is_ok() {
                let mut server = tokio::net::TcpStream::connect(server).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
            }
        }
    };
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(passing);
    });
    address
}

fn pass(mut client: TcpStream, server: SocketAddr, way: Way) -> io::Result<()> {
    match way {
        Way::Cut(bytes) => client.read_exact(&mut vec![0; bytes]),
        Way::Answer(answer) => {
            client.read_exact(&mut [0])?;
            client.write_all(answer.as_bytes())?;
            // An unread request would reset the connection before the answer arrives.
            io::copy(&mut client, &mut io::sink()).map(drop)
        }
        Way::LoseAnswer | Way::Open => {
            let mut server = TcpStream::connect(server)?;
            let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
            thread::spawn(move || io::copy(&mut from, &mut to));
            if let Way::LoseAnswer = way {
                server.read_exact(&mut [0])?;
            } else {
                io::copy(&mut server, &mut client)?;
            }
            server.shutdown(Shutdown::Both)?;
            client.shutdown(Shutdown::Both)
        }
    }
}
