//! What a tag makes: the workflow names what there is, and packages hold what Cargo.toml and the docs say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::flash;

const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn workflow() -> Value {
    serde_saphyr::from_str(&text(".github/workflows/ci.yml")).unwrap()
}

/// The steps of a job, each with its `run`, `uses` and so on.
fn steps(job: &Value) -> &[Value] {
    job["steps"].as_array().map_or(&[], Vec::as_slice)
}

/// A part of Cargo.toml, as it is written, to the next part.
fn part(heading: &str) -> String {
    let manifest = text("Cargo.toml");
    let (_, rest) = manifest.split_once(&format!("{heading}\n")).unwrap();
    rest.split("\n[").next().unwrap().to_owned()
}

/// The value of a line such as `name = "value"`.
fn value<'t>(part: &'t str, name: &str) -> &'t str {
    let begins = format!("{name} = \"");
    let line = part.lines().find_map(|line| line.strip_prefix(&begins));
    line.unwrap().strip_suffix('"').unwrap()
}

#[test]
fn the_workflow_has_the_jobs_files_and_the_toolchain_that_it_names() {
    let workflow = workflow();
    let jobs = workflow["jobs"].as_object().unwrap();
    let mut files = 0;
    for (name, job) in jobs {
        let needs = match &job["needs"] {
            Value::Null => Vec::new(),
            Value::Array(several) => several.clone(),
            one => vec![one.clone()],
        };
        for needed in needs {
            assert!(
                jobs.contains_key(needed.as_str().unwrap()),
                "{name} needs {needed}"
            );
        }
        for step in steps(job) {
            assert!(
                step["run"].is_string() != step["uses"].is_string(),
                "{name}: {step}"
            );
            if let Some(action) = step["uses"].as_str() {
                let (_, version) = action.split_once('@').unwrap();
                assert!(version.starts_with('v'), "{name}: {action}");
            }
            let run = step["run"].as_str().unwrap_or_default();
            let words = run.split([' ', '\n', '"', ';']);
            let scripts = |word: &&str| {
                let folders = ["packaging/", "tests/", ".ci/"];
                folders.iter().any(|folder| word.starts_with(folder))
            };
            for file in words.filter(scripts) {
                assert!(root().join(file).is_file(), "{name}: {file}");
                files += 1;
            }
            if run.contains("rustup toolchain install") {
                assert!(
                    run.contains(concat!("install ", env!("CARGO_PKG_RUST_VERSION"))),
                    "{run}"
                );
            }
        }
    }
    assert!(files >= 4, "only {files} files were found");
}

#[test]
fn only_a_tag_makes_a_release_and_only_after_all_checks() {
    let workflow = workflow();
    let jobs = &workflow["jobs"];
    for job in ["image", "programs"] {
        assert_eq!(jobs[job]["if"], "startsWith(github.ref, 'refs/tags/v')");
        assert_eq!(jobs[job]["needs"], "check");
    }
    assert_eq!(jobs["release-image"]["needs"], "image");
    assert_eq!(
        jobs["release"]["needs"],
        serde_json::json!(["release-image", "programs"])
    );
    // Nothing may write but what has to.
    assert_eq!(
        workflow["permissions"],
        serde_json::json!({ "contents": "read" })
    );
    for (name, job) in jobs.as_object().unwrap() {
        let writes = job["permissions"]["contents"] == "write";
        assert_eq!(writes, name == "release", "{name}");
    }
}

#[test]
fn a_release_has_programs_for_both_architectures_of_linux() {
    let workflow = workflow();
    let matrix = &workflow["jobs"]["programs"]["strategy"]["matrix"]["include"];
    let required = matrix
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["required"] == true);
    let targets: Vec<_> = required
        .map(|one| one["target"].as_str().unwrap())
        .collect();
    assert_eq!(
        targets,
        ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]
    );
}

/// Makes the archive of a release around the program that is tested, and unpacks it.
fn unpacked(target: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    // The program itself is large.
    let program = folder.path().join("program");
    let script = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_flash"));
    fs::write(&program, script).unwrap();
    let run = |command: &mut Command| {
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run(Command::new("chmod").args(["+x", "program"]));
    let package = root().join("packaging/package.sh");
    run(Command::new(package)
        .args(["program", target, "files"])
        .env_remove("DEB"));
    let version = env!("CARGO_PKG_VERSION");
    let binstall = part("[package.metadata.binstall]");
    let fill = |pattern: &str| {
        let filled = pattern.replace("{ repo }", REPOSITORY);
        let filled = filled.replace("{ version }", version);
        filled.replace("{ target }", target)
    };
    // What `cargo binstall` downloads is what was made.
    let url = fill(value(&binstall, "pkg-url"));
    let downloads = format!("{REPOSITORY}/releases/download/v{version}/");
    let archive = url.strip_prefix(&downloads).unwrap();
    let archive = folder.path().join("files").join(archive);
    run(Command::new("tar").arg("-xzf").arg(&archive));
    let inside = fill(value(&binstall, "bin-dir"));
    let inside = inside
        .replace("{ bin }", "flash")
        .replace("{ binary-ext }", "");
    let program = folder.path().join(inside);
    (folder, program)
}

#[test]
fn an_archive_has_the_program_with_its_manual_completions_and_licences() {
    let (_folder, program) = unpacked("x86_64-unknown-linux-gnu");
    let version = Command::new(&program).arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    assert!(
        version.starts_with(concat!("flash ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
    let folder = program.parent().unwrap();
    for file in [
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "man/flash.1",
        "man/flash-serve.1",
        "completions/flash.bash",
        "completions/flash.zsh",
        "completions/flash.fish",
    ] {
        let size = fs::metadata(folder.join(file)).map_or(0, |metadata| metadata.len());
        assert!(size > 100, "{file} has {size} bytes");
    }
    // The .deb has the same files, and others of the repository.
    let deb = part("[package.metadata.deb]");
    let mut assets = 0;
    for line in deb
        .lines()
        .filter_map(|line| line.trim().strip_prefix("[\""))
    {
        let source = line.split('"').next().unwrap();
        let there = match source.strip_prefix("target/package/") {
            Some(made) => folder.join(made.replace('*', "flash")),
            None => root().join(source),
        };
        assert!(there.is_file(), "{source}");
        assets += 1;
    }
    assert!(assets > 5, "only {assets} assets were found");
}

#[test]
fn the_service_of_the_package_starts_with_settings_that_there_are() {
    let unit = text("packaging/flash.service");
    assert!(unit.contains("\nExecStart=/usr/bin/flash serve\n"));
    assert!(unit.contains("\nEnvironmentFile=-/etc/default/flash\n"));
    let deb = part("[package.metadata.deb]");
    for asset in [
        "[\"target/package/flash\", \"usr/bin/flash\", \"755\"]",
        "[\"packaging/flash.default\", \"etc/default/flash\", \"644\"]",
    ] {
        assert!(deb.contains(asset), "{asset}");
    }
    let folder = TempDir::new().unwrap();
    let help = String::from_utf8(flash(folder.path(), &["serve", "--help"]).stdout).unwrap();
    let settings = text("packaging/flash.default");
    let lines = settings
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let names: Vec<&str> = lines.map(|line| line.split_once('=').unwrap().0).collect();
    for name in &names {
        assert!(help.contains(&format!("[env: {name}")), "{name}");
    }
    // Who installs it lets nobody write by that.
    assert!(settings.contains("\nFLASH_ANONYMOUS=read\n"));
    assert!(settings.contains("\nFLASH_LISTEN=localhost:3000\n"));
    // The folder and the user of the unit are those that the package makes.
    let made = text("packaging/debian/postinst");
    for part in [
        "--home /var/lib/flash",
        "--owner flash --group flash",
        "#DEBHELPER#",
    ] {
        assert!(made.contains(part), "{part}");
    }
    assert!(unit.contains("\nUser=flash\n") && unit.contains("\nStateDirectory=flash\n"));
    assert!(settings.contains("sqlite:/var/lib/flash/flash.db"));
}

#[test]
fn the_notes_of_a_release_are_its_part_of_the_changelog() {
    let notes = |release: &str| {
        let script = root().join("packaging/notes.sh");
        Command::new(script).arg(release).output().unwrap()
    };
    let unreleased = notes("Unreleased");
    assert!(unreleased.status.success());
    let told = String::from_utf8(unreleased.stdout).unwrap();
    assert!(text("CHANGELOG.md").contains(told.trim()));
    assert!(!told.contains("\n## ["), "{told}");
    let unknown = notes("99.0.0");
    assert!(!unknown.status.success());
    assert_eq!(unknown.stderr, b"CHANGELOG.md has no part about 99.0.0\n");
}
