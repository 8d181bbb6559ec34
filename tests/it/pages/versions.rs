//! The time line of the versions, their changes, and the reference of each.

use super::{PEOPLE, page, texts};
use crate::clients::Keyed as _;
use crate::lifecycle::flags;
use crate::server::{Builder, Server};

#[test]
fn what_is_announced_stands_in_the_order_of_time_around_the_present() {
    let mut builder = Builder::new();
    builder.stand_at("2027-02-01T00:00:00Z".parse().unwrap());
    builder.settings.lifecycle = flags(&[
        "--deprecate",
        "v1=2027-01-01",
        "--retire",
        "v1=2027-07-01",
        "--brownout",
        "v1=2027-05-01T09:00Z/15m",
    ]);
    let server = builder.start();
    let text = texts(&page(&server, "/explore/-/versions"));
    let events = [
        "2027-01-01 v1 is deprecated",
        "2027-02-01 Today",
        "2027-05-01 09:00 UTC v1 has a brownout: it is refused until 2027-05-01 09:15 UTC",
        "2027-07-01 v1 is retired",
    ];
    let places: Vec<_> = events.iter().map(|event| text.find(event)).collect();
    assert!(places.iter().all(Option::is_some), "{places:?} {text}");
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_client_with_more_time_sees_its_own_date() {
    let mut builder = Builder::new();
    builder.settings.lifecycle = flags(&["--retire", "v1=2098-01-01"]);
    let server = builder.start();
    let key = server.register("shop");
    let until = "2099-01-01T00:00:00Z".parse().unwrap();
    server.admin().extend("shop", 1, Some(until)).unwrap();
    let call = server.get("/explore/-/versions").accept("text/html");
    let text = texts(&call.with_key(&key).send().ok().text());
    assert!(text.contains("2099-01-01 v1 is retired"), "{text}");
}

#[test]
fn every_change_of_the_changelog_is_told_with_what_was_before() {
    let server = Server::start();
    let changelog = server.get("/changelog?from=v1&to=v2").send().ok().json();
    let text = texts(&page(&server, "/explore/-/versions"));
    for change in changelog["changes"].as_array().unwrap() {
        for part in ["summary", "before", "after"] {
            let told = change[part].as_str().unwrap_or_default();
            assert!(text.contains(told), "{told} is not in the page");
        }
    }
}

#[test]
fn the_reference_has_every_operation_of_the_openapi_document() {
    let server = Server::start();
    for version in ["v1", "v2"] {
        let document = server.get(&format!("/openapi.json?version={version}"));
        let document = document.send().ok().json();
        let html = page(&server, &format!("/explore/-/reference/{version}"));
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                let link = format!("/explore/-/reference/{version}/{name}");
                assert!(
                    html.contains(&format!("\"{link}\"")),
                    "{link} is not in {html}"
                );
                let text = texts(&page(&server, &link));
                // OpenAPI 3.1 has no QUERY, so it is described as an extension.
                let method = method.trim_start_matches("x-").to_uppercase();
                let place = format!("{method} {path}");
                assert!(text.contains(&place), "{place} is not in {text}");
                for parameter in operation["parameters"].as_array().unwrap() {
                    let name = parameter["name"].as_str().unwrap();
                    assert!(text.contains(name), "{name} is not in {text}");
                }
            }
        }
    }
}

#[test]
fn a_request_is_tried_and_what_came_back_is_shown() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let form = "path.name=people&query.limit=1&more=city%3Deq.London%26order%3Dname.desc&try=1";
    let path = format!("/explore/-/reference/v2/list_rows?{form}");
    let text = texts(&page(&server, &path));
    for shown in [
        "GET /datasets/people/rows?limit=1&city=eq.London&order=name.desc",
        "200 OK",
        "api-version: 2.",
        "\"name\": \"Fei\"",
        "curl -H 'Accept: application/vnd.flash.v2+json' 'http://",
    ] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
    let csv = format!("{path}&accept=application%2Fvnd.flash.v2%2Bcsv");
    assert!(texts(&page(&server, &csv)).contains("6,Fei,London"));
}

#[test]
fn what_is_typed_in_stays_a_value_and_never_becomes_a_path_or_a_command() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let form = "path.name=..%2Fclient%3Fx&more=a%27%24%28id%29%3D1&try=1";
    let text = texts(&page(
        &server,
        &format!("/explore/-/reference/v2/list_rows?{form}"),
    ));
    assert!(
        text.contains("404 Not Found") || text.contains("400 Bad Request"),
        "{text}"
    );
    let (_, curl) = text.split_once("curl -H").unwrap();
    let curl = curl.split_once("Copy curl").unwrap().0;
    assert!(
        curl.contains("/datasets/%2E%2E%2Fclient%3Fx/rows"),
        "{curl}"
    );
    assert!(!curl.contains("$("), "{curl}");
}

#[test]
fn only_what_reads_can_be_tried() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let path = "/explore/-/reference/v2/delete_dataset?path.name=people&try=1";
    let html = page(&server, path);
    assert!(!html.contains("Try it"), "{html}");
    assert_eq!(server.names(), ["people"]);
}

#[test]
fn what_is_in_no_document_has_no_page() {
    let server = Server::start();
    for path in [
        "/explore/-/reference/v9",
        "/explore/-/reference/v2/nothing",
        "/explore/-/reference/x",
    ] {
        let answer = server.get(path).accept("text/html").send();
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.header("Content-Type").starts_with("text/html"));
    }
}
