//! The processes of a server, as `/proc` shows them: its first one is the parent of all others.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long is waited for what should come at once, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something outside of this process.
#[track_caller]
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A process and its children.
pub fn family(parent: Pid) -> Vec<Pid> {
    let mut family = vec![parent];
    family.extend(children(parent));
    family
}

/// What the guard runs.
pub fn only_child(guard: &Child) -> Option<Pid> {
    children(Pid::from_child(guard)).next()
}

/// Whether a process has ended, even if nobody has asked how.
pub fn is_gone(process: Pid) -> bool {
    state(process).is_none_or(|state| state == "Z" || state == "X")
}

/// Sends a signal to a process that may have ended by itself.
pub fn signal(process: Pid, signal: Signal) {
    if let Err(error) = kill_process(process, signal) {
        assert_eq!(error, rustix::io::Errno::SRCH);
    }
}

/// Lets a process stand, and waits until it does.
pub fn stop(process: Pid) {
    signal(process, Signal::STOP);
    until("the process stands", || {
        state(process).is_none_or(|state| ["T", "Z", "X"].contains(&state.as_str()))
    });
}

fn children(parent: Pid) -> impl Iterator<Item = Pid> {
    let parent = parent.as_raw_nonzero().to_string();
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .filter(move |&process| {
            fields(process).is_some_and(|fields| fields.get(1) == Some(&parent))
        })
}

fn state(process: Pid) -> Option<String> {
    fields(process)?.into_iter().next()
}

/// What `/proc/PID/stat` says behind the name, which may hold anything: the state, the parent, and so on.
fn fields(process: Pid) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}
