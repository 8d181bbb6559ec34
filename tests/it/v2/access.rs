//! What callers without a key, and with a wrong one, may do.

use flash::settings::Anonymous;

use crate::client::{Answer, V1, V2};
use crate::server::Server;

fn server(anonymous: Anonymous) -> Server {
    Server::with(|settings| settings.access.anonymous = Some(anonymous))
}

#[track_caller]
fn unauthorized(answer: Answer) {
    let answer = answer.refused(401, &["key"]);
    assert!(answer.header("WWW-Authenticate").starts_with("Bearer"));
}

#[test]
fn where_anonymous_callers_may_read_they_may_not_write() {
    let server = server(Anonymous::Read);
    for accept in [V1, V2] {
        server.get("/datasets").accept(accept).send().ok();
        server.get("/").accept(accept).send().ok();
        server.call("HEAD", "/datasets").accept(accept).send().ok();
        unauthorized(
            server
                .post("/datasets?name=one")
                .accept(accept)
                .csv("a\n1\n")
                .send(),
        );
        unauthorized(server.delete("/datasets/one").accept(accept).send());
    }
    unauthorized(server.put("/datasets/one").v2().csv("a\n1\n").send());
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn where_anonymous_callers_may_do_nothing_reading_is_401_too() {
    let server = server(Anonymous::None);
    for accept in [V1, V2] {
        for path in ["/datasets", "/datasets/one"] {
            unauthorized(server.get(path).accept(accept).send());
        }
        unauthorized(
            server
                .post("/datasets?name=one")
                .accept(accept)
                .csv("a\n1\n")
                .send(),
        );
    }
    for path in ["/datasets/one/rows", "/datasets/one/source"] {
        unauthorized(server.get(path).v2().send());
    }
}

#[test]
fn a_wrong_key_is_401_and_never_taken_for_anonymous() {
    let server = server(Anonymous::ReadWrite);
    server.store("one", "a\n1\n");
    for key in [
        "Bearer flash_wrong",
        "Bearer ",
        "Bearer",
        "Basic YTpi",
        "flash_wrong",
        "",
    ] {
        let call = server.get("/datasets/one").header("Authorization", key);
        unauthorized(call.send());
        let call = server
            .post("/datasets?name=two")
            .header("Authorization", key);
        unauthorized(call.csv("a\n1\n").send());
    }
    assert_eq!(server.names(), ["one"]);
}
