//! Refused requests: filters reject them with warp's rejections, and the last filter makes the response.

use std::convert::Infallible;
use std::fmt;

use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderValue, StatusCode};
use warp::Rejection;
use warp::reply::Response;

use super::context::Context;
use super::response;
use crate::api::access;
use crate::api::error::Error;
use crate::api::intake;
use crate::api::reply::Reply;
use crate::logging;
use crate::versioning::{Format, Naming};

/// The error of a request, and what is known of the request.
pub(super) struct Refused {
    error: Error,
    context: Box<Context>,
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refused").field(&self.error).finish()
    }
}

impl warp::reject::Reject for Refused {}

/// The result of a filter with its request, or the rejection of the request.
pub(super) fn settled<T>(
    context: Box<Context>,
    result: Result<T, Error>,
) -> Result<(Box<Context>, T), Rejection> {
    match result {
        Ok(found) => Ok((context, found)),
        Err(error) => Err(warp::reject::custom(Refused { error, context })),
    }
}

/// Answers a refused request, in the chosen version. warp's own response to a rejection would show internal text.
pub(super) async fn recover(rejection: Rejection) -> Result<Response, Infallible> {
    let Some(Refused { error, context }) = rejection.find() else {
        log::error!("a filter that rejects nothing rejected a request: {rejection:?}");
        return Ok(Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).into_response());
    };
    Ok(response::of(context, rendered(error, context)).await)
}

/// The response to an error, in the version's form. Errors of the server are logged with their causes, once.
pub(super) fn rendered(error: &Error, context: &Context) -> Reply {
    if error.status().is_server_error() && error.unserved().is_none() {
        let id = context.request_id();
        log::error!("request {id} failed: {}", logging::with_causes(error));
    }
    let (api, choice) = (&context.api, &context.choice);
    // For a version that this server doesn't know, the default's form is used.
    let known = api.labels(choice.version);
    let Some(labels) = known.or_else(|| api.labels(api.services.catalogue.first())) else {
        return Reply::empty(error.status());
    };
    let mut reply = (labels.version.render_error)(error);
    if !reply.headers.contains_key(CONTENT_TYPE) {
        // Errors are always JSON.
        let naming = match choice.format {
            Format::Json => choice.naming,
            _ => Naming::Vendor,
        };
        let json = labels.content_type(Format::Json, naming);
        reply.headers.insert(CONTENT_TYPE, json);
    }
    match error {
        Error::MethodNotAllowed { allow, .. } => reply.with(ALLOW, allow.as_str()),
        Error::Unauthenticated(_) => {
            for scheme in access::schemes(&context.headers) {
                let scheme = HeaderValue::from_static(scheme);
                reply.headers.append(WWW_AUTHENTICATE, scheme);
            }
            reply
        }
        Error::UnsupportedEncoding(_) => reply.with(ACCEPT_ENCODING, intake::CODINGS),
        Error::RangeNotSatisfiable { length } => {
            reply.with(CONTENT_RANGE, format!("bytes */{length}"))
        }
        error => match error.retry_after() {
            Some(seconds) => reply.with(RETRY_AFTER, seconds),
            None => reply,
        },
    }
}
