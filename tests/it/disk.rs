//! A disk that is full: writes are refused as that, nothing is damaged, reads go on, and so do deletions, which make space
//! for writes again. And the files on it: who may read them, and what happens when one goes away.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::{Call, agent};
use crate::process::Program;
use crate::sample::large_csv;

/// A server whose database is on a disk of a few MiB: a file system of its own, which goes with it.
struct OnSmallDisk {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl OnSmallDisk {
    /// `None` where this system lets nobody but root make a file system, and we are not root.
    fn start(mebibytes: u32) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let script = format!(
            "mount -t tmpfs -o size={mebibytes}m none . && cd \"$PWD\" && exec {} serve --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0",
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

/// A server on a small disk; `None` where there can't be one.
fn on_small_disk(mebibytes: u32) -> Option<OnSmallDisk> {
    let server = OnSmallDisk::start(mebibytes);
    if server.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "a small file system can't be made here"
        );
        eprintln!("not tried: a small file system can't be made here");
    }
    server
}

#[test]
fn a_full_disk_refuses_writes_with_507_and_damages_nothing() {
    let Some(server) = on_small_disk(6) else {
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

/// Writes datasets of that size until the disk is full; how many there were place for.
fn fill(server: &OnSmallDisk, name: &str, bytes: usize) -> usize {
    for stored in 0..1000 {
        let put = server.call("PUT", &format!("/datasets/{name}{stored}"));
        let answer = put.csv(large_csv(bytes)).send();
        if answer.status == 507 {
            return stored;
        }
        answer.created();
    }
    panic!("the disk never was full");
}

#[test]
fn on_a_full_disk_datasets_can_be_deleted_and_their_space_is_written_to_again() {
    let Some(server) = on_small_disk(24) else {
        return;
    };
    let kept = large_csv(100_000);
    server
        .call("PUT", "/datasets/kept")
        .csv(&kept)
        .send()
        .created();
    // Twice, since what is set aside is there once more after it was used.
    for round in ["first", "second"] {
        let large = fill(&server, &format!("{round}-large"), 400_000);
        let small = fill(&server, &format!("{round}-small"), 10_000);
        let tiny = fill(&server, &format!("{round}-tiny"), 100);
        assert!(large + small > 1, "{large} {small} {tiny}");
        for (size, count) in [("tiny", tiny), ("large", large), ("small", small)] {
            for n in 0..count {
                let path = format!("/datasets/{round}-{size}{n}");
                let mut delete = server.call("DELETE", &path);
                if n % 2 == 0 {
                    delete = delete.header("Idempotency-Key", &path);
                }
                assert_eq!(delete.send().status, 204);
            }
        }
        // Sweeping waits a little for those who may be reading.
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let put = server.call("PUT", &format!("/datasets/{round}-after"));
            let answer = put.csv(large_csv(400_000)).send();
            if answer.status == 201 {
                break;
            }
            answer.refused(507, &["disk is full"]);
            assert!(Instant::now() < deadline, "nothing can be written again");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let source = server.call("GET", "/datasets/kept/source").send().ok();
    assert_eq!(source.text(), kept);
    let source = server.call("GET", "/datasets/first-after/source").send();
    assert_eq!(source.ok().text(), large_csv(400_000));
}

#[test]
fn nobody_else_may_read_what_is_in_a_store_or_in_its_backup() {
    let program = Program::serve(&[]);
    let put = program.call("PUT", "/datasets/people").v2();
    put.csv("id\n1\n").send().created();
    let (code, said) = program.run(&["backup", "backup.db"]);
    assert_eq!(code, 0, "{said}");
    let files = std::fs::read_dir(program.folder()).unwrap();
    let mut seen = Vec::new();
    for file in files.map(Result::unwrap) {
        let mode = file.metadata().unwrap().permissions().mode();
        let name = file.file_name().into_string().unwrap();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        seen.push(name);
    }
    for name in [
        "flash.db",
        "flash.db-wal",
        "flash.db-shm",
        "flash.db.lock",
        "flash.db.reserve",
        "backup.db",
    ] {
        assert!(seen.iter().any(|seen| seen == name), "{name} of {seen:?}");
    }
}

#[test]
fn a_database_file_that_is_removed_or_replaced_is_told_and_nothing_more_is_acknowledged() {
    for replaced in [false, true] {
        let program = Program::serve(&[]);
        let put = |name: &str| {
            let put = program.call("PUT", &format!("/datasets/{name}")).v2();
            put.csv("id\n1\n").send()
        };
        put("before").created();
        let file = program.folder().join("flash.db");
        if replaced {
            let (code, said) = program.run(&["backup", "other.db"]);
            assert_eq!(code, 0, "{said}");
            std::fs::rename(program.folder().join("other.db"), &file).unwrap();
        } else {
            std::fs::remove_file(&file).unwrap();
        }
        put("after").refused(503, &["removed or replaced", "restarted"]);
        let probe = |path: &str| {
            let url = format!("http://{}{path}", program.admin);
            Call::new(&agent(), "GET", url).send()
        };
        let live = probe("/livez");
        assert_eq!(live.status, 503);
        assert!(
            live.text().contains("flash.db was removed or replaced"),
            "{}",
            live.text()
        );
        assert_eq!(probe("/readyz").status, 503);
        program.line_with("flash.db was removed or replaced while it was open");
        let read = program.call("GET", "/datasets").v2().send();
        read.refused(503, &["removed or replaced"]);
        assert_eq!(file.exists(), replaced, "nobody makes it again");
    }
}

#[test]
fn a_database_file_that_is_removed_is_noticed_though_nobody_writes() {
    let program = Program::serve(&[]);
    std::fs::remove_file(program.folder().join("flash.db")).unwrap();
    program.line_with("flash.db was removed or replaced while it was open");
}
