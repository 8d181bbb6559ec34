//! The last step: makes a response from an answer, and adds the version's headers and the content coding.

use std::sync::Arc;

use http::Method;
use http::header::HeaderMap;
use warp::reply::Response;

use super::context::{Context, trimmed};
use crate::api::answers::Memo;
use crate::api::labels::label;
use crate::api::reply::Reply;
use crate::services::metrics::Route;
use crate::services::usage::KnownClient;
use crate::versioning::{Catalogue, VersionNumber};

/// The response to a request that was not refused.
pub(super) async fn respond((context, reply): (Box<Context>, Reply)) -> Response {
    of(&context, reply).await
}

/// The response to a request.
pub(super) async fn of(context: &Context, reply: Reply) -> Response {
    let response = labelled(context, reply);
    let memory = &context.api.services.memory;
    context.coding.answer(memory, response).await
}

fn labelled(context: &Context, reply: Reply) -> Response {
    let choice = &context.choice;
    let mut reply = label(reply, context.api.labels(choice.version), choice);
    let told_of = match reply.of_server {
        true => reply.about,
        false => Some(choice.version),
    };
    if let Some(version) = told_of {
        notify(&mut reply.headers, context, version);
    }
    let route = Route {
        path: context.route,
        version: (!reply.of_server).then_some(choice.version.get()),
    };
    if context.method == Method::HEAD {
        reply = reply.without_body();
    }
    if let Some(dataset) = reply.read {
        context.count_read(dataset, reply.named.as_ref());
    }
    let (alone_of, named) = (reply.alone_of.take(), reply.named.take());
    let mut response = reply.into_response();
    response.extensions_mut().insert(route);
    if let Some(client) = &context.caller.client {
        let known = KnownClient(Arc::clone(client));
        response.extensions_mut().insert(known);
    }
    // Responses to a client with an extension are not cached.
    if let (Some(dataset), Some(operation), None) =
        (alone_of, context.operation, &context.caller.extended)
    {
        response.extensions_mut().insert(Memo {
            dataset,
            operation,
            named,
            default: context.caller.default,
            at: context.caller.at,
        });
    }
    response
}

/// Adds the notice about the version's end.
fn notify(headers: &mut HeaderMap, context: &Context, version: VersionNumber) {
    /// The most bytes of a path in a link. No path of a resource is nearly as long.
    const LONGEST: usize = 1024;
    let api = &context.api;
    let labels = api.labels(version);
    let Some(notice) = labels.and_then(|labels| labels.notice.as_ref()) else {
        return;
    };
    let catalogue = context.catalogue();
    let successor = catalogue.successor(version, context.caller.at);
    let retires =
        |catalogue: &Catalogue| catalogue.get(version).and_then(|one| one.lifecycle.retired);
    let extended = retires(catalogue).filter(|at| retires(&api.services.catalogue) != Some(*at));
    let path = context.path.as_str();
    // If the successor doesn't have this path, the link leads to its root.
    let has = |number| {
        let found = api.registry.route(trimmed(path));
        found.is_some_and(|found| !found.value.operations(number).is_empty())
    };
    let path = match successor {
        Some(successor) if path.len() <= LONGEST && has(successor) => path,
        _ => "/",
    };
    // Who names the version in the URL can't follow a link without it.
    let query = match (context.in_url.version, successor) {
        (Some(_), Some(successor)) => format!("?version={successor}"),
        _ => String::new(),
    };
    notice.add_to(headers, extended, successor, (path, &query));
}
