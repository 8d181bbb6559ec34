//! What people say about a dataset and its columns, on its pages.

use serde_json::json;

use super::{has, lacks};
use crate::server::Server;

fn described(description: &serde_json::Value) -> Server {
    let server = Server::start();
    server.store("people", "id,weight\n1,70.5\n");
    let put = server.put("/datasets/people/description").v2();
    let put = put.header("Content-Type", "application/json");
    put.body(description.to_string()).send().ok();
    server
}

#[test]
fn a_table_shows_what_is_said_about_the_dataset_and_its_columns() {
    let long = "on the first day of the year ".repeat(5);
    let server = described(&json!({
        "title": "People of the <b>club</b>",
        "description": "Everybody who has paid.\nThis year.",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "source": "The card index",
        "columns": {
            "weight": { "description": long.trim(), "unit": "kg" },
            "id": { "description": "<i>number</i>" },
        },
    }));
    let page = server.page("/explore/people").html();
    has(
        &page,
        &[
            "People of the &#60;b&#62;club&#60;/b&#62;",
            "Everybody who has paid.\nThis year.",
            "<a href=\"https://creativecommons.org/licenses/by/4.0/\" rel=\"nofollow noopener noreferrer\">",
            "<dd>The card index</dd>",
            "number · kg</small>",
            "<small class=\"below\">&#60;i&#62;number&#60;/i&#62;</small>",
            "<details open><summary>About this dataset",
            // What is cut below the name is whole there.
            &format!("<dt>weight</dt><dd class=\"said\">{}</dd>", long.trim()),
        ],
    );
    let record = server.page("/explore/people/rows/1").html();
    has(
        &record,
        &[&format!("<small class=\"below\">{}</small>", long.trim())],
    );
    // It stays when the contents are replaced.
    server.replace("people", "id,weight\n1,71.5\n");
    has(&server.page("/explore/people").html(), &["The card index"]);
}

#[test]
fn only_safe_addresses_are_links() {
    for address in [
        "javascript:alert(1)",
        "http://example.org/",
        "https://",
        "https://example.org/ and others",
        "//example.org/",
    ] {
        let server = described(&json!({ "licence": address, "source": address }));
        let page = server.page("/explore/people").html();
        has(&page, &[&format!("<dd>{address}</dd>")]);
        lacks(&page, &["nofollow"]);
    }
}

#[test]
fn a_dataset_without_a_description_has_no_place_for_one() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    lacks(
        &server.page("/explore/people").html(),
        &["About this dataset"],
    );
}
