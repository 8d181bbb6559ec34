//! What shells, `man` and terminals get.

use std::process::Command;

use tempfile::TempDir;

use super::stores::well;
use crate::process::flash;

const COMMANDS: [&str; 5] = ["serve", "push", "list", "clients", "completions"];

#[test]
fn the_completions_of_each_shell_have_all_commands() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = well(flash(folder.path(), &["completions", shell]));
        for command in COMMANDS {
            assert!(script.contains(command), "{shell} has no {command}");
        }
        assert!(
            script.contains("retire-check"),
            "{shell} has no commands of commands"
        );
        assert!(script.contains("append"), "{shell} has no options");
    }
}

#[test]
fn bash_reads_its_completions() {
    let folder = TempDir::new().unwrap();
    let script = format!(
        "eval \"$({} completions bash)\" && COMP_WORDS=(flash pu) COMP_CWORD=1 && _flash flash pu flash && echo \"${{COMPREPLY[*]}}\"",
        env!("CARGO_BIN_EXE_flash")
    );
    let bash = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output();
    assert_eq!(well(bash.unwrap()), "push\n");
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = TempDir::new().unwrap();
    let page = well(flash(folder.path(), &["man"]));
    for command in COMMANDS {
        assert!(
            page.contains(&format!("flash\\-{command}(1)")),
            "{command} is missing"
        );
    }
    well(flash(folder.path(), &["man", "--directory", "man1"]));
    for command in COMMANDS {
        let page = std::fs::read_to_string(folder.path().join(format!("man1/flash-{command}.1")));
        assert!(page.unwrap().contains(".SH NAME"), "{command}");
    }
}

#[test]
fn errors_have_colours_unless_they_go_to_a_file_or_no_colour_is_wanted() {
    let complaint = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flash"));
        let command = command
            .arg("nonsense")
            .env_clear()
            .envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert!(complaint(&[]).starts_with("flash: "));
    // What a terminal gets.
    assert!(complaint(&[("CLICOLOR_FORCE", "1")]).starts_with("\u{1b}["));
    assert!(complaint(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).starts_with("flash: "));
}
