//! A key that has expired is refused from that moment on, and the answer says so.

use flash::services::clients;
use flash::store::Details;
use jiff::Timestamp;

use crate::client::{V1, V2};
use crate::clients::Keyed as _;
use crate::server::{Builder, Server};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A client whose key expires then.
fn register(server: &Server, expires_at: &str) -> String {
    let key = clients::new_key();
    let details = Details {
        expires_at: Some(at(expires_at)),
        ..Details::default()
    };
    let now = server.services.clock.now();
    let mut admin = server.admin();
    admin
        .add("shop", &clients::digest(&key), &details, now)
        .unwrap();
    key
}

#[test]
fn a_key_is_valid_until_it_expires_and_then_401_says_since_when() {
    let mut builder = Builder::new();
    let clock = builder.stand_at(at("2027-06-29T23:59:59Z"));
    let server = builder.start();
    let key = register(&server, "2027-06-30T00:00:00Z");
    let ask = |accept: &str| server.get("/datasets").accept(accept).with_key(&key).send();
    ask(V2).ok();
    // The lookup is cached, but the clock counts.
    clock.set(at("2027-06-30T00:00:00Z"));
    for accept in [V1, V2] {
        let answer = ask(accept);
        assert_eq!(answer.status, 401);
        assert!(
            answer
                .text()
                .contains("the key expired at 2027-06-30T00:00:00Z"),
            "{}",
            answer.text()
        );
        assert!(answer.headers.contains_key("www-authenticate"));
    }
    // More time helps, and so does a new key.
    let mut admin = server.admin();
    let more = flash::store::DetailChanges {
        expires_at: Some(Some(at("2027-07-30T00:00:00Z"))),
        ..Default::default()
    };
    admin.change("shop", &more).unwrap();
    server.services.clients.forget();
    ask(V2).ok();
}

#[test]
fn a_cached_response_is_not_sent_to_an_expired_key() {
    let mut builder = Builder::new();
    let clock = builder.stand_at(at("2027-06-29T23:59:59Z"));
    let server = builder.start();
    server.store("people", "id\n1\n");
    let key = register(&server, "2027-06-30T00:00:00Z");
    let ask = || {
        server
            .get("/datasets/people/rows")
            .v2()
            .with_key(&key)
            .send()
    };
    for _ in 0..4 {
        ask().ok();
    }
    clock.set(at("2027-06-30T00:00:00Z"));
    assert_eq!(ask().status, 401);
}

#[test]
fn an_expired_key_pins_nobody() {
    let mut builder = Builder::new();
    builder.stand_at(at("2027-06-30T00:00:00Z"));
    let server = builder.start();
    let key = register(&server, "2027-06-01T00:00:00Z");
    assert_eq!(server.get("/client").with_key(&key).send().status, 401);
    assert_eq!(server.admin().find("shop").unwrap().pin, None);
}
