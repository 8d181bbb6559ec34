//! The catalogue of versions for tools that look for APIs (RFC 9727), a link set (RFC 9264).

use flash::versioning::date;
use serde_json::{Value, json};

use crate::client::{V1_RELEASE, V2_RELEASE};
use crate::sample;
use crate::server::{Builder, Server};

const CATALOG: &str = "/.well-known/api-catalog";
const TYPE: &str = "application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\"";
const LINK: &str = "</.well-known/api-catalog>; rel=\"api-catalog\"";

fn linkset(server: &Server) -> Vec<Value> {
    let mut body = server.get(CATALOG).send().ok().json();
    serde_json::from_value(body["linkset"].take()).unwrap()
}

/// The links of an anchor.
fn of(linkset: &[Value], anchor: &str) -> Value {
    let mut found = linkset.iter().filter(|context| context["anchor"] == anchor);
    let first = found.next().unwrap().clone();
    assert!(found.next().is_none(), "{anchor} is there twice");
    first
}

#[test]
fn it_is_a_link_set_for_get_and_head_whatever_accept_says_and_links_to_itself() {
    let server = Server::start();
    for accept in [
        "*/*",
        "application/linkset+json",
        "image/png",
        "application/vnd.flash.v9+json",
    ] {
        for method in ["GET", "HEAD"] {
            let answer = server.call(method, CATALOG).accept(accept).send().ok();
            assert_eq!(answer.header("Content-Type"), TYPE);
            assert_eq!(answer.header("Link"), LINK);
            assert_eq!(answer.body.is_empty(), method == "HEAD");
            assert!(!answer.headers.contains_key("API-Version"));
        }
    }
    let tag = server.get(CATALOG).send().ok().header("ETag").to_owned();
    let again = server.get(CATALOG).header("If-None-Match", &tag).send();
    assert_eq!((again.status, again.header("Link")), (304, LINK));
    let options = server.call("OPTIONS", CATALOG).send();
    assert_eq!(options.header("Allow"), "GET, HEAD, OPTIONS");
    server.post(CATALOG).send().refused(405, &["POST"]);
    server
        .get(&format!("{CATALOG}?lmit=1"))
        .send()
        .refused(400, &["lmit"]);
}

#[test]
fn the_root_of_version_2_links_to_it() {
    let server = Server::start();
    assert_eq!(server.get("/").v2().send().ok().header("Link"), LINK);
}

#[test]
fn it_has_every_version_with_its_documents_and_every_link_leads_somewhere() {
    let server = Server::start();
    server.store("people", sample::large_csv(100));
    let linkset = linkset(&server);
    let items = of(&linkset, CATALOG)["item"].clone();
    let expected = [("v2", V2_RELEASE), ("v1", V1_RELEASE)];
    for (item, (number, release)) in items.as_array().unwrap().iter().zip(expected) {
        assert_eq!(item["href"], format!("/?version={number}"));
        assert_eq!(item["title"], format!("Flash {number}"));
        assert_eq!(
            (&item["version"], &item["state"]),
            (&json!([release]), &json!(["stable"]))
        );
        assert_eq!(
            (&item["deprecation"], &item["sunset"]),
            (&Value::Null, &Value::Null)
        );
        let links = of(&linkset, &format!("/?version={number}"));
        let document = links["service-desc"][0]["href"].as_str().unwrap();
        let document = server.get(document).send().ok().json();
        assert_eq!(document["info"]["version"], release);
    }
    let (newer, older) = (of(&linkset, "/?version=v2"), of(&linkset, "/?version=v1"));
    assert_eq!(newer["predecessor-version"][0]["href"], "/?version=v1");
    assert_eq!(older["successor-version"][0]["href"], "/?version=v2");
    assert!(newer["successor-version"].is_null() && older["predecessor-version"].is_null());
    let mut tried = 0;
    for context in &linkset {
        let relations = context.as_object().unwrap().iter();
        for target in relations
            .filter_map(|(_, targets)| targets.as_array())
            .flatten()
        {
            let href = target["href"].as_str().unwrap();
            let answer = server.get(href).send().ok();
            let content_type = answer.header("Content-Type");
            let kind = target["type"].as_str().unwrap();
            let is_json = kind == "application/json" && content_type.ends_with("json");
            assert!(
                is_json || content_type.starts_with(kind),
                "{href}: {content_type}"
            );
            tried += 1;
        }
    }
    assert!(tried > 8, "only {tried} links were tried");
}

#[test]
fn it_tells_when_a_version_is_deprecated_and_retired() {
    let mut builder = Builder::new();
    builder.stand_at(date("2027-02-01").unwrap());
    let lifecycle = &mut builder.settings.lifecycle;
    let v1 = "v1".parse().unwrap();
    let at = |text| vec![flash::settings::Several(vec![(v1, date(text).unwrap())])];
    lifecycle.deprecate = at("2027-01-01");
    lifecycle.retire = at("2027-07-01");
    let server = builder.start();
    let linkset = linkset(&server);
    let item = of(&linkset, CATALOG)["item"][1].clone();
    assert_eq!(item["state"], json!(["deprecated"]));
    assert_eq!(item["deprecation"], json!(["2027-01-01T00:00:00Z"]));
    assert_eq!(item["sunset"], json!(["2027-07-01T00:00:00Z"]));
    let links = of(&linkset, "/?version=v1");
    assert_eq!(links["deprecation"][0]["href"], "/changelog?from=v1&to=v2");
    assert_eq!(links["sunset"][0]["href"], "/versions");
}

#[test]
fn it_is_described_by_the_document_of_version_2() {
    let server = Server::start();
    let document = server.get("/openapi.json?version=v2").send().ok().json();
    let operation = &document["paths"][CATALOG]["get"];
    assert_eq!(operation["operationId"], "get_api_catalog");
    let content = &operation["responses"]["200"]["content"];
    assert!(
        content["application/linkset+json"]["schema"].is_object(),
        "{content}"
    );
}
