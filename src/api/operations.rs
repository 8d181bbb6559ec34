//! Probes for whoever operates the server, on an address of their own.
//!
//! `/livez` says that the process runs and works: it is 503 only where a restart is what helps, because nothing can be
//! written any more. It stays 200 while the server drains, so that nobody kills it half-way, and while the database is away.
//! `/readyz` says whether new clients should be sent here, and `/metrics` what Prometheus wants to know.

use std::sync::Arc;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Reply as _};

use crate::services::{NotReady, Services, metrics};

pub(super) fn filter(services: Arc<Services>) -> BoxedFilter<(Response,)> {
    let asked = Arc::clone(&services);
    let live = warp::path("livez")
        .and(warp::path::end())
        .map(move || live(&asked));
    let asked = Arc::clone(&services);
    let ready = warp::path("readyz")
        .and(warp::path::end())
        .then(move || ready(Arc::clone(&asked)));
    let metrics = warp::path("metrics")
        .and(warp::path::end())
        .then(move || scrape(Arc::clone(&services)));
    let nothing = warp::any().map(|| {
        say(
            StatusCode::NOT_FOUND,
            "there are /livez, /readyz and /metrics here",
        )
    });
    live.or(ready)
        .unify()
        .or(metrics)
        .unify()
        .or(nothing)
        .unify()
        .boxed()
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
