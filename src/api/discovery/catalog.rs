//! `GET /.well-known/api-catalog` (RFC 9727): the versions of the API as a link set (RFC 9264), for tools that look for APIs.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Written;
use crate::api::description::{Answer, Content, Description, Parameter, Schema};
use crate::versioning::{Catalogue, Version, VersionNumber};

/// Where it is.
pub(super) const PATH: &str = "/.well-known/api-catalog";
/// The link to it, which it has itself and the root has, too.
pub(in crate::api) const LINK: &str = "</.well-known/api-catalog>; rel=\"api-catalog\"";
const TYPE: &str = "application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\"";
const JSON: &str = "application/json";
const HTML: &str = "text/html";

/// The page, as it is for who asks.
pub(super) fn write(catalogue: &Catalogue, now: Timestamp) -> Written {
    Written {
        content_type: TYPE,
        link: Some(LINK),
        ..Written::json(&list(catalogue, now))
    }
}

fn list(catalogue: &Catalogue, now: Timestamp) -> Value {
    let items: Vec<_> = catalogue.iter().map(|version| item(version, now)).collect();
    let mut contexts = vec![json!({ "anchor": PATH, "item": items })];
    let mut older = catalogue.iter().skip(1);
    for version in catalogue {
        let older = older.next().map(|older| older.number);
        contexts.push(context(catalogue, version, older, now));
    }
    json!({ "linkset": contexts })
}

/// Where a version begins.
fn root(number: VersionNumber) -> String {
    format!("/?version={number}")
}

/// A link to a version, with its dates. Attributes that RFC 9264 doesn't have are lists.
fn item(version: &Version, now: Timestamp) -> Value {
    let mut item = json!({
        "href": root(version.number),
        "type": JSON,
        "title": format!("Flash {}", version.number),
        "version": [version.semantic.to_string()],
        "state": [version.state(now).as_str()],
    });
    let lifecycle = &version.lifecycle;
    for (name, date) in [
        ("deprecation", lifecycle.deprecated),
        ("sunset", lifecycle.retired),
    ] {
        if let Some(date) = date {
            item[name] = json!([date.to_string()]);
        }
    }
    item
}

/// The links of a version: its documents, its neighbours, and what to read about its end.
fn context(
    catalogue: &Catalogue,
    version: &Version,
    older: Option<VersionNumber>,
    now: Timestamp,
) -> Value {
    let number = version.number;
    let successor = catalogue.successor(number, now);
    let changes = match successor {
        Some(successor) => format!("/changelog?from={number}&to={successor}"),
        None => "/versions".to_owned(),
    };
    let lifecycle = &version.lifecycle;
    let links = [
        (
            "service-desc",
            Some(link(&format!("/openapi.json?version={number}"), JSON)),
        ),
        (
            "service-doc",
            Some(link(&format!("/explore/-/reference/{number}"), HTML)),
        ),
        ("service-meta", Some(link("/versions", JSON))),
        (
            "successor-version",
            successor.map(|newer| link(&root(newer), JSON)),
        ),
        (
            "predecessor-version",
            older.map(|older| link(&root(older), JSON)),
        ),
        (
            "deprecation",
            lifecycle.deprecated.map(|_| link(&changes, JSON)),
        ),
        ("sunset", lifecycle.retired.map(|_| link("/versions", JSON))),
    ];
    let mut context = Map::new();
    context.insert("anchor".to_owned(), root(number).into());
    for (relation, link) in links {
        if let Some(link) = link {
            context.insert(relation.to_owned(), json!([link]));
        }
    }
    context.into()
}

fn link(href: &str, media_type: &str) -> Value {
    json!({ "href": href, "type": media_type })
}

pub(super) fn describe() -> Description {
    let context = json!({
        "type": "object",
        "description": "Links of one anchor. Other members than `anchor` are relations, each with its targets.",
        "required": ["anchor"],
        "properties": { "anchor": { "type": "string" } },
        "additionalProperties": {
            "type": "array",
            "items": {
                "type": "object",
                "description": "A target. Attributes other than `href`, `type` and `title` are lists.",
                "required": ["href"],
                "properties": {
                    "href": { "type": "string" },
                    "type": { "type": "string" },
                    "title": { "type": "string" },
                },
                "additionalProperties": { "type": "array", "items": { "type": "string" } },
            },
        },
    });
    let schema = json!({
        "type": "object",
        "required": ["linkset"],
        "properties": { "linkset": { "type": "array", "items": context } },
    });
    Description {
        summary: "List the versions for tools that look for APIs",
        details: "A link set (RFC 9264) as RFC 9727 has it: the versions with their states and dates, and of each its OpenAPI document, its reference for people, its \
                  successor and its predecessor.",
        parameters: Parameter::conditions().into(),
        answers: vec![
            Answer::new(StatusCode::OK, "The page.")
                .tagged()
                .header("Link", "The page itself, with `rel=\"api-catalog\"`.")
                .content(
                    Content::Fixed("application/linkset+json"),
                    Schema::written(schema).called("Linkset").example(example()),
                ),
            Answer::not_modified(),
        ],
        refusals: vec![StatusCode::PRECONDITION_FAILED],
        ..Description::default()
    }
}

fn example() -> Value {
    json!({
        "linkset": [
            {
                "anchor": "/.well-known/api-catalog",
                "item": [
                    { "href": "/?version=v2", "type": "application/json", "title": "Flash v2", "version": ["2.4.0"], "state": ["stable"] },
                    {
                        "href": "/?version=v1",
                        "type": "application/json",
                        "title": "Flash v1",
                        "version": ["1.2.0"],
                        "state": ["deprecated"],
                        "deprecation": ["2027-01-01T00:00:00Z"],
                        "sunset": ["2027-07-01T00:00:00Z"],
                    },
                ],
            },
            {
                "anchor": "/?version=v1",
                "service-desc": [{ "href": "/openapi.json?version=v1", "type": "application/json" }],
                "service-doc": [{ "href": "/explore/-/reference/v1", "type": "text/html" }],
                "service-meta": [{ "href": "/versions", "type": "application/json" }],
                "successor-version": [{ "href": "/?version=v2", "type": "application/json" }],
                "deprecation": [{ "href": "/changelog?from=v1&to=v2", "type": "application/json" }],
                "sunset": [{ "href": "/versions", "type": "application/json" }],
            },
        ],
    })
}
