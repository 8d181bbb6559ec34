//! A throwaway PostgreSQL: a server of its own on a port of this machine, with everything it has in a temporary folder. It can
//! be killed, stopped, paused and followed by a standby, and it never outlives the process that started it, however that ends.
//!
//! The server runs under a small shell that waits on a pipe to us. When our end of it closes, by a drop or because we were
//! killed, the shell ends the server and removes the folder. What is killed and paused is found in `/proc`, so on Linux only.

mod account;
mod certificates;
pub mod pooler;
mod processes;
mod programs;

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use account::Account;
use processes::until;
use programs::Programs;

/// Runs the server, and ends it when the pipe on standard input closes. A line on that pipe says that it has ended and that the
/// folder is to stay.
const GUARD: &str = r#"
folder=$1; shift
"$@" </dev/null &
server=$!
if read -r _; then wait "$server"; exit; fi
kill -QUIT "$server"; kill -CONT "$server"; wait "$server"
rm -rf "$folder"
"#;

/// The settings for counting statements: of many databases, which are removed before anybody looks.
const COUNTING: [&str; 3] = [
    "shared_preload_libraries=pg_stat_statements",
    "pg_stat_statements.max=100000",
    "pg_stat_statements.track_utility=off",
];

/// The language of a German cluster, and the folder of it, which is made with the cluster: few systems have it ready.
const GERMAN: &str = "de_DE.UTF-8";
const LOCALES: &str = "locales";

/// The superuser of every cluster.
const USER: &str = "flash";
/// The name by which a standby is known to its primary.
const STANDBY: &str = "standby";

/// How a cluster is to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Does not wait for the disk: quicker, for tests that take no power away.
    pub careless: bool,
    /// Asks who comes by TCP for this password; nobody is asked otherwise.
    pub password: Option<&'static str>,
    /// Speaks TLS, with a certificate of a throwaway authority.
    pub tls: bool,
    /// Says what goes wrong in German.
    pub german: bool,
    /// Counts statements, in the view `pg_stat_statements`.
    pub counting: bool,
}

/// A PostgreSQL server. It ends, and its folder with it, when it is dropped.
pub struct Cluster {
    options: Options,
    programs: Programs,
    account: Option<Account>,
    folder: TempDir,
    port: u16,
    guard: Option<Child>,
}

/// Why no cluster can be started here, if none can: one sentence that says what to install.
pub fn available() -> Result<(), String> {
    Programs::find()?;
    Account::to_run_as().map(drop)
}

impl Cluster {
    /// Makes a cluster, and waits until it answers.
    pub fn start(options: Options) -> Self {
        let mut cluster = Self::prepare(options);
        cluster.run(
            "initdb",
            &[
                "-D",
                "data",
                "-U",
                USER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
        );
        let method = options.password.map_or("trust", |_| "scram-sha-256");
        let rules = format!(
            "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 {method}\n"
        );
        fs::write(cluster.data().join("pg_hba.conf"), rules).unwrap();
        cluster.launch();
        if let Some(password) = options.password {
            let change = format!("ALTER ROLE {USER} PASSWORD '{password}'");
            cluster.psql("postgres", &change);
        }
        cluster
    }

    /// A server that follows this one and is waited for by every commit.
    pub fn standby(&self) -> Self {
        let mut standby = Self::prepare(self.options);
        let from = format!(
            "host='{}' port={} user={USER} application_name={STANDBY}",
            self.folder.path().display(),
            self.port
        );
        let arguments = [
            "-D", "data", "-R", "-X", "stream", "-c", "fast", "-N", "-d", &from,
        ];
        standby.run("pg_basebackup", &arguments);
        standby.launch();
        let name = format!("ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'");
        self.psql("postgres", &name);
        self.psql("postgres", "SELECT pg_reload_conf()");
        until("the standby is followed in step", || {
            self.psql("postgres", "SELECT sync_state FROM pg_stat_replication") == "sync"
        });
        standby
    }

    /// Makes a standby a server that is written to.
    pub fn promote(&self) {
        assert_eq!(self.psql("postgres", "SELECT pg_promote()"), "t");
    }

    /// One of PostgreSQL's programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.path(name)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database by TCP, without the password.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// The certificate of the authority that signed the server's.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join(certificates::AUTHORITY)
    }

    /// What a statement gives, a line a row. It goes by the socket in the folder, and so needs no password.
    #[track_caller]
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let (host, port) = (self.folder.path().display(), self.port);
        let address = format!("host='{host}' port={port} user={USER} dbname={database}");
        let output = Command::new(self.programs.path("psql"))
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &address, "-c", sql])
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {error}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// Whether it counts statements.
    pub fn counts(&self) -> bool {
        self.options.counting && self.programs.can_count()
    }

    pub fn create_database(&self, name: &str) {
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
    }

    /// Ends the server and all its processes between two instructions, as a power loss would.
    pub fn kill(&mut self) {
        let Some(postmaster) = self.postmaster() else {
            return self.dismiss_guard();
        };
        // One that stands can start no further processes while the others are looked for.
        processes::stop(postmaster);
        let family = processes::family(postmaster);
        for &process in &family {
            processes::signal(process, Signal::KILL);
        }
        until("the killed server is gone", || {
            family.iter().all(|&process| processes::is_gone(process))
        });
        self.dismiss_guard();
    }

    /// Ends the server in an orderly way, without waiting for its clients.
    pub fn stop(&mut self) {
        if let Some(postmaster) = self.postmaster() {
            kill_process(postmaster, Signal::INT).unwrap();
            until("the stopped server is gone", || {
                processes::is_gone(postmaster)
            });
        }
        self.dismiss_guard();
    }

    /// Starts the server again after it was killed or stopped, on the same port, and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.guard.is_none(), "the server was not ended");
        self.launch();
    }

    /// Lets the server stand: it takes connections, but neither answers nor refuses.
    pub fn pause(&self) {
        let postmaster = self.postmaster().unwrap();
        processes::stop(postmaster);
        for process in processes::family(postmaster) {
            processes::stop(process);
        }
    }

    /// Lets the server go on after a pause.
    pub fn resume(&self) {
        for process in processes::family(self.postmaster().unwrap()) {
            processes::signal(process, Signal::CONT);
        }
    }

    fn prepare(options: Options) -> Self {
        let programs = Programs::find().unwrap();
        let account = Account::to_run_as().unwrap();
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        if let Some(account) = &account {
            chown(folder.path(), Some(account.user), Some(account.group)).unwrap();
        }
        let cluster = Self {
            options,
            programs,
            account,
            folder,
            port: free_port(),
            guard: None,
        };
        if options.tls {
            certificates::make(&cluster);
        }
        if options.german {
            cluster.make_german();
        }
        cluster
    }

    /// On Debian it is made of what is in the package `locales`.
    fn make_german(&self) {
        let mut command = self.command(Path::new("sh"));
        let script = format!("mkdir {LOCALES} && localedef -i de_DE -f UTF-8 ./{LOCALES}/{GERMAN}");
        let output = command.args(["-c", &script]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "localedef: {error}");
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A command that runs in the folder, as the account that owns it.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        if let Some(account) = &self.account {
            command.uid(account.user).gid(account.group);
        }
        command
    }

    /// Runs a program in the folder to its end, which must be a good one.
    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = self.command(&self.programs.path(program));
        let output = command.args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {error}");
    }

    fn launch(&mut self) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let mut command = self.command(Path::new("sh"));
        command
            .args(["-c", GUARD, "guard"])
            .args([self.folder.path(), &self.programs.path("postgres")])
            .args(["-D", "data"]);
        for setting in self.settings() {
            command.args(["-c", &setting]);
        }
        if self.options.german {
            command.env("LOCPATH", self.folder.path().join(LOCALES));
        }
        // Ctrl-C is for the tests, and for the guard only through them.
        let guard = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.guard = Some(guard);
        let mut started = None;
        until("the server answers", || {
            let postmaster = self.postmaster();
            started = started.or(postmaster);
            if started.is_some_and(processes::is_gone) {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
                panic!("PostgreSQL ended: {log}");
            }
            postmaster.is_some_and(|process| self.says_ready(process))
        });
    }

    fn settings(&self) -> Vec<String> {
        let mut settings = vec![
            format!("port={}", self.port),
            format!("unix_socket_directories={}", self.folder.path().display()),
            "listen_addresses=127.0.0.1".to_owned(),
            "max_connections=200".to_owned(),
            "shared_buffers=32MB".to_owned(),
        ];
        if self.options.careless {
            settings.push("fsync=off".to_owned());
        }
        if self.counts() {
            settings.extend(COUNTING.map(str::to_owned));
        }
        if self.options.german {
            settings.push(format!("lc_messages={GERMAN}"));
        }
        if self.options.tls {
            settings.extend(certificates::settings(self.folder.path()));
        }
        settings
    }

    /// Whether `postmaster.pid` is that process's, and says that it answers.
    fn says_ready(&self, postmaster: Pid) -> bool {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let process = postmaster.as_raw_nonzero().to_string();
        lines.first() == Some(&process.as_str()) && lines.get(7) == Some(&"ready")
    }

    /// The server's first process, if it runs.
    fn postmaster(&self) -> Option<Pid> {
        self.guard.as_ref().and_then(processes::only_child)
    }

    /// Lets the guard end after the server has.
    fn dismiss_guard(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            // It may have ended with the server.
            drop(guard.stdin.take().unwrap().write_all(b"ended\n"));
            guard.wait().unwrap();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens on, from below those that the system gives to clients, so that none takes it while the server is
/// away.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(37);
    loop {
        let count = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 15_000 + u16::try_from(count % 16_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
