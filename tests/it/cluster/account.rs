//! Who the server runs as: PostgreSQL refuses to be root, so where we are, it is somebody else.

use std::fs;

use rustix::process::geteuid;

/// An account of the system.
pub struct Account {
    pub user: u32,
    pub group: u32,
}

impl Account {
    /// Another account where ours will not do: `postgres`, or else `nobody`.
    pub fn to_run_as() -> Result<Option<Self>, String> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| accounts.lines().find_map(|line| Self::named(name, line)))
            .map(Some)
            .ok_or_else(|| {
                "PostgreSQL does not run as root: add a user named postgres or nobody".to_owned()
            })
    }

    fn named(name: &str, line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        let [first, _, user, group, ..] = fields[..] else {
            return None;
        };
        (first == name).then_some(())?;
        Some(Self {
            user: user.parse().ok()?,
            group: group.parse().ok()?,
        })
    }
}
