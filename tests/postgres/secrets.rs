//! A password is for the database, and for nobody else.

use std::process::Command;

use rustix::process::Signal;

use crate::cluster::{Cluster, Options};
use crate::process::Program;
use crate::servers;
use crate::trials;

trials![
    a_password_that_is_wrong_is_not_repeated,
    the_help_does_not_show_the_address,
    the_log_of_a_server_does_not_show_the_password,
];

fn with_password(cluster: &Cluster, password: &str) -> String {
    cluster
        .url("postgres")
        .replace("flash@", &format!("flash:{password}@"))
}

fn guarded_by(password: &'static str) -> Cluster {
    Cluster::start(Options {
        careless: true,
        password: Some(password),
        tls: false,
        ..Options::default()
    })
}

fn a_password_that_is_wrong_is_not_repeated() {
    let cluster = guarded_by("open sesame");
    let url = with_password(&cluster, "hunter2");
    let line = servers::refusal(&["--database", &url]);
    assert!(!line.contains("hunter2"), "{line}");
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("address");
    std::fs::write(&file, format!("{url}\n")).unwrap();
    let line = servers::refusal(&["--database-file", file.to_str().unwrap()]);
    assert!(!line.contains("hunter2"), "{line}");
}

fn the_help_does_not_show_the_address() {
    let output = Command::new(env!("CARGO_BIN_EXE_flash"))
        .args(["serve", "--help"])
        .env_clear()
        .env(
            "FLASH_DATABASE",
            "postgres://flash:hunter2@db.internal/flash",
        )
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("FLASH_DATABASE"), "{help}");
    assert!(
        !help.contains("hunter2") && !help.contains("db.internal"),
        "{help}"
    );
}

fn the_log_of_a_server_does_not_show_the_password() {
    let mut cluster = guarded_by("hunter2");
    let url = with_password(&cluster, "hunter2");
    let arguments = [
        "--database",
        &url,
        "--log-level",
        "trace",
        "--store-timeout",
        "1s",
    ];
    let mut server = Program::serve(&arguments);
    servers::wait_until_ready(&server);
    let put = server.call("PUT", "/datasets/people").v2();
    put.csv("id\n1\n").send().created();
    cluster.kill();
    let get = server.call("GET", "/datasets/people").v2();
    get.send().refused(503, &[]);
    server.signal(Signal::TERM);
    server.wait();
    let log: Vec<String> = server.lines.iter().collect();
    assert!(
        log.iter().any(|line| line.contains("/datasets/people")),
        "{log:?}"
    );
    for line in log {
        assert!(!line.contains("hunter2"), "{line}");
    }
}
