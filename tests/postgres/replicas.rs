//! Several servers on one database: none of them is alone.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use ureq::http::StatusCode;

use crate::client::{Call, agent};
use crate::process::{Program, flash};
use crate::servers::{self, shared};
use crate::trials;

trials![
    ten_servers_started_at_once_on_an_empty_database_all_become_ready,
    what_one_server_acknowledged_the_other_has_at_once,
    a_page_that_many_ask_for_is_never_older_than_what_was_acknowledged,
    many_servers_create_one_dataset_and_one_of_them_succeeds,
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

fn a_page_that_many_ask_for_is_never_older_than_what_was_acknowledged() {
    let url = shared("asked_by_many");
    let [one, other] = [(); 2].map(|()| Program::serve(&["--database", &url]));
    let page = format!("http://{}/datasets/shared/rows?limit=100", other.address);
    let put = |round: u64| {
        let put = one.call("PUT", "/datasets/shared").v2();
        let status = put.csv(format!("id\n{round}\n")).send().status;
        assert!([200, 201].contains(&status), "{status}");
    };
    put(0);
    let acknowledged = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let agent = agent();
                    while !done.load(Ordering::SeqCst) {
                        let least = acknowledged.load(Ordering::SeqCst);
                        let answer = Call::new(&agent, "GET", page.clone()).v2().send();
                        let rows = answer.ok().json()["data"].take();
                        let seen = rows[0]["id"].as_u64().unwrap();
                        assert!(seen >= least, "{seen} after {least} was acknowledged");
                    }
                })
            })
            .collect();
        for round in 1..=100 {
            put(round);
            acknowledged.store(round, Ordering::SeqCst);
        }
        done.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

fn many_servers_create_one_dataset_and_one_of_them_succeeds() {
    let url = shared("created_once");
    let servers = [(); 2].map(|()| Program::serve(&["--database", &url]));
    for round in 0..50 {
        let url = |server: usize| {
            format!(
                "http://{}/datasets?name=new-{round}",
                servers[server].address
            )
        };
        let statuses: Vec<u16> = thread::scope(|scope| {
            let creating: Vec<_> = (0..6)
                .map(|number| {
                    let url = url(number % 2);
                    scope.spawn(move || {
                        let post = Call::new(&agent(), "POST", url).v2();
                        post.csv(format!("id\n{number}\n")).send().status
                    })
                })
                .collect();
            let created = creating.into_iter().map(|one| one.join().unwrap());
            created.collect()
        });
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!((count(201), count(409)), (1, 5), "{statuses:?}");
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
