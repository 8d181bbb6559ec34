//! Proxies that are trusted to say whose request they pass on.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};

use crate::settings::Network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks of proxies that are trusted.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[Network]>);

impl Proxies {
    /// Proxies in these networks.
    pub fn new(networks: &[Network]) -> Self {
        Self(networks.into())
    }

    /// The address that a request comes from. Each proxy adds the address of whom it got the request from to the end of
    /// `X-Forwarded-For`. So the last one that is not of a trusted proxy is the client's, and those before it may be made up. A connection
    /// that doesn't come from a trusted proxy is that of the client.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let mut client = peer;
        let lines = headers.get_all(&FORWARDED_FOR).iter().rev();
        let all = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for forwarded in all {
            // A trusted proxy that writes no address hides its client: the client is known as the proxy.
            let Some(address) = address(forwarded.trim()) else {
                return client;
            };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Ok(address) = text.parse::<std::net::SocketAddr>() {
        return Some(address.ip());
    }
    text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_from_trusted_proxies() {
        let networks = ["10.0.0.0/8", "35.191.0.0/16", "203.0.113.80"];
        let networks: Vec<Network> = networks.iter().map(|text| text.parse().unwrap()).collect();
        let proxies = Proxies::new(&networks);
        for (peer, lines, expected) in [
            ("198.51.100.1", &["1.1.1.1"][..], "198.51.100.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            ("::ffff:10.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
            ("10.0.0.1", &["1.1.1.1, 10.9.9.9"], "1.1.1.1"),
            ("35.191.0.9", &["6.6.6.6,1.1.1.1,203.0.113.80"], "1.1.1.1"),
            ("10.0.0.1", &["1.1.1.1:4711"], "1.1.1.1"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            ("10.0.0.1", &["6.6.6.6, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["6.6.6.6, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            let found = proxies.client(peer.parse().unwrap(), &headers);
            assert_eq!(
                found,
                expected.parse::<IpAddr>().unwrap(),
                "{peer} {lines:?}"
            );
        }
    }

    #[test]
    fn without_trusted_proxies_nobody_can_name_another_address() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_FOR, "1.1.1.1".parse().unwrap());
        let peer: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(Proxies::default().client(peer, &headers), peer);
    }
}
