//! Pages for the operator, on the admin address.

use super::texts;
use crate::client::{Answer, Call, V1, agent};
use crate::process::Program;

const ENDING: [&str; 4] = ["--deprecate", "v1=2026-01-01", "--retire", "v1=2099-07-01"];

fn ask(program: &Program, path: &str, accept: &str) -> Answer {
    let url = format!("http://{}{path}", program.admin);
    Call::new(&agent(), "GET", url).accept(accept).send()
}

fn page(program: &Program, path: &str) -> String {
    ask(program, path, "text/html").ok().text()
}

/// A server whose store says that a client and an anonymous caller used v1, and that the client was refused.
fn used() -> Program {
    let program = Program::serve(&[]);
    let (_, key) = program.manage(&["clients", "add", "shop"]);
    let bearer = format!("Bearer {}", key.trim());
    let ask = |program: &Program| program.call("GET", "/datasets").accept(V1);
    ask(&program).header("Authorization", &bearer).send().ok();
    ask(&program).header("User-Agent", "curl/8.5.0").send().ok();
    let program = program.restarted(&["--retire", "v1=2026-01-01"]);
    let refused = ask(&program).header("Authorization", &bearer).send();
    assert_eq!(refused.status, 410);
    program.restarted(&ENDING)
}

/// The text of the table with that caption.
fn table(html: &str, caption: &str) -> String {
    let tables = html
        .split("<table")
        .filter_map(|part| part.split_once("</table>"));
    let mut tables = tables.map(|(table, _)| texts(table));
    let found = tables.find(|table| table.contains(caption));
    found.unwrap_or_else(|| panic!("no table {caption:?} in {html}"))
}

#[test]
fn the_operator_sees_who_uses_what_who_was_refused_and_how_the_server_is() {
    let program = used();
    let html = page(&program, "/");
    let users = table(&html, "Who uses which version");
    for line in [
        "v1 anonymous (curl) list_datasets 1",
        "v1 shop list_datasets 1",
    ] {
        assert!(users.contains(line), "{line} is not in {users}");
    }
    let refused = table(&html, "Who was refused");
    assert!(refused.contains("v1 shop retired 1"), "{refused}");
    program
        .call("PUT", "/datasets/people")
        .csv("id\n1\n")
        .v2()
        .send()
        .created();
    for _ in 0..3 {
        let call = program.call("GET", "/datasets/people/rows").v2();
        call.header("User-Agent", "curl/8.5.0").send().ok();
    }
    // What was counted is in the store when the server has ended.
    let program = program.restarted(&ENDING);
    let datasets = table(&page(&program, "/"), "Who uses which dataset");
    assert!(datasets.contains("people anonymous (curl) 3"), "{datasets}");
    assert!(texts(&html).contains("ready for requests"));
    assert!(texts(&html).contains("retired 2099-07-01"));
}

#[test]
fn who_would_be_left_behind_by_an_end_is_who_retire_check_lists() {
    let program = used();
    let left = table(&page(&program, "/retire/v1"), "Who would be left behind");
    assert!(left.contains("flash clients extend shop v1=DATE"), "{left}");
    assert!(left.contains("anonymous (curl)"), "{left}");
    program.manage(&["clients", "extend", "shop", "v1=2100-01-01"]);
    let left = table(&page(&program, "/retire/v1"), "Who would be left behind");
    assert!(!left.contains("shop"), "{left}");
    let (_, listed) = program.manage(&["versions", "retire-check", "v1"]);
    assert!(
        !listed.contains("shop") && listed.contains("anonymous (curl)"),
        "{listed}"
    );
}

#[test]
fn the_end_of_a_version_that_nobody_uses_leaves_nobody_behind() {
    let program = Program::serve(&[]);
    let text = texts(&page(&program, "/retire/v1"));
    assert!(text.contains("Nobody would be left behind"), "{text}");
    assert!(text.contains("No end of v1 is announced"), "{text}");
    assert_eq!(ask(&program, "/retire/v9", "text/html").status, 404);
}

#[test]
fn the_pages_are_for_browsers_on_the_admin_address_and_probes_stay_as_they_are() {
    let program = Program::serve(&[]);
    let answer = ask(&program, "/", "text/html").ok();
    let policy = answer.header("Content-Security-Policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let html = answer.text();
    let (_, style) = html.split_once("rel=\"stylesheet\" href=\"").unwrap();
    let style = ask(&program, style.split_once('"').unwrap().0, "*/*").ok();
    assert_eq!(style.header("Content-Type"), "text/css; charset=utf-8");
    for path in ["/livez", "/readyz"] {
        let probe = ask(&program, path, "text/html").ok();
        assert_eq!(probe.header("Content-Type"), "application/json");
    }
    for accept in ["*/*", "application/json"] {
        assert_eq!(ask(&program, "/", accept).status, 404, "{accept}");
    }
    // Clients don't reach them.
    let public = program.call("GET", "/retire/v1").accept("text/html").send();
    assert_eq!(public.status, 404);
}
