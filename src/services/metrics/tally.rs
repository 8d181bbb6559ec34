//! The requests of one connection, as they are counted.

use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, StatusCode};
use prometheus::{Histogram, IntCounter};

use super::{Metrics, NONE, Route};

/// Counts the requests of one connection. Most are answered like the one before, so it remembers where that one was
/// counted: looking it up by its labels takes locks that all connections share.
#[derive(Debug)]
pub struct Tally {
    metrics: Arc<Metrics>,
    last: Mutex<Option<Kind>>,
}

/// Answers that are counted under the same labels.
#[derive(Debug)]
struct Kind {
    route: Route,
    method: &'static str,
    status: Option<StatusCode>,
    requests: IntCounter,
    durations: Histogram,
}

impl Tally {
    /// Of a connection that has had no request.
    pub fn new(metrics: &Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            metrics: Arc::clone(metrics),
            last: Mutex::default(),
        })
    }

    /// A request that is being answered, until it is dropped.
    pub fn begin(self: &Arc<Self>) -> InFlightRequest {
        self.metrics.in_flight.inc();
        InFlightRequest {
            tally: Arc::clone(self),
        }
    }

    /// Where the parts of requests' bodies are counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }
}

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
pub struct InFlightRequest {
    tally: Arc<Tally>,
}

impl InFlightRequest {
    /// It was answered, or given up by its client: then it has no status.
    pub fn answered(
        &self,
        route: Route,
        method: &Method,
        status: Option<StatusCode>,
        response_bytes: u64,
        seconds: f64,
    ) {
        let metrics = &self.tally.metrics;
        let method = known(method);
        metrics.response_bytes.inc_by(response_bytes);
        let mut last = self
            .tally
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let alike = (route, method, status);
        last.take_if(|kind| (kind.route, kind.method, kind.status) != alike);
        let kind = last.get_or_insert_with(|| metrics.kind(route, method, status));
        kind.requests.inc();
        kind.durations.observe(seconds);
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        self.tally.metrics.in_flight.dec();
    }
}

impl Metrics {
    fn kind(&self, route: Route, method: &'static str, status: Option<StatusCode>) -> Kind {
        let (path, version) = (route.path.unwrap_or(NONE), self.name_of(route.version));
        let shown = status.as_ref().map_or(NONE, StatusCode::as_str);
        let labels = [path, method, shown, version];
        Kind {
            route,
            method,
            status,
            requests: self.requests.with_label_values(&labels),
            durations: self.durations.with_label_values(&[path, method, version]),
        }
    }
}

/// The methods that there are; a client may send any word as one.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
