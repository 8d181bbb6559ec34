//! A catalogue that breaks a rule is refused, and the refusal says what to do.

use super::fixture::{deprecated, now, past, preview, v, version};
use crate::versioning::{Catalogue, CatalogueError, Lifecycle, Version, VersionNumber};

fn stable(number: u32) -> Version {
    version(number, Lifecycle::default())
}

fn refused(versions: Vec<Version>, first: u32) -> CatalogueError {
    Catalogue::new(versions, v(first)).unwrap_err()
}

#[test]
fn versions_are_listed_newest_first_and_found_by_number() {
    let catalogue = Catalogue::new(vec![stable(5), stable(2), stable(1)], v(2)).unwrap();
    let numbers: Vec<u32> = catalogue
        .iter()
        .map(|version| version.number.get())
        .collect();
    assert_eq!(numbers, [5, 2, 1]);
    assert_eq!(catalogue.get(v(2)), Some(&stable(2)));
    assert_eq!(catalogue.get(v(3)), None);
    assert_eq!(catalogue.first(), v(2));
}

#[test]
fn an_empty_catalogue_is_refused() {
    assert_eq!(refused(Vec::new(), 1), CatalogueError::Empty);
}

#[test]
fn numbers_that_do_not_descend_are_refused() {
    let order = |upper, lower| CatalogueError::Order {
        upper: v(upper),
        lower: v(lower),
    };
    assert_eq!(refused(vec![stable(1), stable(2)], 1), order(1, 2));
    assert_eq!(
        refused(vec![stable(3), stable(2), stable(2), stable(1)], 1),
        order(2, 2)
    );
}

#[test]
fn a_major_that_is_another_number_is_refused() {
    let semantic = semver::Version::new(3, 1, 0);
    let mislabelled = Version {
        semantic: semantic.clone(),
        ..stable(2)
    };
    assert_eq!(
        refused(vec![mislabelled, stable(1)], 1),
        CatalogueError::Major {
            number: v(2),
            semantic
        }
    );
}

#[test]
fn a_default_that_is_missing_or_a_preview_is_refused() {
    assert_eq!(
        refused(vec![stable(2)], 1),
        CatalogueError::DefaultMissing { first: v(1) }
    );
    let versions = vec![version(2, preview()), stable(1)];
    assert_eq!(
        refused(versions, 2),
        CatalogueError::DefaultPreview { first: v(2) }
    );
}

#[test]
fn retiring_before_deprecating_is_refused_and_at_the_same_time_is_not() {
    let lifecycle = |deprecated, retired| Lifecycle {
        deprecated: Some(deprecated),
        retired: Some(retired),
        ..Lifecycle::default()
    };
    let expected = CatalogueError::RetiredBeforeDeprecated {
        number: v(1),
        deprecated: now(),
        retired: past(),
    };
    assert_eq!(
        refused(vec![version(1, lifecycle(now(), past()))], 1),
        expected
    );
    assert!(Catalogue::new(vec![version(1, lifecycle(now(), now()))], v(1)).is_ok());
    assert!(Catalogue::new(vec![version(1, deprecated())], v(1)).is_ok());
}

#[test]
fn every_refusal_says_what_to_do() {
    let lifecycle = Lifecycle {
        deprecated: Some(now()),
        retired: Some(past()),
        ..Lifecycle::default()
    };
    let mislabelled = Version {
        semantic: semver::Version::new(3, 1, 0),
        ..stable(2)
    };
    for (error, advice) in [
        (refused(Vec::new(), 1), "list at least one"),
        (
            refused(vec![stable(1), stable(2)], 1),
            "list every version once, newest first",
        ),
        (
            refused(vec![mislabelled], 2),
            "give it one whose MAJOR is 2",
        ),
        (
            refused(vec![stable(2)], 1),
            "list it, or make a listed version the default",
        ),
        (
            refused(vec![version(1, preview())], 1),
            "release it, or make a released version the default",
        ),
        (
            refused(vec![version(1, lifecycle)], 1),
            "retire it later or deprecate it sooner",
        ),
    ] {
        assert!(error.to_string().ends_with(advice), "{error}");
    }
}

#[test]
fn the_name_of_a_version_is_read_as_it_is_written() {
    for number in [1, 2, 10, 11, u32::MAX] {
        assert_eq!(v(number).to_string(), format!("v{number}"));
        assert_eq!(v(number).to_string().parse(), Ok(v(number)));
    }
    for text in [
        "",
        "v",
        "1",
        "v0",
        "v01",
        "V1",
        "v+1",
        "v-1",
        " v1",
        "v1 ",
        "v1.0",
        "v4294967296",
        "v１",
    ] {
        let error = text.parse::<VersionNumber>().unwrap_err();
        assert!(error.to_string().contains("such as v1"), "{error}");
    }
    assert_eq!(VersionNumber::new(0), None);
}
