//! Reads of a schema that a client knows, while others move on.

use jiff::{SignedDuration, Timestamp};

use super::{append, history, put, revisions};
use crate::client::{V1, V2};
use crate::server::{Builder, Server};

/// A dataset whose schemas are 1.0, 1.1, 2.0 and 3.0.
fn server() -> Server {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    put(&server, "people", "id,name,born\n2,Ada,1815\n").ok();
    put(&server, "people", "id,name\n3,Ada\n").ok();
    put(&server, "people", "key,name\n4,Ada\n").ok();
    server
}

#[test]
fn a_client_that_names_a_schema_goes_on_reading_it() {
    let server = server();
    for (major, revision, first) in [(1, "2", 2), (2, "3", 3), (3, "4", 4)] {
        let path = |resource: &str| format!("/datasets/people{resource}?schema={major}");
        for resource in ["", "/rows", "/summary", "/source", "/bad-rows"] {
            let answer = server.get(&path(resource)).v2().send().ok();
            assert_eq!(answer.header("Dataset-Revision"), revision, "{resource}");
            assert!(
                answer
                    .header("Dataset-Schema")
                    .starts_with(&major.to_string())
            );
        }
        let rows = server.get(&path("/rows")).v2().send().ok().json();
        let column = if major == 3 { "key" } else { "id" };
        assert_eq!(rows["data"][0][column], first);
        let v1 = server.get(&path("")).accept(V1).send().ok();
        assert_eq!(v1.json()["rows"][0][0], first.to_string());
        let csv = server.get(&path("")).accept("text/csv").send().ok();
        assert_eq!(csv.header("Dataset-Revision"), revision);
    }
    // The newest revision of a MAJOR counts, and that may be a later one.
    append(&server, "people", "key,name\n5,Grace\n").ok();
    let rows = server
        .get("/datasets/people/rows?schema=3")
        .v2()
        .send()
        .ok();
    assert_eq!(rows.header("Dataset-Revision"), "5");
}

#[test]
fn answers_of_an_older_schema_link_to_the_newest() {
    let server = server();
    let link = |path: &str| {
        let answer = server.get(path).v2().send().ok();
        let links = answer.headers.get_all("Link").iter();
        let links: Vec<_> = links
            .map(|link| link.to_str().unwrap().to_owned())
            .filter(|link| link.contains("rel=\"next\"") || link.contains("successor-version"))
            .collect();
        links.join(", ")
    };
    for resource in ["", "/rows", "/summary", "/source", "/bad-rows"] {
        let old = format!("/datasets/people{resource}?schema=1");
        let newest = format!("</datasets/people{resource}?schema=3>; rel=\"successor-version\"");
        assert_eq!(link(&old), newest);
        assert_eq!(link(&format!("/datasets/people{resource}?schema=3")), "");
        assert_eq!(
            link(&format!("/datasets/people{resource}?revision=3")),
            newest
        );
    }
    append(&server, "people", "key,name\n5,Ada\n6,Ada\n").ok();
    put(&server, "people", "id\n1\n").ok();
    let both = link("/datasets/people/rows?schema=3&limit=2&version=v2");
    assert!(both.contains("rel=\"next\""), "{both}");
    assert!(
        both.contains("</datasets/people/rows?schema=4&version=v2>; rel=\"successor-version\""),
        "{both}"
    );
    let v1 = server
        .get("/datasets/people?schema=1")
        .accept(V1)
        .send()
        .ok();
    assert_eq!(
        v1.header("Link"),
        "</datasets/people?schema=4>; rel=\"successor-version\""
    );
}

#[test]
fn a_schema_that_never_was_is_not_found_and_one_that_is_no_longer_kept_is_gone() {
    let server = Server::with(|settings| settings.store.keep_revisions = 1);
    for n in 1..=6 {
        put(&server, "people", &format!("column_{n}\n{n}\n"));
    }
    for resource in ["", "/rows", "/summary", "/source", "/bad-rows"] {
        let get = |major: u32| {
            let path = format!("/datasets/people{resource}?schema={major}");
            server.get(&path).v2().send()
        };
        for major in 3..=6 {
            let answer = get(major).ok();
            assert_eq!(answer.header("Dataset-Revision"), major.to_string());
        }
        for major in [1, 2] {
            let gone = get(major).refused(410, &["people", &format!("schema {major}"), "schema=6"]);
            assert_eq!(gone.json()["type"], "urn:flash:problem:schema-gone");
        }
        let never = get(7).refused(404, &["people", "schema 7", "6.0", "schema=6"]);
        assert_eq!(never.json()["type"], "urn:flash:problem:no-such-schema");
    }
    let v1 = |major: u32| {
        server
            .get(&format!("/datasets/people?schema={major}"))
            .accept(V1)
            .send()
    };
    v1(1).refused(410, &["schema=6"]);
    v1(9).refused(404, &["schema=6"]);
}

#[test]
fn the_newest_revision_of_each_of_the_last_four_majors_is_kept() {
    let server = Server::with(|settings| settings.store.keep_revisions = 2);
    for n in 1..=3 {
        put(&server, "people", &format!("column_{n}\n{n}\n"));
        append(&server, "people", &format!("column_{n}\n{n}\n")).ok();
    }
    let expected = [(2, "1.0"), (4, "2.0"), (5, "3.0"), (6, "3.0")];
    assert_eq!(history(&server, "people"), revisions(&expected));
    for n in 4..=6 {
        put(&server, "people", &format!("column_{n}\n{n}\n"));
        append(&server, "people", &format!("column_{n}\n{n}\n")).ok();
    }
    let expected = [
        (6, "3.0"),
        (8, "4.0"),
        (10, "5.0"),
        (11, "6.0"),
        (12, "6.0"),
    ];
    assert_eq!(history(&server, "people"), revisions(&expected));
    let old = server
        .get("/datasets/people/rows?revision=6")
        .v2()
        .send()
        .ok();
    assert_eq!(old.json()["data"].as_array().unwrap().len(), 2);
    server
        .get("/datasets/people?revision=7")
        .v2()
        .send()
        .refused(410, &["7"]);
}

#[test]
fn what_an_older_schema_shares_with_newer_ones_outlives_compaction_and_collection() {
    let mut builder = Builder::new();
    builder.settings.store.keep_revisions = 1;
    let clock = builder.stand_at(Timestamp::now());
    let server = builder.start();
    server.store("people", "id\n1\n");
    for n in 2..=30 {
        append(&server, "people", &format!("id\n{n}\n")).ok();
    }
    append(&server, "people", "id\nx\n").ok();
    for n in 31..=90 {
        append(&server, "people", &format!("id\n{n}\n")).ok();
    }
    server.until(|server| server.segments("people") < 20);
    let get = || {
        let rows = server.get("/datasets/people/rows?schema=1");
        let rows = rows.accept("application/vnd.flash.v2+csv");
        rows.send().ok().text()
    };
    let expected: String = (1..=30).map(|n| format!("{n}\n")).collect();
    assert_eq!(get(), format!("id\n{expected}"));
    // What is still read has no tombstone. Compaction may go on meanwhile.
    server.until(|server| {
        let time = SignedDuration::from_mins(5);
        server.place.let_tombstones_age(time, &clock);
        server.place.tombstones() == 0
    });
    assert_eq!(get(), format!("id\n{expected}"));
}

#[test]
fn a_server_that_keeps_more_revisions_than_before_loses_none_of_an_older_schema() {
    let mut builder = Builder::new();
    builder.settings.store.keep_revisions = 1;
    let clock = builder.stand_at(Timestamp::now());
    let server = builder.start();
    server.store("people", "id,n\n1,1\n");
    for row in ["2,2", "3,", "4,4", "5,1.5", "6,6", "7,x", "8,8"] {
        append(&server, "people", &format!("id,n\n{row}\n")).ok();
    }
    let expected = [(2, "1.0"), (4, "2.0"), (6, "3.0"), (8, "4.0")];
    assert_eq!(history(&server, "people"), revisions(&expected));
    let mut more = Builder::at(server.place.clone());
    more.settings.store.keep_revisions = 3;
    more.clock = clock.clone();
    drop(server);
    let server = more.start();
    append(&server, "people", "id,n\nx,9\n").ok();
    append(&server, "people", "id,n\ny,10\n").ok();
    let expected = [(4, "2.0"), (6, "3.0"), (8, "4.0"), (9, "5.0"), (10, "5.0")];
    assert_eq!(history(&server, "people"), revisions(&expected));
    server.until(|server| {
        let time = SignedDuration::from_mins(5);
        server.place.let_tombstones_age(time, &clock);
        server.place.tombstones() == 0
    });
    for (major, count) in [(2, 4), (3, 6), (4, 8), (5, 10)] {
        let path = format!("/datasets/people/rows?schema={major}");
        let rows = server.get(&path).v2().send().ok().json();
        assert_eq!(rows["data"].as_array().unwrap().len(), count, "{major}");
    }
}

#[test]
fn a_schema_is_named_by_its_major_and_without_a_revision() {
    let server = server();
    let get = |query: &str| {
        server
            .get(&format!("/datasets/people/rows?{query}"))
            .v2()
            .send()
    };
    for value in ["2.1", "v2", "0", "-1", "newest", "", "99999999999"] {
        get(&format!("schema={value}")).refused(400, &["schema", "MAJOR"]);
        let metadata = server.get(&format!("/datasets/people?schema={value}")).v2();
        metadata.send().refused(400, &["schema", "MAJOR"]);
    }
    get("schema=1&revision=2").refused(400, &["schema", "revision=2"]);
    get("schema=1&schema=2").refused(400, &["more than once"]);
    // Elsewhere it isn't a parameter.
    server
        .get("/datasets/people/revisions?schema=1")
        .v2()
        .send()
        .refused(400, &["schema"]);
    let filter = server.get("/datasets/people?schema=eq.1").v2().send();
    filter.refused(400, &["schema", "no filters"]);
}

#[test]
fn a_column_that_is_called_schema_stays_a_filter() {
    let server = Server::start();
    server.store("tables", "schema,n\n1,7\n2,8\n");
    put(&server, "tables", "schema,n\n1,x\n2,y\n").ok();
    let get = |query: &str| {
        let path = format!("/datasets/tables/rows?{query}");
        server.get(&path).v2().send().ok().json()["data"].take()
    };
    assert_eq!(
        get("schema=eq.2"),
        serde_json::json!([{"schema": 2, "n": "y"}])
    );
    assert_eq!(
        get("schema=eq.2&schema=1"),
        serde_json::json!([{"schema": 2, "n": 8}])
    );
    assert_eq!(
        get("where.schema=eq.1&schema=1"),
        serde_json::json!([{"schema": 1, "n": 7}])
    );
}

#[test]
fn a_cursor_keeps_to_the_schema_that_it_was_made_in() {
    let server = Server::start();
    server.store("people", "id\n1\n2\n3\n");
    let first = server
        .get("/datasets/people/rows?schema=1&limit=1")
        .accept(V2)
        .send()
        .ok();
    let cursor = first.json()["next"].as_str().unwrap().to_owned();
    put(&server, "people", "name\nAda\n").ok();
    let next = |query: &str| {
        let path = format!("/datasets/people/rows?limit=1&cursor={cursor}{query}");
        server.get(&path).v2().send()
    };
    for query in ["", "&schema=1"] {
        let page = next(query).ok();
        assert_eq!(page.json()["data"], serde_json::json!([{"id": 2}]));
        assert_eq!(page.header("Dataset-Schema"), "1.0");
    }
    next("&schema=2").refused(400, &["schema", "1, which the cursor belongs to"]);
}
