//! The parts of answering a query: scanning the text of a block, pruning blocks, and rendering a page.
//!
//! The rows look like flights. A block has about 64 KiB of text; scans are measured in bytes of it, and pruning in blocks. Pages
//! come from the service, without a socket.

#![expect(
    unreachable_pub,
    reason = "a benchmark has no outside, and flights.rs is of another one"
)]

#[expect(dead_code, reason = "it is of benches/promises, which uses the rest")]
#[path = "promises/flights.rs"]
mod flights;

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flash::api::{self, Registry};
use flash::dataset::query::{KeyedRow, PruningStats, Query, Scan, TopK};
use flash::dataset::{
    Analysis, BlockText, Column, Ingest, Layout, Limits, Profile, RawQuery, UploadOptions,
};
use flash::services::{Clock, Services};
use flash::settings::{Database, ServeSettings};
use futures_util::future::BoxFuture;
use http::Request;
use http::request::Builder;
use http_body_util::{BodyExt as _, Full};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower_service::Service as _;

/// Bytes of the CSV: sixteen blocks.
const BYTES: usize = 1 << 20;

/// Blocks with their zone maps.
struct Sample {
    layout: Arc<Layout>,
    columns: Vec<Column>,
    texts: Vec<BlockText>,
    analyses: Vec<Analysis>,
}

impl Sample {
    fn make() -> Self {
        let options = UploadOptions {
            nulls: vec!["NA".to_owned()],
            ..UploadOptions::default()
        };
        let mut ingest = Ingest::new(options, Limits::default()).expect("no charset");
        let mut raw_blocks = Vec::new();
        let csv = flights::small(BYTES);
        ingest.push(csv.as_bytes(), &mut raw_blocks).expect("a CSV");
        ingest.finish(&mut raw_blocks).expect("a CSV");
        let layout = Arc::clone(ingest.layout().expect("a header"));
        let analyses = raw_blocks
            .iter()
            .map(|raw_block| raw_block.analyse().expect("a CSV"));
        let analyses: Vec<_> = analyses.collect();
        let mut profile = Profile::new(Arc::clone(&layout));
        analyses
            .iter()
            .for_each(|analysis| profile.absorb(analysis));
        let texts = raw_blocks.into_iter().map(|raw_block| {
            let text = String::from_utf8(raw_block.text).expect("UTF-8");
            BlockText::new(text, layout.columns.len())
        });
        Self {
            texts: texts.collect(),
            columns: profile.columns(),
            analyses,
            layout,
        }
    }

    fn query(&self, filter: Option<(&str, &str)>, order: Option<&str>) -> Query {
        let filters = filter.map(|(name, condition)| (name.to_owned(), condition.to_owned()));
        let asked = RawQuery {
            select: None,
            order: order.map(str::to_owned),
            filters: filters.into_iter().collect(),
            groups: Vec::new(),
        };
        Query::resolve(&asked, &self.columns, &self.layout.formats).expect("it can be asked")
    }

    /// A block from the middle, which has no header.
    fn text(&self) -> &BlockText {
        &self.texts[self.texts.len() / 2]
    }
}

fn scanning(criterion: &mut Criterion) {
    let sample = Sample::make();
    let text = sample.text();
    let mut group = criterion.benchmark_group("a block");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for (name, column, condition) in [
        ("equality", "dest", "eq.LAX"),
        ("comparison of numbers", "distance", "gt.2600"),
        ("pattern with a beginning", "tailnum", "like.N1*"),
        ("pattern with any characters", "tailnum", "like.N_4_*"),
        (
            "pattern with any characters inside",
            "tailnum",
            "like.*1_2*",
        ),
        ("pattern of letters of both cases", "tailnum", "ilike.*aa*"),
    ] {
        let query = sample.query(Some((column, condition)), None);
        group.bench_function(name, |b| {
            let scan = Scan::new(&query, &sample.layout);
            b.iter(|| {
                let mut found = 0;
                scan.rows(black_box(text), 0, |_| {
                    found += 1;
                    ControlFlow::Continue(())
                });
                found
            });
        });
    }
    let query = sample.query(None, Some("arr_delay.desc"));
    group.bench_function("first 100 of an order", |b| {
        b.iter(|| first(&query, &sample.layout, black_box(text)));
    });
    group.finish();
}

/// The first 100 rows of a block in the query's order.
fn first(query: &Query, layout: &Layout, text: &BlockText) -> Vec<KeyedRow> {
    let mut top = TopK::new(Arc::clone(&query.order), None, None, 100, 16 << 20);
    let term = query.order[0];
    Scan::new(query, layout).rows(text, 0, |row| {
        let abbreviated = term.abbreviated_key(row.value(term.column).as_deref());
        let at = row.at as u32;
        if top.may_have(abbreviated, 0, at) {
            top.take(abbreviated, |column| row.value(column), 0, at);
        }
        ControlFlow::Continue(())
    });
    top.finish().rows
}

fn passing_over(criterion: &mut Criterion) {
    let sample = Sample::make();
    let blooms = sample.analyses.iter().map(|analysis| &analysis.blooms);
    let tailnum = sample.columns.iter().position(|c| c.name == "tailnum");
    let tailnum = tailnum.expect("a column");
    let blooms = blooms.filter_map(|blooms| {
        let of_tailnum = |(place, _): &&_| usize::try_from(*place) == Ok(tailnum);
        Some(&blooms.iter().find(of_tailnum)?.1)
    });
    let blooms: Vec<_> = blooms.collect();
    let mut group = criterion.benchmark_group("passing over");
    group.throughput(Throughput::Elements(blooms.len() as u64));
    group.bench_function("Bloom filters", |b| {
        b.iter(|| {
            let text = black_box(b"N14228".as_slice());
            blooms.iter().filter(|bloom| bloom.may_have(text)).count()
        });
    });
    group.throughput(Throughput::Elements(sample.analyses.len() as u64));
    let query = sample.query(Some(("distance", "gt.4900")), None);
    group.bench_function("statistics", |b| {
        b.iter(|| {
            let may_match = |analysis: &&Analysis| {
                query.may_match(|column| PruningStats {
                    zone_map: Some(&analysis.columns[column]),
                    bloom: None,
                })
            };
            black_box(&sample.analyses).iter().filter(may_match).count()
        });
    });
    group.finish();
}

/// The service, with a store that has the sample.
struct Served {
    answer: Box<dyn Fn(Request<Full<Bytes>>) -> BoxFuture<'static, Bytes>>,
    runtime: Runtime,
    _folder: TempDir,
}

impl Served {
    fn start(cache_bytes: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("a runtime");
        let mut settings = ServeSettings::default().check().expect("defaults");
        settings.database = Database::Sqlite(folder.path().join("flash.db"));
        settings.memory.cache = cache_bytes;
        let registry = Registry::standard().expect("versions");
        let catalogue = registry.catalogue().expect("versions");
        let services = Services::open(settings, catalogue, Clock::system()).expect("a store");
        let service = api::service(services, registry).expect("versions");
        let answer = move |request| -> BoxFuture<'static, Bytes> {
            let answer = service.clone().call(request);
            Box::pin(async move {
                let answer = answer.await.expect("an answer");
                assert!(answer.status().is_success(), "{}", answer.status());
                let body = answer.into_body().collect().await;
                body.expect("a body").to_bytes()
            })
        };
        let served = Self {
            answer: Box::new(answer),
            runtime,
            _folder: folder,
        };
        let put = Request::put("/datasets/flights?null=NA").header("content-type", "text/csv");
        served.ask(put, flights::small(BYTES));
        served
    }

    /// The body of a successful response.
    fn ask(&self, request: Builder, body: String) -> Bytes {
        let request = request.header("accept", "application/vnd.flash.v2+json");
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.expect("a request");
        self.runtime
            .block_on(async { (self.answer)(request).await })
    }

    fn page(&self) -> Bytes {
        let page = Request::get("/datasets/flights/rows?limit=100");
        self.ask(page, String::new())
    }
}

fn pages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a page of 100 rows");
    for (name, cache_bytes) in [("remembered", 32 << 20), ("read and rendered", 0)] {
        let served = Served::start(cache_bytes);
        group.throughput(Throughput::Bytes(served.page().len() as u64));
        group.bench_function(name, |b| b.iter(|| served.page()));
    }
    group.finish();
}

criterion_group!(benches, scanning, passing_over, pages);
criterion_main!(benches);
