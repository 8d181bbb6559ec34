//! Who was refused because of a version is counted, so that the operator learns whom a change hits.

use super::{at, server};
use crate::client::V1;
use crate::clients::Keyed as _;

const FLAGS: [&str; 6] = [
    "--deprecate",
    "v1=2027-01-01",
    "--retire",
    "v1=2027-07-01",
    "--brownout",
    "v1=2027-05-01T09:00Z/15m",
];

#[test]
fn refusals_are_counted_per_client_or_kind_of_user_agent_and_by_reason() {
    let (server, clock) = server(&FLAGS, "2027-05-01T09:01:00Z");
    let key = server.register("shop");
    let ask = || server.get("/datasets").accept(V1);
    assert_eq!(ask().with_key(&key).send().status, 503);
    assert_eq!(ask().with_key(&key).send().status, 503);
    assert_eq!(ask().header("User-Agent", "curl/8.5.0").send().status, 503);
    clock.set(at("2027-05-01T09:15:00Z"));
    ask().with_key(&key).send().ok();
    clock.set(at("2027-07-01T00:00:00Z"));
    assert_eq!(ask().with_key(&key).send().status, 410);
    server.hand_usage_over();
    let day = flash::services::usage::day(at("2027-05-01T00:00:00Z"));
    let refused = server.admin().refusals(None, day).unwrap();
    let found: Vec<_> = refused
        .iter()
        .map(|one| {
            let caller = flash::services::usage::caller(one);
            (caller, one.version, one.operation.as_str(), one.requests)
        })
        .collect();
    let expected = [
        ("anonymous (curl)", 1, "brownout", 1),
        ("shop", 1, "brownout", 2),
        ("shop", 1, "retired", 1),
    ];
    let expected = expected
        .map(|(caller, version, reason, requests)| (caller.to_owned(), version, reason, requests));
    assert_eq!(found, expected);
    assert_eq!(refused[2].last_at, at("2027-07-01T00:00:00Z"));
}

#[test]
fn a_refusal_is_not_use() {
    let (server, _) = server(&FLAGS, "2027-05-01T09:01:00Z");
    let key = server.register("shop");
    let call = server.get("/datasets").accept(V1).with_key(&key);
    assert_eq!(call.send().status, 503);
    server.hand_usage_over();
    let used = server.admin().usage(None, 0).unwrap();
    assert!(used.iter().all(|used| used.client.is_none()), "{used:?}");
}
