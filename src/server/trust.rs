//! The names that a listener answers to, and the web pages that may write.
//!
//! A browser lets any page send a form or text to any address, also of its own machine and network. It sends the origin of the
//! page (`Sec-Fetch-Site`, `Origin`), so a server that writes has to check it. A page can also give its own name the address
//! 127.0.0.1 (DNS rebinding). To the browser, both are the same site then, and only `Host` shows the difference.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, header::ORIGIN};

use super::{cors::Cors, refusal::Refusal};
use crate::settings::ListenAddress;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Longest part of a name or an origin that an answer repeats, in bytes.
const SHOWN: usize = 200;

/// The names that a listener answers to, and the web pages that may write.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Names beside those of the machine itself. `None`: it answers to every name.
    hosts: Option<Arc<[String]>>,
    /// Origins whose pages may write, as browsers write them.
    origins: Arc<[String]>,
}

impl Trust {
    /// The rules of a listener on `listen`. On a loopback address it answers to the machine's own names and to `hosts`, else to every
    /// name. Pages of `origins` may write.
    pub fn new(listen: ListenAddress, hosts: &[String], origins: &[String]) -> Self {
        Self {
            hosts: listen.is_loopback().then(|| hosts.into()),
            origins: origins.into(),
        }
    }

    /// Refuses a name that this listener doesn't answer to.
    pub(super) fn check_host(&self, host: &str) -> Result<(), Refusal> {
        let Some(hosts) = &self.hosts else {
            return Ok(());
        };
        let name = without_port(host);
        let name = name.strip_suffix('.').unwrap_or(name);
        if is_own_name(name) || hosts.iter().any(|host| host.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        Err(Refusal::OtherHost(shown(name).to_owned()))
    }

    /// Refuses a write by a page of another origin than `host`. Programs other than browsers send neither header.
    pub(super) fn check_page<B>(
        &self,
        request: &Request<B>,
        host: &str,
        cors: &Cors,
    ) -> Result<(), Refusal> {
        if request.method().is_safe() {
            return Ok(());
        }
        let headers = request.headers();
        let origin = text(headers, &ORIGIN);
        let is_own = match text(headers, &SEC_FETCH_SITE) {
            Some(site) => ["same-origin", "none"].contains(&site),
            None => origin.is_none_or(|origin| is_same_host(origin, host)),
        };
        let is_allowed = |origin: &str| self.origins.iter().any(|allowed| allowed == origin);
        if is_own || origin.is_some_and(is_allowed) || cors.may_write(headers) {
            return Ok(());
        }
        Err(Refusal::ForeignPage {
            origin: origin.map(|origin| shown(origin).to_owned()),
            may_with_key: cors.is_open(),
        })
    }
}

/// A header's value. Browsers never send several values or one that isn't text; those equal no value.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        None => Some(HeaderValue::to_str(value).unwrap_or_default()),
        Some(_) => Some(""),
    }
}

/// Whether an origin such as `http://localhost:3000` has that host and port. The scheme doesn't count, because TLS may end at a
/// proxy.
fn is_same_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let default = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let plain = |authority: &str| {
        let plain = authority.strip_suffix(default).unwrap_or(authority);
        plain.to_ascii_lowercase()
    };
    plain(authority) == plain(host)
}

/// The name in `name`, `name:port`, `[address]` and `[address]:port`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a name always means the machine itself.
fn is_own_name(name: &str) -> bool {
    let ends_in_localhost = || {
        let (rest, end) = name.as_bytes().split_at(name.len().saturating_sub(9));
        end.eq_ignore_ascii_case(b"localhost") && (rest.is_empty() || rest.ends_with(b"."))
    };
    let in_brackets = || name.strip_prefix('[')?.strip_suffix(']');
    if let Some(address) = in_brackets() {
        return address
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.to_canonical().is_loopback());
    }
    name.parse::<Ipv4Addr>()
        .is_ok_and(|address| address.is_loopback())
        || ends_in_localhost()
}

fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(listen: &str) -> Trust {
        let hosts = ["flash.test".to_owned()];
        Trust::new(listen.parse().unwrap(), &hosts, &[])
    }

    #[test]
    fn a_loopback_listener_answers_to_the_names_of_the_machine_and_those_that_are_set() {
        for listen in [
            "3000",
            "127.0.0.1:3000",
            "[::1]:3000",
            "[::ffff:127.0.0.1]:3000",
        ] {
            let trust = trust(listen);
            for host in [
                "localhost",
                "localhost:3000",
                "LocalHost.:1",
                "a.localhost:80",
                "127.0.0.1",
                "127.8.7.6:3000",
                "[::1]",
                "[::1]:3000",
                "[::ffff:127.0.0.1]",
                "flash.test",
                "FLASH.test:8080",
            ] {
                assert!(trust.check_host(host).is_ok(), "{host}");
            }
            for host in [
                "",
                ":3000",
                "evil.example",
                "evil.example:3000",
                "notlocalhost",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "127.1",
                "0.0.0.0",
                "10.0.0.7",
                "[::2]",
                "[::1",
                "::1",
                "sub.flash.test",
                "ößlocalhost",
            ] {
                assert!(trust.check_host(host).is_err(), "{host}");
            }
        }
    }

    #[test]
    fn a_listener_that_others_reach_answers_to_every_name() {
        for listen in ["0.0.0.0:3000", "10.0.0.7:3000", "[::]:3000"] {
            assert!(trust(listen).check_host("evil.example").is_ok());
        }
    }

    #[test]
    fn an_origin_is_the_same_host_with_and_without_the_port_of_its_scheme() {
        for (origin, host) in [
            ("http://localhost:3000", "localhost:3000"),
            ("http://flash.test", "flash.test:80"),
            ("https://flash.test", "Flash.test"),
            ("https://flash.test", "flash.test:443"),
            ("http://[::1]:3000", "[::1]:3000"),
        ] {
            assert!(is_same_host(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("http://localhost:3001", "localhost:3000"),
            ("http://localhost", "localhost:3000"),
            ("http://flash.test:443", "flash.test:80"),
            ("http://evil.example", "flash.test"),
            ("null", "null"),
            ("", ""),
            ("file://flash.test", "flash.test"),
        ] {
            assert!(!is_same_host(origin, host), "{origin} {host}");
        }
    }
}
