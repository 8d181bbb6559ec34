//! The limit of open files, and the number of connections that it allows.
//!
//! Each connection is an open file, and so are the files of the store. A server that accepts more connections than its limit
//! allows can neither serve nor answer probes.

use crate::settings::Settings;

/// Connections of the admin listener, for probes and metrics. A full public listener must not block them.
const ADMIN: usize = 64;

/// Other open files: standard streams, listeners, and those of the runtime.
const OWN: usize = 24;

/// The limit of open files is too low.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the process may open only {files} files (ulimit -n), and the store and the admin listener alone need {needed}: raise the limit, \
     or lower --store-readers or --store-connections"
)]
pub struct NoFilesLeft {
    /// The limit.
    pub files: usize,
    /// The number of open files without any client.
    pub needed: usize,
}

/// The limit of open files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpenFiles(Option<usize>);

impl OpenFiles {
    /// Raises the soft limit as far as the process may, and returns it.
    pub fn raise() -> Self {
        Self(raise())
    }

    /// The number of connections for clients (at most `--max-connections`) and for the admin listener.
    ///
    /// # Errors
    ///
    /// When the limit leaves no connection for clients.
    pub fn connections(self, settings: &Settings) -> Result<(usize, usize), NoFilesLeft> {
        let wanted = settings.limits.max_connections;
        let Some(files) = self.0 else {
            return Ok((wanted, ADMIN));
        };
        let admin = ADMIN.min(files / 8);
        let needed = OWN + settings.store_files() + admin;
        let left = files.saturating_sub(needed);
        if left == 0 {
            return Err(NoFilesLeft { files, needed });
        }
        if left < wanted {
            log::warn!(
                "--max-connections {wanted} is lowered to {left}: the process may open only {files} files (ulimit -n), and store and \
                 admin listener need {needed} of them"
            );
        }
        Ok((wanted.min(left), admin))
    }
}

#[cfg(unix)]
fn raise() -> Option<usize> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    // Some systems have a bound below the hard limit. Then the limit stays as it is.
    let counts = match setrlimit(Resource::Nofile, limit) {
        Ok(()) => limit.current,
        Err(_) => before,
    };
    counts.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn raise() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ServeSettings;

    #[test]
    fn connections_are_what_is_left_of_the_files_and_no_more_than_is_set() {
        let settings = ServeSettings::default().check().unwrap();
        let connections = |files| OpenFiles(files).connections(&settings);
        assert_eq!(connections(None), Ok((1024, ADMIN)));
        assert_eq!(connections(Some(1_048_576)), Ok((1024, ADMIN)));
        let (clients, admin) = connections(Some(1024)).unwrap();
        assert_eq!(admin, ADMIN);
        assert!((800..1024).contains(&clients), "{clients}");
        let (clients, admin) = connections(Some(64)).unwrap();
        assert_eq!(admin, 8);
        assert!((1..64).contains(&clients), "{clients}");
        let refused = connections(Some(16)).unwrap_err().to_string();
        assert!(refused.contains("16 files (ulimit -n)"), "{refused}");
    }
}
