//! Whether a client asks for a page for people.

use super::Format;
use super::accept::{self, Ranges};
use super::media_type::Name;

/// Whether the lines of an `Accept` field name `text/html`, and no JSON. A wildcard names nothing, and who can read JSON gets it as ever, so
/// only browsers and people ask for a page.
#[must_use]
pub fn wants_page<'h>(accept: impl Iterator<Item = &'h [u8]>) -> bool {
    let text = accept::join(accept);
    let Ok(ranges) = Ranges::read(&text) else {
        return false;
    };
    let names = |is: fn(Name) -> bool| {
        let mut ranges = ranges.as_slice().iter();
        ranges.any(|range| range.quality > 0 && is(range.name))
    };
    names(|name| name == Name::Plain(Format::Html))
        && !names(|name| match name {
            Name::Plain(format) | Name::Vendor(_, format) | Name::Versioned(_, format) => {
                format == Format::Json
            }
            Name::Unversioned => true,
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::wants_page;

    #[test]
    fn a_page_is_for_who_names_it_and_no_json() {
        let asks = |accept: &str| wants_page([accept.as_bytes()].into_iter());
        for accept in [
            "text/html",
            "TEXT/HTML",
            "text/html;q=0.1",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html, application/json;q=0",
            "text/html;q=0.5, text/csv",
        ] {
            assert!(asks(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "text/*",
            "text/html;q=0",
            "text/html;q=2",
            "text/html;level",
            "text/html;version=2",
            "application/xhtml+xml",
            "application/json, text/html",
            "text/html, application/json;q=0.5",
            "text/html, application/vnd.flash.v2+json;q=0.1",
            "text/html;q=0.5, application/json",
            "text/html;q=0.5, application/vnd.flash+json;q=0.6",
            "application/json;version=2, text/html",
        ] {
            assert!(!asks(accept), "{accept}");
        }
        assert!(!wants_page(std::iter::empty()));
    }
}
