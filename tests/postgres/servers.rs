//! Flash servers of these tests, and the throwaway PostgreSQL that those share which harm it not.

use std::process::Output;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::{Call, agent};
use crate::cluster::{Cluster, Options};
use crate::process::{Program, flash};

/// How long is waited for what should come at once, on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a list of trials from functions, each under its module's name.
#[macro_export]
macro_rules! trials {
    ($($name:ident),* $(,)?) => {
        /// The trials of this module.
        pub fn trials() -> Vec<libtest_mimic::Trial> {
            let module = module_path!().trim_start_matches("postgres::");
            vec![$(libtest_mimic::Trial::test(
                format!("{module}::{}", stringify!($name)),
                || {
                    $name();
                    Ok(())
                },
            )),*]
        }
    };
}

static SHARED: OnceLock<Cluster> = OnceLock::new();

/// A cluster that many tests use at once. It ends with this process.
pub fn cluster() -> &'static Cluster {
    SHARED.get_or_init(|| {
        Cluster::start(Options {
            careless: true,
            counting: true,
            ..Options::default()
        })
    })
}

/// The same, if a test has used it.
pub fn used_cluster() -> Option<&'static Cluster> {
    SHARED.get()
}

/// The address of a new database of it.
pub fn shared(database: &str) -> String {
    cluster().create_database(database);
    cluster().url(database)
}

/// Waits for another process.
#[track_caller]
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// What `/livez` or `/readyz` answers.
#[track_caller]
pub fn probe(server: &Program, path: &str) -> u16 {
    let url = format!("http://{}{path}", server.admin);
    Call::new(&agent(), "GET", url).send().status
}

#[track_caller]
pub fn wait_until_ready(server: &Program) {
    until("the server is ready", || probe(server, "/readyz") == 200);
}

/// Runs `flash serve` with arguments that it must refuse, and gives the one line that it says.
#[track_caller]
pub fn refusal(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = serve_to_its_end(arguments);
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    // The log begins with the release and the database.
    let errors = said.lines().filter(|line| !line.contains(" INFO "));
    let errors: Vec<&str> = errors.collect();
    let [error] = errors[..] else {
        panic!("{said}")
    };
    assert!(error.starts_with("flash: "), "{said}");
    error.to_owned()
}

fn serve_to_its_end(arguments: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let addresses = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    flash(
        folder.path(),
        &[&["serve"], &addresses[..], arguments].concat(),
    )
}
