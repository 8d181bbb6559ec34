//! Metrics of the server for Prometheus.
//!
//! No label takes a value that a client chooses: routes, methods, statuses and versions are from lists, clients are
//! those that the operator registered, and user agents are told apart by few kinds.

mod requests;

use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

pub use requests::InFlightRequest;

use super::Services;
use crate::store::{Load, Reason};
use crate::versioning::{Catalogue, State};

/// The media type of a scrape.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Upper bounds of the latencies that are told apart, in seconds.
const BOUNDS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];
/// Label for requests without a route or a version.
const NONE: &str = "none";
/// The name of the cache of what was read lately.
const READS: &str = "reads";

/// Which of the API's routes a request was for, and in which version it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The path with parameters in braces; `None`: there is no such path.
    pub path: Option<&'static str>,
    /// N of vN; `None`: the answer belongs to no version.
    pub version: Option<u32>,
}

/// Everything that is counted and timed.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    connections: IntGauge,
    request_bytes: IntCounter,
    response_bytes: IntCounter,
    used: IntCounterVec,
    refused: IntCounterVec,
    limited: IntCounterVec,
    store_connections: IntGaugeVec,
    store_waiting: IntGauge,
    write_queue: IntGauge,
    due_columns: IntGauge,
    scanned_segments: IntCounterVec,
    writes_off: IntGauge,
    memory: IntGaugeVec,
    memory_waiting: IntGaugeVec,
    cache_requests: IntCounterVec,
    cache_bytes: IntGaugeVec,
    states: IntGaugeVec,
    retires: IntGaugeVec,
    ready: IntGauge,
    /// The names of the versions.
    versions: Vec<(u32, String)>,
    /// One scrape at a time.
    scraping: Mutex<()>,
}

impl Metrics {
    /// `store` is what the store tells of itself.
    pub(super) fn new(
        catalogue: &Catalogue,
        store: impl IntoIterator<Item = Box<dyn Collector>>,
    ) -> Self {
        let registry = Registry::new();
        let names = Names(&registry);
        for collector in store {
            registry
                .register(collector)
                .expect("the names of the store are registered once");
        }
        registry
            .register(Box::new(ProcessCollector::for_self()))
            .expect("the names of the process are registered once");
        let build = names.gauges("flash_build_info", "The release that runs.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let routes = ["route", "method", "api_version"];
        let durations = HistogramOpts::new(
            "flash_http_request_duration_seconds",
            "From the head of a request to the end of its answer, or to its head where the length is known then.",
        );
        let durations = HistogramVec::new(durations.buckets(BOUNDS.to_vec()), &routes);
        Self {
            requests: names.counters(
                "flash_http_requests_total",
                "Requests that were answered; status none: the client went away before.",
                &["route", "method", "status", "api_version"],
            ),
            durations: names.register(durations.expect("name, labels and bounds are valid")),
            in_flight: names.gauge(
                "flash_http_requests_in_flight",
                "Requests that are being answered.",
            ),
            connections: names.gauge("flash_http_connections", "Connections that are open."),
            request_bytes: names.counter(
                "flash_http_request_bytes_total",
                "Bytes of request bodies, as they were sent.",
            ),
            response_bytes: names.counter(
                "flash_http_response_bytes_total",
                "Bytes of response bodies, as they were sent.",
            ),
            used: names.counters(
                "flash_api_requests_total",
                "Requests by version of the API and by who sent them: a client's name, or anonymous (KIND OF USER AGENT).",
                &["version", "client"],
            ),
            refused: names.counters(
                "flash_api_refusals_total",
                "Requests that a brownout or a retirement refused, by version and by who sent them, as in flash_api_requests_total.",
                &["version", "client", "reason"],
            ),
            limited: names.counters(
                "flash_rate_limited_requests_total",
                "Requests that were refused because their caller had sent too many, by what they counted against.",
                &["by"],
            ),
            store_connections: names.gauges(
                "flash_store_connections",
                "Connections to the database that are open.",
                &["state"],
            ),
            store_waiting: names.gauge(
                "flash_store_waiting",
                "Work that waits for a connection to the database.",
            ),
            write_queue: names.gauge(
                "flash_store_write_queue",
                "SQLite: writes that wait for the disk.",
            ),
            due_columns: names.gauge(
                "flash_columns_due",
                "Datasets whose columns are being built, or wait for it.",
            ),
            scanned_segments: names.counters(
                "flash_segments_scanned_total",
                "Segments that queries looked through: in their columns, or in the texts of their blocks.",
                &["from"],
            ),
            writes_off: names.gauge(
                "flash_store_writes_off",
                "1 while the operator has turned writes off.",
            ),
            memory: names.gauges(
                "flash_memory_bytes",
                "Bytes of the memory budget: of a share in all, and held of it.",
                &["share", "state"],
            ),
            memory_waiting: names.gauges(
                "flash_memory_waiting",
                "Requests that wait for a share of the memory budget.",
                &["share"],
            ),
            cache_requests: names.counters(
                "flash_cache_requests_total",
                "What was looked for in a cache.",
                &["cache", "result"],
            ),
            cache_bytes: names.gauges(
                "flash_cache_bytes",
                "What a cache holds.",
                &["cache"],
            ),
            states: names.gauges(
                "flash_api_version_state",
                "1 for the state that the version is in.",
                &["version", "state"],
            ),
            retires: names.gauges(
                "flash_api_version_retires_timestamp_seconds",
                "When the version is retired, where that is announced.",
                &["version"],
            ),
            ready: names.gauge(
                "flash_ready",
                "1 if new clients should be sent here, as /readyz says.",
            ),
            versions: catalogue
                .iter()
                .map(|version| (version.number.get(), version.number.to_string()))
                .collect(),
            registry,
            scraping: Mutex::default(),
        }
    }

    /// A part of a request's body has come.
    pub fn received(&self, bytes: usize) {
        self.request_bytes.inc_by(bytes as u64);
    }

    /// A connection that is open, until it is dropped.
    pub fn connected(self: &Arc<Self>) -> Connected {
        self.connections.inc();
        Connected {
            metrics: Arc::clone(self),
        }
    }

    /// A query looks through a segment.
    pub(super) fn scans_segment(&self, in_columns: bool) {
        let from = if in_columns { "columns" } else { "text" };
        self.scanned_segments.with_label_values(&[from]).inc();
    }

    /// Requests of a version by a client, or by callers of that kind.
    pub(super) fn used(&self, version: u32, client: &str, requests: u64) {
        let version = self.name_of(Some(version));
        self.used
            .with_label_values(&[version, client])
            .inc_by(requests);
    }

    /// Requests of a version that were refused, by who sent them.
    pub(super) fn refused(&self, version: u32, client: &str, reason: Reason, requests: u64) {
        let version = self.name_of(Some(version));
        self.refused
            .with_label_values(&[version, client, reason.as_str()])
            .inc_by(requests);
    }

    /// A request was refused because of the rate limit.
    pub fn limited(&self, by: &str) {
        self.limited.with_label_values(&[by]).inc();
    }

    fn name_of(&self, version: Option<u32>) -> &str {
        let found = self
            .versions
            .iter()
            .find(|(number, _)| Some(*number) == version);
        found.map_or(NONE, |(_, name)| name)
    }

    /// Everything, as Prometheus reads it. `ready` is what `/readyz` says.
    pub fn scrape(&self, services: &Services, ready: bool) -> Vec<u8> {
        let _alone = self.scraping.lock().unwrap_or_else(PoisonError::into_inner);
        self.ready.set(i64::from(ready));
        let Load {
            busy,
            idle,
            waiting,
            queued,
            due_columns,
        } = services.store.load();
        let set = |gauge: &IntGauge, value: usize| gauge.set(i64::try_from(value).unwrap_or(0));
        set(&self.store_connections.with_label_values(&["busy"]), busy);
        set(&self.store_connections.with_label_values(&["idle"]), idle);
        set(&self.store_waiting, waiting);
        set(&self.write_queue, queued);
        set(&self.due_columns, due_columns);
        self.writes_off
            .set(i64::from(services.store.writes_are_off()));
        for share in services.memory.load() {
            let name = share.kind.name();
            for (state, bytes) in [("budget", share.bytes), ("held", share.held)] {
                set(&self.memory.with_label_values(&[name, state]), bytes);
            }
            set(
                &self.memory_waiting.with_label_values(&[name]),
                share.waiting,
            );
        }
        let cache = services.cache.stats();
        for (result, total) in [("hit", cache.hits), ("miss", cache.misses)] {
            let counter = self.cache_requests.with_label_values(&[READS, result]);
            counter.inc_by(total.saturating_sub(counter.get()));
        }
        let bytes = i64::try_from(cache.bytes).unwrap_or(i64::MAX);
        self.cache_bytes.with_label_values(&[READS]).set(bytes);
        self.tell_lives(services);
        let mut text = Vec::new();
        // Writing to memory can't fail, and every family has a name.
        drop(TextEncoder::new().encode(&self.registry.gather(), &mut text));
        text
    }

    fn tell_lives(&self, services: &Services) {
        let now = services.clock.now();
        let states = [
            State::Preview,
            State::Stable,
            State::Deprecated,
            State::Retired,
        ];
        for version in &services.catalogue {
            let name = version.number.to_string();
            for state in states {
                let is = i64::from(version.state(now) == state);
                let gauge = self.states.with_label_values(&[&name, state.as_str()]);
                gauge.set(is);
            }
            if let Some(at) = version.lifecycle.retired {
                self.retires.with_label_values(&[&name]).set(at.as_second());
            }
        }
    }
}

/// A connection that is open, until it is dropped.
#[derive(Debug)]
pub struct Connected {
    metrics: Arc<Metrics>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.metrics.connections.dec();
    }
}

/// Makes metrics and registers them, each once and under a valid name.
struct Names<'r>(&'r Registry);

impl Names<'_> {
    fn register<C: Collector + Clone + 'static>(&self, collector: C) -> C {
        self.0
            .register(Box::new(collector.clone()))
            .expect("each name is registered once");
        collector
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::new(name, help).expect("the name is valid"))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        let counters = IntCounterVec::new(Opts::new(name, help), labels);
        self.register(counters.expect("names are valid"))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.register(IntGauge::new(name, help).expect("the name is valid"))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        let gauges = IntGaugeVec::new(Opts::new(name, help), labels);
        self.register(gauges.expect("names are valid"))
    }
}
