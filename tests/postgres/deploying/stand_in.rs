//! A stand-in for a cluster: it answers the commands of kubectl that the page has, and no others.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tempfile::TempDir;

use super::commands::{State, container};
use super::kubectl;

/// The cluster.
pub struct StandIn {
    folder: PathBuf,
    programs: TempDir,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl StandIn {
    /// An empty one. Commands run in `folder`.
    pub fn start(kubectl: PathBuf, folder: &Path) -> Self {
        let programs = TempDir::new().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        kubectl::install(programs.path(), &kubectl, &address);
        let state = State::new(kubectl);
        let address = state.pods.balancer.address;
        let state = Arc::new(Mutex::new(state));
        let answering = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &answering);
            }
        });
        Self {
            folder: folder.to_owned(),
            programs,
            address,
            state,
        }
    }

    /// The address of the load balancer.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the program is that stands in for kubectl.
    pub fn programs(&self) -> &Path {
        self.programs.path()
    }

    pub fn replicas(&self) -> usize {
        self.state.lock().unwrap().pods.names().len()
    }

    pub fn image(&self) -> String {
        let state = self.state.lock().unwrap();
        let deployment = state.objects.get("Deployment", "api").unwrap();
        container(deployment)["image"].as_str().unwrap().to_owned()
    }

    /// What `flash` prints in a pod.
    pub fn flash(&self, arguments: &[&str]) -> String {
        let command = [&["flash"], arguments].concat();
        let said = self.state.lock().unwrap().in_pod(&command, &[]);
        String::from_utf8(said.unwrap()).unwrap()
    }
}

impl Drop for StandIn {
    /// Ends the servers, which the thread that answers would keep.
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.pods.end();
    }
}

/// Answers one request of the program that stands in for kubectl: a folder, arguments and input.
fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let end = body.windows(2).position(|two| two == [0, 0]).unwrap();
    let head = String::from_utf8(body[..end].to_vec()).unwrap();
    let mut words = head.split('\0');
    let folder = words.next().unwrap();
    let words: Vec<&str> = words.collect();
    let said = state
        .lock()
        .unwrap()
        .run(Path::new(folder), &words, &body[end + 2..]);
    let (code, text) = match said {
        Ok(text) => ("0\n", text),
        Err(text) => ("1\n", format!("kubectl: {text}\n").into_bytes()),
    };
    let answer = [code.as_bytes(), &text].concat();
    let mut stream = reader.into_inner();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&answer).unwrap();
}
