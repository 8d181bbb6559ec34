//! Every shell block of docs/deploy.md that needs no cloud does what the page says, in the order of the page. `kubectl` is a stand-in
//! (`deploying/kubectl.rs`) whose pods are real servers: it keeps objects, and refuses commands and objects that don't exist.
//!
//! A block that isn't run says why behind its language: `sh gcloud`, `sh docker` or `sh kind`, which is the program that it needs.

mod commands;
mod kubectl;
mod load;
mod objects;
mod pods;
mod stand_in;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::client::{Call, agent};
use crate::trials;
use load::Load;
use stand_in::StandIn;

trials![every_block_of_the_page_that_needs_no_cloud_does_what_it_says];

const PAGE: &str = include_str!("../../docs/deploy.md");
/// What a block that isn't run may need.
const NEEDS: [&str; 3] = ["gcloud", "docker", "kind"];

/// A block of commands.
struct Block {
    /// The heading above it.
    section: String,
    commands: String,
}

/// The blocks that are to be run.
fn blocks() -> Vec<Block> {
    let (mut found, mut section) = (Vec::new(), String::new());
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let commands = lines.by_ref().take_while(|line| *line != "```");
        let commands = commands.collect::<Vec<_>>().join("\n");
        match language.split_once(' ') {
            None if language == "sh" => found.push(Block {
                section: section.clone(),
                commands,
            }),
            None => assert_eq!(language, "yaml", "{commands}"),
            Some((shell, program)) => {
                assert!(shell == "sh" && NEEDS.contains(&program), "{language}");
                let starts = |line: &str| line.trim_start().starts_with(program);
                let needs =
                    commands.lines().any(starts) || commands.contains(&format!("$({program}"));
                assert!(needs, "this needs no {program}:\n{commands}");
            }
        }
    }
    found
}

fn every_block_of_the_page_that_needs_no_cloud_does_what_it_says() {
    let Some(kubectl) = kubectl::real() else {
        eprintln!("kubectl is not installed: the blocks of docs/deploy.md were not run");
        return;
    };
    let folder = TempDir::new().unwrap();
    for name in ["manifests", "tests"] {
        symlink(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(name),
            folder.path().join(name),
        )
        .unwrap();
    }
    let cluster = StandIn::start(kubectl, folder.path());
    let blocks = blocks();
    assert!(
        blocks.len() >= 12,
        "only {} blocks were found",
        blocks.len()
    );
    let mut load = None;
    for Block { section, commands } in &blocks {
        // What the page promises about clients holds for clients that call all the time.
        if commands.contains("flash writes off") {
            load = Some(Load::start(&cluster));
        }
        let said = run(&cluster, folder.path(), commands);
        check(&cluster, section, commands, &said);
        if let Some(load) = load.take() {
            load.stop_and_check(&cluster);
        }
    }
    assert_eq!(cluster.replicas(), 1, "the page ends with SQLite");
}

/// Runs a block in a shell, as its reader does, and gives what it prints.
#[track_caller]
fn run(cluster: &StandIn, folder: &Path, commands: &str) -> String {
    let address = cluster.address().to_string();
    let commands = commands
        .replace("localhost:3000", &address)
        .replace("EXTERNAL-IP", &address);
    let flash = Path::new(env!("CARGO_BIN_EXE_flash")).parent().unwrap();
    let path = format!(
        "{}:{}:{}",
        cluster.programs().display(),
        flash.display(),
        std::env::var("PATH").unwrap()
    );
    // The input of commands in the background is /dev/null. That of others isn't, so the stand-in can tell them apart.
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", &commands])
        .current_dir(folder)
        .env("PATH", path)
        .env("IMAGE", "registry.example/flash")
        .stdin(Stdio::piped());
    let output = shell.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{commands}\n{said}\n{errors}");
    said
}

/// What is so after a block.
#[track_caller]
fn check(cluster: &StandIn, section: &str, commands: &str, said: &str) {
    let people = || {
        let url = format!("http://{}/datasets/people/source", cluster.address());
        Call::new(&agent(), "GET", url).v2().send().ok().text()
    };
    let csv = include_str!("../data/people.csv");
    if commands.contains("clients add shop") {
        assert!(said.starts_with("flash_"), "{said}");
    }
    if commands.contains("set image") {
        assert_eq!(cluster.image(), "registry.example/flash:v2");
    }
    if commands.contains("EXTERNAL-IP") {
        assert!(
            said.contains("\"people\"") || said.contains("Ada"),
            "{said}"
        );
    }
    match section {
        "Back up and restore"
        | "From SQLite to PostgreSQL"
        | "Back up and restore PostgreSQL"
        | "Back to SQLite" => assert_eq!(people(), csv, "{commands}"),
        _ => {}
    }
    if section == "From SQLite to PostgreSQL" && commands.contains("writes on") {
        assert_eq!(cluster.replicas(), 3);
    }
    if commands.contains("flash-backup.db") {
        assert!(fs::metadata(cluster.folder().join("flash-backup.db")).is_ok());
    }
}
