//! Help that a first-time user can read, and one line for whatever is written wrongly.

use std::process::{Command, Output};

fn flash(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flash"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// The one line on standard error, after checking that it is one and that the exit code says "write it differently".
fn refusal(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = flash(arguments, environment);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(
        line.starts_with("flash: ") && line.ends_with('\n'),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(output.stdout.is_empty());
    line
}

#[test]
fn a_wrong_setting_is_one_line_that_says_what_to_write_instead() {
    for (arguments, parts) in [
        (
            ["--listen", "localhost"],
            [
                "--listen: \"localhost\"",
                "write 3000, :3000 or localhost:3000",
            ],
        ),
        (["--max-body", "lots"], ["--max-body: \"lots\"", "64MiB"]),
        (["--max-columns", "-1"], ["--max-columns", "1"]),
        (
            ["--max-columns", "many"],
            ["--max-columns: \"many\"", "whole number"],
        ),
        (["--idle-timeout", "10"], ["--idle-timeout: \"10\"", "10s"]),
        (
            ["--idle-timeout", "3000y"],
            ["--idle-timeout: \"3000y\"", "24h"],
        ),
        (
            ["--log-format", "xml"],
            ["--log-format: \"xml\"", "text, json"],
        ),
        (["--lisen", "127.0.0.1:1"], ["--lisen", "--listen"]),
        (
            ["--database", "flash.db"],
            ["--database", "sqlite:flash.db"],
        ),
        (["--database", "sqlite:"], ["--database", "sqlite:flash.db"]),
        (
            ["--database", "sqlite://flash.db"],
            ["--database", "sqlite:flash.db"],
        ),
        (
            ["--database", "sqlite::memory:"],
            ["--database", "loses everything"],
        ),
        (
            ["--database", "mysql://h/d"],
            ["--database", "sqlite:flash.db"],
        ),
        (
            ["--database", "postgres:h/d"],
            ["--database", "postgres://USER@HOST"],
        ),
        (
            ["--listen", "0.0.0.0:0"],
            ["--anonymous read-write", "--anonymous none"],
        ),
        (
            ["--host", "http://a/"],
            ["--host: \"http://a/\"", "flash.example"],
        ),
        (["--host", "a:80"], ["--host: \"a:80\"", "without a port"]),
        (
            ["--allow-origin", "https://a.example/"],
            ["--allow-origin", "https://app.example"],
        ),
        (
            ["--allow-origin", "http://a.example:80"],
            ["--allow-origin", "http://localhost:5173"],
        ),
        (["--allow-origin", "*"], ["--allow-origin", "Origin"]),
        (
            ["--cors-origin", "https://a.example/app"],
            ["--cors-origin", "https://app.example"],
        ),
        (
            ["--cors-origin", "a.example"],
            ["\"a.example\" isn't an origin", "http://localhost:5173"],
        ),
        (["--cors-origin", "null"], ["\"null\"", "* lets pages"]),
        (["--max-uploads", "0"], ["--max-uploads", "at least 1"]),
        (
            ["--listen", "127.0.0.1:3001"],
            ["--admin-listen", "another port"],
        ),
    ] {
        let line = refusal(&[&["serve"], &arguments[..]].concat(), &[]);
        for part in parts {
            assert!(line.contains(part), "{part:?} is not in: {line}");
        }
    }
}

#[test]
fn a_life_that_no_version_can_have_is_refused_before_anything_starts() {
    for (arguments, parts) in [
        (
            &["--deprecate", "v1"][..],
            &["--deprecate: \"v1\"", "v1=2027-01-01"][..],
        ),
        (
            &["--deprecate", "1=2027-01-01"],
            &["--deprecate: `1`", "such as v1"],
        ),
        (
            &["--deprecate", "v1=soon"],
            &["--deprecate: \"soon\"", "2027-01-01"],
        ),
        (
            &["--retire", "v1=2027-02-30"],
            &["--retire: \"2027-02-30\"", "midnight UTC"],
        ),
        (
            &["--preview", "latest"],
            &["--preview: `latest`", "such as v1"],
        ),
        (
            &["--promote", "v2=later"],
            &["--promote: \"later\"", "2027-01-01"],
        ),
        (
            &["--brownout", "2027-05-01/1h"],
            &["--brownout: \"2027-05-01/1h\"", "VERSION=START/LENGTH"],
        ),
        (
            &["--brownout", "v1=2027-05-01"],
            &["--brownout: \"2027-05-01\"", "a slash and its length"],
        ),
        (
            &["--brownout", "v1=2027-05-01/2d"],
            &["--brownout: \"2d\"", "from 1s to 24h"],
        ),
        (
            &["--deprecate", "v7=2027-01-01"],
            &["--deprecate names v7", "the versions are v2 and v1"],
        ),
        (
            &["--brownout", "v7=2027-05-01/1h"],
            &["--brownout names v7"],
        ),
        (
            &[
                "--deprecate",
                "v1=2027-01-01",
                "--deprecate",
                "v1=2027-02-01",
            ],
            &["--deprecate names v1 more than once"],
        ),
        (
            &["--deprecate", "v1=2027-07-01", "--retire", "v1=2027-01-01"],
            &["v1 is retired at 2027-01-01", "retire it later"],
        ),
        (
            &["--brownout", "v1=2027-05-01/1h"],
            &["v1 has a brownout", "give it a date"],
        ),
        (
            &[
                "--deprecate",
                "v1=2027-06-01",
                "--brownout",
                "v1=2027-05-01/1h",
            ],
            &[
                "not within its deprecation",
                "let it begin after 2027-06-01",
            ],
        ),
        (
            &[
                "--deprecate",
                "v1=2027-01-01",
                "--brownout",
                "v1=2027-05-01/2h,2027-05-01T01:00Z/2h",
            ],
            &["write one longer one"],
        ),
        (
            &["--retire", "v1=2027-07-01", "--retire", "v2=2028-07-01"],
            &["v2 is retired at 2028-07-01", "no other version is stable"],
        ),
        (
            &["--retire", "v1=2027-07-01", "--preview", "v2"],
            &["v2 is a preview", "no other version stays stable"],
        ),
        (
            &["--retire", "v1=2027-07-01", "--promote", "v2=2027-08-01"],
            &["v1 is retired at 2027-07-01", "no other version is stable"],
        ),
        (
            &["--deprecate", "v1=2027-01-01", "--preview", "v2"],
            &["v2 is a preview", "--promote v2"],
        ),
        (
            &["--preview", "v1"],
            &["the default v1 is a preview", "release it"],
        ),
        (
            &["--preview", "v2", "--promote", "v2"],
            &["contradict each other", "--promote v2=DATE"],
        ),
        (
            &["--promote", "v2=2027-03-01", "--deprecate", "v2=2027-01-01"],
            &["before it is promoted at 2027-03-01"],
        ),
    ] {
        let line = refusal(&[&["serve"], arguments].concat(), &[]);
        for part in parts {
            assert!(line.contains(part), "{part:?} is not in: {line}");
        }
    }
    let line = refusal(&["serve"], &[("FLASH_RETIRE", "v1=2027-07-01,v2=soon")]);
    assert!(line.starts_with("flash: FLASH_RETIRE: \"soon\""), "{line}");
    let line = refusal(
        &["serve"],
        &[("FLASH_RETIRE", "v1=2027-07-01,v2=2028-01-01")],
    );
    assert!(line.contains("v2 is retired"), "{line}");
}

#[test]
fn a_wrong_environment_variable_is_named_as_what_it_is() {
    let line = refusal(&["serve"], &[("FLASH_MAX_BODY", "lots")]);
    assert!(
        line.starts_with("flash: FLASH_MAX_BODY: \"lots\""),
        "{line}"
    );
    let line = refusal(&["serve"], &[("FLASH_ANONYMOUS", "everyone")]);
    assert!(
        line.starts_with(
            "flash: FLASH_ANONYMOUS: \"everyone\" isn't a valid value; use one of: read-write, read, none"
        ),
        "{line}"
    );
}

#[test]
fn a_password_in_the_address_of_the_database_is_never_shown() {
    for address in [
        "postgres://flash:hunter2%@db/flash",
        "mysql://flash:hunter2@db/flash",
        "hunter2",
    ] {
        assert!(!refusal(&["serve", "--database", address], &[]).contains("hunter2"));
        assert!(!refusal(&["serve"], &[("FLASH_DATABASE", address)]).contains("hunter2"));
        let help = flash(&["serve", "--help"], &[("FLASH_DATABASE", address)]);
        assert!(!String::from_utf8(help.stdout).unwrap().contains("hunter2"));
    }
}

#[test]
fn what_is_missing_is_named() {
    for (arguments, parts) in [
        (&["backup"][..], &["`flash backup` needs <FILE>"][..]),
        (&["import"], &["`flash import` needs <FILE>"]),
        (&["push"], &["`flash push` needs", "<FILE>", "--to"]),
        (
            &["clients", "add"],
            &[
                "`flash clients add` needs <NAME>",
                "write `flash clients add <NAME>`",
            ],
        ),
        (
            &["clients", "extend", "shop"],
            &["`flash clients extend` needs <VERSION=DATE>"],
        ),
        (
            &["versions", "retire-check"],
            &["`flash versions retire-check` needs <VERSION>"],
        ),
        (
            &["datasets", "show"],
            &["`flash datasets show` needs <NAME>"],
        ),
        (&["copy"], &["--from", "--from-file"]),
        (&["copy", "--from", "sqlite:a.db"], &["--to", "--to-file"]),
        (
            &["serve", "--listen"],
            &["--listen needs a value", "<ADDRESS:PORT>"],
        ),
        (
            &["serve", "--anonymous"],
            &["--anonymous needs a value: read-write, read, none"],
        ),
        (
            &["clients", "--database", "sqlite:flash.db"],
            &["`flash clients` needs a command: add, list, show"],
        ),
    ] {
        let line = refusal(arguments, &[]);
        for part in parts {
            assert!(line.contains(part), "{part:?} is not in: {line}");
        }
    }
}

#[test]
fn what_was_probably_meant_is_of_the_same_kind() {
    for (arguments, part) in [
        (&["serf"][..], "did you mean `flash serve`?"),
        (&["server"], "did you mean `flash serve`?"),
        (&["clients", "lst"], "did you mean `flash clients list`?"),
        (
            &["clients", "rotate"],
            "did you mean `flash clients rotate-key`?",
        ),
        (&["clients", "completions"], "write `flash completions`"),
        (&["rotate-key", "shop"], "write `flash clients rotate-key`"),
        (
            &["retire-check", "v1"],
            "write `flash versions retire-check`",
        ),
        (&["dance"], "it has serve, migrate, import"),
        (&["datasets", "dance"], "it has show"),
        (&["serve", "--lisen", "1"], "did you mean --listen?"),
        (&["serve", "--port", "1"], "did you mean --listen?"),
        (&["serve", "-p", "1"], "did you mean --listen?"),
        (&["list", "--db", "flash.db"], "did you mean --database?"),
        (
            &["list", "--listen", "1"],
            "isn't a flag of `flash list`, but of `flash serve`",
        ),
        (&["serve", "--nonsense"], "see `flash serve --help`"),
        (&["serve", "extra"], "see `flash serve --help`"),
        (&["--nonsense"], "see `flash --help`"),
        (
            &["export", "--force", "--out", "x"],
            "see `flash export --help`",
        ),
    ] {
        let line = refusal(arguments, &[]);
        assert!(line.contains(part), "{part:?} is not in: {line}");
    }
    for (arguments, part) in [
        (&["serve", "--port", "1"][..], "--promote"),
        (&["clients", "completions"], "clients clients"),
        (&["dance"], "flash serve --help"),
    ] {
        let line = refusal(arguments, &[]);
        assert!(!line.contains(part), "{part:?} is in: {line}");
    }
}

#[test]
fn without_a_command_the_help_is_printed() {
    let bare = flash(&[], &[]);
    let asked = flash(&["-h"], &[]);
    assert!(bare.status.success() && bare.stderr.is_empty());
    assert_eq!(bare.stdout, asked.stdout);
    assert!(String::from_utf8(bare.stdout).unwrap().contains("serve"));
}

#[test]
fn a_command_that_lacks_its_own_command_prints_its_help() {
    for (command, lists) in [("clients", "rotate-key"), ("datasets", "show")] {
        let bare = flash(&[command], &[]);
        assert!(bare.status.success() && bare.stderr.is_empty(), "{bare:?}");
        let help = String::from_utf8(bare.stdout).unwrap();
        assert!(help.contains(&format!("Usage: flash {command}")), "{help}");
        assert!(help.contains(lists), "{help}");
    }
}

#[test]
fn the_help_of_serve_names_each_setting_with_its_variable_in_groups() {
    let help = String::from_utf8(flash(&["serve", "--help"], &[]).stdout).unwrap();
    let flags: Vec<_> = help
        .lines()
        .filter_map(|line| line.strip_prefix("      --")?.split(' ').next())
        .filter(|flag| *flag != "help")
        .collect();
    assert_eq!(flags.len(), 54, "{flags:?}");
    for flag in flags {
        let variable = format!("[env: FLASH_{}", flag.to_uppercase().replace('-', "_"));
        assert!(help.contains(&variable), "{variable} is not in the help");
    }
    for group in [
        "Addresses:",
        "Store:",
        "Memory:",
        "Access:",
        "Versions:",
        "Notices:",
        "Limits:",
        "Time-outs:",
        "Logs:",
    ] {
        assert_eq!(help.matches(&format!("\n{group}")).count(), 1, "{group}");
    }
}

#[test]
fn the_version_is_that_of_the_crate_with_the_commit_if_that_is_known() {
    let version = String::from_utf8(flash(&["--version"], &[]).stdout).unwrap();
    let rest = version.strip_prefix(concat!("flash ", env!("CARGO_PKG_VERSION")));
    let commit = rest.unwrap().trim_end();
    let is_commit = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit());
    let told = commit
        .strip_prefix(" (")
        .and_then(|text| text.strip_suffix(')'));
    assert!(
        commit.is_empty() || told.is_some_and(is_commit),
        "{version}"
    );
}
