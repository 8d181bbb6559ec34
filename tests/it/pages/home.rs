//! The first page.

use super::{has, lacks};
use crate::server::Server;

#[test]
fn it_lists_datasets_with_their_sizes_and_links_to_each() {
    let server = Server::start();
    has(&server.page("/").html(), &["There are no datasets yet"]);
    server.store("people", "id,name\n1,Ada\n2,Lin\n");
    server.store("flights", "dest\nLAX\n");
    let page = server.page("/").html();
    has(
        &page,
        &[
            "<h1 id=\"title\">Flash</h1>",
            "<a href=\"/explore/flights\">flights</a></th><td class=\"r\">1</td><td class=\"r\">1</td><td class=\"r\">9 B</td>",
            "<a href=\"/explore/people\">people</a></th><td class=\"r\">2</td><td class=\"r\">2</td>",
            "just now",
        ],
    );
}

#[test]
fn it_has_a_form_for_files_and_a_search_that_work_without_scripts() {
    let page = Server::start().page("/").html();
    has(
        &page,
        &[
            "action=\"/explore/-/upload\" method=\"post\" enctype=\"multipart/form-data\"",
            "<label for=\"files\">CSV files</label>",
            "<input type=\"search\" name=\"q\"",
            "aria-label=\"Search datasets\"",
        ],
    );
}

#[test]
fn the_search_finds_names_by_any_part_in_any_case() {
    let server = Server::start();
    for name in ["flights", "light", "people"] {
        server.store(name, "id\n1\n");
    }
    let page = server.page("/?q=LIGHT").html();
    has(
        &page,
        &["/explore/flights\"", "/explore/light\"", "value=\"LIGHT\""],
    );
    lacks(&page, &["/explore/people\""]);
    let page = server.page("/?q=%3Cb%3E").html();
    has(&page, &["No dataset has &#60;b&#62; in its name"]);
}

#[test]
fn a_long_list_has_pages() {
    let server = Server::start();
    for number in 0..103 {
        server.store(&format!("set-{number:03}"), "id\n1\n");
    }
    let first = server.page("/").html();
    has(&first, &["set-099", "rel=\"next\""]);
    lacks(&first, &["set-100", ">First page</a>"]);
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = server.page(&next).html();
    has(&second, &["set-100", "set-102", "First page"]);
    lacks(&second, &["set-099", "rel=\"next\""]);
}

#[test]
fn datasets_of_very_many_columns_are_listed_too() {
    let server = Server::start();
    let header: Vec<String> = (0..2000)
        .map(|number| format!("a-long-name-of-a-column-{number}"))
        .collect();
    for number in 0..12 {
        server.store(
            &format!("wide-{number:02}"),
            format!("{}\n", header.join(",")),
        );
    }
    let page = server.page("/").html();
    has(&page, &["wide-00", "2,000", "rel=\"next\""]);
}
