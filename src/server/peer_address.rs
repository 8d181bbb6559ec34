//! The address of the client behind proxies.
//!
//! A proxy writes the address of whoever called it to the end of `X-Forwarded-For`, or of `Forwarded` (RFC 7239). The client may have sent
//! a header of that name itself, so only the addresses that trusted proxies wrote count. That is the rightmost address that is not a
//! trusted proxy.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, header::FORWARDED};

use crate::settings::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks of the proxies whose headers are believed.
#[derive(Clone, Debug)]
pub struct TrustedProxies(Arc<[Network]>);

impl TrustedProxies {
    /// Believes proxies in these networks.
    #[must_use]
    pub fn new(networks: &[Network]) -> Self {
        Self(networks.into())
    }

    /// The address of the client that sent a request over a connection from `peer`.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.has(peer) {
            return peer;
        }
        let plain = self.rightmost(peer, headers, &X_FORWARDED_FOR, plain_hops);
        let standard = self.rightmost(peer, headers, &FORWARDED, standard_hops);
        match (plain, standard) {
            (None, None) => peer,
            (Some(one), None) | (None, Some(one)) => one,
            (Some(one), Some(other)) if one == other => one,
            // The proxy writes one of the headers, and passes on the other one as the client sent it. Which one is not known.
            (Some(_), Some(_)) => peer,
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The rightmost address in a header that is not a trusted proxy. `None`: there is no such header.
    fn rightmost(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &HeaderName,
        hops: fn(&str) -> Vec<Option<IpAddr>>,
    ) -> Option<IpAddr> {
        let mut found = None;
        for line in headers.get_all(name).iter().rev() {
            // A line that is not text ends what is believed, as an unreadable address does.
            let hops = line.to_str().map_or_else(|_| vec![None], hops);
            for hop in hops.into_iter().rev() {
                let last = found.unwrap_or(peer);
                match hop.map(|hop| hop.to_canonical()) {
                    Some(hop) if self.has(hop) => found = Some(hop),
                    Some(hop) => return Some(hop),
                    None => return Some(last),
                }
            }
        }
        found
    }
}

/// The addresses in a line of `X-Forwarded-For`, from left to right. `None`: a part that is no address.
fn plain_hops(line: &str) -> Vec<Option<IpAddr>> {
    line.split(',').map(|part| address(part.trim())).collect()
}

/// The same of `Forwarded`: the parameters `for`.
fn standard_hops(line: &str) -> Vec<Option<IpAddr>> {
    let element = |element: &str| {
        unquoted_parts(element, ';').into_iter().find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let is_for = name.trim().eq_ignore_ascii_case("for");
            is_for.then(|| address(value.trim().trim_matches('"')))?
        })
    };
    unquoted_parts(line, ',').into_iter().map(element).collect()
}

/// The parts of a text between separators that are not in quotes.
fn unquoted_parts(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    text.split(move |character| {
        is_quoted ^= character == '"';
        character == separator && !is_quoted
    })
    .collect()
}

/// An address, alone or with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, _) = rest.split_once(']')?;
        return address.parse().ok().map(IpAddr::V6);
    }
    let plain = text.parse().ok();
    plain.or_else(|| text.rsplit_once(':')?.0.parse().ok().map(IpAddr::V4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let proxies = TrustedProxies::new(&networks);
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn the_headers_of_others_than_trusted_proxies_count_for_nothing() {
        let forged = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1"),
        ];
        assert_eq!(client("203.0.113.9", &forged), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &[]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_no_trusted_proxy() {
        for (value, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("198.51.100.1, 192.0.2.1", "192.0.2.1"),
            ("198.51.100.1, 192.0.2.1, 10.0.0.2,10.0.0.3", "192.0.2.1"),
            ("10.0.0.5, 10.0.0.4", "10.0.0.5"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("192.0.2.1, unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            let found = client("10.0.0.1", &[("x-forwarded-for", value)]);
            assert_eq!(found, expected, "{value}");
        }
        let lines = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-for", "198.51.100.1, 10.0.0.2"),
        ];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (value, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            (
                "For=\"[2001:db8::1]:4711\"; proto=https;by=10.0.0.9",
                "2001:db8::1",
            ),
            ("for=192.0.2.1;host=\"a,b;c\", for=10.0.0.2", "192.0.2.1"),
            ("for=192.0.2.1, for=_hidden", "10.0.0.1"),
            ("for=192.0.2.1, proto=https", "10.0.0.1"),
            ("for=unknown", "10.0.0.1"),
        ] {
            assert_eq!(
                client("10.0.0.1", &[("forwarded", value)]),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn if_both_headers_disagree_one_may_be_forged_and_neither_counts() {
        let both = |plain, standard| {
            client(
                "fd00::1",
                &[("x-forwarded-for", plain), ("forwarded", standard)],
            )
        };
        assert_eq!(both("192.0.2.1", "for=192.0.2.1"), "192.0.2.1");
        assert_eq!(both("192.0.2.1", "for=198.51.100.7"), "fd00::1");
    }
}
