//! Which version a caller gets, how the response says so, and what happens when there is none.

mod accept;
mod content_type;
mod labels;
mod methods;

use crate::client::{Answer, V1, V1_RELEASE, V2, V2_RELEASE};
use crate::server::Server;

const PEOPLE: &str = include_str!("../data/team.csv");

/// A server with the dataset `people`.
fn server() -> Server {
    let server = Server::start();
    server.store("people", PEOPLE);
    server
}

/// The major version that served, which the header and the body must agree on; the body is that of `GET /datasets/{name}`.
#[track_caller]
fn served(answer: &Answer) -> u32 {
    let named = answer.header("API-Version").to_owned();
    let body = answer.json();
    let shaped = if body["rows"].is_array() { 1 } else { 2 };
    assert_eq!(body["revision"].is_number(), shaped == 2, "{body}");
    assert_eq!(named, [V1_RELEASE, V2_RELEASE][shaped as usize - 1]);
    shaped
}

#[test]
fn the_root_tells_the_version_that_the_header_tells() {
    let server = Server::start();
    for accept in [V1, V2] {
        let answer = server.get("/").accept(accept).send().ok();
        assert_eq!(answer.json()["version"], answer.header("api-version"));
    }
}
