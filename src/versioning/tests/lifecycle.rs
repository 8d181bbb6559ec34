//! Previews, deprecation and retirement, as a caller meets them.

use jiff::{SignedDuration, Timestamp};

use super::fixture::{
    Ask, ask, ask_nothing, check, deprecated, now, past, preview, retired, v, version,
};
use crate::versioning::{Catalogue, Lifecycle, State, Version};

#[test]
fn a_preview_is_served_only_to_who_names_it() {
    check(
        &[
            (
                "application/vnd.flash.v11+json",
                "v11 application/vnd.flash.v11+json accept",
            ),
            (
                "application/vnd.flash.v11+csv;q=0.1",
                "v11 application/vnd.flash.v11+csv accept",
            ),
            ("*/*", "v1 application/vnd.flash.v1+json default"),
            (
                "application/vnd.flash.v1+json;q=0, application/vnd.flash.v1+csv;q=0, */*",
                "406",
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn a_deprecated_version_is_served_like_a_stable_one() {
    check(
        &[
            ("", "v1 application/vnd.flash.v1+json default"),
            (
                "application/vnd.flash.v1+json",
                "v1 application/vnd.flash.v1+json accept",
            ),
        ],
        |ask| ask.with(1, deprecated()),
    );
}

#[test]
fn who_falls_to_a_retired_default_is_told_and_not_moved() {
    let gone = "410 v1";
    check(
        &[
            ("", gone),
            ("*/*", gone),
            ("application/*", gone),
            ("application/json", gone),
            ("application/vnd.flash+json", gone),
            ("text/csv", gone),
            ("application/vnd.flash.v1+csv", gone),
            ("application/vnd.flash.v9+json, */*;q=0.1", gone),
            ("image/png", "406"),
            ("application/vnd.flash.v1+json;q=0", "406"),
        ],
        |ask| ask.with(1, retired()),
    );
    assert_eq!(ask_nothing().with(1, retired()).outcome(), gone);
    assert_eq!(
        ask_nothing().pinned(2).with(2, retired()).outcome(),
        "410 v2"
    );
}

#[test]
fn a_retired_version_is_refused_only_if_nothing_that_is_served_matches() {
    let v3 = "v3 application/vnd.flash.v3+json accept";
    check(
        &[
            ("application/vnd.flash.v2+json", "410 v2"),
            (
                "application/vnd.flash.v2+json, application/vnd.flash.v3+json;q=0.5",
                v3,
            ),
            (
                "application/vnd.flash.v2+json, */*;q=0.1",
                "v1 application/vnd.flash.v1+json default",
            ),
            (
                "application/vnd.flash.v2+json, application/vnd.flash.v9+json",
                "410 v2",
            ),
            ("application/vnd.flash.v2+json;q=0, image/png", "406"),
        ],
        |ask| ask.with(2, retired()),
    );
}

#[test]
fn a_ladder_passes_over_a_retired_default_to_the_version_that_it_names() {
    check(
        &[
            (
                "*/*, application/vnd.flash.v3+json;q=0.1",
                "v3 application/vnd.flash.v3+json accept",
            ),
            (
                "application/json, application/vnd.flash.v3+json;q=0.1",
                "v3 application/vnd.flash.v3+json accept",
            ),
        ],
        |ask| ask.with(1, retired()),
    );
}

#[test]
fn of_several_retired_versions_the_one_that_is_wanted_most_is_told() {
    let request = |ask: Ask| ask.with(2, retired()).with(3, retired());
    check(
        &[
            (
                "application/vnd.flash.v2+json;q=0.5, application/vnd.flash.v3+json",
                "410 v3",
            ),
            (
                "application/vnd.flash.v2+json, application/vnd.flash.v3+json",
                "410 v2",
            ),
        ],
        request,
    );
}

#[test]
fn a_pin_to_a_version_that_the_server_does_not_know_is_gone_and_not_moved() {
    assert_eq!(ask_nothing().pinned(7).outcome(), "410 v7");
    assert_eq!(ask("application/json").pinned(7).outcome(), "410 v7");
    let named = ask("application/vnd.flash.v2+json").pinned(7).outcome();
    assert_eq!(named, "v2 application/vnd.flash.v2+json accept");
    assert_eq!(ask("application/vnd.flash.v7+json").outcome(), "406");
}

#[test]
fn time_passing_moves_the_state_at_the_very_instant() {
    let [deprecated, retired]: [Timestamp; 2] =
        ["2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z"].map(|date| date.parse().unwrap());
    let version = version(
        1,
        Lifecycle {
            deprecated: Some(deprecated),
            retired: Some(retired),
            ..Lifecycle::default()
        },
    );
    let moment = SignedDuration::from_nanos(1);
    assert_eq!(version.state(now()), State::Stable);
    assert_eq!(version.state(deprecated - moment), State::Stable);
    assert_eq!(version.state(deprecated), State::Deprecated);
    assert_eq!(version.state(retired - moment), State::Deprecated);
    assert_eq!(version.state(retired), State::Retired);
}

#[test]
fn a_preview_can_be_withdrawn_but_the_date_of_its_end_does_not_release_it() {
    let lifecycle = |retired| Lifecycle {
        preview: true,
        deprecated: Some(past()),
        retired,
        ..Lifecycle::default()
    };
    assert_eq!(version(1, lifecycle(None)).state(now()), State::Preview);
    assert_eq!(
        version(1, lifecycle(Some(past()))).state(now()),
        State::Retired
    );
}

#[test]
fn a_client_is_pinned_to_the_newest_version_that_is_stable() {
    let stable = Lifecycle::default;
    let newest =
        |versions: Vec<Version>| Catalogue::new(versions, v(1)).unwrap().newest_stable(now());
    let table = [
        (
            vec![
                version(3, preview()),
                version(2, stable()),
                version(1, stable()),
            ],
            2,
        ),
        (
            vec![
                version(3, deprecated()),
                version(2, stable()),
                version(1, stable()),
            ],
            2,
        ),
        (
            vec![
                version(3, preview()),
                version(2, retired()),
                version(1, deprecated()),
            ],
            1,
        ),
        (vec![version(2, deprecated()), version(1, deprecated())], 2),
        (
            vec![
                version(3, preview()),
                version(2, retired()),
                version(1, retired()),
            ],
            2,
        ),
        (vec![version(1, stable())], 1),
    ];
    for (versions, expected) in table {
        assert_eq!(newest(versions.clone()), v(expected), "{versions:?}");
    }
}
