//! One client may be given more time than the rest.

use serde_json::json;

use super::{at, server};
use crate::client::{V1, V1_RELEASE};
use crate::clients::Keyed;

#[test]
fn who_was_granted_more_time_is_served_until_then_and_nobody_else_is() {
    let (server, clock) = server(
        &["--deprecate", "v1=2026-12-01", "--retire", "v1=2027-01-01"],
        "2026-12-24T00:00:00Z",
    );
    let shop = server.register("shop");
    let other = server.register("other");
    for key in [&shop, &other] {
        let call = server.call("PATCH", "/client").with_key(key);
        call.json(&json!({ "version": 1 })).send().ok();
    }
    server
        .admin()
        .extend("shop", 1, Some(at("2027-06-01T00:00:00Z")))
        .unwrap();
    server.services.clients.forget();
    let of_shop = || server.get("/datasets/people").with_key(&shop).send();
    let of_other = || server.get("/datasets/people").with_key(&other).send();

    assert_eq!(of_shop().header("Sunset"), "Tue, 01 Jun 2027 00:00:00 GMT");
    assert_eq!(of_other().header("Sunset"), "Fri, 01 Jan 2027 00:00:00 GMT");

    clock.set(at("2027-02-01T00:00:00Z"));
    let answer = of_shop().ok();
    assert_eq!(answer.header("API-Version"), V1_RELEASE);
    assert_eq!(answer.header("API-Version-Source"), "pin");
    of_other().refused(410, &["v1 was retired at 2027-01-01T00:00:00Z"]);
    server
        .get("/datasets/people")
        .accept(V1)
        .send()
        .refused(410, &[]);
    let state = |key: &str| {
        let versions = server.get("/versions").with_key(key).send().ok().json();
        versions["versions"][1]["state"].clone()
    };
    assert_eq!(
        (state(&shop), state(&other)),
        (json!("deprecated"), json!("retired"))
    );
    let client = server.get("/client").with_key(&shop).send().ok().json();
    let granted = json!([{ "version": "v1", "retires_at": "2027-06-01T00:00:00Z" }]);
    assert_eq!(client["extensions"], granted);

    clock.set(at("2027-06-01T00:00:00Z"));
    of_shop().refused(410, &["v1 was retired at 2027-06-01T00:00:00Z"]);
}

#[test]
fn what_was_granted_can_be_taken_back_and_never_shortens_a_life() {
    let (server, _) = server(&["--retire", "v1=2027-01-01"], "2027-02-01T00:00:00Z");
    let shop = server.register("shop");
    let status = |until: Option<&str>| {
        server.admin().extend("shop", 1, until.map(at)).unwrap();
        server.services.clients.forget();
        let call = server.get("/datasets/people").with_key(&shop);
        call.accept(V1).send().status
    };
    assert_eq!(status(Some("2027-03-01T00:00:00Z")), 200);
    assert_eq!(status(None), 410);
    server
        .admin()
        .extend("shop", 2, Some(at("2027-01-15T00:00:00Z")))
        .unwrap();
    server.services.clients.forget();
    let call = server.get("/datasets/people").with_key(&shop);
    call.v2().send().ok();
}
