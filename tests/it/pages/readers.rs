//! Who reads a dataset, and who would notice that its columns change.

use serde_json::json;

use super::uploads::{MULTIPART, form};
use super::{BROWSER, has, lacks, texts};
use crate::client::V2;
use crate::clients::Keyed;
use crate::server::Server;

fn read_by_a_shop() -> Server {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    let key = server.register("shop");
    let get = server.get("/datasets/people/rows?select=name").v2();
    get.with_key(&key).send().ok();
    server.hand_usage_over();
    server
}

#[test]
fn readers_are_listed_with_the_columns_that_they_named() {
    let server = read_by_a_shop();
    let get = server.get("/datasets/people/rows").v2();
    get.header("User-Agent", "curl/8.5.0").send().ok();
    // Looking at pages is no use.
    let table = server.page("/explore/people").html();
    has(&table, &["href=\"/explore/people/readers\""]);
    server.hand_usage_over();
    let page = server.page("/explore/people/readers").html();
    has(
        &page,
        &[
            "<th scope=\"row\">shop</th><td class=\"r\">1</td>",
            "<td class=\"words\">name</td>",
            "<th scope=\"row\">curl, anonymous</th><td class=\"r\">1</td>",
        ],
    );
    assert_eq!(page.matches("<th scope=\"row\">").count(), 2, "{page}");
    server.store("other", "id\n1\n");
    let none = server.page("/explore/other/readers").html();
    has(&none, &["Nobody read it"]);
    assert_eq!(server.page("/explore/none/readers").status, 404);
}

#[test]
fn only_the_owner_sees_readers() {
    let server = Server::start();
    let (owner, other) = (server.register("owner"), server.register("other"));
    let put = server.put("/datasets/mine").accept(V2).with_key(&owner);
    put.csv("id\n1\n").send().created();
    let page = |key: &str| {
        let page = server.browse("/explore/mine/readers").with_key(key);
        page.send()
    };
    has(&page(&owner).html(), &["Readers"]);
    let refused = page(&other);
    assert_eq!(refused.status, 403);
    has(&refused.text(), &["role=\"alert\""]);
}

#[test]
fn a_check_before_a_replacement_tells_who_reads_what_would_change() {
    let server = read_by_a_shop();
    let send = |query: &str, csv: &str| {
        let call = server
            .post(&format!("/explore/people/replace{query}"))
            .accept(BROWSER);
        let call = call.header("Content-Type", MULTIPART);
        call.body(form("p.csv", csv)).send()
    };
    let dry = send("?dry_run=true", "id\n1\n").html();
    let told = texts(&dry);
    assert!(told.contains("Who reads it: shop, last on "), "{told}");
    assert!(told.contains(", named name"), "{told}");
    // Nobody is told of if the columns stay.
    let same = send("?dry_run=true", "id,name\n2,Lin\n").html();
    lacks(&same, &["Who reads it"]);
    // What the owner forbids is refused with them, too.
    let patch = server.call("PATCH", "/datasets/people").v2();
    let patch = patch.json(&json!({ "schema_changes": "none" }));
    patch.send().ok();
    let refused = send("", "id\n1\n");
    assert_eq!(refused.status, 409);
    let told = texts(&refused.text());
    assert!(told.contains("Who reads it: shop, last on "), "{told}");
}
