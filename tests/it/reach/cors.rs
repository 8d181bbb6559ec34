//! Web pages of other origins: what CORS lets them read and write.

use flash::settings::Anonymous;
use ureq::http::StatusCode;

use crate::client::{Answer, Call, V2, exchange};
use crate::clients::Keyed;
use crate::process::Program;
use crate::server::Server;

const APP: &str = "https://app.example";
const OTHER: &str = "http://localhost:5173";
const EVIL: &str = "https://evil.example";
const ORIGIN: &str = "Access-Control-Allow-Origin";

/// A server with the dataset `people` whose answers pages of these origins may read.
fn server(origins: &[&str]) -> Server {
    let server = Server::with(|settings| {
        settings.access.cors_origins = origins.iter().map(ToString::to_string).collect();
    });
    server.store("people", "id,name\n1,Ada\n2,Grace\n");
    server
}

/// What pages of the origins may read.
fn may_read(answer: &Answer) -> Option<&str> {
    let value = answer.headers.get(ORIGIN);
    value.map(|value| value.to_str().unwrap())
}

fn preflight(server: &Server, path: &str, origin: &str, method: &str) -> Answer {
    server
        .call("OPTIONS", path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", "authorization")
        .send()
}

/// A request of each kind, with the status of its answer.
fn kinds(server: &Server) -> Vec<(u16, Call)> {
    let get = |path: &str| server.get(path).accept(V2);
    let tag = get("/datasets/people").send().header("ETag").to_owned();
    vec![
        (200, get("/datasets/people/rows")),
        (200, server.call("HEAD", "/datasets/people/rows").v2()),
        (200, get("/versions")),
        (200, get("/openapi.json")),
        (200, get("/changelog?from=v1&to=v2")),
        (204, server.call("OPTIONS", "/datasets").v2()),
        (
            206,
            get("/datasets/people/source").header("Range", "bytes=0-1"),
        ),
        (304, get("/datasets/people").header("If-None-Match", &tag)),
        (400, get("/datasets?colour=red")),
        (401, get("/datasets").with_key("flash_no")),
        (404, get("/nothing")),
        (404, get("/datasets/nobody")),
        (406, server.get("/datasets").accept("image/png")),
        (412, get("/datasets/people").header("If-Match", "\"no\"")),
        (
            416,
            get("/datasets/people/source").header("Range", "bytes=99-"),
        ),
        (417, get("/datasets").header("Expect", "more")),
        (421, get("/datasets").header("Host", "evil.example")),
    ]
}

#[test]
fn without_the_setting_no_answer_lets_a_page_of_another_origin_read() {
    let server = server(&[]);
    for (status, call) in kinds(&server) {
        let answer = call.header("Origin", APP).send();
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(may_read(&answer), None, "{status}");
        let vary = answer.headers.get("Vary");
        let vary = vary.map(|value| value.to_str().unwrap());
        assert!(!vary.unwrap_or_default().contains("Origin"), "{status}");
    }
    let answer = preflight(&server, "/datasets", APP, "PUT");
    assert!(answer.headers.get("Access-Control-Allow-Methods").is_none());
}

#[test]
fn every_answer_lets_pages_of_the_listed_origins_read_and_no_others() {
    let server = server(&[APP, OTHER]);
    for (origin, allowed) in [
        (Some(APP), Some(APP)),
        (Some(OTHER), Some(OTHER)),
        (Some(EVIL), None),
        (Some("null"), None),
        (Some("https://app.example.evil.example"), None),
        (None, None),
    ] {
        for (status, mut call) in kinds(&server) {
            if let Some(origin) = origin {
                call = call.header("Origin", origin);
            }
            let answer = call.send();
            assert_eq!(answer.status, status, "{}", answer.text());
            assert_eq!(may_read(&answer), allowed, "{status} {origin:?}");
            assert!(answer.header("Vary").ends_with("Origin"), "{status}");
            let exposed = answer.headers.get("Access-Control-Expose-Headers");
            assert_eq!(exposed.is_some(), allowed.is_some(), "{status}");
            if let Some(exposed) = exposed {
                let exposed = exposed.to_str().unwrap();
                for name in ["API-Version", "Deprecation", "Link", "ETag", "X-Request-Id"] {
                    assert!(exposed.split(", ").any(|one| one == name), "{name}");
                }
            }
        }
    }
}

#[test]
fn with_a_star_pages_of_every_origin_read_every_answer() {
    let server = server(&["*"]);
    for origin in [EVIL, "null", APP] {
        for (status, call) in kinds(&server) {
            let answer = call.header("Origin", origin).send();
            assert_eq!(answer.status, status, "{}", answer.text());
            assert_eq!(may_read(&answer), Some("*"), "{status}");
        }
    }
    let vary = server.get("/datasets").send().header("Vary").to_owned();
    assert_eq!(vary, "Accept, Content-Type, Authorization, Accept-Encoding");
}

#[test]
fn the_servers_own_refusals_of_what_it_can_not_read_can_be_read() {
    for (origins, allowed) in [(&[APP][..], Some(APP)), (&["*"], Some("*")), (&[], None)] {
        let server = server(origins);
        let line = allowed.map(|origin| format!("access-control-allow-origin: {origin}\r\n"));
        for head in [
            "GET / HTTP/1.1\r\nHost: flash\r\nOrigin: https://app.example\r\nContent-Length: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: flash\r\norigin:https://app.example\r\nbad name: 1\r\n\r\n",
        ] {
            let answer = exchange(server.address, head);
            assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
            match &line {
                Some(line) => assert!(answer.contains(line), "{answer}"),
                None => assert!(!answer.contains("access-control"), "{answer}"),
            }
        }
    }
}

#[test]
fn a_preflight_is_answered_before_the_path_is_looked_at() {
    for (origins, allowed) in [(&[APP][..], APP), (&["*"], "*")] {
        let server = Server::with(|settings| {
            settings.access.cors_origins = origins.iter().map(ToString::to_string).collect();
            settings.access.anonymous = Some(Anonymous::None);
        });
        for path in ["/datasets/people", "/nothing", "/openapi.json"] {
            for method in ["GET", "PUT", "DELETE"] {
                let answer = preflight(&server, path, APP, method);
                let answer = answer.expect(StatusCode::NO_CONTENT);
                assert_eq!(may_read(&answer), Some(allowed));
                let methods = answer.header("Access-Control-Allow-Methods");
                for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"] {
                    assert!(methods.split(", ").any(|one| one == method), "{methods}");
                }
                let headers = answer.header("Access-Control-Allow-Headers");
                assert_eq!(
                    headers,
                    "Accept, Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Range"
                );
                assert_eq!(answer.header("Access-Control-Max-Age"), "7200");
            }
        }
    }
    let server = server(&[APP]);
    let refused = preflight(&server, "/datasets", EVIL, "PUT");
    assert_eq!(may_read(&refused), None);
    assert!(
        refused
            .headers
            .get("Access-Control-Allow-Methods")
            .is_none()
    );
    // Without the method that is to be asked for, it is no preflight.
    let options = server.call("OPTIONS", "/datasets").header("Origin", APP);
    let options = options.send().expect(StatusCode::NO_CONTENT);
    assert_eq!(options.header("Allow"), "GET, HEAD, POST, OPTIONS");
}

/// A write by a page of that origin, as a browser sends it.
fn write(server: &Server, origin: &str) -> Call {
    server
        .put("/datasets/other")
        .v2()
        .header("Origin", origin)
        .header("Sec-Fetch-Site", "cross-site")
        .csv("a\n1\n")
}

#[test]
fn pages_of_a_listed_origin_write_as_any_caller_of_their_kind() {
    let server = server(&[APP]);
    write(&server, APP).send().created();
    let patch = server.call("PATCH", "/datasets").header("Origin", APP);
    assert_eq!(may_read(&patch.send().refused(405, &["PATCH"])), Some(APP));
    write(&server, EVIL)
        .send()
        .refused(403, &[EVIL, "--cors-origin"]);
    let key = server.register("shop");
    write(&server, EVIL)
        .with_key(&key)
        .send()
        .refused(403, &["--cors-origin"]);
    // Its callers need a key where all need one.
    let server = Server::with(|settings| {
        settings.access.cors_origins = vec![APP.to_owned()];
        settings.access.anonymous = Some(Anonymous::Read);
    });
    let refused = write(&server, APP).send().refused(401, &["key"]);
    assert_eq!(may_read(&refused), Some(APP));
    let key = server.register("shop");
    write(&server, APP).with_key(&key).send().created();
}

#[test]
fn with_a_star_a_page_writes_only_with_a_key_that_its_script_sets() {
    let server = server(&["*"]);
    let refused = write(&server, EVIL).send();
    let refused = refused.refused(403, &[EVIL, "Authorization: Bearer"]);
    assert_eq!(may_read(&refused), Some("*"));
    // A browser may add this by itself, to a form of any page.
    let basic = write(&server, EVIL).header("Authorization", "Basic Zmxhc2g6Zmxhc2g=");
    basic.send().refused(403, &["Bearer"]);
    write(&server, EVIL)
        .with_key("flash_wrong")
        .send()
        .refused(401, &["key"]);
    let key = server.register("shop");
    let created = write(&server, EVIL).with_key(&key).send().created();
    assert_eq!(may_read(&created), Some("*"));
    let form = server.post("/datasets?name=two").csv("a\n1\n");
    let form = form.header("Sec-Fetch-Site", "cross-site").send();
    form.refused(403, &["another site"]);
}

#[test]
fn a_star_beside_an_origin_lets_all_read_and_that_one_write() {
    let server = server(&["*", APP]);
    let created = write(&server, APP).send().created();
    assert_eq!(may_read(&created), Some("*"));
    write(&server, EVIL).send().refused(403, &[EVIL]);
}

#[test]
fn a_remembered_answer_names_the_origin_of_each_request() {
    let server = server(&[APP, OTHER]);
    let path = "/datasets/people/rows?version=v2";
    for _ in 0..4 {
        for (origin, allowed) in [
            (Some(APP), Some(APP)),
            (Some(OTHER), Some(OTHER)),
            (Some(EVIL), None),
            (None, None),
        ] {
            let mut call = server.get(path);
            if let Some(origin) = origin {
                call = call.header("Origin", origin);
            }
            let answer = call.send().ok();
            assert_eq!(may_read(&answer), allowed, "{origin:?}");
            assert_eq!(
                answer.header("Vary"),
                "Accept, Content-Type, Authorization, Accept-Encoding, Origin"
            );
        }
    }
}

#[test]
fn the_program_takes_the_setting_and_the_admin_listener_does_not_follow_it() {
    let server = Program::serve(&["--cors-origin", "https://app.example,http://localhost:5173"]);
    for (origin, allowed) in [(APP, true), (OTHER, true), (EVIL, false)] {
        let call = server.call("GET", "/versions");
        let answer = call.header("Origin", origin).send();
        assert_eq!(may_read(&answer).is_some(), allowed, "{origin}");
    }
    for method in ["GET", "OPTIONS"] {
        let request = format!(
            "{method} /metrics HTTP/1.1\r\nHost: localhost\r\nOrigin: {APP}\r\n\
             Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n"
        );
        let answer = exchange(server.admin, &request);
        assert!(!answer.contains("access-control"), "{answer}");
    }
}
