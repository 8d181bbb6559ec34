//! Keys as clients can send them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flash::settings::Anonymous;

use crate::client::{Call, V2_RELEASE};
use crate::process::Program;
use crate::server::Server;

fn basic(call: Call, user: &str, password: &str) -> Call {
    let pair = STANDARD.encode(format!("{user}:{password}"));
    call.header("Authorization", &format!("Basic {pair}"))
}

#[test]
fn a_key_as_the_password_of_any_user_is_the_same_as_bearer() {
    for anonymous in [Anonymous::ReadWrite, Anonymous::Read, Anonymous::None] {
        let server = Server::with(|settings| settings.access.anonymous = Some(anonymous));
        let key = server.register("shop");
        for user in ["", "shop", "é", "user name"] {
            let client = basic(server.get("/client"), user, &key).send().ok();
            assert_eq!(client.json()["name"], "shop");
            assert_eq!(client.header("API-Version"), V2_RELEASE);
            assert_eq!(client.header("API-Version-Source"), "pin");
        }
        let put = basic(server.put("/datasets/people"), "any", &key);
        put.csv("a\n1\n").send();
        // An answer that is remembered is for those who may call.
        for _ in 0..4 {
            let rows = basic(server.get("/datasets/people/rows"), "any", &key);
            rows.send().ok();
        }
        for password in [
            "",
            "wrong",
            "flash_wrong",
            &format!("{key}x"),
            &format!("x:{key}"),
        ] {
            let rows = basic(server.get("/datasets/people/rows"), "any", password);
            rows.send().refused(401, &["key"]);
        }
    }
}

#[test]
fn what_is_no_key_is_401_and_both_schemes_are_named() {
    let server = Server::start();
    let no_colon = format!("Basic {}", STANDARD.encode("flash"));
    for wrong in ["Basic !!!", &no_colon, "Digest x"] {
        let answer = server
            .get("/datasets")
            .header("Authorization", wrong)
            .send();
        let answer = answer.refused(401, &["Bearer", "Basic"]);
        let schemes = answer.headers.get_all("WWW-Authenticate").iter();
        let schemes: Vec<_> = schemes.map(|scheme| scheme.to_str().unwrap()).collect();
        assert_eq!(
            schemes,
            [
                "Bearer realm=\"flash\"",
                "Basic realm=\"flash\", charset=\"UTF-8\""
            ]
        );
    }
}

#[test]
fn a_key_in_a_url_is_refused_by_name_and_not_logged() {
    let program = Program::serve(&[]);
    let secret = "flash_0123456789secret";
    for name in ["key", "api_key", "access_token", "token"] {
        for path in [
            "/datasets",
            "/datasets/people/rows",
            "/versions",
            "/nothing",
        ] {
            let call = program.call("GET", &format!("{path}?{name}={secret}"));
            let answer = call.send().refused(400, &[name, "Authorization: Bearer"]);
            assert!(!answer.text().contains(secret), "{}", answer.text());
        }
    }
    let put = program.call("PUT", &format!("/datasets/people?version=v2&key={secret}"));
    put.csv("a\n1\n").send().refused(400, &["key"]);
    // The line of the last request, and so of all: they have one form.
    let line = program.line_with("PUT");
    assert!(line.contains("/datasets/people"), "{line}");
    assert!(!line.contains(secret), "{line}");
}

#[test]
fn a_filter_on_a_column_of_that_name_is_a_filter() {
    let server = Server::start();
    server.store("keys", "key,token\na,1\nb,2\n");
    let path = "/datasets/keys/rows?version=v2&format=csv&key=eq.b&token=in.(1,2)";
    let rows = server.get(path).send().ok();
    assert_eq!(rows.text(), "key,token\nb,2\n");
}
