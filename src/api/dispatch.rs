//! One request from its arrival to its response: who calls, in which version, which operation, what came of it.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::IF_MATCH;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{HeaderName, Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::access::{self, Asker};
use super::answers::Memo;
use super::call::Call;
use super::coding;
use super::conditional;
use super::discovery::{self, Asked, Discovery};
use super::error::Error;
use super::idempotency::{self, Begun};
use super::intake;
use super::labels::{Labels, label};
use super::registry::{Operation, Registry, RegistryError, Resource};
use super::reply::Reply;
use super::request::{REQUEST_ID, Request, only, single};
use crate::logging;
use crate::services::Services;
use crate::services::metrics::Route;
use crate::store::Client;
use crate::versioning::{self, Catalogue, Choice, Format, Naming, Refusal, VersionNumber};

/// Answers requests by the registry.
pub(super) struct Dispatcher {
    services: Arc<Services>,
    registry: Arc<Registry>,
    discovery: Discovery,
    labels: Vec<Labels>,
}

/// Where a request came to, as far as it came.
#[derive(Default)]
struct Place {
    /// The path with parameters in braces.
    path: Option<&'static str>,
    /// The name of the operation.
    operation: Option<&'static str>,
}

impl Dispatcher {
    pub(super) fn new(services: Arc<Services>, registry: Registry) -> Result<Self, RegistryError> {
        let labels = services.catalogue.iter().filter_map(|version| {
            let found = registry.version(version.number)?;
            Some(Labels::of(version, found, &services.catalogue))
        });
        let labels = labels.collect();
        let discovery = Discovery::new(Arc::clone(&services), &registry)?;
        Ok(Self {
            services,
            registry: Arc::new(registry),
            discovery,
            labels,
        })
    }

    /// Answers a request; whatever is wrong with it is part of the answer.
    pub(super) async fn answer(self: Arc<Self>, request: Request) -> warp::reply::Response {
        let head = request.method == Method::HEAD;
        let reads = request.method.is_safe();
        let request_id = request.headers.get(REQUEST_ID).cloned();
        // Only a notice needs the path once the request is answered.
        let noticed = self.labels.iter().any(|labels| labels.notice.is_some());
        let path = noticed.then(|| request.path.as_str().to_owned());
        let (client, refusal) = match access::identify(&self.services, &request.headers).await {
            Ok(client) => (client, None),
            Err(error) => (None, Some(error)),
        };
        let asker = Asker::new(&self.services, client);
        let mut choice = Choice {
            version: asker.default.version,
            source: asker.default.source,
            format: Format::Json,
            naming: Naming::Vendor,
        };
        let mut place = Place::default();
        let answer = match refusal {
            None => self.serve(request, &asker, &mut choice, &mut place).await,
            Some(error) => Err(error),
        };
        // A write is done by now, so its answer goes out in any case.
        let answer = match reads {
            true => answer.and_then(|reply| Ok(reply.held(&self.services.memory)?)),
            false => answer,
        };
        let reply =
            answer.unwrap_or_else(|error| self.refuse(&error, &choice, request_id.as_ref()));
        let mut reply = label(reply, self.labels(choice.version), &choice);
        let told_of = match reply.of_server {
            true => reply.about,
            false => Some(choice.version),
        };
        if let (Some(path), Some(version)) = (path, told_of) {
            self.notify(&mut reply.headers, &asker, version, &path);
        }
        let version = (!reply.of_server).then_some(choice.version.get());
        let mut reply = if head { reply.without_body() } else { reply };
        let alone_of = reply.alone_of.take();
        let mut response = reply.into_response();
        let path = place.path;
        response.extensions_mut().insert(Route { path, version });
        // Who was granted a version for longer has answers of its own.
        if let (Some(dataset), Some(operation), Cow::Borrowed(_)) =
            (alone_of, place.operation, &asker.catalogue)
        {
            response.extensions_mut().insert(Memo {
                dataset,
                operation,
                default: asker.default,
                at: asker.at,
            });
        }
        response
    }

    async fn serve(
        &self,
        mut request: Request,
        asker: &Asker<'_>,
        choice: &mut Choice,
        place: &mut Place,
    ) -> Result<Reply, Error> {
        let client = asker.client.clone();
        if let Some(page) = discovery::page(trimmed(request.path.as_str())) {
            place.path = Some(page.path());
            *choice = self.discovery.shape_of_errors(&request.headers, asker);
            coding::check(&request.headers)?;
            access::admit(&self.services, &Method::GET, client.as_deref())?;
            let asked = Asked {
                catalogue: &asker.catalogue,
                version: choice.version,
            };
            return self.discovery.answer(page, &request, &asked);
        }
        let path = request.path.as_str();
        let nothing = Resource::default();
        let (resource, name) = match self.registry.route(trimmed(path)) {
            Some(found) => {
                let name = found
                    .params
                    .get("name")
                    .map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
                (&**found.value, name)
            }
            None => (&nothing, None),
        };
        place.path = resource.path();
        single(&request.headers, &CONTENT_TYPE, "Content-Type")?;
        let method = if request.method == Method::HEAD {
            Method::GET
        } else {
            request.method.clone()
        };
        *choice = match self.negotiate(&request.headers, resource, &method, path, asker) {
            // Where there is nothing at all, no format of it could help.
            Err(Error::Negotiation {
                refusal: Refusal::NotAcceptable { .. },
                available,
                ..
            }) if available.is_empty() => *choice,
            // A version that is not served says so itself.
            Err(error) => {
                if let Some(unserved) = error.unserved() {
                    *choice = unserved.choice;
                }
                return Err(error);
            }
            Ok(negotiated) => negotiated,
        };
        coding::check(&request.headers)?;
        let version = choice.version;
        let operations = resource.operations(version);
        if operations.is_empty() {
            let has = resource.versions_with(None);
            return Err(Error::NoSuchPath {
                path: path.to_owned(),
                version,
                has,
            });
        }
        if method == Method::OPTIONS {
            return Ok(Reply::empty(StatusCode::NO_CONTENT).with(ALLOW, allow(resource, version)));
        }
        let Some(operation) = resource.operation(version, &method) else {
            let has = resource.versions_with(Some(&method));
            let allow = allow(resource, version);
            return Err(Error::MethodNotAllowed {
                method: request.method,
                version,
                allow,
                has,
            });
        };
        place.operation = Some(operation.name);
        access::admit(&self.services, &method, client.as_deref())?;
        access::count(
            &self.services,
            client.as_deref(),
            &request.headers,
            version.get(),
            operation.name,
            asker.at,
        );
        let reads = resource.request_headers(operation);
        // Where the operation itself looks at conditions, what it is about has a tag.
        let unmet = match reads.contains(&IF_MATCH) {
            true => None,
            false => conditional::unmet_without_tag(&method, &request.headers),
        };
        if !method.is_safe() {
            conditional::refuse_date(&request.headers)?;
            if let Some(unmet) = unmet {
                return Err(unmet.refusal());
            }
            if let Some(key) = idempotency::key(&request.headers)? {
                // Boxed, so that reads do not carry along what this takes.
                let once = self.once((operation, reads), client, *choice, name, request, key);
                return Box::pin(once).await;
            }
        }
        request.headers = only(&request.headers, reads);
        let services = Arc::clone(&self.services);
        let registry = Arc::clone(&self.registry);
        let reply = (operation.handler)(Call::new(
            services, registry, client, *choice, name, request, None,
        ))
        .await?;
        match unmet {
            // Conditions count only where the answer would be a success without them (RFC 9110 §13.2.1).
            Some(unmet) if reply.status.is_success() => unmet.of_read(),
            _ => Ok(reply),
        }
    }

    /// Answers a write that may have been sent before.
    async fn once(
        &self,
        (operation, reads): (&Operation, &[HeaderName]),
        client: Option<Arc<Client>>,
        choice: Choice,
        name: Option<String>,
        mut request: Request,
        key: String,
    ) -> Result<Reply, Error> {
        let longest = self.services.settings.limits.max_body;
        let what = format!("{} {:?} {:?}", choice.version, choice.format, choice.naming);
        let request_id = request.headers.get(REQUEST_ID).cloned();
        request.headers = only(&request.headers, reads);
        let store = &self.services.store;
        // Two clients may choose the same key; those without a key of their own share theirs.
        let scope = client.as_ref().map(|client| client.id.to_string());
        let scope = scope.unwrap_or_default();
        let once = match idempotency::begin(store, scope, key, &what, &mut request, longest).await?
        {
            Begun::First(once) => once,
            Begun::Answered(reply) => return Ok(reply),
        };
        let services = Arc::clone(&self.services);
        let call = Call::new(
            services,
            Arc::clone(&self.registry),
            client,
            choice,
            name,
            request,
            Some(Arc::clone(&once)),
        );
        let reply = match (operation.handler)(call).await {
            Ok(reply) => reply,
            Err(error) => self.refuse(&error, &choice, request_id.as_ref()),
        };
        if let Some(receipt) = once.worth_keeping(&reply) {
            once.keep(receipt).await?;
        }
        Ok(reply)
    }

    fn negotiate(
        &self,
        headers: &HeaderMap,
        resource: &Resource,
        method: &Method,
        path: &str,
        asker: &Asker<'_>,
    ) -> Result<Choice, Error> {
        let (catalogue, now) = (&*asker.catalogue, asker.at);
        let offers = |version| resource.formats(version, method);
        let accept = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
        let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        versioning::negotiate(catalogue, now, offers, accept, content_type, asker.default).map_err(
            |refusal| Error::Negotiation {
                refusal,
                available: versioning::available(catalogue, now, offers),
                path: path.to_owned(),
            },
        )
    }

    fn labels(&self, version: VersionNumber) -> Option<&Labels> {
        self.labels.iter().find(|labels| labels.number == version)
    }

    /// The answer to an error, in the version's own shape. What is our fault is logged with its causes, once.
    fn refuse(&self, error: &Error, choice: &Choice, request_id: Option<&HeaderValue>) -> Reply {
        if error.status().is_server_error() && error.unserved().is_none() {
            let id = request_id.and_then(|id| id.to_str().ok()).unwrap_or("-");
            log::error!("request {id} failed: {}", logging::with_causes(error));
        }
        // A version that this server does not know has no shape of its own.
        let known = self.labels(choice.version);
        let Some(labels) = known.or_else(|| self.labels(self.services.catalogue.first())) else {
            return Reply::empty(error.status());
        };
        let mut reply = (labels.version.render_error)(error);
        if !reply.headers.contains_key(CONTENT_TYPE) {
            // Errors are told in JSON, whatever was asked for.
            let naming = match choice.format {
                Format::Json => choice.naming,
                _ => Naming::Vendor,
            };
            let json = labels.content_type(Format::Json, naming);
            reply.headers.insert(CONTENT_TYPE, json);
        }
        match error {
            Error::MethodNotAllowed { allow, .. } => reply.with(ALLOW, allow.as_str()),
            Error::Unauthenticated(_) => reply.with(WWW_AUTHENTICATE, "Bearer realm=\"flash\""),
            Error::UnsupportedEncoding(_) => reply.with(ACCEPT_ENCODING, intake::CODINGS),
            Error::RangeNotSatisfiable { length } => {
                reply.with(http::header::CONTENT_RANGE, format!("bytes */{length}"))
            }
            error => match error.retry_after() {
                Some(seconds) => reply.with(RETRY_AFTER, seconds),
                None => reply,
            },
        }
    }

    /// Says what is announced of the version that was served.
    fn notify(
        &self,
        headers: &mut HeaderMap,
        asker: &Asker<'_>,
        version: VersionNumber,
        path: &str,
    ) {
        /// Bytes of the longest path that is repeated; none of ours is nearly as long.
        const LONGEST: usize = 1024;
        let Some(notice) = self
            .labels(version)
            .and_then(|labels| labels.notice.as_ref())
        else {
            return;
        };
        let catalogue = &*asker.catalogue;
        let successor = catalogue.successor(version, asker.at);
        let retires =
            |catalogue: &Catalogue| catalogue.get(version).and_then(|one| one.lifecycle.retired);
        let extended =
            retires(catalogue).filter(|at| retires(&self.services.catalogue) != Some(*at));
        // The successor may not have this path, and then its root says what it has.
        let has = |number| {
            let found = self.registry.route(trimmed(path));
            found.is_some_and(|found| !found.value.operations(number).is_empty())
        };
        let path = match successor {
            Some(successor) if path.len() <= LONGEST && has(successor) => path,
            _ => "/",
        };
        notice.add_to(headers, extended, successor, path);
    }
}

/// The path without the slash at its end.
fn trimmed(path: &str) -> &str {
    if path.len() > 1 {
        path.strip_suffix('/').unwrap_or(path)
    } else {
        path
    }
}

/// The methods that the version has here (RFC 9110 §10.2.1).
fn allow(resource: &Resource, version: VersionNumber) -> String {
    let mut methods = Vec::new();
    for operation in resource.operations(version) {
        methods.push(operation.method.as_str());
        if operation.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.push("OPTIONS");
    methods.join(", ")
}
