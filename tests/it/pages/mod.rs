//! Pages for people: what they show, how they are sent, and that they leave the API as it is.

mod access;
mod home;
mod revisions;
mod sent;
mod table;
mod uploads;

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
