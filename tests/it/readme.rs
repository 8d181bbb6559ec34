//! Every command of the README does what the README says.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::process::Program;

/// A block of commands, and the output that is shown below it.
struct Example {
    command: String,
    shown: Option<String>,
}

/// Commands that build or start Flash: whoever runs this test has run them, and `tests/image.sh` starts the image.
const ELSEWHERE: &[&str] = &[
    "cargo run --release -- serve",
    "cargo test",
    "cargo install --path .",
    "docker run -p 127.0.0.1:3000:3000 -e FLASH_ANONYMOUS=read-write ghcr.io/kubernetes-flash/kubernetes-flash:0.1.0",
];

fn examples() -> Vec<Example> {
    let readme = include_str!("../../README.md");
    let mut examples: Vec<Example> = Vec::new();
    let mut blocks = readme.split("```");
    blocks.next();
    while let (Some(block), between) = (blocks.next(), blocks.next()) {
        let (language, text) = block.split_once('\n').unwrap();
        match language {
            "sh" => examples.push(Example {
                command: text.trim().to_owned(),
                shown: None,
            }),
            "json" | "csv" => examples.last_mut().unwrap().shown = Some(text.trim().to_owned()),
            other => panic!("a block of {other:?} in the README is run by nobody"),
        }
        if between.is_none() {
            break;
        }
    }
    examples
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let (elsewhere, examples): (Vec<_>, Vec<_>) = examples()
        .into_iter()
        .partition(|example| ELSEWHERE.contains(&&*example.command));
    assert_eq!(elsewhere.len(), ELSEWHERE.len());
    assert!(include_str!("../../.ci/run").contains("cargo test"));
    let server = Program::serve(&[]);
    // What commands write is not to stay in the repository.
    let folder = TempDir::new().unwrap();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    symlink(data, folder.path().join("tests")).unwrap();
    let mut run = 0;
    for Example { command, shown } in examples {
        let output = in_shell(&server, folder.path(), &command);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{command}\n{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        match shown {
            Some(shown) => assert_eq!(unchanging(&text), unchanging(&shown), "{command}"),
            None if command.contains("v9") => {
                assert!(text.starts_with("HTTP/1.1 406"), "{command}\n{text}");
            }
            // What changed is told with examples of errors.
            None if command.contains("/changelog") => {
                assert!(text.starts_with("From v1 to v2"), "{command}\n{text}");
            }
            None => assert!(
                !text.starts_with("{\"error\"") && !text.contains("urn:flash:problem"),
                "{command}\n{text}"
            ),
        }
        run += 1;
    }
    assert!(run > 15, "only {run} commands were found");
}

fn in_shell(server: &Program, folder: &Path, command: &str) -> std::process::Output {
    let command = command.replace("localhost:3000", &server.address.to_string());
    let flash = Path::new(env!("CARGO_BIN_EXE_flash")).parent().unwrap();
    let path = format!("{}:{}", flash.display(), std::env::var("PATH").unwrap());
    let database = server.folder().join("flash.db");
    Command::new("sh")
        .args(["-c", &command])
        .current_dir(folder)
        .env("PATH", path)
        .env("FLASH_DATABASE", format!("sqlite:{}", database.display()))
        .env("FLASH_ADMIN_LISTEN", server.admin.to_string())
        .output()
        .unwrap()
}

/// The text without what differs from run to run: times and cursors.
fn unchanging(text: &str) -> String {
    let mut out = text.trim().to_owned();
    for (before, instead) in [("\"created_at\":\"", "TIME"), ("\"next\":\"", "CURSOR")] {
        let mut parts = out.split(before);
        let mut changed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.split_once('"').map_or("", |(_, rest)| rest);
            changed = format!("{changed}{before}{instead}\"{rest}");
        }
        out = changed;
    }
    out
}
