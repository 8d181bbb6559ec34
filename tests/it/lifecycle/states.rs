//! Each state, and the way from one to the next without a restart.

use flash::api::Registry;
use flash::api::contract::{Announced, ApiVersion};
use flash::api::{v1, v2};
use flash::versioning::{Catalogue, State, VersionNumber};

use super::{at, link, server};
use crate::client::{V1, V1_RELEASE, V2, V2_RELEASE};

#[test]
fn a_version_is_deprecated_and_retired_by_time_alone() {
    let (server, clock) = server(
        &["--deprecate", "v1=2027-01-01", "--retire", "v1=2027-07-01"],
        "2026-12-31T23:59:59Z",
    );
    for accept in ["*/*", "application/json", V1, "text/csv"] {
        for (time, status) in [
            ("2026-12-31T23:59:59Z", 200),
            ("2027-01-01T00:00:00Z", 200),
            ("2027-06-30T23:59:59Z", 200),
            ("2027-07-01T00:00:00Z", 410),
        ] {
            clock.set(at(time));
            let answer = server.get("/datasets/people").accept(accept).send();
            assert_eq!(answer.status, status, "{accept} at {time}");
            assert_eq!(answer.header("API-Version"), V1_RELEASE);
            server.get("/datasets/people").v2().send().ok();
        }
    }
}

#[test]
fn a_406_lists_each_version_in_the_state_of_that_moment() {
    let (server, clock) = server(
        &["--deprecate", "v1=2027-01-01", "--retire", "v1=2027-07-01"],
        "2026-12-31T23:59:59Z",
    );
    for (time, states) in [
        ("2026-12-31T23:59:59Z", vec!["stable", "stable"]),
        ("2027-01-01T00:00:00Z", vec!["stable", "deprecated"]),
        ("2027-07-01T00:00:00Z", vec!["stable"]),
    ] {
        clock.set(at(time));
        let answer = server.get("/datasets").accept("image/png").send();
        let list = answer.refused(406, &[]).json()["available"].take();
        let found: Vec<_> = list.as_array().unwrap().iter().collect();
        let found: Vec<_> = found
            .iter()
            .map(|one| one["state"].as_str().unwrap())
            .collect();
        assert_eq!(found, states, "{time}");
    }
}

#[test]
fn who_falls_to_a_retired_version_is_told_where_to_go_and_never_moved() {
    let (server, _) = server(&["--retire", "v1=2027-07-01"], "2027-07-01T00:00:00Z");
    let told = [
        "v1 was retired at 2027-07-01T00:00:00Z",
        V2,
        "/changelog?from=v1&to=v2",
        "/versions",
    ];
    for (accept, source, content_type) in [
        ("", "default", V1),
        ("*/*", "default", V1),
        ("application/json", "default", "application/json"),
        (V1, "accept", V1),
    ] {
        for call in [
            server.get("/datasets/people"),
            server.get("/"),
            server.get("/nothing"),
            server.delete("/datasets/people"),
            server.post("/datasets?name=new").csv("a\n1\n"),
        ] {
            let answer = call.accept(accept).send().refused(410, &told);
            assert_eq!(answer.header("API-Version-Source"), source);
            assert_eq!(answer.header("Content-Type"), content_type);
        }
    }
    let answer = server.get("/datasets/people").send();
    let list = answer.json()["available"].take();
    assert_eq!(list[0]["media_type"], V2);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    assert_eq!(server.names(), ["people"]);
}

#[test]
fn a_ladder_leads_past_a_retired_version() {
    let (server, _) = server(&["--retire", "v1=2027-07-01"], "2027-07-01T00:00:00Z");
    let ladder = format!("{V1}, {V2};q=0.5");
    let answer = server.get("/datasets/people").accept(&ladder).send().ok();
    assert_eq!(answer.header("API-Version"), V2_RELEASE);
}

#[test]
fn a_retired_version_says_so_in_its_own_shape() {
    let (server, _) = server(&["--retire", "v2=2027-07-01"], "2027-06-30T00:00:00Z");
    assert_eq!(server.dataset("people")["name"], "people");
    server.services.clock.set(at("2027-07-01T00:00:00Z"));
    let answer = server.get("/datasets/people").v2().send();
    let answer = answer.refused(410, &["v2 was retired", "GET /versions"]);
    assert_eq!(answer.header("Content-Type"), "application/problem+json");
    assert_eq!(answer.header("API-Version"), V2_RELEASE);
    assert_eq!(answer.json()["type"], "urn:flash:problem:version-retired");
    assert_eq!(answer.json()["available"][0]["version"], 1);
    let named = server.post("/datasets?name=new");
    let named = named.header("Content-Type", V2).body("[]").send();
    let named = named.refused(410, &["v2 was retired"]);
    assert_eq!(named.header("API-Version-Source"), "content-type");
    server.get("/datasets/people").send().ok();
}

#[test]
fn a_retirement_without_a_date_of_deprecation_deprecates_at_once() {
    let (server, _) = server(&["--retire", "v1=2027-07-01"], "2027-01-01T00:00:10Z");
    let answer = server.get("/datasets").send().ok();
    assert_eq!(answer.header("Deprecation"), "@1798761610");
    let refused = server.get("/datasets").accept("image/png").send();
    let list = refused.json()["available"].take();
    assert_eq!(list[1]["state"], "deprecated", "{list}");
}

#[test]
fn a_preview_is_served_only_to_who_names_it_until_its_date() {
    let flags = ["--promote", "v2=2027-03-01", "--deprecate", "v1=2027-03-01"];
    let (server, clock) = server(&flags, "2027-02-28T23:59:59Z");
    let state = || {
        let refused = server.get("/datasets").accept("image/png").send();
        refused.json()["available"][0]["state"].take()
    };
    assert_eq!(state(), "preview");
    let default = server.get("/datasets/people").send().ok();
    assert_eq!(default.header("API-Version"), V1_RELEASE);
    assert_eq!(link(&default, "successor-version"), None);
    let preview = server.get("/datasets/people").v2().send().ok();
    assert_eq!(preview.header("API-Version"), V2_RELEASE);
    let misspelt = "application/vnd.flash.v3+json";
    let refused = server.get("/datasets").accept(misspelt).send();
    assert!(
        !refused
            .refused(406, &[])
            .text()
            .contains(&format!("use {V2}"))
    );

    clock.set(at("2027-03-01T00:00:00Z"));
    assert_eq!(state(), "stable");
    let default = server.get("/datasets/people").send().ok();
    assert_eq!(default.header("API-Version"), V1_RELEASE);
    assert!(link(&default, "successor-version").is_some());
    let refused = server.get("/datasets").accept(misspelt).send();
    refused.refused(406, &[&format!("use {V2}")]);
}

#[test]
fn a_version_is_made_a_preview_and_promoted_by_a_setting() {
    let state = |flags: &[&str]| {
        let (server, _) = server(flags, "2027-01-01T00:00:00Z");
        let v2 = server
            .services
            .catalogue
            .get(VersionNumber::new(2).unwrap());
        v2.unwrap().state(server.services.clock.now())
    };
    assert_eq!(state(&[]), State::Stable);
    assert_eq!(state(&["--preview", "v2"]), State::Preview);
    assert_eq!(state(&["--promote", "v2"]), State::Stable);
}

#[test]
fn a_release_can_announce_all_that_a_setting_can() {
    static OLD: ApiVersion = ApiVersion {
        lifecycle: Announced {
            deprecated: Some("2027-01-01"),
            retired: Some("2027-07-01T12:00:00Z"),
            brownouts: &["2027-05-01T09:00Z/15m"],
            ..Announced::NOTHING
        },
        ..v1::VERSION
    };
    static NEW: ApiVersion = ApiVersion {
        lifecycle: Announced {
            preview: true,
            promoted: Some("2026-12-01"),
            ..Announced::NOTHING
        },
        ..v2::VERSION
    };
    let catalogue: Catalogue = Registry::new(&[&NEW, &OLD]).unwrap().catalogue().unwrap();
    let states = |time| -> Vec<State> {
        let versions = catalogue.iter();
        versions.map(|version| version.state(at(time))).collect()
    };
    let (preview, stable) = (State::Preview, State::Stable);
    assert_eq!(states("2026-11-30T23:59:59Z"), [preview, stable]);
    assert_eq!(states("2026-12-01T00:00:00Z"), [stable, stable]);
    assert_eq!(states("2027-01-01T00:00:00Z"), [stable, State::Deprecated]);
    assert_eq!(states("2027-07-01T12:00:00Z"), [stable, State::Retired]);
    let old = catalogue.get(VersionNumber::new(1).unwrap()).unwrap();
    assert!(old.lifecycle.brownout(at("2027-05-01T09:14:59Z")).is_some());

    static WRONG: ApiVersion = ApiVersion {
        lifecycle: Announced {
            deprecated: Some("soon"),
            ..Announced::NOTHING
        },
        ..v1::VERSION
    };
    let error = Registry::new(&[&WRONG]).unwrap().catalogue().unwrap_err();
    assert!(
        error.to_string().contains("\"soon\" isn't a date"),
        "{error}"
    );
}
