//! Pages for people: what they show, how they are sent, and that they leave the API as it is.

mod access;
mod client;
mod compare;
mod described;
mod home;
mod operator;
mod readers;
mod revisions;
mod sent;
mod table;
mod uploads;
mod versions;

use crate::client::{Answer, Call};
use crate::server::Server;

/// What Chromium sends.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";

impl Server {
    /// A page, as a browser asks for it.
    fn page(&self, path: &str) -> Answer {
        self.browse(path).send()
    }

    fn browse(&self, path: &str) -> Call {
        self.get(path).accept(BROWSER)
    }
}

impl Answer {
    /// The text of a page, if it was found.
    #[track_caller]
    fn html(self) -> String {
        let page = self.ok();
        assert_eq!(page.header("Content-Type"), "text/html; charset=utf-8");
        page.text()
    }
}

/// Asserts that a page has each of these.
#[track_caller]
fn has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

/// Asserts that a page has none of these.
#[track_caller]
fn lacks(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(!page.contains(part), "{part} is in {page}");
    }
}

/// A page that is there.
#[track_caller]
fn page(server: &Server, path: &str) -> String {
    server.page(path).html()
}

/// What a person reads of a part of a page: its text without tags, with single spaces.
fn texts(html: &str) -> String {
    let parts = html
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let text = parts.collect::<Vec<_>>().join(" ");
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (escaped, character) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ] {
        text = text.replace(escaped, character);
    }
    text
}

const PEOPLE: &str = "id,name,city,balance\n1,Ada,London,12.50\n2,Blaise,Paris,\n3,Carl,Berlin,-3.75\n6,Fei,London,7.25\n";
