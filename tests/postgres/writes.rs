//! Writes that are turned off on PostgreSQL, where transactions run side by side.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::process::Program;
use crate::servers::{cluster, shared, until};
use crate::trials;

trials![turning_writes_off_waits_for_transactions_that_began_before];

fn turning_writes_off_waits_for_transactions_that_began_before() {
    let url = shared("writes_off");
    let server = Program::serve(&["--database", &url]);
    // A transaction of another session, as a write that hangs.
    let mut session = Command::new(cluster().program("psql"))
        .args(["-XAtq", "-d", &url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut says = session.stdin.take().unwrap();
    let mut hears = BufReader::new(session.stdout.take().unwrap());
    says.write_all(b"BEGIN;\nSELECT 'begun';\n").unwrap();
    let mut line = String::new();
    hears.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_flash"))
        .args(["writes", "off", "--database", &url])
        .env_clear()
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    until("the command looks for transactions", || {
        let looks = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'writes_off' AND query LIKE '%virtualxid%'";
        cluster().psql("postgres", looks) != "0"
    });
    // Servers refuse by now, and the command still waits.
    let put = server.call("PUT", "/datasets/new").v2().csv("n\n1\n");
    put.send().refused(503, &["turned writes off"]);
    assert!(command.try_wait().unwrap().is_none());
    says.write_all(b"COMMIT;\n").unwrap();
    drop(says);
    assert!(session.wait().unwrap().success());
    assert!(command.wait().unwrap().success());
}
