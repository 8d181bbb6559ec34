//! The address of a listener, as operators write it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The address of a listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListenAddress {
    /// A port of this machine's loopback addresses, of both families.
    Localhost(u16),
    /// One address. `0.0.0.0` and `[::]` stand for all addresses of the machine.
    One(SocketAddr),
}

/// A text is not the address of a listener.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} isn't an address with a port; write 3000, :3000 or localhost:3000 for this machine only, 0.0.0.0:3000 or [::]:3000 for \
     all of its addresses, or one address such as 127.0.0.1:3000"
)]
pub struct NotAnAddress(String);

impl ListenAddress {
    /// The sockets to bind. `localhost` has one of each family.
    pub fn sockets(&self) -> Vec<SocketAddr> {
        match *self {
            Self::Localhost(port) => vec![
                (Ipv4Addr::LOCALHOST, port).into(),
                (Ipv6Addr::LOCALHOST, port).into(),
            ],
            Self::One(address) => vec![address],
        }
    }

    /// Whether only this machine reaches it.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Localhost(_) => true,
            Self::One(address) => address.ip().to_canonical().is_loopback(),
        }
    }

    /// Whether both can't listen at the same time. Port 0 is a free port.
    pub(super) fn collides_with(&self, other: &Self) -> bool {
        let collide = |a: SocketAddr, b: SocketAddr| {
            let is_same = a.ip() == b.ip() || is_any(a.ip()) || is_any(b.ip());
            a.port() == b.port() && a.port() != 0 && is_same
        };
        let others = other.sockets();
        let mut sockets = self.sockets().into_iter();
        sockets.any(|a| others.iter().any(|b| collide(a, *b)))
    }

    /// The host and port that reach it from this machine, once it listens on `port`.
    pub fn nearby(&self, port: u16) -> String {
        match self {
            Self::One(address) if !is_any(address.ip()) => {
                SocketAddr::new(address.ip(), port).to_string()
            }
            _ => format!("localhost:{port}"),
        }
    }
}

fn is_any(address: IpAddr) -> bool {
    address.is_unspecified()
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::One(address)
    }
}

impl FromStr for ListenAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let port = match text.rsplit_once(':') {
            Some((host, port)) if host.is_empty() || host.eq_ignore_ascii_case("localhost") => port,
            _ => text,
        };
        let port = match port.bytes().all(|byte| byte.is_ascii_digit()) {
            true => port.parse().ok(),
            false => None,
        };
        let address = port.map(Self::Localhost);
        address
            .or_else(|| text.parse().ok().map(Self::One))
            .ok_or_else(|| NotAnAddress(text.to_owned()))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::One(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ListenAddress;

    fn read(text: &str) -> ListenAddress {
        text.parse().unwrap()
    }

    #[test]
    fn a_port_alone_is_that_of_this_machine_on_both_families() {
        for text in ["3000", ":3000", "localhost:3000", "LOCALHOST:3000"] {
            let address = read(text);
            assert_eq!(address, ListenAddress::Localhost(3000), "{text}");
            assert_eq!(address.to_string(), "localhost:3000");
            let sockets = address.sockets();
            let sockets: Vec<String> = sockets.iter().map(ToString::to_string).collect();
            assert_eq!(sockets, ["127.0.0.1:3000", "[::1]:3000"]);
            assert!(address.is_loopback());
        }
    }

    #[test]
    fn an_address_is_that_one_alone() {
        for (text, is_loopback) in [
            ("127.0.0.1:3000", true),
            ("[::1]:3000", true),
            ("[::ffff:127.0.0.1]:3000", true),
            ("0.0.0.0:3000", false),
            ("[::]:3000", false),
            ("10.0.0.7:0", false),
        ] {
            let address = read(text);
            assert_eq!(address.to_string(), text);
            assert_eq!(address.sockets(), [text.parse().unwrap()]);
            assert_eq!(address.is_loopback(), is_loopback, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_forms_there_are() {
        for text in [
            "",
            ":",
            "localhost",
            "localhost:",
            "localhost:http",
            "flash.example:3000",
            "127.0.0.1",
            "::1:3000",
            "+3000",
            "65536",
            ":-1",
            "http://localhost:3000",
        ] {
            let error = text.parse::<ListenAddress>().unwrap_err().to_string();
            for form in [
                " 3000,",
                " :3000 ",
                "localhost:3000",
                "0.0.0.0:3000",
                "127.0.0.1:3000",
            ] {
                assert!(error.contains(form), "{error}");
            }
        }
    }

    #[test]
    fn it_is_reached_from_this_machine_by_an_address_that_a_browser_opens() {
        for (text, nearby) in [
            ("3000", "localhost:3000"),
            ("0.0.0.0:3000", "localhost:3000"),
            ("[::]:3000", "localhost:3000"),
            ("10.0.0.7:3000", "10.0.0.7:3000"),
            ("[::1]:3000", "[::1]:3000"),
        ] {
            assert_eq!(read(text).nearby(3000), nearby);
        }
        assert_eq!(read("localhost:0").nearby(4410), "localhost:4410");
    }

    #[test]
    fn two_listeners_collide_if_a_socket_would_be_bound_twice() {
        for (a, b) in [
            ("3000", "127.0.0.1:3000"),
            ("3000", "[::1]:3000"),
            ("0.0.0.0:3000", "127.0.0.1:3000"),
            ("[::]:3000", "localhost:3000"),
        ] {
            assert!(read(a).collides_with(&read(b)) && read(b).collides_with(&read(a)));
        }
        for (a, b) in [("3000", "3001"), ("0", "0"), ("10.0.0.7:3000", "3000")] {
            assert!(!read(a).collides_with(&read(b)), "{a} {b}");
        }
    }
}
