//! What can be announced of a version: how it is written, what it comes to, and what is refused.

use jiff::{SignedDuration, Timestamp};

use super::fixture::{ask, deprecated, past, v, version};
use crate::versioning::{Brownout, Catalogue, CatalogueError, Lifecycle, Refusal, State, date};

fn at(text: &str) -> Timestamp {
    date(text).unwrap()
}

fn brownouts(texts: &[&str]) -> Vec<Brownout> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A v1 with this lifecycle beside a stable v2.
fn catalogue(lifecycle: Lifecycle) -> Result<Catalogue, CatalogueError> {
    Catalogue::new(
        vec![version(2, Lifecycle::default()), version(1, lifecycle)],
        v(1),
    )
}

#[test]
fn a_date_is_midnight_utc_or_a_time_with_its_zone() {
    for (text, moment) in [
        ("2027-01-01", "2027-01-01T00:00:00Z"),
        ("2028-02-29", "2028-02-29T00:00:00Z"),
        ("2027-01-01T09:00:00Z", "2027-01-01T09:00:00Z"),
        ("2027-01-01T09:00Z", "2027-01-01T09:00:00Z"),
        ("2027-01-01T09:00:00+02:00", "2027-01-01T07:00:00Z"),
    ] {
        assert_eq!(at(text).to_string(), moment);
    }
    for text in [
        "",
        "2027",
        "2027-1-1",
        "2027-02-29",
        "2027-13-01",
        "01.01.2027",
        "tomorrow",
        "2027-01-01T09:00",
        "2027-01-01T09:00:00.5Z",
        "1969-12-31",
        " 2027-01-01",
    ] {
        let error = date(text).unwrap_err().to_string();
        assert!(
            error.contains(&format!("{text:?}")) && error.contains("such as 2027-01-01"),
            "{error}"
        );
    }
}

#[test]
fn a_brownout_is_its_start_and_its_length() {
    for (text, end) in [
        ("2027-05-01T09:00Z/15m", "2027-05-01T09:15:00Z"),
        ("2027-05-01/24h", "2027-05-02T00:00:00Z"),
        ("2027-05-01T09:00:00Z/1s", "2027-05-01T09:00:01Z"),
    ] {
        let brownout: Brownout = text.parse().unwrap();
        assert_eq!(brownout.end.to_string(), end);
    }
    for (text, advice) in [
        ("2027-05-01T09:00Z", "2027-05-01T09:00Z/15m"),
        ("tomorrow/15m", "such as 2027-01-01"),
        ("2027-05-01T09:00Z/", "from 1s to 24h"),
        ("2027-05-01T09:00Z/0s", "from 1s to 24h"),
        ("2027-05-01T09:00Z/15", "from 1s to 24h"),
        ("2027-05-01T09:00Z/1500ms", "from 1s to 24h"),
        ("2027-05-01T09:00Z/25h", "from 1s to 24h"),
    ] {
        let error = text.parse::<Brownout>().unwrap_err().to_string();
        assert!(error.contains(advice), "{error}");
    }
}

#[test]
fn a_preview_with_a_date_is_stable_from_that_instant_on() {
    let promoted = at("2027-03-01");
    let lifecycle = Lifecycle {
        preview: true,
        promoted: Some(promoted),
        ..Lifecycle::default()
    };
    let moment = SignedDuration::from_nanos(1);
    assert_eq!(lifecycle.state(promoted - moment), State::Preview);
    assert_eq!(lifecycle.state(promoted), State::Stable);
    let versions = vec![version(2, lifecycle), version(1, Lifecycle::default())];
    let catalogue = Catalogue::new(versions, v(1)).unwrap();
    assert_eq!(catalogue.newest_stable(promoted - moment), v(1));
    assert_eq!(catalogue.newest_stable(promoted), v(2));
    assert_eq!(catalogue.successor(v(1), promoted - moment), None);
    assert_eq!(catalogue.successor(v(1), promoted), Some(v(2)));
}

#[test]
fn the_successor_is_the_next_newer_version_that_is_stable() {
    let versions = vec![
        version(4, Lifecycle::default()),
        version(3, Lifecycle::default()),
        version(2, deprecated()),
        version(1, Lifecycle::default()),
    ];
    let catalogue = Catalogue::new(versions, v(1)).unwrap();
    for (number, successor) in [(1, Some(v(3))), (2, Some(v(3))), (3, Some(v(4))), (4, None)] {
        assert_eq!(catalogue.successor(v(number), past()), successor);
    }
}

#[test]
fn a_brownout_refuses_a_deprecated_version_from_its_start_until_its_end() {
    let window: Brownout = "2027-05-01T09:00Z/15m".parse().unwrap();
    let lifecycle = Lifecycle {
        deprecated: Some(at("2027-01-01")),
        brownouts: vec![window],
        ..Lifecycle::default()
    };
    let moment = SignedDuration::from_nanos(1);
    for (now, found) in [
        (window.start - moment, None),
        (window.start, Some(window)),
        (window.end - moment, Some(window)),
        (window.end, None),
    ] {
        assert_eq!(lifecycle.brownout(now), found, "{now}");
    }
    let stable = Lifecycle {
        deprecated: None,
        ..lifecycle
    };
    assert_eq!(stable.brownout(window.start), None);
}

#[test]
fn a_brownout_is_a_rehearsal_of_the_retirement() {
    // The tests take place at noon.
    let lifecycle = Lifecycle {
        deprecated: Some(past()),
        retired: Some(at("2027-01-01")),
        brownouts: brownouts(&["2026-06-15T11:50Z/15m"]),
        ..Lifecycle::default()
    };
    for (accept, outcome) in [
        ("", "503 v2"),
        ("application/json", "503 v2"),
        ("application/vnd.flash.v2+json", "503 v2"),
        (
            "application/vnd.flash.v2+json, application/vnd.flash.v3+json;q=0.5",
            "v3 application/vnd.flash.v3+json accept",
        ),
        (
            "application/vnd.flash.v1+json",
            "v1 application/vnd.flash.v1+json accept",
        ),
    ] {
        let ask = ask(accept).pinned(2).with(2, lifecycle.clone());
        assert_eq!(ask.outcome(), outcome, "Accept: {accept}");
    }
    let refusal = ask("")
        .pinned(2)
        .with(2, lifecycle)
        .negotiate()
        .unwrap_err();
    let Refusal::Brownout { seconds, until, .. } = &refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!(*seconds, 300);
    assert_eq!(until.to_string(), "2026-06-15T12:05:00Z");
    for part in [
        "v2",
        "retired at 2027-01-01T00:00:00Z",
        "announced brownout until 2026-06-15T12:05:00Z",
        "application/vnd.flash.v3+json",
        "/changelog?from=v2&to=v3",
    ] {
        let text = refusal.to_string();
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[test]
fn a_life_out_of_order_is_refused_with_what_to_do() {
    let lifecycle = |deprecated: &str, windows: &[&str]| Lifecycle {
        deprecated: Some(at(deprecated)),
        retired: Some(at("2027-07-01")),
        brownouts: brownouts(windows),
        ..Lifecycle::default()
    };
    let fits = lifecycle(
        "2027-01-01",
        &["2027-01-01/1h", "2027-01-01T01:00Z/1h", "2027-06-30/24h"],
    );
    assert!(catalogue(fits).is_ok());
    let unannounced = Lifecycle {
        brownouts: brownouts(&["2027-05-01/1h"]),
        ..Lifecycle::default()
    };
    for (lifecycle, advice) in [
        (unannounced, "give it a date"),
        (
            lifecycle("2027-01-01", &["2026-12-31T23:59:59Z/1h"]),
            "let it begin after 2027-01-01",
        ),
        (
            lifecycle("2027-01-01", &["2027-06-30T00:00:01Z/24h"]),
            "end before v1 is retired",
        ),
        (
            lifecycle("2027-01-01", &["2027-05-01/2h", "2027-05-01T01:00Z/2h"]),
            "write one longer one",
        ),
    ] {
        let error = catalogue(lifecycle).unwrap_err().to_string();
        assert!(error.contains(advice), "{error}");
    }
    for (deprecated, retired) in [(Some("2027-01-01"), None), (None, Some("2027-01-01"))] {
        let lifecycle = Lifecycle {
            preview: true,
            promoted: Some(at("2027-03-01")),
            deprecated: deprecated.map(at),
            retired: retired.map(at),
            ..Lifecycle::default()
        };
        let versions = vec![version(2, lifecycle), version(1, Lifecycle::default())];
        let error = Catalogue::new(versions, v(1)).unwrap_err().to_string();
        assert!(error.contains("before it is promoted"), "{error}");
    }
}
