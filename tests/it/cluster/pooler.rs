//! PgBouncer before a cluster, in transaction mode: each transaction gets any of a few sessions of the server.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, net};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use super::processes::{self, until};
use super::{Cluster, GUARD, USER, free_port};

/// Where Debian keeps it.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running PgBouncer. It ends when it is dropped, or this process does.
pub struct Pooler {
    pub port: u16,
    guard: Child,
    _folder: TempDir,
}

/// Why no pooler can be started here, if none can: one sentence that says what to install.
pub fn available() -> Result<PathBuf, String> {
    let on_path = env::var_os("PATH").and_then(|path| {
        let mut folders = env::split_paths(&path);
        folders.find_map(|folder| Some(folder.join("pgbouncer")).filter(|path| path.is_file()))
    });
    on_path
        .or_else(|| Some(PathBuf::from(PROGRAM)).filter(|path| path.is_file()))
        .ok_or_else(|| {
            "there is no pgbouncer: install it (on Debian: apt-get install pgbouncer)".to_owned()
        })
}

impl Pooler {
    /// Starts one before that cluster, with a few sessions for each database.
    pub fn start(cluster: &Cluster) -> Self {
        let program = available().unwrap();
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let path = |name: &str| folder.path().join(name);
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 3\n\
             max_client_conn = 2000\nserver_idle_timeout = 2\nautodb_idle_timeout = 2\n",
            cluster.port(),
            path("users").display(),
        );
        fs::write(path("pgbouncer.ini"), settings).unwrap();
        fs::write(path("users"), format!("\"{USER}\" \"\"\n")).unwrap();
        let log = File::create(path("log")).unwrap();
        let mut command = Command::new("sh");
        if let Some(account) = &cluster.account {
            for path in [
                folder.path().to_owned(),
                path("pgbouncer.ini"),
                path("users"),
            ] {
                chown(path, Some(account.user), Some(account.group)).unwrap();
            }
            command.uid(account.user).gid(account.group);
        }
        // PgBouncer takes no notice of the signal that ends PostgreSQL.
        let script = GUARD.replace("-QUIT", "-TERM");
        let guard = command
            .args(["-c", &script, "guard"])
            .args([folder.path(), &program, Path::new("pgbouncer.ini")])
            .current_dir(folder.path())
            .env("LC_ALL", "C")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let pooler = Self {
            port,
            guard,
            _folder: folder,
        };
        until("the pooler answers", || {
            net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        pooler
    }

    fn process(&self) -> Option<Pid> {
        processes::only_child(&self.guard)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        if let Some(process) = self.process() {
            processes::signal(process, Signal::KILL);
        }
        drop(self.guard.stdin.take());
        drop(self.guard.wait());
    }
}
