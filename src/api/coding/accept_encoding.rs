//! Which codings a client accepts (RFC 9110 §12.5.3).

use http::header::{ACCEPT_ENCODING, HeaderMap};

use super::Coding;
use crate::api::error::Error;
use crate::versioning::{FULL, Quality, quality};

/// Refuses a request whose client accepts neither a coding nor a body without one.
pub(in crate::api) fn check(headers: &HeaderMap) -> Result<(), Error> {
    if takes_plain(headers) || preferred(headers).is_some() {
        Ok(())
    } else {
        Err(Error::NoCoding)
    }
}

/// Whether a body without a coding is acceptable: unless `identity` or `*` has weight 0.
pub(super) fn takes_plain(headers: &HeaderMap) -> bool {
    let elements = elements(headers);
    weight(&elements, "identity").or_else(|| weight(&elements, "*")) != Some(0)
}

/// The codings in the header, with their weights.
fn elements(headers: &HeaderMap) -> Vec<(&str, Quality)> {
    let lists = headers.get_all(ACCEPT_ENCODING).iter();
    let lists = lists.filter_map(|list| list.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .filter_map(element)
        .collect()
}

/// The weight of a name. The first one counts.
fn weight(elements: &[(&str, Quality)], wanted: &str) -> Option<Quality> {
    let mut found = elements.iter();
    let found = found.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, weight)| *weight)
}

/// The preferred coding that the client accepts. `None`: it accepts none.
pub(super) fn preferred(headers: &HeaderMap) -> Option<Coding> {
    let elements = elements(headers);
    let named = |name| weight(&elements, name);
    let weighted = Coding::ALL.map(|coding| {
        let name = coding.name();
        // `x-gzip` means gzip (RFC 9110 §8.4.1.3).
        let alias = (name == "gzip").then(|| named("x-gzip")).flatten();
        let weight = named(name).or(alias).or_else(|| named("*"));
        (coding, weight.unwrap_or(0))
    });
    // With equal weights, the first one is preferred.
    let best = weighted.into_iter().rev().max_by_key(|(_, weight)| *weight);
    let plain = named("identity").unwrap_or(0);
    best.filter(|(_, weight)| *weight > 0 && *weight >= plain)
        .map(|(coding, _)| coding)
}

/// A name and its weight. Invalid parts are ignored.
fn element(text: &str) -> Option<(&str, Quality)> {
    let (name, weight) = match text.split_once(';') {
        None => (text, FULL),
        Some((name, parameter)) => {
            let (q, weight) = parameter.split_once('=')?;
            let weight = quality(weight.trim().as_bytes())?;
            (name, q.trim().eq_ignore_ascii_case("q").then_some(weight)?)
        }
    };
    let name = name.trim();
    (!name.is_empty()).then_some((name, weight))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_coding_with_the_greatest_weight_is_chosen() {
        for (asked, expected) in [
            ("", None),
            ("gzip", Some("gzip")),
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip, br", Some("br")),
            ("gzip;q=1.0, br;q=0.5", Some("gzip")),
            ("GZIP ; Q=0.3 , deflate", Some("gzip")),
            ("*", Some("zstd")),
            ("*;q=0.5, zstd;q=0", Some("br")),
            ("x-gzip", Some("gzip")),
            ("identity", None),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip;q=0.5", Some("gzip")),
            ("gzip;q=0", None),
            ("gzip;q=2, br;x=1, zstd;q=one", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(asked));
            assert_eq!(preferred(&headers).map(Coding::name), expected, "{asked}");
        }
    }

    #[test]
    fn no_coding_is_taken_unless_it_is_excluded_by_name_or_with_all_others() {
        for (asked, expected) in [
            ("", true),
            ("gzip", true),
            ("*", true),
            ("gzip;q=0", true),
            ("identity;q=0.001", true),
            ("*;q=0, identity", true),
            ("Identity;q=0", false),
            ("gzip, identity ; q=0.000", false),
            ("gzip, *;q=0", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(asked));
            assert_eq!(takes_plain(&headers), expected, "{asked}");
            let nothing_left = ["Identity;q=0"].contains(&asked);
            assert_eq!(check(&headers).is_err(), nothing_left, "{asked}");
        }
        assert!(takes_plain(&HeaderMap::new()));
    }
}
