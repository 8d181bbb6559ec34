//! The call of an operation: its conditions, its idempotency key, and its handler.

use std::sync::Arc;

use http::header::{ALLOW, IF_MATCH};
use http::{HeaderName, Method, StatusCode};
use warp::Rejection;

use super::context::Context;
use super::refused::{rendered, settled};
use super::{Found, Payload, Task};
use crate::api::call::Call;
use crate::api::conditional;
use crate::api::contract::Handler;
use crate::api::discovery::Asked;
use crate::api::error::Error;
use crate::api::idempotency::{self, Begun, Once};
use crate::api::reply::Reply;
use crate::api::request::{ACCEPT_QUERY, FORM, Failed, Request, only};

/// Calls the operation, and counts the request.
pub(super) async fn call(
    (context, task): (Box<Context>, Task),
    payload: Payload,
) -> Result<(Box<Context>, Reply), Rejection> {
    let reply = match task {
        Task::Page(page) => {
            let asked = Asked {
                catalogue: context.catalogue(),
                version: context.choice.version,
            };
            let (method, headers) = (&context.method, &context.headers);
            let discovery = &context.api.discovery;
            discovery.answer(page, method, headers, &context.query, &asked)
        }
        Task::Options(allow) => {
            let takes_queries = allow.split(", ").any(|method| method == Method::QUERY);
            let reply = Reply::empty(StatusCode::NO_CONTENT).with(ALLOW, allow);
            Ok(match takes_queries {
                true => reply.with(ACCEPT_QUERY, FORM),
                false => reply,
            })
        }
        Task::Operation(found) => operate(&context, found, payload).await,
    };
    let reply = match context.method.is_safe() {
        true => reply.and_then(|reply| Ok(reply.held(&context.api.services.memory)?)),
        // A write is done by now, so its answer is sent in any case.
        false => reply,
    };
    settled(context, reply)
}

/// Calls the operation, if the conditions of the request hold.
async fn operate(context: &Context, found: Found, payload: Payload) -> Result<Reply, Error> {
    let Found {
        operation,
        resource,
        name,
    } = found;
    if let Some(error) = payload.failed.as_ref().and_then(Failed::take) {
        return Err(error.into());
    }
    let (method, headers) = (context.answered_as(), &context.headers);
    let reads = resource.request_headers(operation);
    // An operation that reads preconditions has a resource with a tag.
    let unmet = match reads.contains(&IF_MATCH) {
        true => None,
        false => conditional::unmet_without_tag(&method, headers),
    };
    let request = request(context, payload, reads);
    if !method.is_safe() {
        conditional::refuse_date(headers)?;
        if let Some(unmet) = unmet {
            return Err(unmet.refusal());
        }
        if let Some(key) = idempotency::key(headers)? {
            // Boxed: otherwise the futures of reads would be as large as those of writes.
            return Box::pin(once(context, operation.handler, name, request, key)).await;
        }
    }
    let reply = (operation.handler)(prepared(context, name, request, None)).await?;
    match unmet {
        // Preconditions apply only if the request would succeed without them (RFC 9110 §13.2.1).
        Some(unmet) if reply.status.is_success() => unmet.of_read(),
        _ => Ok(reply),
    }
}

/// The request with only the headers that the operation describes.
fn request(context: &Context, payload: Payload, reads: &[HeaderName]) -> Request {
    Request {
        method: context.method.clone(),
        query: context.query.clone(),
        in_url: context.in_url,
        headers: only(&context.headers, reads),
        from: payload.from,
        body: payload.body,
    }
}

fn prepared(
    context: &Context,
    name: Option<String>,
    request: Request,
    once: Option<Arc<Once>>,
) -> Call {
    let services = Arc::clone(&context.api.services);
    let history = Arc::clone(&context.api.history);
    let client = context.caller.client.clone();
    Call::new(
        services,
        history,
        client,
        context.choice,
        name,
        request,
        once,
    )
}

/// Answers a write with an idempotency key.
async fn once(
    context: &Context,
    handler: Handler,
    name: Option<String>,
    mut request: Request,
    key: String,
) -> Result<Reply, Error> {
    let services = &context.api.services;
    let longest = services.settings.limits.max_body;
    let choice = &context.choice;
    let what = format!("{} {:?} {:?}", choice.version, choice.format, choice.naming);
    // Each client has its own idempotency keys. Anonymous callers share theirs.
    let client = context.caller.client.as_ref();
    let scope = client
        .map(|client| client.id.to_string())
        .unwrap_or_default();
    let asked = (context.path.as_str(), &*what);
    let begun = idempotency::begin(&services.store, scope, key, asked, &mut request, longest);
    let once = match begun.await? {
        Begun::First(once) => once,
        Begun::Answered(reply) => return Ok(reply),
    };
    let call = prepared(context, name, request, Some(Arc::clone(&once)));
    let reply = match handler(call).await {
        Ok(reply) => reply,
        Err(error) => rendered(&error, context),
    };
    if let Some(receipt) = once.worth_keeping(&reply) {
        once.keep(receipt).await?;
    }
    Ok(reply)
}
