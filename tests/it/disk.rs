//! A disk that is full: writes are refused as that, nothing is damaged, and reads go on.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::client::{Call, agent};
use crate::sample::large_csv;

/// A server whose database is on a disk of a few MiB: a file system of its own, which goes with it.
struct OnSmallDisk {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl OnSmallDisk {
    /// `None` where this system lets nobody but root make a file system, and we are not root.
    fn start() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let script = format!(
            "mount -t tmpfs -o size=6m none . && cd \"$PWD\" && exec {} serve --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0",
            env!("CARGO_BIN_EXE_flash")
        );
        let mut child = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &script])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("the API is at http://")?;
            address.trim().parse().ok()
        });
        std::thread::spawn(move || lines.for_each(drop));
        match address {
            Some(address) => Some(Self {
                child,
                address,
                _folder: folder,
            }),
            None => {
                drop(child.wait());
                None
            }
        }
    }

    fn call(&self, method: &str, path: &str) -> Call {
        let url = format!("http://{}{path}", self.address);
        Call::new(&agent(), method, url).v2()
    }
}

impl Drop for OnSmallDisk {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_full_disk_refuses_writes_with_507_and_damages_nothing() {
    let Some(server) = OnSmallDisk::start() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "a small file system can't be made here"
        );
        eprintln!("not tried: a small file system can't be made here");
        return;
    };
    let first = large_csv(200_000);
    server
        .call("PUT", "/datasets/first")
        .csv(&first)
        .send()
        .created();
    let large = server
        .call("PUT", "/datasets/large")
        .csv(large_csv(20_000_000))
        .send();
    large.refused(507, &["disk is full", "nothing was stored"]);
    let mut stored = 0;
    let full = loop {
        let answer = server
            .call("PUT", &format!("/datasets/small{stored}"))
            .csv(large_csv(300_000))
            .send();
        if answer.status != 201 {
            break answer;
        }
        stored += 1;
        assert!(stored < 100, "the disk never was full");
    };
    full.refused(507, &["disk is full"]);
    // Reads go on, and what was acknowledged is whole.
    let source = |name: &str| {
        server
            .call("GET", &format!("/datasets/{name}/source"))
            .send()
            .ok()
            .text()
    };
    assert_eq!(source("first"), first);
    for n in 0..stored {
        assert_eq!(source(&format!("small{n}")), large_csv(300_000));
    }
    server
        .call("GET", "/datasets/large")
        .send()
        .refused(404, &["large"]);
    let names = server.call("GET", "/datasets").send().ok().json();
    assert_eq!(names["data"].as_array().unwrap().len(), stored + 1);
}
