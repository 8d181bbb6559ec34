//! A connection that is kept, as clients keep them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use super::V2;
use super::load::length;
use super::program::Program;

/// A connection over which one asks after the other.
pub struct Kept {
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Kept {
    pub fn to(program: &Program) -> Self {
        let socket = TcpStream::connect(program.address).expect("a connection");
        socket.set_nodelay(true).expect("TCP");
        Self {
            socket,
            buffer: vec![0; 4 << 20],
        }
    }

    /// The body of the answer, which must be one of success.
    pub fn get(&mut self, path: &str) -> Vec<u8> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\n\r\n");
        self.socket
            .write_all(request.as_bytes())
            .expect("it is taken");
        let (mut filled, mut whole) = (0, None);
        while whole.is_none_or(|(_, end)| filled < end) {
            let read = self
                .socket
                .read(&mut self.buffer[filled..])
                .expect("an answer");
            assert!(read > 0, "the server hung up");
            filled += read;
            whole = whole.or_else(|| length(&self.buffer[..filled]));
        }
        let (head, end) = whole.expect("it is whole");
        self.buffer[head..end].to_vec()
    }

    pub fn json(&mut self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path)).expect("JSON")
    }
}
