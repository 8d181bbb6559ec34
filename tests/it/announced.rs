//! Servers write down what they announce. Commands read it there, and servers keep to it.

use rustix::process::Signal;

use crate::client::{V1, V1_RELEASE, V2, V2_RELEASE};
use crate::database::Place;
use crate::process::Program;

/// The arguments of a server that finds a port by itself.
const SERVE: [&str; 5] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--admin-listen",
    "127.0.0.1:0",
];

/// What a server that doesn't start with these flags says; the one that runs is stopped first.
fn refused(program: &mut Program, flags: &[&str]) -> String {
    stop(program);
    let (code, text) = program.manage(&[&SERVE, flags].concat());
    assert_eq!(code, 1, "{text}");
    text.lines().last().unwrap().to_owned()
}

fn stop(program: &mut Program) {
    program.signal(Signal::TERM);
    program.wait();
}

/// The release that answers to `/datasets`.
fn release(program: &Program, accept: &str) -> String {
    let answer = program.call("GET", "/datasets").accept(accept).send().ok();
    answer.header("API-Version").to_owned()
}

const ENDS: [&str; 4] = ["--deprecate", "v1=2035-01-01", "--retire", "v1=2036-01-01"];

#[test]
fn the_commands_tell_what_the_servers_announce_whatever_flags_the_shell_has() {
    let program = Program::serve(&ENDS);
    let (code, text) = program.manage(&["versions"]);
    assert_eq!(code, 0, "{text}");
    let announced = "deprecated at 2035-01-01T00:00:00Z, retired at 2036-01-01T00:00:00Z";
    assert!(text.contains(announced), "{text}");
    assert!(!text.contains("flash:"), "{text}");
    // Flags that say the same are no reason for a warning.
    let (_, same) = program.manage(&[&["versions"], &ENDS[..]].concat());
    assert_eq!(same, text);
    let (code, other) = program.manage(&["versions", "--retire", "v1=2037-01-01"]);
    assert_eq!(code, 0, "{other}");
    assert!(other.contains(announced), "{other}");
    let warning = other.lines().find(|line| line.starts_with("flash:"));
    let warning = warning.unwrap();
    assert!(
        warning.contains("retired at 2037-01-01T00:00:00Z; on the servers, it is"),
        "{warning}"
    );
    let (_, usage) = program.manage(&["versions", "--usage"]);
    assert!(usage.contains("server  release "), "{usage}");
}

#[test]
fn when_no_server_runs_the_last_one_counts_and_without_any_the_flags() {
    let mut program = Program::serve(&ENDS);
    stop(&mut program);
    let (_, text) = program.manage(&["versions"]);
    assert!(text.contains("retired at 2036-01-01T00:00:00Z"), "{text}");
    assert!(
        text.contains("flash: no server runs on this store"),
        "{text}"
    );
    program.place.execute("DELETE FROM servers");
    let (_, text) = program.manage(&["versions", "--retire", "v1=2037-01-01"]);
    assert!(text.contains("retired at 2037-01-01T00:00:00Z"), "{text}");
    assert!(text.contains("flash: no server has announced"), "{text}");
}

#[test]
fn a_killed_server_is_no_server_once_its_heartbeats_are_old() {
    let mut program = Program::serve(&ENDS);
    program.signal(Signal::KILL);
    program.wait();
    let minutes = 4 * 60 * 1_000_000_i64;
    let sql = format!("UPDATE servers SET seen_at = seen_at - {minutes}");
    program.place.execute(&sql);
    let (_, text) = program.manage(&["versions"]);
    assert!(
        text.contains("flash: no server runs on this store"),
        "{text}"
    );
}

#[test]
fn a_retirement_never_comes_sooner_than_announced_unless_that_is_said() {
    let mut program = Program::serve(&ENDS);
    let sooner = ["--deprecate", "v1=2035-01-01", "--retire", "v1=2035-06-01"];
    let line = refused(&mut program, &sooner);
    assert!(
        line.contains("v1 is to be retired at 2035-06-01T00:00:00Z"),
        "{line}"
    );
    assert!(
        line.contains("announced before (2036-01-01T00:00:00Z)"),
        "{line}"
    );
    assert!(line.contains("--sooner"), "{line}");
    // A date that was left out for a while is not forgotten.
    let mut program = program.restarted_after_stop(&[]);
    let line = refused(&mut program, &sooner);
    assert!(line.contains("sooner than announced"), "{line}");
    let all = [&sooner[..], &["--sooner"]].concat();
    let program = program.restarted_after_stop(&all);
    let warning = program.line_with("sooner than announced before");
    assert!(
        warning.contains("WARN") && warning.contains("(--sooner)"),
        "{warning}"
    );
    // From now on, that date counts, and a later one is fine.
    let program = program.restarted(&sooner);
    let program = program.restarted(&ENDS);
    let (_, text) = program.manage(&["versions"]);
    assert!(text.contains("retired at 2036-01-01T00:00:00Z"), "{text}");
}

#[test]
fn the_default_version_can_be_chosen_for_a_store_whose_callers_all_name_one() {
    let program = Program::serve(&[]);
    // Clients and callers that name a version don't depend on the default.
    assert_eq!(release(&program, V1), V1_RELEASE);
    assert_eq!(release(&program, V2), V2_RELEASE);
    let program = program.restarted(&["--default", "v2"]);
    let warning = program.line_with("get v2 (--default)");
    assert!(warning.contains("WARN"), "{warning}");
    let answer = program.call("GET", "/datasets").send().ok();
    assert_eq!(answer.header("API-Version"), V2_RELEASE);
    assert_eq!(answer.header("API-Version-Source"), "default");
    assert_eq!(answer.header("Content-Type"), V2);
    let plain = program
        .call("GET", "/datasets")
        .accept("application/json")
        .send()
        .ok();
    assert_eq!(plain.header("API-Version"), V2_RELEASE);
    let document = program.call("GET", "/openapi.json").send().ok().json();
    assert_eq!(document["info"]["version"], V2_RELEASE);
    let versions = program.call("GET", "/versions").send().ok().json();
    assert_eq!(versions["versions"][0]["default"], true, "{versions}");
    assert_eq!(versions["versions"][1]["default"], false, "{versions}");
    assert_eq!(release(&program, V1), V1_RELEASE);
    let (_, text) = program.manage(&["versions"]);
    assert!(
        text.lines().next().unwrap().ends_with("default version"),
        "{text}"
    );
}

#[test]
fn another_default_than_the_one_that_callers_got_is_refused_unless_it_is_said_twice() {
    let program = Program::serve(&[]);
    program.call("GET", "/datasets").send().ok();
    // What was served is in the store when the server has ended.
    let mut program = program.restarted(&[]);
    let line = refused(&mut program, &["--default", "v2"]);
    assert!(
        line.contains("callers that named no version got v1"),
        "{line}"
    );
    assert!(line.contains("--default-anyway"), "{line}");
    let program = program.restarted_after_stop(&["--default", "v2", "--default-anyway"]);
    let warning = program.line_with("(--default-anyway)");
    assert!(warning.contains("WARN"), "{warning}");
    // The choice is written down, so it need not be said twice again.
    let program = program.restarted(&["--default", "v2"]);
    program.call("GET", "/datasets").send().ok();
    // Nor does it get lost silently.
    let mut program = program.restarted(&["--default", "v2"]);
    let line = refused(&mut program, &[]);
    assert!(line.contains("got v2"), "{line}");
    assert!(line.contains("--default v2"), "{line}");
}

#[test]
fn a_default_that_cannot_be_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    for (flags, words) in [
        (
            &["--default", "v9"][..],
            "--default names v9, which doesn't exist",
        ),
        (
            &["--default", "v2", "--preview", "v2"],
            "the default v2 is a preview",
        ),
        (&["--default", "two"], "isn't a version"),
    ] {
        let output = crate::process::flash(folder.path(), &[&SERVE, flags].concat());
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn servers_of_one_database_that_disagree_are_told() {
    if !Place::is_shared() {
        return;
    }
    let first = Program::serve(&ENDS);
    let later = ["--deprecate", "v1=2035-01-01", "--retire", "v1=2037-01-01"];
    let arguments = [&later[..], &["--default", "v2"]].concat();
    let second = Program::spawn(&Program::command(), first.place.clone(), &arguments);
    let warning = second.line_with("disagree: v1 is");
    assert!(
        warning.contains("retired at 2037-01-01T00:00:00Z; on another server"),
        "{warning}"
    );
    second.line_with("disagree: the default version is v2");
    let (_, text) = first.manage(&["versions"]);
    assert!(text.contains("the servers disagree: v1 is"), "{text}");
    assert!(
        text.contains("the servers disagree: the default version is v2"),
        "{text}"
    );
    // The one that started last counts.
    assert!(text.contains("retired at 2037-01-01T00:00:00Z"), "{text}");
}
