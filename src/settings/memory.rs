//! The memory budget of the server: the setting, or a default that fits the container.

use std::fs;
use std::path::Path;

use bytesize::ByteSize;
use clap::Args;

use super::{SettingsError, parse};

/// The settings of the memory budget, as written.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Memory")]
pub struct MemorySettings {
    /// Memory for answers, uploads, queries and the cache [default: half of the container's memory limit, or 256MiB if there
    /// is no limit]
    #[arg(long, env = "FLASH_MEMORY", value_name = "SIZE", value_parser = parse::size)]
    pub memory: Option<u64>,
    /// Part of --memory for the cache of blocks and pages; 0 turns the cache off [default: an eighth of --memory]
    #[arg(long, env = "FLASH_CACHE_BYTES", value_name = "SIZE", value_parser = parse::size)]
    pub cache_bytes: Option<u64>,
}

/// The memory budget.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MemoryBudget {
    /// The whole budget, in bytes.
    pub total: u64,
    /// The part of the cache, in bytes.
    pub cache: u64,
}

/// The least budget that leaves each kind of work some memory.
const LEAST: ByteSize = ByteSize::mib(32);
/// The default budget of a process without a memory limit.
const UNLIMITED: u64 = 256 << 20;

impl MemorySettings {
    /// Checks the settings, and chooses defaults.
    pub(super) fn check(self) -> Result<MemoryBudget, SettingsError> {
        let total = match self.memory {
            Some(written) if written < LEAST.as_u64() => {
                return Err(SettingsError::LittleMemory {
                    memory: ByteSize(written),
                    least: LEAST,
                });
            }
            Some(written) => written,
            None => container_limit().map_or(UNLIMITED, |limit| (limit / 2).max(LEAST.as_u64())),
        };
        let cache = self.cache_bytes.unwrap_or(total / 8);
        if cache > total / 2 {
            return Err(SettingsError::LargeCache {
                cache: ByteSize(cache),
                memory: ByteSize(total),
            });
        }
        Ok(MemoryBudget { total, cache })
    }
}

/// The memory limit of the process's control group, if it has one.
fn container_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    limit_in(Path::new("/sys/fs/cgroup"), &groups)
}

/// The least limit of the control groups in `groups`, which is the text of `/proc/PID/cgroup`. `root` is where the system
/// shows control groups. A container may see its own group as the root, whatever the path is, so the root counts, too.
fn limit_in(root: &Path, groups: &str) -> Option<u64> {
    let of_line = |line: &str| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let path = path.trim_start_matches('/');
        let (folder, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|one| one == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let limit = |folder: &Path| {
            fs::read_to_string(folder.join(file))
                .ok()?
                .trim()
                .parse()
                .ok()
        };
        let own = limit(&folder.join(path));
        own.into_iter().chain(limit(&folder)).min()
    };
    let least = groups.lines().filter_map(of_line).min();
    // The first version of control groups says "no limit" as a number larger than any memory.
    least.filter(|&limit: &u64| limit < 1 << 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(memory: Option<u64>, cache_bytes: Option<u64>) -> MemorySettings {
        MemorySettings {
            memory,
            cache_bytes,
        }
    }

    #[test]
    fn the_cache_has_an_eighth_unless_something_else_is_written() {
        let budget = settings(Some(64 << 20), None).check().unwrap();
        assert_eq!((budget.total, budget.cache), (64 << 20, 8 << 20));
        let budget = settings(Some(64 << 20), Some(0)).check().unwrap();
        assert_eq!(budget.cache, 0);
    }

    #[test]
    fn what_leaves_no_room_is_refused() {
        let error = settings(Some(1 << 20), None).check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "--memory is 1.0 MiB, which is too little: use at least 32.0 MiB"
        );
        let error = settings(Some(64 << 20), Some(40 << 20))
            .check()
            .unwrap_err();
        assert!(error.to_string().contains("more than half of --memory"));
    }

    #[test]
    fn the_limit_of_a_container_is_found_in_both_versions_of_control_groups() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, text: &str| {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        };
        assert_eq!(limit_in(root, "0::/\n"), None);
        write("memory.max", "max\n");
        assert_eq!(limit_in(root, "0::/\n"), None);
        write("memory.max", "536870912\n");
        assert_eq!(limit_in(root, "0::/\n"), Some(512 << 20));
        assert_eq!(limit_in(root, "0::/not/seen/inside\n"), Some(512 << 20));
        write("pod/memory.max", "268435456\n");
        assert_eq!(limit_in(root, "0::/pod\n"), Some(256 << 20));
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(limit_in(root, "4:memory:/a\n1:cpu:/a\n"), None);
        write("memory/a/memory.limit_in_bytes", "134217728\n");
        assert_eq!(limit_in(root, "4:memory:/a\n1:cpu:/a\n"), Some(128 << 20));
    }
}
