//! Why headers are not read by the `mime` crate: what `super::super::syntax` says about it is true.

use mime::Mime;

use super::fixture::ask_nothing;

/// Whether this server can read the text as a `Content-Type`.
fn we_read(text: &str) -> bool {
    ask_nothing().content_type(text).negotiate().is_ok()
}

#[test]
fn mime_refuses_what_rfc_9110_allows() {
    for text in [
        "text/csv ;charset=utf-8",
        "text/csv;\tcharset=utf-8",
        "text/csv;;charset=utf-8",
        "text/csv; charset=utf-8 ;header=absent",
        "text/csv;name=\"\"",
        "text/csv;name=\"a\\\"b\"",
    ] {
        assert!(text.parse::<Mime>().is_err(), "{text}");
        assert!(we_read(text), "{text}");
    }
}

#[test]
fn mime_allows_what_rfc_9110_refuses() {
    for text in ["text/", "text/csv;charset="] {
        assert!(text.parse::<Mime>().is_ok(), "{text}");
        assert!(!we_read(text), "{text}");
    }
}

#[test]
fn mime_knows_no_lists() {
    assert!("text/csv, text/html".parse::<Mime>().is_err());
}
