//! The OpenAPI 3.1 document of a version, made from the registry and the operations' descriptions.
//!
//! It is written as JSON: utoipa's builders have no headers in `components`, no references to headers and no `required` of a header.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{PAGES, Page};
use crate::api::contract::ApiVersion;
use crate::api::description::{Answer, Content, Description, Header, Parameter, Schema};
use crate::api::registry::{Registry, RegistryError};
use crate::versioning::{Format, Version, VersionNumber, media_type};

/// The errors of every operation.
const EVERYWHERE: [StatusCode; 8] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::NOT_ACCEPTABLE,
    StatusCode::GONE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::SERVICE_UNAVAILABLE,
];
/// The errors of every page about the server.
const PAGE_REFUSALS: [StatusCode; 5] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::SERVICE_UNAVAILABLE,
];
/// The headers of every response: name and meaning.
const SERVER_HEADERS: [(&str, &str); 3] = [
    (
        "Vary",
        "`Accept, Content-Type, Authorization, Accept-Encoding`: the request headers that the response depends on.",
    ),
    ("X-Content-Type-Options", "`nosniff`."),
    (
        "X-Request-Id",
        "The id that the request sent, or a new one. The server's log has it too.",
    ),
];
/// Headers of every response of a server that has a rate limit.
const LIMIT_HEADERS: [(&str, &str); 2] = [
    (
        "RateLimit",
        "`\"default\";r=99;t=1`: how many requests the caller may still send at once, and in how many seconds it may send all that its limit \
         allows (at `r=0`: the next one). Only on servers with a rate limit.",
    ),
    (
        "RateLimit-Policy",
        "`\"default\";q=100;w=1`: the caller's limit, as requests and seconds. `\"client\"` is a limit of its own. Only on servers with a rate \
         limit.",
    ),
];
/// Further headers of every response of a version.
const VERSION_HEADERS: [(&str, &str); 2] = [
    (
        "API-Version",
        "The semantic version of the API that answered.",
    ),
    (
        "API-Version-Source",
        "What chose the version: `accept`, `query`, `content-type`, `pin` or `default`.",
    ),
];

/// A document that is being made.
pub(super) struct Document {
    version: VersionNumber,
    paths: BTreeMap<&'static str, Map<String, Value>>,
    schemas: BTreeMap<String, Value>,
    responses: BTreeMap<String, Value>,
    error: (Content, Schema),
    root: Value,
}

impl Document {
    /// The document of a version.
    pub(super) fn of(registry: &Registry, version: &Version) -> Result<Self, RegistryError> {
        let number = version.number;
        let own = registry
            .version(number)
            .ok_or(RegistryError::Number(number.get()))?;
        let mut document = Self {
            version: number,
            paths: BTreeMap::new(),
            schemas: BTreeMap::new(),
            responses: BTreeMap::new(),
            error: (own.describe_error)(),
            root: root(version, own),
        };
        let error = std::mem::take(&mut document.error.1.named);
        document.name(error)?;
        for (path, resource) in registry.resources() {
            for operation in resource.operations(number) {
                let object = document.operation(
                    operation.name,
                    "API",
                    (operation.describe)(),
                    &EVERYWHERE,
                    Some(operation.formats),
                )?;
                document.add(path, operation.method.as_str(), object);
            }
        }
        for Page {
            name,
            path,
            describe,
            ..
        } in PAGES.iter().filter(|page| page.since <= number.get())
        {
            let object = document.operation(name, "Discovery", describe(), &PAGE_REFUSALS, None)?;
            document.add(path, "GET", object);
        }
        Ok(document)
    }

    /// The document as JSON.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut root = self.root;
        let headers = SERVER_HEADERS
            .iter()
            .chain(&VERSION_HEADERS)
            .map(|(name, meaning)| {
                let mut header = header(meaning, true);
                if *name == "API-Version" {
                    header["schema"]["pattern"] =
                        format!("^{}\\.[0-9]+\\.[0-9]+$", self.version.get()).into();
                }
                ((*name).to_owned(), header)
            });
        let limits = LIMIT_HEADERS.iter();
        let limits = limits.map(|(name, meaning)| ((*name).to_owned(), header(meaning, false)));
        let headers = headers.chain(limits);
        root["components"] = json!({
            "schemas": self.schemas,
            "responses": self.responses,
            "headers": headers.collect::<Map<_, _>>(),
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "The key of a registered client." },
                "password": { "type": "http", "scheme": "basic", "description": "Any user, and the key as the password." },
            },
        });
        root["paths"] = json!(self.paths);
        root.to_string().into_bytes()
    }

    fn add(&mut self, path: &'static str, method: &str, operation: Value) {
        let item = self.paths.entry(path).or_default();
        // OpenAPI 3.1 has no place for this method, but for extensions.
        let name = match method == Method::QUERY {
            true => "x-query".to_owned(),
            false => method.to_ascii_lowercase(),
        };
        item.insert(name, operation);
    }

    /// An operation. `formats` are those of an operation of the version; a page of the server has none.
    fn operation(
        &mut self,
        name: &str,
        tag: &str,
        description: Description,
        everywhere: &[StatusCode],
        formats: Option<&[Format]>,
    ) -> Result<Value, RegistryError> {
        let mut responses = Map::new();
        for status in everywhere.iter().chain(&description.refusals) {
            responses.insert(status.as_str().to_owned(), self.refusal(*status));
        }
        for answer in description.answers {
            let (status, response) = self.response(answer, formats.is_some())?;
            responses.insert(status, response);
        }
        let in_url = formats.map(|formats| Parameter::in_url(self.version, formats));
        let parameters = description
            .parameters
            .into_iter()
            .chain(in_url.unwrap_or_default())
            .map(|parameter| parameter.object);
        let mut operation = json!({
            "operationId": name,
            "tags": [tag],
            "summary": description.summary,
            "description": description.details,
            "parameters": parameters.collect::<Vec<_>>(),
            "responses": responses,
        });
        if let Some(body) = description.body {
            operation["requestBody"] = json!({
                "required": true,
                "description": body.meaning,
                "content": self.content(body.content)?,
            });
        }
        Ok(operation)
    }

    fn response(
        &mut self,
        answer: Answer,
        versioned: bool,
    ) -> Result<(String, Value), RegistryError> {
        let mut headers = headers_of_all(versioned);
        for Header {
            name,
            meaning,
            always,
        } in answer.headers
        {
            headers.insert(name.to_owned(), header(meaning, always));
        }
        let mut response = json!({ "description": answer.meaning, "headers": headers });
        if !answer.content.is_empty() {
            response["content"] = self.content(answer.content)?;
        }
        if let Some(parameter) = answer.only_with {
            response["x-only-with"] = parameter.into();
        }
        Ok((answer.status.as_str().to_owned(), response))
    }

    /// A reference to the version's error response with that status.
    fn refusal(&mut self, status: StatusCode) -> Value {
        let name: String = reason(status).split(' ').collect();
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        if self.responses.contains_key(&name) {
            return reference;
        }
        let mut headers = headers_of_all(true);
        let more = match status {
            StatusCode::UNAUTHORIZED => Some(("WWW-Authenticate", "How to authenticate.")),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Some(("Retry-After", "Seconds to wait before trying again."))
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                Some(("Content-Range", "The length of the source in bytes."))
            }
            _ => None,
        };
        if let Some((name, meaning)) = more {
            headers.insert(name.to_owned(), header(meaning, true));
        }
        let (content, schema) = &self.error;
        let body = json!({ "schema": schema.value });
        let content: Map<_, _> = names(*content, self.version)
            .into_iter()
            .map(|name| (name, body.clone()))
            .collect();
        let response =
            json!({ "description": reason(status), "headers": headers, "content": content });
        self.responses.insert(name, response);
        reference
    }

    fn content(&mut self, all: Vec<(Content, Schema)>) -> Result<Value, RegistryError> {
        let mut written = Map::new();
        for (content, schema) in all {
            self.name(schema.named)?;
            for name in names(content, self.version) {
                let mut form = json!({ "schema": schema.value });
                if let Some(example) = &schema.example {
                    form["example"] = example.clone();
                }
                written.insert(name, form);
            }
        }
        Ok(written.into())
    }

    /// Adds named schemas.
    fn name(&mut self, named: Vec<(String, Value)>) -> Result<(), RegistryError> {
        for (name, schema) in named {
            let version = self.version;
            match self.schemas.get(&name) {
                Some(other) if *other != schema => {
                    return Err(RegistryError::Shape { version, name });
                }
                _ => self.schemas.insert(name, schema),
            };
        }
        Ok(())
    }
}

/// The `info` object.
fn root(version: &Version, own: &ApiVersion) -> Value {
    let number = version.number;
    let formats = [Format::Json, Format::Csv, Format::Ndjson];
    let media_types = formats.map(|format| media_type(number, format).to_string());
    let description = format!(
        "Turns a CSV into an API. This is {number}: request it with `?version={number}` in the URL, or with `Accept: {}`. Every resource with `GET` has `HEAD`, \
         and every resource has `OPTIONS`. `/versions` lists the versions, and `/changelog` their differences.",
        media_types[0],
    );
    let mut info = json!({
        "title": "Flash",
        "version": version.semantic.to_string(),
        "description": description,
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        "x-media-types": media_types,
    });
    if own.lifecycle.preview {
        info["x-state"] = "preview".into();
    }
    json!({
        "openapi": "3.1.0",
        "info": info,
        "servers": [{ "url": "/" }],
        "security": [{}, { "key": [] }, { "password": [] }],
        "tags": [
            { "name": "API", "description": "The operations of this version." },
            { "name": "Discovery", "description": "Pages about the server, the same in every version." },
        ],
    })
}

/// The media types of a body in that version.
fn names(content: Content, version: VersionNumber) -> Vec<String> {
    match content {
        Content::Fixed(name) => vec![name.to_owned()],
        Content::Negotiated(format) => {
            let mut plain = media_type(version, format);
            plain.naming = crate::versioning::Naming::Plain;
            vec![media_type(version, format).to_string(), plain.to_string()]
        }
    }
}

fn headers_of_all(versioned: bool) -> Map<String, Value> {
    let more = if versioned { &VERSION_HEADERS[..] } else { &[] };
    let all = SERVER_HEADERS.iter().chain(&LIMIT_HEADERS).chain(more);
    let reference = |name| json!({ "$ref": format!("#/components/headers/{name}") });
    all.map(|(name, _)| ((*name).to_owned(), reference(name)))
        .collect()
}

fn header(meaning: &str, always: bool) -> Value {
    json!({ "description": meaning, "required": always, "schema": { "type": "string" } })
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Refused")
}
