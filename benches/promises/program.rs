//! A server process: started, asked, and looked at from outside.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::V2;

/// What Flash's log says before its address.
const OF_FLASH: &str = "the API is at";

/// A running server. It is killed when it is no longer needed.
pub struct Program {
    pub address: SocketAddr,
    /// Where its metrics are; `None`: the baseline has none.
    admin: Option<SocketAddr>,
    child: Child,
}

impl Program {
    /// The program that is being measured, with its database in `folder` and its log going to a file there.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flash"));
        command.env("FLASH_HOST", "flash");
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .args(arguments)
            .current_dir(folder);
        Self::spawn(command, OF_FLASH)
    }

    /// The baseline: this very program.
    pub fn start_bare(page: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        command.arg("--bare").arg(page);
        Self::spawn(command, "bare warp is at")
    }

    fn spawn(mut command: Command, at: &str) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains(at) {
            line.clear();
            assert!(
                stderr.read_line(&mut line).expect("its log can be read") > 0,
                "it ended"
            );
        }
        let address = address_in(&line);
        let admin = (at == OF_FLASH).then(|| {
            // The next line says where probes and metrics are.
            line.clear();
            stderr.read_line(&mut line).expect("its log can be read");
            address_in(&line)
        });
        // Reading its log costs what reading a log costs.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Self {
            address,
            admin,
            child,
        }
    }

    /// Waits until no dataset waits for columns.
    pub fn wait_for_columns(&self) {
        let admin = self.admin.expect("it has metrics");
        let request = "GET /metrics HTTP/1.1\r\nHost: flash\r\nConnection: close\r\n\r\n";
        loop {
            let mut socket = TcpStream::connect(admin).expect("a connection");
            socket.write_all(request.as_bytes()).expect("it is taken");
            let metrics = String::from_utf8_lossy(&read(socket, "200")).into_owned();
            if metrics.lines().any(|line| line == "flash_columns_due 0") {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// A figure of `/proc/PID/status`, in MiB.
    pub fn memory(&self, name: &str) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status
            .lines()
            .find(|line| line.starts_with(name))
            .expect("the figure");
        let kib = line.split_whitespace().nth(1).expect("a number");
        kib.parse::<f64>().expect("a number") / 1024.0
    }

    /// The body of the answer, which must be a 200.
    pub fn get(&self, path: &str) -> Vec<u8> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nConnection: close\r\n\r\n"
        );
        self.exchange(request.as_bytes(), &[], "200")
    }

    pub fn get_json(&self, path: &str) -> serde_json::Value {
        serde_json::from_slice(&self.get(path)).expect("JSON")
    }

    /// Puts a CSV, which must be created.
    pub fn put(&self, path: &str, body: &[u8]) {
        self.exchange(put_head(path, body.len()).as_bytes(), body, "201");
    }

    /// Puts a CSV of whole lines and about `bytes` bytes; says how many they were.
    pub fn put_streamed(
        &self,
        path: &str,
        lines: impl Iterator<Item = String>,
        bytes: usize,
    ) -> usize {
        let mut block = String::new();
        for line in lines {
            if block.len() + line.len() > 8 << 20 {
                break;
            }
            block.push_str(&line);
        }
        let header = block.find('\n').expect("a header") + 1;
        let repeats = (bytes - header) / (block.len() - header);
        let total = header + repeats * (block.len() - header);
        let mut socket = TcpStream::connect(self.address).expect("a connection");
        socket
            .write_all(put_head(path, total).as_bytes())
            .expect("it is taken");
        socket
            .write_all(&block.as_bytes()[..header])
            .expect("it is taken");
        for _ in 0..repeats {
            socket
                .write_all(&block.as_bytes()[header..])
                .expect("it is taken");
        }
        read(socket, "201");
        total
    }

    /// Puts a CSV of these lines, which must be created.
    pub fn put_rows(&self, path: &str, lines: impl Iterator<Item = String>) {
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nContent-Type: text/csv\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        );
        let mut socket = TcpStream::connect(self.address).expect("a connection");
        socket.write_all(head.as_bytes()).expect("it is taken");
        let mut block = String::new();
        let mut send = |block: &mut String| {
            let chunk = format!("{:x}\r\n{block}\r\n", block.len());
            socket.write_all(chunk.as_bytes()).expect("it is taken");
            block.clear();
        };
        for line in lines {
            block.push_str(&line);
            if block.len() > 256 << 10 {
                send(&mut block);
            }
        }
        if !block.is_empty() {
            send(&mut block);
        }
        socket.write_all(b"0\r\n\r\n").expect("it is taken");
        read(socket, "201");
    }

    /// Reads an answer to its end and throws it away; says how many bytes came.
    pub fn drain(&self, path: &str, accept: &str) -> u64 {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: flash\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
        );
        let mut socket = TcpStream::connect(self.address).expect("a connection");
        socket.write_all(request.as_bytes()).expect("it is taken");
        let mut buffer = vec![0; 1 << 20];
        let mut total = 0;
        loop {
            match socket.read(&mut buffer).expect("an answer") {
                0 => return total,
                read => total += read as u64,
            }
        }
    }

    fn exchange(&self, head: &[u8], body: &[u8], status: &str) -> Vec<u8> {
        let mut socket = TcpStream::connect(self.address).expect("a connection");
        socket.write_all(head).expect("it is taken");
        socket.write_all(body).expect("it is taken");
        read(socket, status)
    }
}

/// The address at the end of a line of the log.
fn address_in(line: &str) -> SocketAddr {
    let (_, address) = line.rsplit_once("http://").expect("an address");
    address.trim().parse().expect("an address")
}

fn put_head(path: &str, length: usize) -> String {
    format!(
        "PUT {path} HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nContent-Type: text/csv\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    )
}

fn read(mut socket: TcpStream, status: &str) -> Vec<u8> {
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("an answer");
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head")
        + 4;
    let head = String::from_utf8_lossy(&answer[..end]);
    assert!(head.split(' ').nth(1) == Some(status), "{head}");
    answer.split_off(end)
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}
