//! What the server says of itself: its versions, what changed between them, and a document of each.

use std::collections::{BTreeMap, BTreeSet};

use flash::api::versions::VERSIONS;
use jiff::Timestamp;
use serde_json::Value;

use crate::client::{V1, V1_RELEASE, V2, V2_RELEASE};
use crate::server::Server;

const PAGES: [&str; 3] = ["/versions", "/changelog?from=v1&to=v2", "/openapi.json"];

fn document(server: &Server, version: u32) -> Value {
    let path = format!("/openapi.json?version=v{version}");
    server.get(&path).send().ok().json()
}

#[test]
fn the_pages_are_answered_whatever_accept_says_and_name_no_version() {
    let server = Server::start();
    for page in PAGES {
        for accept in [
            "image/png",
            "foo",
            "a/b;q=high",
            "application/vnd.flash.v9+json",
            V1,
            V2,
            "text/html",
            "",
        ] {
            let answer = server
                .get(page)
                .accept(accept)
                .header("Content-Type", "no type")
                .send()
                .ok();
            assert_eq!(
                answer.header("Content-Type"),
                "application/json",
                "{page} {accept}"
            );
            assert_eq!(
                answer.header("Vary"),
                "Accept, Content-Type, Authorization, Accept-Encoding"
            );
            assert_eq!(answer.header("X-Content-Type-Options"), "nosniff");
            assert!(
                !answer.headers.contains_key("API-Version"),
                "{page} {accept}"
            );
            answer.json();
        }
    }
}

#[test]
fn the_pages_have_a_tag_a_head_and_options_and_no_other_method() {
    let server = Server::start();
    for page in PAGES {
        let answer = server.get(page).send().ok();
        let tag = answer.header("ETag");
        let again = server.get(page).header("If-None-Match", tag).send();
        assert_eq!((again.status, again.body.len()), (304, 0), "{page}");
        let head = server.call("HEAD", page).send().ok();
        assert!(head.body.is_empty());
        assert_eq!(head.header("ETag"), tag, "{page}");
        assert_eq!(head.header("Content-Length"), answer.body.len().to_string());
        let options = server.call("OPTIONS", page).send();
        assert_eq!(
            (options.status, options.header("Allow")),
            (204, "GET, HEAD, OPTIONS")
        );
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let refused = server.call(method, page).send().refused(405, &[method]);
            assert_eq!(refused.header("Allow"), "GET, HEAD, OPTIONS");
        }
        let separator = if page.contains('?') { '&' } else { '?' };
        server
            .get(&format!("{page}{separator}lmit=1"))
            .send()
            .refused(400, &["lmit"]);
    }
}

#[test]
fn every_version_is_listed_newest_first_with_where_it_is_in_its_life() {
    let server = Server::start();
    let body = server.get("/versions").send().ok().json();
    let listed = body["versions"].as_array().unwrap();
    let names: Vec<_> = listed
        .iter()
        .map(|version| version["version"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["v2", "v1"]);
    for (at, version) in listed.iter().enumerate() {
        let name = names[at];
        assert_eq!(
            version["media_type"],
            format!("application/vnd.flash.{name}+json")
        );
        assert_eq!(version["semantic_version"], [V2_RELEASE, V1_RELEASE][at]);
        assert_eq!(version["state"], "stable");
        assert_eq!(version["default"], name == "v1");
        assert_eq!(
            (&version["deprecated_at"], &version["retired_at"]),
            (&Value::Null, &Value::Null)
        );
        let document = server
            .get(version["links"]["openapi"].as_str().unwrap())
            .send()
            .ok()
            .json();
        assert_eq!(document["info"]["version"], version["semantic_version"]);
    }
    assert_eq!(listed[0]["links"]["changelog"], Value::Null);
    let changelog = server
        .get(listed[1]["links"]["changelog"].as_str().unwrap())
        .send()
        .ok()
        .json();
    assert_eq!(
        (&changelog["from"], &changelog["to"]),
        (&"v1".into(), &"v2".into())
    );
}

#[test]
fn the_changelog_says_of_each_operation_what_changed() {
    let server = Server::start();
    let body = server.get("/changelog?from=v1&to=v2").send().ok().json();
    assert_eq!(body["breaking"], true);
    let changes = body["changes"].as_array().unwrap();
    let of = |name: &str| {
        changes
            .iter()
            .filter(|change| change["operation"] == name)
            .collect::<Vec<_>>()
    };
    let before: BTreeSet<_> = VERSIONS[1]
        .operations
        .iter()
        .map(|operation| operation.name)
        .collect();
    for operation in VERSIONS[0].operations {
        let changes = of(operation.name);
        assert!(!changes.is_empty(), "nothing is said of {}", operation.name);
        // What was mended is no change to whoever moves.
        for change in changes
            .into_iter()
            .filter(|change| change["kind"] != "fixed")
        {
            let kind = if before.contains(operation.name) {
                "changed"
            } else {
                "added"
            };
            // An operation may have new parameters, too.
            let found = change["kind"].as_str().unwrap();
            let is_addition = found == "added" && change["breaking"] == false;
            assert!(found == kind || is_addition, "{change}");
            assert!(
                change["version"].as_str().unwrap().starts_with("2."),
                "{change}"
            );
            assert!(
                change["before"].is_string() && change["after"].is_string(),
                "{change}"
            );
        }
    }
    let text = server
        .get("/changelog?from=v1&to=v2&format=text")
        .send()
        .ok();
    assert_eq!(text.header("Content-Type"), "text/plain; charset=utf-8");
    for change in changes {
        assert!(
            text.text().contains(change["summary"].as_str().unwrap()),
            "{change}"
        );
    }
}

#[test]
fn a_changelog_that_there_is_not_is_refused_with_the_versions_there_are() {
    let server = Server::start();
    for query in [
        "",
        "?from=v1",
        "?to=v2",
        "?from=v2&to=v1",
        "?from=v1&to=v1",
        "?from=v1&to=v9",
        "?from=1&to=v2",
    ] {
        let path = format!("/changelog{query}");
        server.get(&path).send().refused(400, &["v1", "v2"]);
        let problem = server.get(&path).v2().send().refused(400, &["v1", "v2"]);
        assert_eq!(problem.header("Content-Type"), "application/problem+json");
    }
    server
        .get("/changelog?from=v1&to=v2&format=xml")
        .send()
        .refused(400, &["json or text"]);
}

#[test]
fn every_release_of_every_version_has_its_entries() {
    let mut operations: BTreeSet<&str> = BTreeSet::new();
    for version in VERSIONS.iter().rev() {
        operations.extend(version.operations.iter().map(|operation| operation.name));
        let newest = version.changelog.first().map(|release| release.semantic);
        assert_eq!(
            newest,
            Some(version.semantic),
            "v{} has no entries for its own release",
            version.number
        );
        assert!(
            version
                .changelog
                .is_sorted_by(|a, b| a.semantic > b.semantic)
        );
        for release in version.changelog {
            assert!(!release.changes.is_empty());
            for change in release.changes {
                assert!(!change.summary.is_empty());
                let known = change
                    .operation
                    .is_none_or(|name| operations.contains(name));
                assert!(known, "{:?} is no operation", change.operation);
                let first_of_its_version = release.semantic == (0, 0);
                assert!(
                    !change.breaking || first_of_its_version,
                    "only a new version may break a client"
                );
            }
        }
    }
}

#[test]
fn the_document_is_that_of_the_version_in_the_query_else_in_accept_else_of_the_default() {
    let server = Server::start();
    let version = |path: &str, accept: &str| {
        let document = server.get(path).accept(accept).send().ok().json();
        document["info"]["version"].as_str().unwrap().to_owned()
    };
    assert_eq!(version("/openapi.json", "*/*"), V1_RELEASE);
    assert_eq!(version("/openapi.json", V2), V2_RELEASE);
    assert_eq!(
        version("/openapi.json", "application/vnd.flash.v2+csv"),
        V2_RELEASE
    );
    assert_eq!(version("/openapi.json?version=v1", V2), V1_RELEASE);
    assert_eq!(version("/openapi.json?version=v2", "image/png"), V2_RELEASE);
    server
        .get("/openapi.json?version=v9")
        .send()
        .refused(400, &["v1", "v2"]);
}

#[test]
fn a_document_has_every_operation_of_its_version_with_what_it_can_answer() {
    let server = Server::start();
    let mut inherited: BTreeMap<(String, String), &str> = BTreeMap::new();
    for version in VERSIONS.iter().rev() {
        for operation in version.operations {
            // OpenAPI 3.1 has no other place for it.
            let method = match operation.method.as_str() {
                "QUERY" => "x-query".to_owned(),
                method => method.to_ascii_lowercase(),
            };
            inherited.insert((operation.path.to_owned(), method), operation.name);
        }
        let document = document(&server, version.number);
        assert_eq!(document["openapi"], "3.1.0");
        let ours = format!("application/vnd.flash.v{}+json", version.number);
        assert_eq!(document["info"]["x-media-types"][0], ours);
        for ((path, method), name) in &inherited {
            let operation = &document["paths"][path][method];
            assert_eq!(
                operation["operationId"], *name,
                "v{} {method} {path}",
                version.number
            );
            assert!(!operation["summary"].as_str().unwrap().is_empty());
            let responses = operation["responses"].as_object().unwrap();
            for status in ["400", "401", "406", "410", "415", "500", "503"] {
                assert!(responses.contains_key(status), "{name} {status}");
            }
            assert!(
                responses.keys().any(|status| status.starts_with('2')),
                "{name}"
            );
            assert_eq!(
                path.contains('{'),
                operation["parameters"].to_string().contains("\"path\""),
                "{name}"
            );
        }
        let shape = if version.number == 1 {
            ours.as_str()
        } else {
            "application/problem+json"
        };
        let refusal = &document["components"]["responses"]["BadRequest"]["content"];
        assert!(refusal[shape]["schema"].is_object(), "{refusal}");
    }
}

#[test]
fn every_reference_of_a_document_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(to)) = members.get("$ref") {
                    found.push(to.clone());
                }
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let server = Server::start();
    for version in VERSIONS {
        let document = document(&server, version.number);
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 10);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(
                document.pointer(pointer).is_some(),
                "{reference} leads nowhere"
            );
        }
    }
}

#[test]
fn the_bounds_that_a_document_states_are_those_that_the_server_keeps() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    let mut tried = 0;
    for version in VERSIONS {
        let accept = format!("application/vnd.flash.v{}+json", version.number);
        let document = document(&server, version.number);
        for (path, item) in document["paths"].as_object().unwrap() {
            let path = path.replace("{name}", "people");
            let parameters = item["get"]["parameters"].as_array();
            for parameter in parameters
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "query")
            {
                let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
                let Some(maximum) = schema["maximum"].as_u64() else {
                    continue;
                };
                let minimum = schema["minimum"].as_u64().unwrap();
                for (value, status) in [
                    (minimum, 200),
                    (minimum - 1, 400),
                    (maximum, 200),
                    (maximum + 1, 400),
                ] {
                    let path = format!("{path}?{name}={value}");
                    let answer = server.get(&path).accept(&accept).send();
                    assert_eq!(answer.status, status, "{path}: {}", answer.text());
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 20, "only {tried} bounds were tried");
}

#[test]
fn the_state_of_a_version_is_that_of_this_moment() {
    let mut builder = crate::server::Builder::new();
    let moment: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    builder.stand_at(moment);
    let server = builder.start();
    let body = server.get("/versions").send().ok().json();
    for (version, listed) in server
        .services
        .catalogue
        .iter()
        .zip(body["versions"].as_array().unwrap())
    {
        assert_eq!(listed["state"], version.state(moment).as_str());
    }
}
