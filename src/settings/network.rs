//! A network: the addresses that begin with the same bits.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A network, such as 10.0.0.0/8. A single address is one, too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    address: IpAddr,
    /// How many bits its addresses have in common.
    prefix: u8,
}

impl Network {
    /// Whether the address is in it. An IPv4 address that is written as IPv6 is the same address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = |bits: u8| u32::from(bits) - u32::from(self.prefix);
        let differ = |differences: u128, bits| differences.checked_shr(shift(bits)).unwrap_or(0);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                differ(u128::from(own.to_bits() ^ other.to_bits()), 32) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                differ(own.to_bits() ^ other.to_bits(), 128) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (address, prefix) = match text.split_once('/') {
                Some((address, prefix)) => (address, Some(prefix)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            let prefix = match prefix {
                Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= bits)?,
                None => bits,
            };
            Some(Self { address, prefix })
        };
        read().ok_or_else(|| {
            format!(
                "{text:?} isn't a network; write an address, or the first address and the number of bits in common, such as 10.0.0.0/8 or \
                 fd00::/8"
            )
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The network of one customer: an IPv4 address itself, and the /64 of an IPv6 address.
pub fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_with_its_bits() {
        for (network, within, without) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.168.1.0/24", "::ffff:192.168.1.7", "192.168.2.1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("10.1.2.3/8", "10.9.9.9", "::1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1/128", "::1", "::2"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(within.parse().unwrap()), "{network}");
            assert!(!network.contains(without.parse().unwrap()), "{network}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("203.0.113.9".parse().unwrap()));
        let all: Network = "::/0".parse().unwrap();
        assert!(all.contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused_with_examples() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0/8",
            "::/129",
            "proxy",
            "10.0.0.0/-1",
            "10.0.0.0/",
        ] {
            let error = text.parse::<Network>().unwrap_err();
            assert!(error.contains("such as 10.0.0.0/8"), "{error}");
        }
    }
}
