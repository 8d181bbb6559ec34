//! `Accept` and `Content-Type`: the version and format that a request gets, and conditional headers.
//!
//! The first byte of an input says which server, caller and resource it is; the rest are lines: `Content-Type` if the byte
//! says so, then those of `Accept`.

use std::sync::LazyLock;

use flash::api::conditional;
use flash::versioning::{
    Brownout, Catalogue, DefaultVersion, Format, InUrl, Lifecycle, Refusal, Source, Version,
    VersionNumber, negotiate,
};
use http::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use jiff::Timestamp;

use super::plain_accept::{self, Outcome};

type Offers = fn(VersionNumber) -> &'static [Format];

static CATALOGUES: LazyLock<[Catalogue; 4]> = LazyLock::new(|| {
    [
        [Lifecycle::default(), Lifecycle::default()],
        [retired(), Lifecycle::default()],
        [brownout(), Lifecycle::default()],
        [Lifecycle::default(), retired()],
    ]
    .map(catalogue)
});

const OFFERS: [Offers; 4] = [
    |version| match version.get() {
        1 => &[Format::Json, Format::Csv],
        _ => &[Format::Json, Format::Csv, Format::Ndjson],
    },
    |_| &[Format::Html, Format::Json],
    |version| match version.get() {
        1 => &[],
        _ => &[Format::Json, Format::Csv],
    },
    |_| &[Format::Csv],
];

/// Checks one input.
pub fn check(input: &[u8]) {
    let Some((&setup, rest)) = input.split_first() else {
        return;
    };
    let mut lines = rest.split(|byte| *byte == b'\n');
    let content_type = (setup & 1 == 1).then(|| lines.next().unwrap_or_default());
    let accept: Vec<&[u8]> = lines.collect();
    let catalogue = &CATALOGUES[usize::from(setup >> 1 & 3)];
    let offers = OFFERS[usize::from(setup >> 5 & 3)];
    let caller = caller(setup >> 3 & 3);
    let ask = |accept: &[&[u8]], content_type| {
        let lines = accept.iter().copied();
        negotiate(
            catalogue,
            now(),
            offers,
            InUrl::default(),
            lines,
            content_type,
            caller,
        )
    };
    let found = ask(&accept, content_type);
    let plain = plain_accept::negotiate(catalogue, now(), offers, &accept, content_type, caller);
    assert_eq!(Outcome::of(&found), plain, "{found:?}");
    // Several lines are one list, and media types have no case.
    let joined = accept.join(&b", "[..]);
    if accept.len() > 1 {
        assert_eq!(ask(&[&joined], content_type), found);
    }
    if setup & 128 != 0 && !accept.is_empty() {
        let upper = joined.to_ascii_uppercase();
        let other = ask(&[&upper], content_type);
        assert_eq!(Outcome::of(&other), plain, "{other:?}");
    }
    if let Err(refusal) = &found {
        assert!(!refusal.to_string().is_empty());
    }
    // What a refusal suggests is there, unless another header says otherwise.
    if let Err(Refusal::NotAcceptable {
        nearest: Some(name),
    }) = &found
    {
        match ask(&[name.as_bytes()], content_type) {
            Ok(choice) => assert_eq!(choice.media_type().to_string(), *name),
            Err(Refusal::Brownout { .. } | Refusal::Disagreement { .. }) => {}
            Err(refusal) => panic!("{name} is suggested: {refusal}"),
        }
    }
    check_conditions(&joined);
}

/// A text as the list of tags that a request names: the tag itself and `*` hold, and nothing panics.
fn check_conditions(list: &[u8]) {
    const TAG: &str = "\"1f-2.1.0-json\"";
    let Ok(value) = HeaderValue::from_bytes(list) else {
        return;
    };
    let named = value.to_str().unwrap_or_default();
    let names = |wanted: &str| named.split(',').any(|tag| tag.trim() == wanted);
    let tagged = |name| {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.clone());
        headers
    };
    let matched = conditional::read(&tagged(IF_MATCH), TAG);
    assert_eq!(matched.is_ok(), names(TAG) || names("*"), "{named}");
    let unless = conditional::read(&tagged(IF_NONE_MATCH), TAG);
    let modified = matches!(unless, Ok(None));
    let weak = format!("W/{TAG}");
    assert_eq!(
        modified,
        !names(TAG) && !names("*") && !names(&weak),
        "{named}"
    );
    for name in [IF_MATCH, IF_NONE_MATCH] {
        if let Ok(conditions) = conditional::write(&tagged(name.clone())) {
            let holds = conditions.hold(Some(0x1f));
            if names(TAG) || names("*") {
                assert_eq!(holds, name == IF_MATCH, "{named}");
            }
        }
    }
}

fn caller(number: u8) -> DefaultVersion {
    let (version, source) = match number {
        0 => (1, Source::Default),
        1 => (2, Source::Pin),
        2 => (3, Source::Pin),
        // A version that this server does not know.
        _ => (9, Source::Pin),
    };
    DefaultVersion {
        version: v(version),
        source,
    }
}

fn v(number: u32) -> VersionNumber {
    VersionNumber::new(number).expect("positive")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn now() -> Timestamp {
    static NOW: LazyLock<Timestamp> = LazyLock::new(|| time("2026-06-15T12:00:00Z"));
    *NOW
}

/// v1 and v2 with these lives, v3, and v11 as a preview.
fn catalogue([first, second]: [Lifecycle; 2]) -> Catalogue {
    let preview = Lifecycle {
        preview: true,
        ..Lifecycle::default()
    };
    let version = |number: u32, lifecycle| Version {
        number: v(number),
        semantic: semver::Version::new(number.into(), 0, 0),
        lifecycle,
    };
    let versions = vec![
        version(11, preview),
        version(3, Lifecycle::default()),
        version(2, second),
        version(1, first),
    ];
    Catalogue::new(versions, v(1)).expect("a catalogue")
}

fn retired() -> Lifecycle {
    Lifecycle {
        retired: Some(time("2026-01-01T00:00:00Z")),
        ..Lifecycle::default()
    }
}

fn brownout() -> Lifecycle {
    let brownout: Brownout = "2026-06-15T11:00Z/2h".parse().expect("a brownout");
    Lifecycle {
        deprecated: Some(time("2026-01-01T00:00:00Z")),
        brownouts: vec![brownout],
        ..Lifecycle::default()
    }
}
