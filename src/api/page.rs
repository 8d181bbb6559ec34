//! Responses that belong to no version: pages for people, and their assets. They are tagged and coded like those of the API.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use xxhash_rust::xxh3::xxh3_64;

use super::coding;
use super::conditional;
use super::reply::{Body, Reply, StreamError};
use super::request::only;
use crate::services::Services;
use crate::services::metrics::Route;

/// The body of a page's response.
pub type PageBody = UnsyncBoxBody<Bytes, StreamError>;

/// The response to a request for a page. A success gets the tag of its content, and is 304 if the client has it already. `route` is the
/// path of the page in metrics.
pub async fn respond(
    services: &Services,
    route: &'static str,
    method: &Method,
    headers: &HeaderMap,
    mut reply: Reply,
) -> Response<PageBody> {
    let mut headers = only(headers, &[ACCEPT_ENCODING, IF_NONE_MATCH]);
    let coding = coding::Asked::of(method, &mut headers);
    if reply.status == StatusCode::OK
        && let Body::Full(content, _) = &reply.body
    {
        let tag = format!("\"{:016x}\"", xxh3_64(content));
        if let Ok(Some(_)) = conditional::read(&headers, &tag) {
            reply.status = StatusCode::NOT_MODIFIED;
            reply.body = Body::Empty;
        }
        reply = reply.with(ETAG, tag);
    }
    let mut reply = match reply.held(&services.memory) {
        Ok(reply) => reply,
        Err(exhausted) => Reply::full(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("The server is busy: {exhausted}. Try again in a moment.\n"),
        )
        .with(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
    };
    if *method == Method::HEAD {
        reply = reply.without_body();
    }
    let mut response = reply.into_response();
    response.extensions_mut().insert(Route {
        path: Some(route),
        version: None,
    });
    let response = coding.answer(&services.memory, response).await;
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}
