//! The same view in two versions, side by side.

use super::{PEOPLE, page, texts};
use crate::lifecycle::flags;
use crate::server::{Builder, Server};

#[test]
fn both_versions_are_asked_and_their_answers_stand_side_by_side() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let html = page(&server, "/explore/people/versions?limit=2");
    let text = texts(&html);
    for shown in [
        "GET /datasets/people?page=1&per_page=2",
        "GET /datasets/people/rows?limit=2",
        "Accept: application/vnd.flash.v1+json",
        "Accept: application/vnd.flash.v2+json",
        "api-version: 1.",
        "api-version: 2.",
        "\"1\",",
        "\"id\": 1,",
    ] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
    // Two rows were asked for, and no third one is there.
    assert!(!text.contains("\"id\": 3,"), "{text}");
}

#[test]
fn the_changelogs_sentence_stands_in_the_row_of_the_line_that_it_is_about() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let html = page(&server, "/explore/people/versions");
    let row = |line: &str| {
        let found = html.split("<tr").find(|row| texts(row).contains(line));
        texts(found.unwrap_or_else(|| panic!("{line} is not in {html}")))
    };
    let request = row("GET /datasets/people?page=1");
    assert!(request.contains("differs"), "{request}");
    let sentence = "GET /datasets/{name} describes a dataset, without its rows";
    assert!(request.contains(sentence), "{request}");
    let first = html
        .split("<tr")
        .find(|row| row.contains("<code>    [</code>"));
    let sentence = "GET /datasets/{name}/rows reads typed rows as objects";
    assert!(texts(first.unwrap()).contains(sentence), "{first:?}");
}

#[test]
fn a_question_that_the_older_version_can_not_answer_is_told_with_it() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let text = texts(&page(
        &server,
        "/explore/people/versions?city=eq.London&order=name",
    ));
    assert!(
        text.contains("GET /datasets/people/rows?city=eq.London&order=name&limit=5"),
        "{text}"
    );
    assert!(text.contains("filters, orders and projects rows"), "{text}");
}

#[test]
fn a_refusal_is_compared_like_any_other_answer() {
    let mut builder = Builder::new();
    builder.settings.lifecycle = flags(&["--retire", "v1=2026-01-01"]);
    let server = builder.start();
    server.store("people", PEOPLE);
    let text = texts(&page(&server, "/explore/people/versions"));
    assert!(text.contains("410 Gone"), "{text}");
    let nobody = texts(&page(&server, "/explore/nobody/versions"));
    assert!(nobody.contains("404 Not Found"), "{nobody}");
}

#[test]
fn the_page_stays_small_however_wide_the_rows_are() {
    let server = Server::start();
    let names: Vec<String> = (0..500).map(|column| format!("column{column}")).collect();
    let values: Vec<String> = (0..500)
        .map(|value| format!("\"{}\"", "x".repeat(value)))
        .collect();
    let csv = format!("{}\n{}\n", names.join(","), values.join(","));
    server.store("wide", csv);
    let html = page(&server, "/explore/wide/versions");
    assert!(html.len() < 100_000, "{}", html.len());
    assert!(texts(&html).contains("more lines are not shown"));
}

#[test]
fn a_version_that_is_about_to_go_has_a_band() {
    let mut builder = Builder::new();
    builder.settings.lifecycle = flags(&[
        "--deprecate",
        "v1=2026-01-01",
        "--retire",
        "v1=2099-07-01",
        "--brownout",
        "v1=2099-05-01T09:00Z/15m",
    ]);
    let server = builder.start();
    server.store("people", PEOPLE);
    for path in ["/explore/people/versions", "/explore/-/reference/v1"] {
        let html = page(&server, path);
        let (_, band) = html.split_once("class=\"band\"").unwrap();
        let band = texts(band.split_once("</section>").unwrap().0);
        for told in [
            "v1 is deprecated",
            "2099-07-01",
            "2099-05-01 09:00 UTC",
            "v2",
        ] {
            assert!(band.contains(told), "{told} is not in {band}");
        }
    }
    assert!(!page(&server, "/explore/people").contains("class=\"band\""));
}
