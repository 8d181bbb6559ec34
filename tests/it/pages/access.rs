//! Pages obey the settings for callers without a key, and are no use of a version.

use flash::settings::Anonymous;

use super::{BROWSER, has, lacks};
use crate::client::V2;
use crate::clients::Keyed as _;
use crate::server::Server;

fn closed() -> (Server, String) {
    let server = Server::with(|settings| settings.access.anonymous = Some(Anonymous::None));
    let key = server.register("shop");
    let put = server.put("/datasets/people").accept(V2).with_key(&key);
    put.csv("id,name\n1,Ada\n").send().created();
    (server, key)
}

#[test]
fn where_a_key_is_needed_the_page_asks_for_it_and_says_what_it_needs() {
    let (server, _) = closed();
    for path in ["/", "/explore/people", "/explore/nobody"] {
        let page = server.page(path);
        assert_eq!(page.status, 401, "{path}");
        // Basic would make browsers ask for a user and a password.
        assert_eq!(page.header("WWW-Authenticate"), "Bearer realm=\"flash\"");
        let page = page.text();
        has(
            &page,
            &[
                "type=\"password\" autocomplete=\"off\"",
                "Use this key",
                "<noscript>",
            ],
        );
        lacks(&page, &["Ada", "people</"]);
    }
    for path in ["/robots.txt", "/"] {
        assert!(server.page(path).status < 500);
    }
}

#[test]
fn with_a_key_pages_are_those_of_its_client_and_private() {
    let (server, key) = closed();
    let home = server.browse("/").with_key(&key).send().ok();
    assert_eq!(home.header("Cache-Control"), "private, no-cache");
    assert!(home.header("Vary").contains("Authorization"));
    has(&home.text(), &["href=\"/explore/people\""]);
    let table = server.browse("/explore/people").with_key(&key).send().ok();
    let table = table.text();
    has(&table, &["Ada", "$FLASH_KEY"]);
    lacks(&table, &[&key]);
    let wrong = format!("flash_{}", "x".repeat(43));
    assert_eq!(server.browse("/").with_key(&wrong).send().status, 401);
}

#[test]
fn looking_at_pages_pins_no_client_and_counts_as_no_use() {
    let (server, _) = closed();
    let key = server.register("owner");
    for _ in 0..3 {
        server.browse("/").with_key(&key).send().ok();
        server.browse("/explore/people").with_key(&key).send().ok();
    }
    server.hand_usage_over();
    let shown = server.admin().list().unwrap();
    let owner = shown.iter().find(|client| client.name == "owner").unwrap();
    assert_eq!(owner.pin, None);
    assert_eq!(owner.first_contact_at, None);
    // Its first call pins it, also right after it has looked at a page.
    let client = server.get("/client").with_key(&key).send().ok().json();
    assert_eq!(client["pin"], "v2");
    assert_eq!(client["versions"], serde_json::json!([]));
    server.browse("/explore/people").with_key(&key).send().ok();
    server.get("/datasets").with_key(&key).send().ok();
    server.hand_usage_over();
    let client = server.get("/client").with_key(&key).send().ok().json();
    // One request to /client and one to /datasets were calls.
    assert_eq!(client["versions"][0]["requests"], 2, "{client}");
}

#[test]
fn pages_that_anybody_may_see_count_for_nobody() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    server.hand_usage_over();
    let used = || {
        let used = server.wait_for(server.services.store.usage(None, 0));
        let used = used.unwrap();
        used.iter().map(|counted| counted.requests).sum::<u64>()
    };
    let before = used();
    for _ in 0..3 {
        server.get("/explore/people").accept(BROWSER).send().ok();
    }
    server.hand_usage_over();
    assert_eq!(used(), before);
}

#[test]
fn where_reading_is_free_pages_are_too_and_writing_needs_a_key() {
    let server = Server::with(|settings| settings.access.anonymous = Some(Anonymous::Read));
    let key = server.register("shop");
    let put = server.put("/datasets/people").accept(V2).with_key(&key);
    put.csv("id\n1\n").send().created();
    has(&server.page("/explore/people").html(), &["people"]);
    let form = super::uploads::form("more.csv", "a\n1\n");
    let refused = server.post("/explore/-/upload").accept(BROWSER);
    let refused = refused.header("Content-Type", super::uploads::MULTIPART);
    assert_eq!(refused.body(form).send().status, 401);
}
