//! The program as its user runs it: a process of its own, known by what it writes and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use ureq::Agent;

use crate::client::{Call, agent};
use crate::database::Place;

/// How long is waited for what should come at once, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `flash serve`. It is killed when the test is done with it.
pub struct Program {
    pub address: SocketAddr,
    pub admin: SocketAddr,
    agent: Agent,
    child: Child,
    /// Its log, as far as it was not read yet.
    pub lines: Receiver<String>,
    /// Where its datasets are, unless its arguments say otherwise.
    pub place: Place,
    arguments: Vec<String>,
}

/// Runs `flash` with these arguments in `folder`, to its end.
pub fn flash(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flash"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

impl Program {
    /// Starts a server, on a database of its own unless the arguments name one.
    pub fn serve(arguments: &[&str]) -> Self {
        let named = arguments.iter().any(|flag| flag.starts_with("--database"));
        let place = if named {
            Place::in_folder()
        } else {
            Place::new()
        };
        Self::serve_at(place, arguments)
    }

    /// What starts this build.
    pub fn command() -> Vec<String> {
        vec![env!("CARGO_BIN_EXE_flash").to_owned()]
    }

    fn serve_at(place: Place, arguments: &[&str]) -> Self {
        Self::spawn(&Self::command(), place, arguments)
    }

    /// Starts a server by that command.
    pub fn spawn(command: &[String], place: Place, arguments: &[&str]) -> Self {
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .args(place.arguments())
            .args(arguments)
            .current_dir(place.folder.path())
            .env_clear()
            // What requests that are written out call it. A release of before takes no notice of a variable.
            .env("FLASH_HOST", "flash")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // Nobody may be listening any more; the pipe is read all the same, so that it never fills up.
                drop(sender.send(line));
            }
        });
        let mut program = Self {
            address: ([127, 0, 0, 1], 0).into(),
            admin: ([127, 0, 0, 1], 0).into(),
            agent: agent(),
            child,
            lines,
            place,
            arguments: arguments.iter().map(ToString::to_string).collect(),
        };
        program.address = address_in(&program.line_with("the API is at"));
        program.admin = address_in(&program.line_with("probes "));
        program
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of its log that has `text` in it.
    #[track_caller]
    pub fn line_with(&self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(error) => panic!("no line with {text:?} came: {error}"),
            }
        }
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(
            &self.agent,
            method,
            format!("http://{}{path}", self.address),
        )
    }

    pub fn folder(&self) -> PathBuf {
        self.place.folder.path().to_owned()
    }

    /// Runs `flash` in its folder, to its end: its exit code, and what it said.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = flash(&self.folder(), arguments);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        (output.status.code().unwrap(), text)
    }

    /// The same, with the server's database.
    pub fn manage(&self, arguments: &[&str]) -> (i32, String) {
        self.run(&[arguments, &self.place.arguments()].concat())
    }

    /// Sends a signal: `TERM` asks it to end, `KILL` ends it between two instructions.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether it hasn't ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks it to end, as an operator does, and starts another one with these arguments on the same database.
    pub fn restarted(mut self, arguments: &[&str]) -> Self {
        self.signal(Signal::TERM);
        assert!(self.wait().success());
        let place = self.place.clone();
        drop(self);
        Self::serve_at(place, arguments)
    }

    /// Starts another one with these arguments on the database of this one, which has ended.
    pub fn restarted_after_stop(self, arguments: &[&str]) -> Self {
        let place = self.place.clone();
        drop(self);
        Self::serve_at(place, arguments)
    }

    /// Kills it unless it has ended, as a power loss would end it, and starts another one like it on the same database.
    pub fn kill_and_restart(self) -> Self {
        let (place, arguments) = (self.place.clone(), self.arguments.clone());
        drop(self);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Self::serve_at(place, &arguments)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn address_in(line: &str) -> SocketAddr {
    let (_, address) = line.rsplit_once("http://").unwrap();
    // In JSON the text ends before the line does.
    let address = address.split('"').next().unwrap();
    // A server at all addresses of the machine tells the one that a browser opens.
    let address = address.replace("localhost", "127.0.0.1");
    address.trim().parse().unwrap()
}

/// What is left to read of a stream, as text.
pub fn rest(mut stream: impl Read) -> String {
    let mut text = Vec::new();
    // A reset is an end too.
    drop(stream.read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}
