//! `flash backup` is one state of the store, whatever is written meanwhile.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use tempfile::TempDir;

use super::stores::{address, badly, filled, put, seen, serve, well};
use crate::client::{Call, agent};
use crate::process::flash;
use crate::sample::large_csv;

#[test]
fn a_backup_beside_a_server_is_a_store_with_the_same_in_it() {
    let program = filled();
    let before = seen(&program);
    let said = well(flash(&program.folder(), &["backup", "backup.db"]));
    assert!(
        said.starts_with("backup.db is a copy of sqlite:flash.db ("),
        "{said}"
    );
    let backup = serve(&program.folder().join("backup.db"));
    assert_eq!(seen(&backup), before);
    put(&backup, "more", "text/csv", "id\n1\n");
}

#[test]
fn a_backup_to_standard_output_is_a_store_and_leaves_nothing_behind() {
    let program = filled();
    let files = || std::fs::read_dir(program.folder()).unwrap().count();
    let (before, there) = (seen(&program), files());
    let output = flash(&program.folder(), &["backup", "-"]);
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(files(), there);
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("backup.db"), output.stdout).unwrap();
    let backup = serve(&folder.path().join("backup.db"));
    assert_eq!(seen(&backup), before);
}

#[test]
fn backups_amid_writers_are_whole_and_hold_what_was_acknowledged_before() {
    let program = filled();
    let folder = TempDir::new().unwrap();
    let stop = AtomicBool::new(false);
    let (done, written) = channel();
    let large = large_csv(300_000);
    std::thread::scope(|scope| {
        // Also when this test fails, so that it ends.
        let _stop = Stop(&stop);
        for writer in 0..2 {
            let (address, large, stop, done) = (program.address, &large, &stop, done.clone());
            scope.spawn(move || {
                for count in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    write(address, &format!("small-{writer}-{count}"), "id\n1\n");
                    write(address, &format!("large-{writer}"), large);
                    // Nobody listens once the test has seen enough.
                    let _ = done.send(());
                }
            });
        }
        // Writers that fail are no longer waited for.
        drop(done);
        let mut before = 0;
        for count in 0..3 {
            for _ in 0..3 {
                written.recv().unwrap();
            }
            before += 3 + written.try_iter().count();
            let file = folder.path().join(format!("{count}.db"));
            well(flash(
                &program.folder(),
                &["backup", file.to_str().unwrap()],
            ));
            let checked = well(flash(
                folder.path(),
                &["check", "--database", &address(&file)],
            ));
            let datasets: usize = checked.split(' ').next().unwrap().parse().unwrap();
            assert!(datasets >= 6 + before, "{checked} after {before} writes");
        }
    });
}

/// Ends the writers when it is dropped.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn write(address: SocketAddr, name: &str, csv: &str) {
    let url = format!("http://{address}/datasets/{name}");
    let answer = Call::new(&agent(), "PUT", url).v2().csv(csv).send();
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_half_done() {
    let program = filled();
    let folder = program.folder();
    std::fs::write(folder.join("mine"), "mine").unwrap();
    let (_, complaint) = badly(flash(&folder, &["backup", "mine"]), 1);
    assert!(
        complaint
            .contains("can't write mine: it exists already, and a backup never overwrites a file"),
        "{complaint}"
    );
    assert_eq!(
        std::fs::read_to_string(folder.join("mine")).unwrap(),
        "mine"
    );
    let empty = TempDir::new().unwrap();
    badly(flash(empty.path(), &["backup", "backup.db"]), 1);
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn a_backup_of_postgresql_is_left_to_its_own_means() {
    let folder = TempDir::new().unwrap();
    let arguments = [
        "backup",
        "b.db",
        "--database",
        "postgres://me:hunter2@db/flash",
    ];
    let (_, complaint) = badly(flash(folder.path(), &arguments), 2);
    assert!(
        complaint.contains("pg_dump")
            && complaint.contains("`flash copy --from postgres://me@db/flash")
    );
    assert!(!complaint.contains("hunter2"));
}
