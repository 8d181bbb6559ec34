//! `flash versions …`: who still uses what, beside a running server.

use crate::client::{V1_RELEASE, V2_RELEASE};
use crate::process::{Program, flash};

/// A store that a client and somebody without a key have used.
fn used() -> Program {
    let program = Program::serve(&[]);
    let (_, key) = program.run(&["clients", "add", "shop"]);
    let bearer = format!("Bearer {}", key.trim());
    for accept in [crate::client::V1, crate::client::V2] {
        let call = program.call("GET", "/datasets").accept(accept);
        call.header("Authorization", &bearer).send().ok();
    }
    let call = program.call("GET", "/").header("User-Agent", "curl/8.5.0");
    call.send().ok();
    // What was counted is in the store when the server has ended.
    program.restarted(&[])
}

#[test]
fn versions_are_listed_with_their_states_and_dates() {
    let folder = tempfile::TempDir::new().unwrap();
    let output = flash(folder.path(), &["versions", "--retire", "v1=2035-01-01"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with(&format!(
        "v2  {V2_RELEASE}  application/vnd.flash.v2+json  stable"
    )));
    assert!(lines[1].starts_with(&format!(
        "v1  {V1_RELEASE}  application/vnd.flash.v1+json  deprecated"
    )));
    assert!(
        lines[1].contains("retired at 2035-01-01T00:00:00Z"),
        "{text}"
    );
    assert!(lines[1].ends_with("default version"), "{text}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn who_used_a_version_is_listed_by_name_or_by_kind_of_user_agent() {
    let program = used();
    let (code, text) = program.run(&["versions", "--usage"]);
    assert_eq!(code, 0, "{text}");
    let line = |version: &str, who: &str| {
        let found = text
            .lines()
            .find(|line| line.starts_with(version) && line.contains(who));
        found.is_some_and(|line| line.split_whitespace().any(|word| word == "1"))
    };
    assert!(line("v1 ", "shop"), "{text}");
    assert!(line("v2 ", "shop"), "{text}");
    assert!(line("v1 ", "anonymous (curl)"), "{text}");
    assert!(!line("v2 ", "anonymous"), "{text}");
}

#[test]
fn callers_that_a_retirement_refused_are_listed_by_name_or_by_kind_of_user_agent() {
    let program = Program::serve(&["--retire", "v1=2026-01-01"]);
    let (_, key) = program.run(&["clients", "add", "shop"]);
    let bearer = format!("Bearer {}", key.trim());
    let ask = || program.call("GET", "/datasets").accept(crate::client::V1);
    let answer = ask().header("Authorization", &bearer).send();
    assert_eq!(answer.status, 410);
    ask().header("User-Agent", "curl/8.5.0").send();
    // What was counted is in the store when the server has ended.
    let program = program.restarted(&["--retire", "v1=2026-01-01"]);
    let (code, text) = program.run(&["versions", "--usage", "--retire", "v1=2026-01-01"]);
    assert_eq!(code, 0, "{text}");
    for caller in ["shop", "anonymous (curl)"] {
        let refused = |line: &&str| line.contains(caller) && line.contains("retired");
        let line = text
            .lines()
            .filter(|line| line.starts_with("v1 "))
            .find(refused);
        let line = line.unwrap_or_else(|| panic!("{caller} is not in {text}"));
        assert!(line.split_whitespace().any(|word| word == "1"), "{line}");
    }
    let (_, shown) = program.run(&["clients", "show", "shop"]);
    assert!(
        shown.contains("refused        v1 retired 1 time, last"),
        "{shown}"
    );
}

#[test]
fn a_version_in_use_is_not_to_be_retired_and_those_who_use_it_are_named() {
    let program = used();
    let (code, text) = program.run(&["versions", "retire-check", "v1"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("shop (1 request,"), "{text}");
    assert!(text.contains("anonymous (curl) (1 request,"), "{text}");
    assert!(text.contains("v1 is still in use by 2 callers"), "{text}");
    // Who has more time is not left behind.
    program.run(&["clients", "extend", "shop", "v1=2099-01-01"]);
    let (code, text) = program.run(&["versions", "retire-check", "v1"]);
    assert_eq!(code, 1, "{text}");
    assert!(!text.contains("shop"), "{text}");
}

#[test]
fn a_version_that_nobody_uses_may_be_retired() {
    let program = Program::serve(&[]);
    let (code, text) = program.run(&["versions", "retire-check", "v1"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(
        text.trim(),
        "v1 can be retired: no caller would be left behind"
    );
    let (code, text) = program.run(&["versions", "retire-check", "v9"]);
    assert_eq!(
        (code, text.trim()),
        (
            2,
            "flash: there is no version v9: the versions are v2 and v1"
        )
    );
}

#[test]
fn a_server_that_is_to_retire_a_version_in_use_says_so_at_its_start() {
    let program = used();
    let program = program.restarted(&["--retire", "v1=2099-01-01"]);
    let warning = program.line_with("was used in the last 30 days by");
    assert!(warning.contains("WARN"), "{warning}");
    assert!(warning.contains("v1 is going to be retired at 2099-01-01T00:00:00Z"));
    assert!(
        warning.contains("anonymous (curl) (1 request,"),
        "{warning}"
    );
    assert!(warning.contains("shop (1 request,"), "{warning}");
}

#[test]
fn a_retire_check_leaves_out_kinds_of_callers_and_looks_back_as_far_as_it_is_told() {
    let program = used();
    let check = ["versions", "retire-check", "v1"];
    let (code, text) = program.manage(&[&check[..], &["--ignore", "curl"]].concat());
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("ignored: anonymous (curl) (1 request,"),
        "{text}"
    );
    assert!(text.contains("v1 is still in use by 1 caller,"), "{text}");
    program.manage(&["clients", "extend", "shop", "v1=2099-01-01"]);
    let (code, text) = program.manage(&[&check[..], &["--ignore", "curl"]].concat());
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("would be left behind, apart from anonymous callers with curl"),
        "{text}"
    );
    // What is older than that is of no interest.
    let days = 8 * 24 * 60 * 60 * 1_000_000_i64;
    let sql = format!("UPDATE usage SET day = day - 8, last_at = last_at - {days}");
    program.place.execute(&sql);
    let (code, text) = program.manage(&[&check[..], &["--since", "9d"]].concat());
    assert_eq!(code, 1, "{text}");
    let (code, text) = program.manage(&[&check[..], &["--since", "7d"]].concat());
    assert_eq!(code, 0, "{text}");
    for (arguments, words) in [
        (
            ["--ignore", "curly"],
            "isn't a kind of user agent; use one of: flash, curl",
        ),
        (["--since", "soon"], "isn't a length of time"),
    ] {
        let (code, text) = program.manage(&[&check[..], &arguments].concat());
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(words), "{text}");
    }
}
