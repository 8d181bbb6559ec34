//! Rate limits: each client, or each address without a key, may send so many requests, and is told how many are left.

use flash::store::ClientLimit;

use crate::client::{Answer, V1, V2};
use crate::clients::Keyed;
use crate::process::Program;
use crate::server::Server;

/// Three requests, which don't come back while a test runs.
const THREE: &str = "3/24h";

fn limited(limit: &str) -> Server {
    Server::with(|settings| {
        settings.access.rate_limit = Some(limit.parse().unwrap());
        settings.access.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
}

/// A request that a proxy passes on for that address.
fn from(server: &Server, address: &str) -> Answer {
    let call = server.get("/datasets").v2();
    call.header("X-Forwarded-For", address).send()
}

#[test]
fn without_the_setting_nobody_is_limited_and_nothing_is_said() {
    let server = Server::start();
    let answer = server.get("/datasets").send().ok();
    assert!(answer.headers.get("RateLimit").is_none());
    assert!(answer.headers.get("RateLimit-Policy").is_none());
}

#[test]
fn every_answer_says_the_limit_and_what_is_left_and_beyond_it_requests_are_refused() {
    let server = limited(THREE);
    for left in ["2", "1", "0"] {
        let answer = server.get("/datasets").v2().send().ok();
        assert_eq!(answer.header("RateLimit-Policy"), "\"default\";q=3;w=86400");
        let limit = answer.header("RateLimit").to_owned();
        assert!(
            limit.starts_with(&format!("\"default\";r={left};t=")),
            "{limit}"
        );
    }
    let answer = server.get("/datasets").v2().send();
    let answer = answer.refused(
        429,
        &["your limit is 3/86400s requests", "send the next one in"],
    );
    assert_eq!(answer.json()["type"], "urn:flash:problem:too-many-requests");
    assert_eq!(answer.header("Content-Type"), "application/problem+json");
    let seconds: u32 = answer.header("Retry-After").parse().unwrap();
    assert!((1..=28_800).contains(&seconds), "{seconds}");
    assert_eq!(
        answer.header("RateLimit"),
        format!("\"default\";r=0;t={seconds}")
    );
}

#[test]
fn a_refusal_has_the_form_of_the_version_that_is_asked_for() {
    let server = limited("1/24h");
    server.get("/").send().ok();
    let answer = server.get("/datasets").accept(V1).send();
    let answer = answer.refused(429, &["your limit"]);
    assert_eq!(answer.header("Content-Type"), V1);
    assert!(answer.json()["error"].is_string());
    let answer = server.get("/datasets?version=v2").send();
    answer.refused(429, &["your limit"]);
    let answer = server
        .get("/datasets")
        .accept("text/html;q=0.5, */*;q=0.1")
        .send();
    assert_eq!(answer.status, 429, "{}", answer.text());
    // Whatever else is wrong with it.
    for path in ["/nowhere", "/versions", "/datasets?version=v99"] {
        assert_eq!(server.get(path).accept(V2).send().status, 429, "{path}");
    }
    let write = server.put("/datasets/new").v2().csv("n\n7\n").send();
    write.refused(429, &["your limit"]);
}

#[test]
fn pages_count_once_and_beyond_the_limit_they_say_so() {
    let server = limited(THREE);
    let page = || server.get("/").accept("text/html").send();
    assert!(page().header("RateLimit").starts_with("\"default\";r=2;"));
    assert_eq!(page().status, 200);
    assert_eq!(page().status, 200);
    let answer = page();
    assert_eq!(answer.status, 429);
    assert!(answer.header("Content-Type").starts_with("text/html"));
    assert!(answer.headers.contains_key("Retry-After"));
    assert!(answer.text().contains("your limit is"), "{}", answer.text());
}

#[test]
fn cached_answers_count_too() {
    let server = limited("10/24h");
    server.store("people", "n\n1\n");
    for left in (0..9).rev() {
        let answer = server.get("/datasets/people").v2().send().ok();
        let limit = answer.header("RateLimit").to_owned();
        assert!(
            limit.starts_with(&format!("\"default\";r={left};")),
            "{limit}"
        );
    }
    server.get("/datasets/people").v2().send().refused(429, &[]);
}

#[test]
fn addresses_do_not_count_against_each_other_and_an_ipv6_network_is_one() {
    let server = limited("1/24h");
    for (address, status) in [
        ("198.51.100.1", 200),
        ("198.51.100.1", 429),
        ("198.51.100.2", 200),
        ("6.6.6.6, 198.51.100.2", 429),
        ("2001:db8::1", 200),
        ("2001:db8::2", 429),
        ("2001:db8:0:1::1", 200),
    ] {
        assert_eq!(from(&server, address).status, status, "{address}");
    }
}

#[test]
fn only_trusted_proxies_name_other_addresses() {
    let server = Server::with(|settings| {
        settings.access.rate_limit = Some("1/24h".parse().unwrap());
        settings.access.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    });
    assert_eq!(from(&server, "198.51.100.1").status, 200);
    assert_eq!(from(&server, "198.51.100.2").status, 429);
}

#[test]
fn a_client_counts_by_its_key_and_not_against_its_address() {
    let server = limited(THREE);
    let keys = ["shop", "bank"].map(|name| server.register(name));
    for key in &keys {
        for left in ["2", "1", "0"] {
            let answer = server.get("/datasets").with_key(key).send().ok();
            let limit = answer.header("RateLimit").to_owned();
            assert!(
                limit.starts_with(&format!("\"default\";r={left};")),
                "{limit}"
            );
        }
        let call = server.get("/datasets").v2().with_key(key);
        call.send().refused(429, &["your limit"]);
    }
    server.get("/datasets").send().ok();
}

#[test]
fn a_client_that_is_counted_is_pinned_by_its_first_call_as_ever() {
    let server = limited(THREE);
    let key = server.register("shop");
    let answer = server.get("/datasets").with_key(&key).send().ok();
    assert_eq!(answer.header("API-Version-Source"), "pin");
    assert_eq!(server.admin().find("shop").unwrap().pin, Some(2));
}

#[test]
fn wrong_keys_count_against_their_address_and_not_against_others_there() {
    let server = limited(THREE);
    let key = server.register("shop");
    let call = || server.get("/datasets").v2().with_key(&key);
    call().send().ok();
    let guess = |number: u32| {
        let guess = format!("flash_{number:043}");
        server.get("/datasets").v2().with_key(&guess).send()
    };
    for number in 0..3 {
        guess(number).refused(401, &["the key is unknown"]);
    }
    for number in 3..5 {
        guess(number).refused(429, &["your limit"]);
    }
    // Who sends no key there is not affected, and neither is a client that has to be looked up again.
    server.get("/datasets").send().ok();
    server.until(|server| {
        let now = server.services.clock.now();
        server.services.clients.recall(&key, now).is_none()
    });
    call().send().ok();
    // A key that this server has never seen isn't looked up.
    let new = server.register("new");
    let call = || server.get("/datasets").v2().with_key(&new);
    call().send().refused(429, &["your limit"]);
    let elsewhere = call().header("X-Forwarded-For", "198.51.100.1");
    elsewhere.send().ok();
}

#[test]
fn a_client_may_have_its_own_limit_or_none() {
    let server = limited("1/24h");
    let key = server.register("shop");
    let call = || server.get("/datasets").v2().with_key(&key).send();
    let set = |limit| {
        server.admin().set_rate_limit("shop", limit).unwrap();
    };
    set(Some(ClientLimit::Rate {
        requests: 2,
        seconds: 3600,
    }));
    assert_eq!(
        call().ok().header("RateLimit-Policy"),
        "\"client\";q=2;w=3600"
    );
    assert!(
        call()
            .ok()
            .header("RateLimit")
            .starts_with("\"client\";r=0;")
    );
    call().refused(429, &["2/h"]);
    // Servers notice within two seconds.
    set(Some(ClientLimit::Unlimited));
    server.until(|_| call().status == 200);
    assert!(call().ok().headers.get("RateLimit").is_none());
    set(None);
    server.until(|_| call().status == 429);
    assert_eq!(call().header("RateLimit-Policy"), "\"default\";q=1;w=86400");
}

#[test]
fn pages_of_other_origins_may_read_what_is_left() {
    let server = Server::with(|settings| {
        settings.access.rate_limit = Some("1/24h".parse().unwrap());
        settings.access.cors_origins = vec!["*".to_owned()];
    });
    for status in [200, 429] {
        let call = server.get("/datasets").v2();
        let answer = call.header("Origin", "https://app.example").send();
        assert_eq!(answer.status, status);
        let exposed = answer.header("Access-Control-Expose-Headers");
        assert!(exposed.contains("RateLimit, RateLimit-Policy"), "{exposed}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "*");
    }
}

#[test]
fn refusals_are_counted() {
    let server = limited("1/24h");
    let key = server.register("shop");
    for _ in 0..3 {
        server.get("/datasets").send();
        server.get("/datasets").with_key(&key).send();
        server.get("/datasets").with_key("wrong").send();
    }
    let text = server.services.metrics.scrape(&server.services, true);
    let text = String::from_utf8(text).unwrap();
    for by in ["address", "client", "wrong keys"] {
        let line = format!("flash_rate_limited_requests_total{{by=\"{by}\"}} 2\n");
        assert!(text.contains(&line), "{by}: {text}");
    }
}

#[test]
fn probes_and_metrics_are_never_limited_and_the_command_sets_limits() {
    let server = Program::serve(&["--rate-limit", "1/24h"]);
    let key = server.manage(&["clients", "add", "shop"]).1;
    let key = key.trim();
    for path in ["/livez", "/readyz", "/metrics"] {
        for _ in 0..3 {
            let url = format!("http://{}{path}", server.admin);
            let answer = crate::client::Call::new(&crate::client::agent(), "GET", url).send();
            assert_eq!(answer.status, 200, "{path}");
        }
    }
    assert_eq!(server.call("GET", "/datasets").send().status, 200);
    assert_eq!(server.call("GET", "/datasets").send().status, 429);
    let (code, text) = server.manage(&["clients", "set", "shop", "--rate-limit", "2/min"]);
    assert_eq!(
        (code, &*text),
        (
            0,
            "shop has the rate limit 2/min, on servers with --rate-limit\n"
        )
    );
    let (_, text) = server.manage(&["clients", "show", "shop"]);
    assert!(text.contains("rate limit     2/min\n"), "{text}");
    let answer = server.call("GET", "/datasets").with_key(key).send();
    assert_eq!(answer.header("RateLimit-Policy"), "\"client\";q=2;w=60");
    let (_, text) = server.manage(&["clients", "set", "shop", "--rate-limit", "unlimited"]);
    assert_eq!(text, "shop has no rate limit\n");
    let (_, text) = server.manage(&["clients", "set", "shop", "--rate-limit", "default"]);
    assert!(
        text.starts_with("shop has the rate limit of the servers"),
        "{text}"
    );
    let (code, text) = server.manage(&["clients", "set", "shop", "--rate-limit", "fast"]);
    assert_eq!(code, 2);
    assert!(text.contains("such as 100/s, 6000/min"), "{text}");
    assert!(text.contains("or unlimited, or default"), "{text}");
}
