//! The state that all requests share, and what is known of one request.

use std::sync::Arc;

use http::header::HeaderMap;
use http::{HeaderValue, Method};
use warp::filters::path::FullPath;

use crate::api::access::{self, Caller};
use crate::api::coding;
use crate::api::discovery::Discovery;
use crate::api::error::Error;
use crate::api::history::History;
use crate::api::labels::Labels;
use crate::api::rate_limit::Beyond;
use crate::api::registry::{Registry, RegistryError};
use crate::api::request::{OfPage, REQUEST_ID};
use crate::services::{NamedColumns, Services};
use crate::store::{Client, Outcome};
use crate::versioning::{Catalogue, Choice, Format, InUrl, Naming, Source, VersionNumber};

/// The state that all requests share.
pub(in crate::api) struct Api {
    pub(super) services: Arc<Services>,
    pub(super) registry: Arc<Registry>,
    pub(super) history: Arc<History>,
    pub(super) discovery: Discovery,
    labels: Vec<Labels>,
}

impl Api {
    pub(in crate::api) fn new(
        services: Arc<Services>,
        registry: Registry,
    ) -> Result<Self, RegistryError> {
        let labels = services.catalogue.iter().filter_map(|version| {
            let found = registry.version(version.number)?;
            Some(Labels::of(version, found, &services.catalogue))
        });
        let labels = labels.collect();
        let history = Arc::new(registry.history()?);
        let discovery = Discovery::new(Arc::clone(&services), &registry, Arc::clone(&history))?;
        Ok(Self {
            services,
            registry: Arc::new(registry),
            history,
            discovery,
            labels,
        })
    }

    /// The labels of a version. A version that this server doesn't know has none.
    pub(super) fn labels(&self, version: VersionNumber) -> Option<&Labels> {
        self.labels.iter().find(|labels| labels.number == version)
    }
}

/// What is known of a request so far.
pub(super) struct Context {
    pub(super) api: Arc<Api>,
    pub(super) method: Method,
    /// The path, as it was sent.
    pub(super) path: FullPath,
    /// The query; empty if there is none. What the URL names is taken out of it when that is known.
    pub(super) query: String,
    /// What the URL names.
    pub(super) in_url: InUrl,
    pub(super) headers: HeaderMap,
    /// The content coding that the client wants.
    pub(super) coding: coding::Asked,
    pub(super) caller: Caller,
    /// Whether a page made the request.
    pub(super) of_page: Option<OfPage>,
    /// Whether the request is beyond its caller's rate limit.
    pub(super) beyond: Option<Beyond>,
    /// Version and format. Until negotiation, those of the caller's default.
    pub(super) choice: Choice,
    /// The path of the resource, with parameters in braces.
    pub(super) route: Option<&'static str>,
    /// The name of the operation.
    pub(super) operation: Option<&'static str>,
}

impl Context {
    pub(super) fn new(
        api: Arc<Api>,
        (method, path, query): (Method, FullPath, String),
        mut headers: HeaderMap,
        client: Option<Arc<Client>>,
        of_page: Option<OfPage>,
    ) -> Self {
        let caller = Caller::new(&api.services, client);
        Self {
            coding: coding::Asked::of(&method, &mut headers),
            choice: Choice {
                version: caller.default.version,
                source: caller.default.source,
                format: Format::Json,
                naming: Naming::Vendor,
            },
            api,
            method,
            path,
            query,
            in_url: InUrl::default(),
            headers,
            caller,
            of_page,
            beyond: None,
            route: None,
            operation: None,
        }
    }

    /// The catalogue for the caller.
    pub(super) fn catalogue(&self) -> &Catalogue {
        self.caller.catalogue(&self.api.services)
    }

    /// The method of the operation: `GET` for `HEAD`.
    pub(super) fn answered_as(&self) -> Method {
        match self.method {
            Method::HEAD => Method::GET,
            ref method => method.clone(),
        }
    }

    /// Refuses a caller that may not use the method.
    pub(super) fn admit(&self, method: &Method) -> Result<(), Error> {
        access::admit(&self.api.services, method, self.caller.client.as_deref())
    }

    /// Whether the operator has turned writes off, as far as this server knows.
    pub(super) fn writes_are_off(&self) -> bool {
        self.api.services.store.writes_are_off()
    }

    /// Counts the request, unless a page made it.
    pub(super) fn count(&self, outcome: Outcome) {
        if self.of_page.is_some() {
            return;
        }
        if self.choice.source == Source::Default && matches!(outcome, Outcome::Called(_)) {
            self.api.services.usage.default_served();
        }
        access::count(
            &self.api.services,
            self.caller.client.as_deref(),
            &self.headers,
            self.choice.version.get(),
            outcome,
            self.caller.at,
        );
    }

    /// Counts the request as a read of a dataset, unless a page made it.
    pub(super) fn count_read(&self, dataset: i64, columns: Option<&NamedColumns>) {
        if self.of_page.is_some() {
            return;
        }
        access::count_read(
            &self.api.services,
            self.caller.client.as_deref(),
            &self.headers,
            (dataset, columns),
            self.caller.at,
        );
    }

    /// The request id, which is also in the log.
    pub(super) fn request_id(&self) -> &str {
        let id = self.headers.get(REQUEST_ID).map(HeaderValue::to_str);
        id.and_then(Result::ok).unwrap_or("-")
    }
}

/// The path without a slash at its end.
pub(super) fn trimmed(path: &str) -> &str {
    if path.len() > 1 {
        path.strip_suffix('/').unwrap_or(path)
    } else {
        path
    }
}
