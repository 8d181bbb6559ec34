//! Rebuilds the crate when a migration is added, because migrations are embedded in the program, and finds out the version that
//! `flash --version` tells.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Characters of a commit that are told.
const SHORT: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-env-changed=FLASH_COMMIT");
    let version = env!("CARGO_PKG_VERSION");
    let commit = env::var("FLASH_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty());
    match commit.or_else(checked_out) {
        Some(commit) => {
            let commit: String = commit.chars().take(SHORT).collect();
            println!("cargo::rustc-env=FLASH_VERSION={version} ({commit})");
        }
        None => println!("cargo::rustc-env=FLASH_VERSION={version}"),
    }
}

/// The commit of the repository in this folder, for a release build. Other builds don't tell it, so that a commit doesn't build them anew.
fn checked_out() -> Option<String> {
    if env::var("PROFILE").ok()? != "release" {
        return None;
    }
    let folder = fs::canonicalize(env!("CARGO_MANIFEST_DIR")).ok()?;
    // A repository around this folder has other commits.
    if Path::new(&git(&["rev-parse", "--show-toplevel"])?) != folder {
        return None;
    }
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "HEAD"])
}

/// The answer of git in this folder, if there is git and it has one.
fn git(arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    let output = git
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
