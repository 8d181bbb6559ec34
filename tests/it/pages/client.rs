//! A client's own page.

use flash::settings::Anonymous;

use super::{PEOPLE, texts};
use crate::client::V1;
use crate::clients::Keyed as _;
use crate::server::Server;

fn shown(server: &Server, path: &str, key: &str) -> String {
    let call = server.get(path).accept("text/html").with_key(key);
    texts(&call.send().ok().text())
}

#[test]
fn a_client_sees_its_pin_its_use_and_what_an_upgrade_changes() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let key = server.register("shop");
    server
        .get("/datasets/people")
        .accept(V1)
        .with_key(&key)
        .send()
        .ok();
    server
        .admin()
        .pin("shop", 1, server.services.clock.now())
        .unwrap();
    server.hand_usage_over();
    let text = shown(&server, "/explore/-/client", &key);
    for told in [
        "shop",
        "Pin v1",
        "Move to v2",
        "Undo",
        "get_dataset 1 request in v1",
        "GET /datasets/{name} describes a dataset, without its rows",
        "from v2 to v1, by operator",
    ] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    assert!(!text.contains("Move to v1"), "{text}");
}

#[test]
fn to_look_at_ones_page_is_no_first_call() {
    let server = Server::start();
    let key = server.register("shop");
    let text = shown(&server, "/explore/-/client", &key);
    assert!(text.contains("none yet"), "{text}");
    server.hand_usage_over();
    assert_eq!(server.admin().find("shop").unwrap().pin, None);
    assert_eq!(server.admin().usage(None, 0).unwrap(), []);
}

#[test]
fn without_a_key_the_page_asks_for_one_and_with_a_wrong_one_it_is_refused() {
    let server = Server::start();
    let html = server
        .get("/explore/-/client")
        .accept("text/html")
        .send()
        .ok()
        .text();
    assert!(html.contains("Use this key"), "{html}");
    let call = server.get("/explore/-/client").accept("text/html");
    assert_eq!(call.with_key("flash_wrong").send().status, 401);
}

#[test]
fn a_version_that_can_not_be_compared_says_why() {
    let server = Server::start();
    let key = server.register("shop");
    server.get("/datasets").v2().with_key(&key).send().ok();
    server.hand_usage_over();
    let text = shown(&server, "/explore/-/client?to=v1", &key);
    assert!(
        text.contains("which you use already, or a newer one"),
        "{text}"
    );
}

#[test]
fn a_script_of_the_pages_makes_no_browser_ask_for_a_password() {
    let server = Server::with(|settings| settings.access.anonymous = Some(Anonymous::Read));
    let schemes = |dest: &str| {
        let call = server.post("/datasets?name=people").v2().csv(PEOPLE);
        let call = call
            .header("Sec-Fetch-Site", "same-origin")
            .header("Sec-Fetch-Dest", dest);
        let answer = call.send().refused(401, &["key"]);
        let schemes = answer.headers.get_all("WWW-Authenticate").iter();
        schemes
            .map(|scheme| scheme.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(schemes("empty"), ["Bearer realm=\"flash\""]);
    assert_eq!(schemes("document").len(), 2);
}
