//! A rollout: replicas are replaced one by one, as Kubernetes does it, while clients read and write over connections that
//! they keep. Not one request fails, and nothing that was acknowledged is lost.
//!
//! `FLASH_TEST_COMMAND` names another command than this build's, such as `docker run --rm --network host IMAGE`, and
//! `FLASH_TEST_PREVIOUS` that of the release before, to which is rolled back.

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use uuid::Uuid;

use crate::balancer::Balancer;
use crate::client::{Call, V2, agent};
use crate::database::{Place, execute};
use crate::process::Program;
use crate::servers::{shared, until, wait_until_ready};
use crate::trials;

trials![
    ten_rollouts_in_a_row_fail_no_request_and_lose_nothing,
    rolling_back_to_a_release_that_does_not_know_the_schema_fails_no_request,
];

const REPLICAS: usize = 3;
const WRITERS: u64 = 3;
const READERS: usize = 3;
/// How long a replica goes on accepting after its SIGTERM, and for how long it is still sent new connections.
const DRAIN_DELAY: &str = "1500ms";
const LAG: Duration = Duration::from_millis(700);

/// Replicas of one release behind a balancer.
struct Deployment {
    url: String,
    balancer: Balancer,
    replicas: Vec<Program>,
}

impl Deployment {
    fn start(database: &str, command: &[String]) -> Self {
        let mut deployment = Self {
            url: shared(database),
            balancer: Balancer::start(),
            replicas: Vec::new(),
        };
        for _ in 0..REPLICAS {
            deployment.add(command);
        }
        deployment
    }

    /// Starts a replica, and lets it have connections once it is ready.
    fn add(&mut self, command: &[String]) {
        let settings = ["--database", &self.url, "--drain-delay", DRAIN_DELAY];
        let replica = Program::spawn(command, Place::in_folder(), &settings);
        wait_until_ready(&replica);
        self.balancer.add(replica.address);
        self.replicas.push(replica);
    }

    /// Ends the oldest replica. Who sends connections to it learns of that some time later.
    fn remove(&mut self) {
        let mut replica = self.replicas.remove(0);
        replica.signal(Signal::TERM);
        thread::sleep(LAG);
        self.balancer.remove(replica.address);
        assert!(replica.wait().success());
    }

    /// Replaces every replica by one that is started with `command`.
    fn roll_out(&mut self, command: &[String]) {
        for _ in 0..REPLICAS {
            self.add(command);
            self.remove();
        }
    }
}

impl Drop for Deployment {
    /// A command that is killed may leave behind what it started.
    fn drop(&mut self) {
        for replica in &self.replicas {
            replica.signal(Signal::TERM);
        }
        for replica in &mut self.replicas {
            replica.wait();
        }
    }
}

/// What clients met with.
#[derive(Default)]
struct Clients {
    done: AtomicBool,
    answered: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Clients {
    /// Has clients call while `work` is done; then every replica has what the writers wrote last.
    fn while_calling(deployment: &mut Deployment, work: impl FnOnce(&mut Deployment, &Self)) {
        let clients = Self::default();
        let base = format!("http://{}", deployment.balancer.address);
        let seed = Call::new(&agent(), "PUT", format!("{base}/datasets/seed"));
        seed.v2().csv("id\n1\n").send().created();
        let last: Vec<u64> = thread::scope(|scope| {
            let (clients, base) = (&clients, base.as_str());
            for _ in 0..READERS {
                scope.spawn(move || clients.read(base));
            }
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || clients.write(base, writer)))
                .collect();
            work(deployment, clients);
            clients.done.store(true, Ordering::Relaxed);
            let ended = writers.into_iter().map(|writer| writer.join().unwrap());
            ended.collect()
        });
        let failures = clients.failures.into_inner().unwrap();
        assert!(failures.is_empty(), "{failures:#?}");
        for replica in &deployment.replicas {
            for (writer, count) in last.iter().enumerate() {
                let rows = replica.call("GET", &format!("/datasets/writer-{writer}/source"));
                assert_eq!(rows.v2().send().ok().text(), csv(*count));
            }
        }
    }

    /// Waits until so many more requests were answered, or one failed.
    fn wait_for(&self, requests: u64) {
        let goal = self.answered.load(Ordering::Relaxed) + requests;
        until("requests are answered", || {
            self.answered.load(Ordering::Relaxed) >= goal
                || !self.failures.lock().unwrap().is_empty()
        });
    }

    fn read(&self, base: &str) {
        let agent = agent();
        while !self.done.load(Ordering::Relaxed) {
            let rows = Call::new(&agent, "GET", format!("{base}/datasets/seed/rows")).v2();
            self.note("a read", rows, &[200]);
        }
    }

    /// Replaces a dataset and appends to it, by turns; says how often it wrote. Each append is sent again with its key, mostly to
    /// another replica, and must not happen twice.
    fn write(&self, base: &str, writer: u64) -> u64 {
        let agent = agent();
        let dataset = format!("{base}/datasets/writer-{writer}");
        let mut count = 0;
        while !self.done.load(Ordering::Relaxed) || count == 0 {
            count += 1;
            if count % 2 == 1 {
                let call = Call::new(&agent, "PUT", dataset.clone());
                self.note("a write", call.accept(V2).csv(replaced(count)), &[200, 201]);
                continue;
            }
            let key = Uuid::now_v7().to_string();
            for what in ["an append", "an append that is sent again"] {
                let call = Call::new(&agent, "POST", format!("{dataset}/rows")).accept(V2);
                let call = call.header("Idempotency-Key", &key).csv(replaced(count));
                self.note(what, call, &[200]);
            }
        }
        count
    }

    fn note(&self, what: &str, call: Call, expected: &[u16]) {
        let failure = match call.try_send() {
            Ok(answer) if expected.contains(&answer.status) => None,
            Ok(answer) => Some(format!("{what}: {} {}", answer.status, answer.text())),
            Err(error) => Some(format!("{what}: {error}")),
        };
        self.failures.lock().unwrap().extend(failure);
        self.answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// The CSV of a write.
fn replaced(count: u64) -> String {
    format!("count\n{count}\n")
}

/// What a dataset holds after so many writes.
fn csv(count: u64) -> String {
    match count % 2 {
        1 => replaced(count),
        _ => format!("count\n{}\n{count}\n", count - 1),
    }
}

fn command(variable: &str) -> Option<Vec<String>> {
    let text = env::var(variable).ok()?;
    Some(text.split_whitespace().map(str::to_owned).collect())
}

/// The release that is tested.
fn current() -> Vec<String> {
    command("FLASH_TEST_COMMAND").unwrap_or_else(Program::command)
}

fn ten_rollouts_in_a_row_fail_no_request_and_lose_nothing() {
    let current = current();
    let mut deployment = Deployment::start("rollouts", &current);
    Clients::while_calling(&mut deployment, |deployment, clients| {
        for _ in 0..10 {
            clients.wait_for(20);
            deployment.roll_out(&current);
        }
    });
}

fn rolling_back_to_a_release_that_does_not_know_the_schema_fails_no_request() {
    let current = current();
    let mut deployment = Deployment::start("rolled_back", &current);
    let previous = command("FLASH_TEST_PREVIOUS").unwrap_or_else(|| {
        // Where there is no release before this one, this one is rolled back to from the next: its steps only add.
        let steps = "ALTER TABLE datasets ADD COLUMN of_the_next_release BIGINT; \
            CREATE TABLE of_the_next_release (id BIGINT NOT NULL PRIMARY KEY); \
            INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')";
        execute(&deployment.url, steps);
        current.clone()
    });
    Clients::while_calling(&mut deployment, |deployment, clients| {
        clients.wait_for(20);
        deployment.roll_out(&previous);
        clients.wait_for(20);
        deployment.roll_out(&current);
    });
}
