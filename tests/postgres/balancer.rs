//! A load balancer as Kubernetes is one: each new connection goes to one of the endpoints, and stays there.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The balancer; it serves as long as the process runs.
pub struct Balancer {
    pub address: SocketAddr,
    endpoints: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    /// One without an endpoint yet.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let balancer = Self {
            address: listener.local_addr().unwrap(),
            endpoints: Arc::default(),
        };
        let endpoints = Arc::clone(&balancer.endpoints);
        let turn = AtomicUsize::new(0);
        thread::spawn(move || {
            for client in listener.incoming() {
                let chosen = {
                    let endpoints = endpoints.lock().unwrap();
                    endpoints[turn.fetch_add(1, Ordering::Relaxed) % endpoints.len()]
                };
                // A server that does not take the connection is a request that fails.
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(chosen)) {
                    join(&client, &server);
                }
            }
        });
        balancer
    }

    /// New connections may go there.
    pub fn add(&self, endpoint: SocketAddr) {
        self.endpoints.lock().unwrap().push(endpoint);
    }

    /// No new connection goes there any more; those that are open stay.
    pub fn remove(&self, endpoint: SocketAddr) {
        let mut endpoints = self.endpoints.lock().unwrap();
        endpoints.retain(|one| *one != endpoint);
    }
}

/// Hands on what either of the two sends.
fn join(client: &TcpStream, server: &TcpStream) {
    for (from, to) in [(client, server), (server, client)] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        to.set_nodelay(true).unwrap();
        thread::spawn(move || hand_on(from, to));
    }
}

fn hand_on(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return to.shutdown(Shutdown::Write),
            Ok(read) => to.write_all(&buffer[..read])?,
            Err(error) => {
                // A reset is handed on as one end of both.
                drop(to.shutdown(Shutdown::Both));
                return Err(error);
            }
        }
    }
}
