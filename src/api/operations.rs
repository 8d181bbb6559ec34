//! Probes and metrics for the operator, on an address of their own.
//!
//! `/livez` is 503 only if a restart is needed, because the process can't write any more. It stays 200 while the server drains, so that
//! the orchestrator doesn't kill it, and while the database is away. `/readyz` says whether the server should get new connections.
//! `/metrics` has the metrics for Prometheus.

use std::sync::Arc;

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use serde_json::json;
use warp::filters::BoxedFilter;
use warp::filters::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Reply as _};

use crate::services::{NotReady, Services, metrics};

/// The methods that each of the pages has.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

pub(super) fn filter(services: Arc<Services>) -> BoxedFilter<(Response,)> {
    warp::method()
        .and(warp::path::full())
        .then(move |method, path: FullPath| answer(Arc::clone(&services), method, path))
        .boxed()
}

async fn answer(services: Arc<Services>, method: Method, path: FullPath) -> Response {
    let path = path.as_str();
    let path = path.strip_suffix('/').unwrap_or(path);
    if !["/livez", "/readyz", "/metrics"].contains(&path) {
        return say(
            StatusCode::NOT_FOUND,
            "the pages here are /livez, /readyz and /metrics",
        );
    }
    if ![Method::GET, Method::HEAD].contains(&method) {
        let mut response = match method {
            Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
            _ => say(
                StatusCode::METHOD_NOT_ALLOWED,
                "this page can only be read: use GET or HEAD",
            ),
        };
        response.headers_mut().insert(ALLOW, METHODS);
        return response;
    }
    match path {
        "/readyz" => ready(services).await,
        "/metrics" => scrape(services).await,
        _ => live(&services),
    }
}

fn live(services: &Services) -> Response {
    match services.store.health() {
        Ok(()) => say(StatusCode::OK, "ok"),
        Err(error) => say(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

async fn ready(services: Arc<Services>) -> Response {
    match services.ready().await {
        Ok(()) => say(StatusCode::OK, "ok"),
        Err(NotReady::Draining) => say(StatusCode::SERVICE_UNAVAILABLE, "draining"),
        Err(NotReady::Store(error)) => {
            log::warn!("not ready: {error}");
            say(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer")
        }
    }
}

async fn scrape(services: Arc<Services>) -> Response {
    let ready = services.ready().await.is_ok();
    let text = services.metrics.scrape(&services, ready);
    let mut response = text.into_response();
    let content_type = HeaderValue::from_static(metrics::CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn say(status: StatusCode, what: &str) -> Response {
    warp::reply::with_status(warp::reply::json(&json!({ "status": what })), status).into_response()
}
