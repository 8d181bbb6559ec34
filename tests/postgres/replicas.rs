//! Several servers on one database: none of them is alone.

use std::path::Path;
use std::thread;

use ureq::http::StatusCode;

use crate::process::{Program, flash};
use crate::servers::{self, shared};
use crate::trials;

trials![
    ten_servers_started_at_once_on_an_empty_database_all_become_ready,
    what_one_server_acknowledged_the_other_has_at_once,
    a_schema_that_is_up_to_date_may_be_migrated_again,
    without_migrations_an_empty_database_is_refused_with_what_to_run,
    a_schema_with_a_step_of_a_later_release_is_served,
];

fn ten_servers_started_at_once_on_an_empty_database_all_become_ready() {
    let url = shared("ten_at_once");
    let arguments = ["--database", &url, "--store-connections", "4"];
    let servers: Vec<Program> = thread::scope(|scope| {
        let starting: Vec<_> = (0..10)
            .map(|_| scope.spawn(|| Program::serve(&arguments)))
            .collect();
        let started = starting.into_iter().map(|server| server.join().unwrap());
        started.collect()
    });
    for server in &servers {
        servers::wait_until_ready(server);
    }
    let put = servers[0].call("PUT", "/datasets/people").v2();
    put.csv("id\n1\n").send().created();
    for server in &servers {
        server.call("GET", "/datasets/people/rows").v2().send().ok();
    }
}

fn what_one_server_acknowledged_the_other_has_at_once() {
    let url = shared("two_servers");
    let servers = [(); 2].map(|()| Program::serve(&["--database", &url]));
    let source = |server: &Program| {
        let get = server.call("GET", "/datasets/shared/source");
        get.v2().send()
    };
    for round in 0..200 {
        let (one, other) = (&servers[round % 2], &servers[(round + 1) % 2]);
        let whole = format!("id\n{round}\n");
        let put = one.call("PUT", "/datasets/shared").v2();
        let status = put.csv(&whole).send().status;
        assert!([200, 201].contains(&status), "{status}");
        assert_eq!(source(other).ok().text(), whole);
        let append = other.call("POST", "/datasets/shared/rows").v2();
        let appended = append.csv("id\n-1\n").send();
        assert_eq!(appended.status / 100, 2, "{}", appended.text());
        assert_eq!(source(one).ok().text(), format!("{whole}-1\n"));
        if round % 3 == 0 {
            let delete = one.call("DELETE", "/datasets/shared").send();
            delete.expect(StatusCode::NO_CONTENT);
            source(other).expect(StatusCode::NOT_FOUND);
        }
    }
}

fn a_schema_that_is_up_to_date_may_be_migrated_again() {
    let url = shared("migrated_twice");
    for _ in 0..2 {
        let output = flash(Path::new("."), &["migrate", "--database", &url]);
        assert!(output.status.success(), "{output:?}");
    }
    let server = Program::serve(&["--database", &url, "--migrate", "off"]);
    servers::wait_until_ready(&server);
}

fn without_migrations_an_empty_database_is_refused_with_what_to_run() {
    let url = shared("never_migrated");
    let line = servers::refusal(&["--database", &url, "--migrate", "off"]);
    assert!(line.contains("flash migrate"), "{line}");
}

fn a_schema_with_a_step_of_a_later_release_is_served() {
    let url = shared("of_a_later_release");
    let output = flash(Path::new("."), &["migrate", "--database", &url]);
    assert!(output.status.success(), "{output:?}");
    let step = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')";
    crate::database::execute(&url, step);
    for migrate in ["auto", "off"] {
        let server = Program::serve(&["--database", &url, "--migrate", migrate]);
        servers::wait_until_ready(&server);
        let put = server.call("PUT", &format!("/datasets/{migrate}")).v2();
        put.csv("id\n1\n").send().created();
    }
}
