//! A server with four versions, and a request to it in one line.

use jiff::Timestamp;

use crate::versioning::{
    Catalogue, Choice, DefaultVersion, Format, InUrl, Lifecycle, Refusal, Source, Version,
    VersionNumber, negotiate,
};
use Format::{Csv, Html, Json, Ndjson};

/// The moment at which the tests take place.
pub(super) fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

/// A date that is long past.
pub(super) fn past() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// `vN`
pub(super) fn v(number: u32) -> VersionNumber {
    VersionNumber::new(number).unwrap()
}

/// Version N.0.0 with that lifecycle.
pub(super) fn version(number: u32, lifecycle: Lifecycle) -> Version {
    Version {
        number: v(number),
        semantic: semver::Version::new(number.into(), 0, 0),
        lifecycle,
    }
}

/// A lifecycle that ended.
pub(super) fn retired() -> Lifecycle {
    Lifecycle {
        retired: Some(past()),
        ..Lifecycle::default()
    }
}

/// A lifecycle that has not begun.
pub(super) fn preview() -> Lifecycle {
    Lifecycle {
        preview: true,
        ..Lifecycle::default()
    }
}

/// A lifecycle about to end.
pub(super) fn deprecated() -> Lifecycle {
    Lifecycle {
        deprecated: Some(past()),
        ..Lifecycle::default()
    }
}

/// A resource that has JSON in every version.
pub(super) fn json(_: VersionNumber) -> &'static [Format] {
    &[Json]
}

/// A resource that has rows: NDJSON came with v2.
pub(super) fn rows(version: VersionNumber) -> &'static [Format] {
    if version == v(1) {
        &[Json, Csv]
    } else {
        &[Json, Csv, Ndjson]
    }
}

/// The page for people, which the server would rather send than JSON if `*/*` did not mean a
/// program.
pub(super) fn page(_: VersionNumber) -> &'static [Format] {
    &[Html, Json]
}

/// A resource that came with v2 and has no NDJSON.
pub(super) fn since_v2(version: VersionNumber) -> &'static [Format] {
    if version == v(1) { &[] } else { &[Json, Csv] }
}

/// A request, to be sent to one resource of the server.
#[derive(Clone)]
pub(super) struct Ask {
    catalogue: Catalogue,
    offers: fn(VersionNumber) -> &'static [Format],
    in_url: InUrl,
    accept: Vec<Vec<u8>>,
    content_type: Option<Vec<u8>>,
    caller: DefaultVersion,
}

/// A request without an `Accept` field: v1 is the default, v2 and v3 are stable, v11 is a preview.
pub(super) fn ask_nothing() -> Ask {
    let stable = Lifecycle::default;
    let versions = vec![
        version(11, preview()),
        version(3, stable()),
        version(2, stable()),
        version(1, stable()),
    ];
    Ask {
        catalogue: Catalogue::new(versions, v(1)).unwrap(),
        offers: rows,
        in_url: InUrl::default(),
        accept: Vec::new(),
        content_type: None,
        caller: DefaultVersion {
            version: v(1),
            source: Source::Default,
        },
    }
}

/// A request with that `Accept` field.
pub(super) fn ask(accept: impl AsRef<[u8]>) -> Ask {
    ask_nothing().accept(accept)
}

impl Ask {
    /// One more line of `Accept`.
    pub(super) fn accept(mut self, line: impl AsRef<[u8]>) -> Self {
        self.accept.push(line.as_ref().to_owned());
        self
    }

    /// With `version=vN` in the URL.
    pub(super) fn version(mut self, number: u32) -> Self {
        self.in_url.version = Some(v(number));
        self
    }

    /// With `format=` in the URL.
    pub(super) fn format(mut self, format: Format) -> Self {
        self.in_url.format = Some(format);
        self
    }

    pub(super) fn content_type(mut self, value: impl AsRef<[u8]>) -> Self {
        self.content_type = Some(value.as_ref().to_owned());
        self
    }

    /// From a client that is pinned.
    pub(super) fn pinned(mut self, number: u32) -> Self {
        self.caller = DefaultVersion {
            version: v(number),
            source: Source::Pin,
        };
        self
    }

    /// To a resource that has these formats.
    pub(super) fn of(mut self, offers: fn(VersionNumber) -> &'static [Format]) -> Self {
        self.offers = offers;
        self
    }

    /// To a server where that version has this lifecycle.
    pub(super) fn with(mut self, number: u32, lifecycle: Lifecycle) -> Self {
        let mut versions: Vec<Version> = self.catalogue.iter().cloned().collect();
        versions
            .iter_mut()
            .find(|version| version.number == v(number))
            .unwrap()
            .lifecycle = lifecycle;
        self.catalogue = Catalogue::new(versions, self.catalogue.first()).unwrap();
        self
    }

    pub(super) fn negotiate(&self) -> Result<Choice, Refusal> {
        let lines = self.accept.iter().map(Vec::as_slice);
        let content_type = self.content_type.as_deref();
        negotiate(
            &self.catalogue,
            now(),
            self.offers,
            self.in_url,
            lines,
            content_type,
            self.caller,
        )
    }

    /// The outcome in one line: `v1 application/json default`, or `406`, or `400 part@position
    /// Fault`.
    pub(super) fn outcome(&self) -> String {
        match self.negotiate() {
            Ok(choice) => {
                format!(
                    "{} {} {}",
                    choice.version,
                    choice.media_type(),
                    choice.source.as_str()
                )
            }
            Err(
                Refusal::MalformedAccept {
                    part,
                    position,
                    reason,
                }
                | Refusal::MalformedContentType {
                    part,
                    position,
                    reason,
                },
            ) => format!("400 {part}@{position} {reason:?}"),
            Err(Refusal::Disagreement {
                accept,
                content_type,
            }) => {
                format!("400 {accept} or {content_type}")
            }
            Err(Refusal::Contradiction { header, in_url }) => format!("400 {header} or {in_url}"),
            Err(Refusal::NoSuchFormat { format }) => format!("406 {format}"),
            Err(Refusal::UnknownContentTypeVersion { version }) => format!("415 {version}"),
            Err(Refusal::UnreadableContentTypeVersion { value }) => format!("415 {value}"),
            Err(Refusal::NotAcceptable { .. }) => "406".to_owned(),
            Err(Refusal::Retired(unserved)) => format!("410 {}", unserved.choice.version),
            Err(Refusal::Brownout { version, .. }) => format!("503 {}", version.choice.version),
        }
    }

    /// What a 406 suggests.
    pub(super) fn suggestion(&self) -> Option<String> {
        match self.negotiate() {
            Err(Refusal::NotAcceptable { nearest }) => nearest,
            other => panic!("expected 406, got {other:?}"),
        }
    }
}

/// Checks a table of `Accept` fields and what each comes to.
pub(super) fn check(table: &[(&str, &str)], request: impl Fn(Ask) -> Ask) {
    for (accept, expected) in table {
        assert_eq!(
            request(ask(accept)).outcome(),
            *expected,
            "Accept: {accept}"
        );
    }
}
