//! A database that goes away and comes back: the server says so, and goes on by itself.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

use crate::client::{Answer, Call, agent};
use crate::cluster::{Cluster, Options};
use crate::ledger::{Drill, Ledger};
use crate::process::Program;
use crate::servers::{probe, until, wait_until_ready};
use crate::trials;

trials![
    while_the_database_is_gone_requests_are_told_so_in_time_and_afterwards_served,
    while_the_database_stands_requests_are_told_so_in_time_and_afterwards_served,
    those_who_wait_for_the_same_page_are_told_in_time_and_not_one_after_the_other,
    a_server_that_is_started_without_its_database_waits_for_it,
    under_load_an_outage_gives_no_wrong_answer,
    readers_notice_nothing_of_connections_that_are_cut,
];

/// How long a request waits for the database in these tests.
const STORE_TIMEOUT: (&str, Duration) = ("2s", Duration::from_secs(2));
/// What else an answer may take, on a machine that does much else.
const GRACE: Duration = Duration::from_secs(2);

fn careless() -> Cluster {
    Cluster::start(Options {
        careless: true,
        ..Options::default()
    })
}

fn serve(cluster: &Cluster) -> Program {
    let url = cluster.url("postgres");
    Program::serve(&["--database", &url, "--store-timeout", STORE_TIMEOUT.0])
}

fn while_the_database_is_gone_requests_are_told_so_in_time_and_afterwards_served() {
    outage(Cluster::kill, Cluster::start_again);
}

fn while_the_database_stands_requests_are_told_so_in_time_and_afterwards_served() {
    outage(|cluster| cluster.pause(), |cluster| cluster.resume());
}

fn outage(begin: impl FnOnce(&mut Cluster), end: impl FnOnce(&mut Cluster)) {
    let mut cluster = careless();
    let server = serve(&cluster);
    wait_until_ready(&server);
    put(server.address, "before").created();
    begin(&mut cluster);
    for _ in 0..3 {
        told_in_time(|| get(server.address, "before"));
        told_in_time(|| put(server.address, "meanwhile"));
    }
    assert_eq!(
        (probe(&server, "/readyz"), probe(&server, "/livez")),
        (503, 200)
    );
    end(&mut cluster);
    wait_until_ready(&server);
    assert_eq!(get(server.address, "before").ok().text(), "id\n1\n");
    put(server.address, "after").created();
    assert_eq!(get(server.address, "after").ok().text(), "id\n1\n");
}

/// A 503 that says when to come back, within the time that a request waits for the database.
#[track_caller]
fn told_in_time(ask: impl FnOnce() -> Answer) {
    let asked = Instant::now();
    let answer = ask().refused(503, &[]);
    let took = asked.elapsed();
    assert!(took < STORE_TIMEOUT.1 + GRACE, "it took {took:?}");
    answer.header("retry-after").parse::<u32>().unwrap();
}

fn those_who_wait_for_the_same_page_are_told_in_time_and_not_one_after_the_other() {
    let cluster = careless();
    let url = cluster.url("postgres");
    let (store_timeout, query_timeout) = (STORE_TIMEOUT, ("1s", Duration::from_secs(1)));
    let server = Program::serve(&[
        "--database",
        &url,
        "--store-timeout",
        store_timeout.0,
        "--query-timeout",
        query_timeout.0,
    ]);
    wait_until_ready(&server);
    put(server.address, "before").created();
    // What a dataset is can be read, and its rows can't.
    let mut locker = PgConnection::establish(&url).unwrap();
    let lock = "BEGIN; LOCK TABLE chunks IN ACCESS EXCLUSIVE MODE";
    locker.batch_execute(lock).unwrap();
    let page = || {
        let url = format!("http://{}/datasets/before/rows", server.address);
        Call::new(&agent(), "GET", url).v2().send()
    };
    let asked = Instant::now();
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| page().refused(503, &[]));
        }
    });
    // One whose turn comes at the last moment may try itself.
    let longest = query_timeout.1 + store_timeout.1 + GRACE;
    assert!(asked.elapsed() < longest, "{:?}", asked.elapsed());
    drop(locker);
    until("the page is there again", || page().status == 200);
}

fn a_server_that_is_started_without_its_database_waits_for_it() {
    let mut cluster = careless();
    cluster.stop();
    let server = serve(&cluster);
    assert_eq!(
        (probe(&server, "/readyz"), probe(&server, "/livez")),
        (503, 200)
    );
    told_in_time(|| get(server.address, "early"));
    told_in_time(|| put(server.address, "early"));
    cluster.start_again();
    wait_until_ready(&server);
    put(server.address, "early").created();
    assert_eq!(get(server.address, "early").ok().text(), "id\n1\n");
}

fn under_load_an_outage_gives_no_wrong_answer() {
    let drill = Drill::from_environment();
    let mut random = drill.random();
    let mut cluster = careless();
    let server = serve(&cluster);
    wait_until_ready(&server);
    put(server.address, "read").created();
    let (ledger, address) = (Ledger::default(), server.address);
    let servers = [format!("http://{address}")];
    let gone = AtomicBool::new(false);
    // The writers themselves fail on any answer but the right one and 503.
    ledger.while_writing(3, &mut random, &servers, |random| {
        thread::scope(|scope| {
            let reading = scope.spawn(|| {
                until("a reader saw the outage and its end", || {
                    match try_get(address, "read") {
                        Ok(answer) if answer.status == 503 => gone.store(true, Ordering::Relaxed),
                        Ok(answer) => {
                            assert_eq!(answer.ok().text(), "id\n1\n");
                            return gone.load(Ordering::Relaxed);
                        }
                        // An answer that had begun can only be cut.
                        Err(_) => {}
                    }
                    false
                });
            });
            ledger.wait_for(10 + random.below(60));
            cluster.kill();
            until("a reader is told", || gone.load(Ordering::Relaxed));
            cluster.start_again();
            ledger.wait_for(10);
            reading.join().unwrap();
        });
    });
    ledger.audit(&servers[0]);
}

fn readers_notice_nothing_of_connections_that_are_cut() {
    let cluster = careless();
    let server = serve(&cluster);
    wait_until_ready(&server);
    put(server.address, "read").created();
    let page = format!("http://{}/datasets/read/rows", server.address);
    // From now on, only the newest revision has to be asked for.
    for _ in 0..3 {
        Call::new(&agent(), "GET", page.clone()).v2().send().ok();
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let agent = agent();
                    while !done.load(Ordering::Relaxed) {
                        Call::new(&agent, "GET", page.clone()).v2().send().ok();
                    }
                })
            })
            .collect();
        for _ in 0..20 {
            cluster.psql(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flash'",
            );
            let ask = Call::new(&agent(), "GET", page.clone()).v2();
            ask.send().ok();
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

fn put(server: SocketAddr, name: &str) -> Answer {
    let url = format!("http://{server}/datasets/{name}");
    let call = Call::new(&agent(), "PUT", url).v2();
    call.csv("id\n1\n").send()
}

fn get(server: SocketAddr, name: &str) -> Answer {
    try_get(server, name).unwrap()
}

fn try_get(server: SocketAddr, name: &str) -> Result<Answer, ureq::Error> {
    let url = format!("http://{server}/datasets/{name}/source");
    Call::new(&agent(), "GET", url).v2().try_send()
}
