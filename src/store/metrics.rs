//! The store's metrics: latencies, waiting work, and panics.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter};

/// Upper bounds of the latency histogram's buckets, in seconds.
const BOUNDS: [f64; 12] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0,
];

/// Latencies by kind of work.
#[derive(Debug, Clone)]
pub(crate) struct Timings {
    all: HistogramVec,
    reads: Histogram,
    writes: Histogram,
    /// Work that panicked.
    pub panics: IntCounter,
}

impl Timings {
    pub(crate) fn new() -> Self {
        let options = HistogramOpts::new(
            "flash_store_duration_seconds",
            "How long the store took, with the time that was waited for it: read, or write until it was durable.",
        );
        let all = HistogramVec::new(options.buckets(BOUNDS.to_vec()), &["operation"])
            .expect("name, label and bounds are valid");
        Self {
            reads: all.with_label_values(&["read"]),
            writes: all.with_label_values(&["write"]),
            all,
            panics: IntCounter::new(
                "flash_store_panics_total",
                "Work of the store that panicked: it was rolled back, and its request answered with 500.",
            )
            .expect("the name is valid"),
        }
    }

    pub(crate) fn of_reads(&self) -> Timing<'_> {
        Timing::new(&self.reads)
    }

    pub(crate) fn of_writes(&self) -> Timing<'_> {
        Timing::new(&self.writes)
    }

    pub(crate) fn collectors(&self) -> [Box<dyn Collector>; 2] {
        [Box::new(self.all.clone()), Box::new(self.panics.clone())]
    }
}

/// Measures time until it is dropped.
pub(crate) struct Timing<'t> {
    histogram: &'t Histogram,
    began: Instant,
}

impl<'t> Timing<'t> {
    fn new(histogram: &'t Histogram) -> Self {
        Self {
            histogram,
            began: Instant::now(),
        }
    }
}

impl Drop for Timing<'_> {
    fn drop(&mut self) {
        self.histogram.observe(self.began.elapsed().as_secs_f64());
    }
}

/// How much of the store is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Connections in use.
    pub busy: usize,
    /// Idle connections.
    pub idle: usize,
    /// Work that waits for a connection.
    pub waiting: usize,
    /// Writes that the writer thread of a SQLite file is doing, or that wait for it.
    pub queued: usize,
    /// Datasets that wait for columns.
    pub due_columns: usize,
}

/// Counts one piece of waiting work in a gauge, until it is dropped.
#[derive(Debug)]
pub struct Waiting<'w>(&'w AtomicUsize);

impl<'w> Waiting<'w> {
    /// Adds one to `count` until this is dropped.
    pub fn new(count: &'w AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
