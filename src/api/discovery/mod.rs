//! Pages about the server: its versions, the changes between them, and their OpenAPI documents.
//!
//! The pages belong to no version, so any `Accept` gets them, with media types that name no version. Errors have the form of the version
//! that `Accept` names, or else of the caller's default.

mod catalog;
mod changelog;
mod openapi;
mod versions;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, LINK};
use http::{Method, StatusCode};
use xxhash_rust::xxh3::xxh3_128;

use super::access::Caller;
use super::conditional;
use super::contract::FIRST;
use super::description::{Answer, Content, Description, Parameter, Schema};
use super::error::Error;
use super::history::History;
use super::in_url;
use super::query::{Query, VERSION};
use super::registry::{Registry, RegistryError};
use super::reply::Reply;
use crate::services::Services;
use crate::versioning::{self, Catalogue, Choice, Format, InUrl, Naming, Refusal, VersionNumber};
use openapi::Document;

pub(super) use catalog::LINK as CATALOG_LINK;

const ALLOWED: &str = "GET, HEAD, OPTIONS";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// A page: its path, description and handler.
#[derive(Debug)]
pub struct Page {
    name: &'static str,
    path: &'static str,
    /// The first version whose document describes it.
    since: u32,
    write: Writer,
    describe: fn() -> Description,
}

/// Writes a page.
type Writer = fn(&Discovery, Query, &Asked<'_>) -> Result<Written, Error>;

/// The parts of a request that pages need.
pub(super) struct Asked<'a> {
    /// The catalogue for the caller.
    pub(super) catalogue: &'a Catalogue,
    /// The version that the request names, or the caller's default.
    pub(super) version: VersionNumber,
}

/// The content of a page, with its media type.
struct Written {
    content_type: &'static str,
    /// The value of `Link`.
    link: Option<&'static str>,
    body: Bytes,
    /// The version that it is about, if it is about one.
    about: Option<VersionNumber>,
}

const PAGES: &[Page] = &[
    Page {
        name: "get_versions",
        path: "/versions",
        since: FIRST,
        write: |discovery, query, asked| {
            query.finish()?;
            let now = discovery.services.clock.now();
            Ok(Written::json(&versions::list(asked.catalogue, now)))
        },
        describe: || {
            page_of(
                "List the versions of the API",
                "The newest first, each with its state, its dates, and links to its document and to the changes of the next version. A client with a key sees its \
                 own dates.",
                Schema::of::<versions::Versions>().example(versions::example()),
            )
        },
    },
    Page {
        name: "get_changelog",
        path: "/changelog",
        since: FIRST,
        write: |discovery, query, _| {
            changelog::write(&discovery.services.catalogue, &discovery.history, query)
        },
        describe: changelog::describe,
    },
    Page {
        name: "get_openapi",
        path: "/openapi.json",
        since: FIRST,
        write: Discovery::document,
        describe: || {
            let meaning = "The version to describe. The default is the version that `Accept` names, else the caller's default version.";
            let schema = serde_json::json!({ "type": "string", "examples": ["v2"] });
            let mut page = page_of(
                "Get this document",
                "An OpenAPI 3.1 document. Each version has one; the document of a retired version stays available.",
                Schema::written(serde_json::json!({ "type": "object" }))
                    .called("OpenApiDocument")
                    .example(serde_json::json!({ "openapi": "3.1.0", "info": { "title": "Flash", "version": "2.4.0" }, "paths": {} })),
            );
            page.parameters
                .push(Parameter::query("version", meaning, &schema));
            page
        },
    },
    Page {
        name: "get_api_catalog",
        path: catalog::PATH,
        since: 2,
        write: |discovery, query, asked| {
            query.finish()?;
            let now = discovery.services.clock.now();
            Ok(catalog::write(asked.catalogue, now))
        },
        describe: catalog::describe,
    },
];

impl Page {
    /// Its path.
    pub(super) fn path(&self) -> &'static str {
        self.path
    }
}

/// The page at that path, which doesn't end with a slash.
pub(super) fn page(path: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.path == path)
}

/// The pages of this server.
pub(super) struct Discovery {
    services: Arc<Services>,
    history: Arc<History>,
    /// The OpenAPI documents. They are made at the start, because registry and catalogue don't change.
    documents: Vec<(VersionNumber, Bytes)>,
}

impl Discovery {
    pub(super) fn new(
        services: Arc<Services>,
        registry: &Registry,
        history: Arc<History>,
    ) -> Result<Self, RegistryError> {
        let mut documents = Vec::new();
        for version in services.catalogue.iter() {
            let document = Document::of(registry, version)?;
            documents.push((version.number, document.into_bytes().into()));
        }
        Ok(Self {
            services,
            history,
            documents,
        })
    }

    /// The version that `Accept` names, or else the caller's default. Errors have its form.
    pub(super) fn shape_of_errors(&self, headers: &HeaderMap, caller: &Caller) -> Choice {
        const FORMATS: &[Format] = &[Format::Json, Format::Csv, Format::Ndjson];
        let accept = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
        let (default, now) = (caller.default, caller.at);
        let catalogue = caller.catalogue(&self.services);
        let named = versioning::negotiate(
            catalogue,
            now,
            |_| FORMATS,
            InUrl::default(),
            accept,
            None,
            default,
        );
        let (version, source) = match named {
            Ok(choice) => (choice.version, choice.source),
            // The document of a retired version is still available.
            Err(
                Refusal::Retired(unserved)
                | Refusal::Brownout {
                    version: unserved, ..
                },
            ) => (unserved.choice.version, unserved.choice.source),
            Err(_) => (default.version, default.source),
        };
        Choice {
            version,
            source,
            format: Format::Json,
            naming: Naming::Plain,
        }
    }

    /// Answers a request for one of the pages.
    pub(super) fn answer(
        &self,
        page: &Page,
        method: &Method,
        headers: &HeaderMap,
        query: &str,
        asked: &Asked<'_>,
    ) -> Result<Reply, Error> {
        let reply = match *method {
            Method::GET | Method::HEAD => {
                let Written {
                    content_type,
                    link,
                    body,
                    about,
                } = (page.write)(self, Query::parse(query)?, asked)?;
                let tag = format!("\"{:032x}\"", xxh3_128(&body));
                let reply = match conditional::read(headers, &tag)? {
                    Some(reply) => reply,
                    None => Reply::full(StatusCode::OK, body)
                        .with(CONTENT_TYPE, content_type)
                        .with(ETAG, tag),
                };
                let reply = match link {
                    Some(link) => reply.with(LINK, link),
                    None => reply,
                };
                Reply { about, ..reply }
            }
            Method::OPTIONS => Reply::empty(StatusCode::NO_CONTENT).with(ALLOW, ALLOWED),
            _ => {
                return Err(Error::MethodNotAllowed {
                    method: method.clone(),
                    version: asked.version,
                    allow: ALLOWED.to_owned(),
                    has: Vec::new(),
                });
            }
        };
        Ok(Reply {
            of_server: true,
            ..reply
        })
    }

    /// `GET /openapi.json?version=`.
    fn document(&self, mut query: Query, asked: &Asked<'_>) -> Result<Written, Error> {
        let wanted = query.take(VERSION)?;
        query.finish()?;
        let wanted = match wanted {
            Some(name) => in_url::version_of(name.into(), &self.services.catalogue)?,
            None => asked.version,
        };
        let found = self.documents.iter().find(|(number, _)| *number == wanted);
        let (_, body) = found.ok_or(Error::Worker)?;
        Ok(Written {
            content_type: JSON,
            link: None,
            body: body.clone(),
            about: Some(wanted),
        })
    }
}

impl Written {
    fn json(body: &impl serde::Serialize) -> Self {
        Self {
            content_type: JSON,
            link: None,
            // Serializing texts and lists can't fail.
            body: serde_json::to_vec(body).unwrap_or_default().into(),
            about: None,
        }
    }
}

/// A page of JSON without parameters.
fn page_of(summary: &'static str, details: &'static str, schema: Schema) -> Description {
    Description {
        summary,
        details,
        parameters: Parameter::conditions().into(),
        answers: vec![
            Answer::new(StatusCode::OK, "The page.")
                .tagged()
                .content(Content::Fixed(JSON), schema),
            Answer::not_modified(),
        ],
        refusals: vec![StatusCode::PRECONDITION_FAILED],
        ..Description::default()
    }
}
