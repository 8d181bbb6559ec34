//! Names are written as they are read.

use super::fixture::{
    ask, ask_nothing, deprecated, now, page, past, preview, retired, rows, since_v2, v, version,
};
use crate::versioning::{
    Available, Catalogue, Format, Lifecycle, MediaType, Naming, State, VersionNumber, available,
    media_type,
};

const FORMATS: [Format; 4] = [Format::Json, Format::Csv, Format::Ndjson, Format::Html];

#[test]
fn a_name_says_version_and_format() {
    let name = |number, format| media_type(v(number), format).to_string();
    assert_eq!(name(2, Format::Json), "application/vnd.flash.v2+json");
    assert_eq!(name(1, Format::Csv), "application/vnd.flash.v1+csv");
    assert_eq!(name(10, Format::Ndjson), "application/vnd.flash.v10+ndjson");
    assert_eq!(name(2, Format::Html), "text/html");
}

#[test]
fn mime_reads_every_name_as_it_is_written() {
    for format in FORMATS {
        for naming in [Naming::Vendor, Naming::Plain] {
            let name = MediaType {
                version: v(7),
                format,
                naming,
            };
            let mime = name.to_string().parse::<mime::Mime>().unwrap();
            assert_eq!(mime.as_ref(), name.to_string());
        }
    }
}

#[test]
fn what_is_served_is_what_asking_for_it_by_name_gives() {
    for number in [1, 2, 3] {
        for &format in rows(v(number)) {
            let name = media_type(v(number), format);
            let choice = ask(name.to_string()).of(rows).negotiate().unwrap();
            assert_eq!(choice.media_type(), name);
        }
    }
    for accept in ["application/json", "text/csv", "text/html"] {
        let offers = |_: VersionNumber| -> &'static [Format] { &FORMATS };
        let choice = ask(accept).of(offers).negotiate().unwrap();
        assert_eq!(choice.media_type().to_string(), accept);
    }
}

#[test]
fn the_list_of_what_there_is_holds_every_version_that_is_served_newest_first() {
    let versions = vec![
        version(4, preview()),
        version(
            3,
            Lifecycle {
                deprecated: Some(past()),
                ..Lifecycle::default()
            },
        ),
        version(2, retired()),
        version(1, Lifecycle::default()),
    ];
    let catalogue = Catalogue::new(versions, v(1)).unwrap();
    let list: Vec<(String, State)> = available(&catalogue, now(), rows)
        .into_iter()
        .map(
            |Available {
                 media_type, state, ..
             }| (media_type, state),
        )
        .collect();
    let expected = [
        ("application/vnd.flash.v4+json", State::Preview),
        ("application/vnd.flash.v4+csv", State::Preview),
        ("application/vnd.flash.v4+ndjson", State::Preview),
        ("application/vnd.flash.v3+json", State::Deprecated),
        ("application/vnd.flash.v3+csv", State::Deprecated),
        ("application/vnd.flash.v3+ndjson", State::Deprecated),
        ("application/vnd.flash.v1+json", State::Stable),
        ("application/vnd.flash.v1+csv", State::Stable),
    ];
    assert_eq!(list, expected.map(|(name, state)| (name.to_owned(), state)));
}

#[test]
fn the_list_leaves_out_versions_without_the_resource_and_names_the_page_once() {
    let versions = vec![
        version(2, Lifecycle::default()),
        version(1, Lifecycle::default()),
    ];
    let catalogue = Catalogue::new(versions, v(1)).unwrap();
    let names = |offers: fn(VersionNumber) -> &'static [Format]| -> Vec<String> {
        available(&catalogue, now(), offers)
            .into_iter()
            .map(|one| one.media_type)
            .collect()
    };
    assert_eq!(
        names(since_v2),
        [
            "application/vnd.flash.v2+json",
            "application/vnd.flash.v2+csv"
        ]
    );
    assert_eq!(
        names(page),
        [
            "application/vnd.flash.v2+json",
            "text/html",
            "application/vnd.flash.v1+json"
        ]
    );
    assert!(names(|_| &[]).is_empty());
}

#[test]
fn everything_that_is_listed_is_served_to_who_asks_for_it() {
    let versions = [11, 3, 2, 1].map(|number| version(number, Lifecycle::default()));
    let catalogue = Catalogue::new(versions.into(), v(1)).unwrap();
    for offers in [rows, page, since_v2] {
        for one in available(&catalogue, now(), offers) {
            let choice = ask_nothing()
                .accept(&one.media_type)
                .of(offers)
                .negotiate()
                .unwrap();
            assert_eq!((choice.version, choice.format), (one.version, one.format));
        }
    }
}

#[test]
fn the_list_is_written_with_names_and_numbers_that_a_program_can_read() {
    let catalogue = Catalogue::new(vec![version(2, deprecated())], v(2)).unwrap();
    let list = available(&catalogue, now(), |_| &[Format::Ndjson]);
    assert_eq!(
        serde_json::to_value(list).unwrap(),
        serde_json::json!([{
            "media_type": "application/vnd.flash.v2+ndjson",
            "version": 2,
            "semantic_version": "2.0.0",
            "state": "deprecated",
            "format": "ndjson",
        }])
    );
    assert!(serde_json::from_str::<VersionNumber>("0").is_err());
}
