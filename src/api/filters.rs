//! The filters that a request passes, in their order. Together they are the API, except for cached responses.
//!
//! A filter rejects a request with the error and what is known of the request so far ([`refused::Refused`]). [`refused::recover`] renders
//! the error in the chosen version. Each path has one resource for all versions, so versions are not tried one after another.

mod call;
mod context;
mod refused;
mod response;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use warp::filters::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::body::{self, Body};
use super::contract::Operation;
use super::discovery::{self, Page};
use super::error::Error;
use super::rate_limit::Beyond;
use super::registry::{Registry, Resource};
use super::request::{Failed, OfPage, Peer, single};
use super::{access, coding, in_url};
use crate::store::{Outcome, StoreError};
use crate::versioning::{self, InUrl, Refusal, Source};
pub(super) use context::Api;
use context::{Context, trimmed};
use refused::settled;

/// The filter that answers every request.
pub(super) fn answered(
    api: &Arc<Api>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static + use<>
{
    caller(Arc::clone(api))
        .and(route(Arc::clone(&api.registry)))
        .and_then(negotiated)
        .and_then(operation)
        .and(payload())
        .and_then(call::call)
        .then(response::respond)
        .recover(refused::recover)
        .unify()
}

/// Identifies the caller. Refuses an invalid key.
fn caller(
    api: Arc<Api>,
) -> impl Filter<Extract = (Box<Context>,), Error = Rejection> + Clone + Send + Sync + 'static {
    let head = warp::method()
        .and(warp::path::full())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<OfPage>())
        .and(warp::ext::optional::<Beyond>());
    head.and_then(
        move |method: Method,
              path: FullPath,
              query: String,
              headers: HeaderMap,
              of_page,
              beyond| {
            let api = Arc::clone(&api);
            async move {
                let identified = match beyond {
                    // It is refused when its version is known. Its key need not be.
                    Some(Beyond { .. }) => {
                        Ok(access::recall(&api.services, &headers).unwrap_or_default())
                    }
                    None => access::identify(&api.services, &headers, of_page).await,
                };
                let (client, refusal) = match identified {
                    Ok(client) => (client, Ok(())),
                    Err(error) => (None, Err(error)),
                };
                let mut context =
                    Context::new(api, (method, path, query), headers, client, of_page);
                context.beyond = beyond;
                settled(Box::new(context), refusal).map(|(context, ())| context)
            }
        },
    )
}

/// What is at a path.
enum Target {
    /// A page about the server itself.
    Page(&'static Page),
    /// A resource with its versions, and the `{name}` in the path.
    Resource(Arc<Resource>, Option<String>),
}

/// Finds the path in the table of all versions.
fn route(
    table: Arc<Registry>,
) -> impl Filter<Extract = (Target,), Error = Infallible> + Clone + Send + Sync + 'static {
    warp::path::full().map(move |path: FullPath| {
        let path = trimmed(path.as_str());
        if let Some(page) = discovery::page(path) {
            return Target::Page(page);
        }
        let Some(found) = table.route(path) else {
            return Target::Resource(Arc::default(), None);
        };
        let name = found.params.get("name");
        let name = name.map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
        Target::Resource(Arc::clone(found.value), name)
    })
}

/// Chooses version and format: those that `Accept`, the URL or `Content-Type` name, or else the caller's default.
async fn negotiated(
    mut context: Box<Context>,
    target: Target,
) -> Result<(Box<Context>, Target), Rejection> {
    let names_columns = match &target {
        Target::Resource(resource, _) => resource.has_key(),
        Target::Page(_) => false,
    };
    let refused = in_url::refuse_key(&context.query, names_columns);
    let chosen = match &target {
        Target::Page(page) => {
            context.route = Some(page.path());
            let Context {
                headers, caller, ..
            } = &*context;
            context.choice = context.api.discovery.shape_of_errors(headers, caller);
            Ok(())
        }
        Target::Resource(resource, _) => negotiate(&mut context, resource),
    };
    let chosen = refused.and(chosen);
    let chosen = chosen.and_then(|()| coding::check(&context.headers));
    let chosen = match context.beyond {
        Some(beyond) => Err(beyond.error()),
        None => chosen,
    };
    settled(context, chosen.map(|()| target))
}

fn negotiate(context: &mut Context, resource: &Resource) -> Result<(), Error> {
    context.route = resource.path();
    single(&context.headers, &CONTENT_TYPE, "Content-Type")?;
    let mut query = std::mem::take(&mut context.query);
    let mut in_url = InUrl::default();
    let taken = in_url::take(&mut query, context.catalogue(), &mut in_url);
    context.in_url = in_url;
    context.query = query;
    // A refusal has the shape of the version that the URL names, too.
    if let Some(version) = context.in_url.version {
        context.choice.version = version;
        context.choice.source = Source::Query;
    }
    taken?;
    let (catalogue, now) = (context.catalogue(), context.caller.at);
    let method = context.answered_as();
    let offers = |version| resource.formats(version, &method);
    let lines = context.headers.get_all(ACCEPT).iter();
    let accept = lines.map(HeaderValue::as_bytes);
    let content_type = context.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let default = context.caller.default;
    let negotiated = versioning::negotiate(
        catalogue,
        now,
        offers,
        in_url,
        accept,
        content_type,
        default,
    );
    match negotiated {
        Ok(choice) => context.choice = choice,
        Err(refusal) => {
            let available = versioning::available(catalogue, now, offers);
            // A path without a resource is 404, whatever format the client wants.
            if matches!(
                refusal,
                Refusal::NotAcceptable { .. } | Refusal::NoSuchFormat { .. }
            ) && available.is_empty()
            {
                return Ok(());
            }
            // A method that isn't there has no format, either.
            if matches!(refusal, Refusal::NoSuchFormat { .. })
                && resource
                    .operation(context.choice.version, &method)
                    .is_none()
            {
                return Ok(());
            }
            let path = context.path.as_str().to_owned();
            let error = Error::Negotiation {
                refusal,
                available,
                path,
            };
            // A version that is not served has an error of its own.
            if let Some((unserved, reason)) = error.unserved() {
                context.choice = unserved.choice;
                context.count(Outcome::Refused(reason));
            }
            return Err(error);
        }
    }
    Ok(())
}

/// What a request needs.
enum Task {
    /// A page about the server.
    Page(&'static Page),
    /// The methods of the resource, for `OPTIONS`.
    Options(String),
    /// The call of an operation.
    Operation(Found),
}

/// An operation that was found.
struct Found {
    operation: &'static Operation,
    resource: Arc<Resource>,
    /// The `{name}` in the path.
    name: Option<String>,
}

/// Finds the operation of the chosen version, and checks that the caller may call it.
async fn operation(
    (mut context, target): (Box<Context>, Target),
) -> Result<(Box<Context>, Task), Rejection> {
    let task = find(&mut context, target);
    settled(context, task)
}

fn find(context: &mut Context, target: Target) -> Result<Task, Error> {
    let (resource, name) = match target {
        Target::Page(page) => {
            context.admit(&Method::GET)?;
            return Ok(Task::Page(page));
        }
        Target::Resource(resource, name) => (resource, name),
    };
    let version = context.choice.version;
    if resource.operations(version).is_empty() {
        return Err(Error::NoSuchPath {
            path: context.path.as_str().to_owned(),
            version,
            has: resource.versions_with(None),
        });
    }
    let method = context.answered_as();
    if method == Method::OPTIONS {
        return Ok(Task::Options(resource.allow(version)));
    }
    let Some(operation) = resource.operation(version, &method) else {
        return Err(Error::MethodNotAllowed {
            method: context.method.clone(),
            version,
            allow: resource.allow(version),
            has: resource.versions_with(Some(&method)),
        });
    };
    context.operation = Some(operation.name);
    context.admit(&method)?;
    context.count(Outcome::Called(operation.name));
    // The body of an upload need not come first. A write that passes here is checked again when it is committed.
    if !method.is_safe() && context.writes_are_off() {
        return Err(StoreError::WritesOff.into());
    }
    Ok(Task::Operation(Found {
        operation,
        resource,
        name,
    }))
}

/// The parts of a request that follow its head.
struct Payload {
    /// Why the store failed, if it was asked already.
    failed: Option<Failed>,
    /// The caller's address, if it is known.
    from: Option<IpAddr>,
    body: Body,
}

/// Takes the body. The operation checks it.
fn payload() -> impl Filter<Extract = (Payload,), Error = Rejection> + Clone + Send + Sync + 'static
{
    let peer = warp::ext::optional::<Peer>();
    peer.and(warp::ext::optional::<Failed>())
        .and(warp::body::stream())
        .map(|peer: Option<Peer>, failed, body| Payload {
            failed,
            from: peer.map(|Peer(address)| address),
            body: body::boxed(body),
        })
}
