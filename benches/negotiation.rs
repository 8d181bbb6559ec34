//! What choosing a version costs a request: under 2 µs for everything that clients really send.
//!
//! The fields with as many ranges as are read at all show that the worst is no weapon: each may cost
//! some tens of microseconds.

use std::hint::black_box;

use criterion::Criterion;
use flash::versioning::{
    Catalogue, DefaultVersion, Format, InUrl, Lifecycle, MAX_RANGES, Source, Version,
    VersionNumber, negotiate,
};
use jiff::Timestamp;

const ACCEPT: [(&str, Option<&str>); 8] = [
    ("absent", None),
    ("anything", Some("*/*")),
    ("plain json", Some("application/json")),
    ("one vendor type", Some("application/vnd.flash.v2+json")),
    (
        "browser",
        Some(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,\
             application/signed-exchange;v=b3;q=0.7",
        ),
    ),
    (
        "ladder with quoted parameters",
        Some(
            "application/vnd.flash.v9+json;profile=\"https://example.com/a,b;c\", \
             application/vnd.flash.v2+json;q=0.5;note=\"x \\\"y\\\", z\", \
             application/vnd.flash.v1+json;charset=utf-8;q=0.1",
        ),
    ),
    (
        "not acceptable",
        Some("application/vnd.flash.v9+json, image/png;q=0.5"),
    ),
    (
        "malformed",
        Some("application/vnd.flash.v2+json, a/b;q=high"),
    ),
];

fn catalogue() -> Catalogue {
    let versions = [3, 2, 1].map(|number| Version {
        number: version(number),
        semantic: semver::Version::new(number.into(), 0, 0),
        lifecycle: Lifecycle {
            preview: number == 3,
            ..Lifecycle::default()
        },
    });
    Catalogue::new(versions.into(), version(1)).expect("the versions descend")
}

fn version(number: u32) -> VersionNumber {
    VersionNumber::new(number).expect("positive")
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let catalogue = catalogue();
    let now = Timestamp::now();
    let caller = DefaultVersion {
        version: version(1),
        source: Source::Default,
    };
    let offers =
        |_: VersionNumber| -> &'static [Format] { &[Format::Json, Format::Csv, Format::Ndjson] };

    let mut group = criterion.benchmark_group("negotiate");
    let mut measure = |name: &str, accept: Option<&str>, content_type: Option<&[u8]>| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let lines = black_box(accept).map(str::as_bytes).into_iter();
                negotiate(
                    &catalogue,
                    now,
                    offers,
                    InUrl::default(),
                    lines,
                    black_box(content_type),
                    caller,
                )
            });
        });
    };
    for (name, accept) in ACCEPT {
        measure(name, accept, None);
    }
    measure("content-type", None, Some(b"application/vnd.flash.v2+json"));
    measure(
        "content-type of a csv",
        Some("*/*"),
        Some(b"text/csv; charset=utf-8"),
    );
    let foreign = "image/png;q=0.5,".repeat(MAX_RANGES);
    measure("as many foreign ranges as are read", Some(&foreign), None);
    let ours = "application/vnd.flash.v3+ndjson;q=0.1,".repeat(MAX_RANGES);
    measure("as many ranges of ours as are read", Some(&ours), None);
    group.finish();
    criterion.final_summary();
}
