//! How pages are sent: their headers, and what forbids that anything but them is run or shown.

use askama::Template;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Response, StatusCode};

use crate::api::page::{PageBody, respond};
use crate::api::reply::Reply;
use crate::services::Services;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Cells and names are anybody's text. Whatever they contain, nothing runs and nothing is fetched but what this server serves, and no
/// other page can frame this one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// What search engines are told of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Robots {
    Index,
    /// Every combination of filters is a page of its own, so none is to be found by search engines.
    NoIndex,
}

/// A page.
pub(super) fn page(status: StatusCode, template: &impl Template, robots: Robots) -> Reply {
    // Writing to memory can't fail.
    let html = template.render().unwrap_or_default();
    let reply = Reply::full(status, html)
        .with(CONTENT_TYPE, fixed("text/html; charset=utf-8"))
        .with(CONTENT_SECURITY_POLICY, fixed(POLICY));
    match robots {
        Robots::Index => reply,
        Robots::NoIndex => reply.with(ROBOTS, fixed("noindex")),
    }
}

/// Sends the visitor to another page.
pub(super) fn redirect(location: &str) -> Reply {
    Reply::empty(StatusCode::SEE_OTHER).with(LOCATION, location)
}

/// A text.
pub(super) fn text(status: StatusCode, text: &'static str) -> Reply {
    Reply::full(status, text).with(CONTENT_TYPE, fixed("text/plain; charset=utf-8"))
}

pub(super) fn fixed(value: &'static str) -> HeaderValue {
    HeaderValue::from_static(value)
}

/// The response to a request with this method and these headers. `route` is the path in metrics.
pub(super) async fn response(
    services: &Services,
    route: &'static str,
    (method, headers): (&Method, &HeaderMap),
    mut reply: Reply,
) -> Response<PageBody> {
    if !reply.headers.contains_key(CACHE_CONTROL) {
        let control = match headers.contains_key(AUTHORIZATION) {
            true => "private, no-cache",
            false => "no-cache",
        };
        reply = reply
            .with(CACHE_CONTROL, fixed(control))
            .with(VARY, fixed("Accept, Accept-Encoding, Authorization"));
    }
    let reply = reply
        .with(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"))
        .with(OPENER_POLICY, fixed("same-origin"))
        // Not `no-referrer`: then a browser sends `Origin: null` with a form, and the upload would be refused as that of a foreign page.
        .with(REFERRER_POLICY, fixed("same-origin"));
    respond(services, route, method, headers, reply).await
}
