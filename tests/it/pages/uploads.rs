//! Uploads by the form of a page, which browsers send without JavaScript.

use super::{BROWSER, has, lacks};
use crate::client::Call;
use crate::server::Server;

pub(super) const MULTIPART: &str = "multipart/form-data; boundary=XX";

/// A form with one file, as a browser writes it.
pub(super) fn form(filename: &str, content: &str) -> String {
    format!(
        "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\nContent-Type: text/csv\r\n\r\n{content}\r\n--XX--\r\n"
    )
}

impl Server {
    fn send_form(&self, path: &str, filename: &str, content: &str) -> Call {
        let call = self.post(path).accept(BROWSER);
        let call = call.header("Content-Type", MULTIPART);
        call.body(form(filename, content))
    }
}

#[test]
fn a_form_uploads_a_file_and_shows_what_was_made_of_it() {
    let server = Server::start();
    let form = server.send_form(
        "/explore/-/upload",
        "My Team.csv",
        "id,when\n1,2026-01-01\n2,NA\n",
    );
    let page = form.send().html();
    has(
        &page,
        &[
            "href=\"/explore/my-team\"",
            "2 rows",
            "2 columns",
            "id <small>integer</small>",
        ],
    );
    // The hint of the API.
    has(&page, &["null=NA"]);
    assert_eq!(server.names(), ["my-team"]);
}

#[test]
fn a_refused_file_is_shown_at_its_line_and_column() {
    let server = Server::start();
    let form = server.send_form("/explore/-/upload", "people.csv", "a,b\n1,2\n1,2,3\n");
    let page = form.send();
    assert_eq!(page.status, 422);
    let page = page.text();
    has(&page, &["role=\"alert\"", "Line 3"]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_foreign_page_can_not_send_the_form() {
    let server = Server::start();
    let form = server.send_form("/explore/-/upload", "people.csv", "a\n1\n");
    let refused = form.header("Origin", "https://evil.example").send();
    assert_eq!(refused.status, 403);
    let form = server.send_form("/explore/-/upload", "people.csv", "a\n1\n");
    form.header("Sec-Fetch-Site", "same-origin").send().ok();
}

#[test]
fn what_is_no_form_is_refused_with_the_reason() {
    let server = Server::start();
    let call = server.post("/explore/-/upload").accept(BROWSER);
    let page = call.header("Content-Type", "image/png").body("x").send();
    assert_eq!(page.status, 415);
    lacks(&page.text(), &["Uploaded"]);
}
