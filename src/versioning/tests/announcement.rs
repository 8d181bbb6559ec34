//! What a server announces is read back as it was written.

use jiff::Timestamp;

use crate::versioning::{Catalogue, Lifecycle, Version, VersionNumber};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn version(number: u32, lifecycle: Lifecycle) -> Version {
    Version {
        number: VersionNumber::new(number).unwrap(),
        semantic: semver::Version::new(number.into(), 4, 0),
        lifecycle,
    }
}

fn catalogue(first: u32, retired: Option<&str>) -> Catalogue {
    let old = Lifecycle {
        deprecated: Some(at("2027-01-01T00:00:00Z")),
        retired: retired.map(at),
        brownouts: vec!["2027-05-01T09:00Z/15m".parse().unwrap()],
        ..Lifecycle::default()
    };
    let new = Lifecycle {
        preview: true,
        promoted: Some(at("2026-12-01T00:00:00Z")),
        ..Lifecycle::default()
    };
    let middle = Lifecycle::default();
    let versions = vec![version(3, new), version(2, middle), version(1, old)];
    Catalogue::new(versions, VersionNumber::new(first).unwrap()).unwrap()
}

#[test]
fn an_announcement_is_read_back_as_it_was_written() {
    let catalogue = catalogue(2, Some("2027-07-01T00:00:00Z"));
    let text = catalogue.to_announcement();
    assert_eq!(Catalogue::from_announcement(&text).unwrap(), catalogue);
}

#[test]
fn fields_of_later_releases_are_ignored_and_other_texts_refused() {
    let text = catalogue(1, None).to_announcement();
    let later = text.replacen('{', "{\"motto\":\"fast\",", 1);
    assert_eq!(
        Catalogue::from_announcement(&later).unwrap(),
        catalogue(1, None)
    );
    for text in ["", "{}", "{\"default\":1,\"versions\":[]}"] {
        Catalogue::from_announcement(text).unwrap_err();
    }
}

#[test]
fn differences_say_both_sides() {
    let (one, other) = (
        catalogue(1, Some("2027-07-01T00:00:00Z")),
        catalogue(2, None),
    );
    assert_eq!(one.differences(&one, "there"), [""; 0]);
    let found = one.differences(&other, "there");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with(
            "v1 is deprecated at 2027-01-01T00:00:00Z, retired at 2027-07-01T00:00:00Z"
        )
    );
    assert!(
        found[0].contains("; there, it is deprecated at"),
        "{found:?}"
    );
    assert_eq!(found[1], "the default version is v1; there, it is v2");
}
