//! The server that files are sent to.

use std::str::FromStr;

use http::Uri;

use crate::outgoing::{Endpoint, NotAnEndpoint};

/// Why a build without TLS refuses https.
const WITHOUT_TLS: &str = "this build of Flash has no TLS, so it can't use https; build it with --features tls, take the image, or \
     send the files with curl";

/// The address of a server: its root, or its list of datasets.
#[derive(Clone, Debug)]
pub(super) struct Target {
    endpoint: Endpoint,
    /// The path before `/datasets`, without a slash at its end.
    root: String,
}

impl Target {
    /// The server.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The value of `Host`.
    pub(super) fn authority(&self) -> &str {
        self.endpoint.authority()
    }

    /// The path and query of a request: `path` is relative to `/datasets`.
    pub(super) fn path(&self, path: &str, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}/datasets{path}{mark}{query}", self.root)
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused =
            |instead: &str| Err(format!("{text:?} isn't the address of a server; {instead}"));
        if !text.contains("://") {
            return refused(&format!("write http://{text}"));
        }
        let Ok(uri) = text.parse::<Uri>() else {
            return refused("write one such as http://localhost:3000");
        };
        let endpoint = match Endpoint::of(&uri) {
            Ok(endpoint) => endpoint,
            Err(NotAnEndpoint::Scheme) => {
                return refused("it has to begin with http:// or https://");
            }
            Err(NotAnEndpoint::NoHost) => {
                return refused("write one such as http://localhost:3000");
            }
            Err(NotAnEndpoint::WithoutTls) => return Err(WITHOUT_TLS.to_owned()),
            Err(NotAnEndpoint::UserName) => {
                // The text has a secret.
                return Err(
                    "the address has a user name; leave it out, and put the key into FLASH_KEY"
                        .to_owned(),
                );
            }
        };
        if uri.query().is_some() {
            return refused("leave out the part from ? on");
        }
        let path = uri.path().trim_end_matches('/');
        Ok(Self {
            endpoint,
            root: path.strip_suffix("/datasets").unwrap_or(path).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_its_root_or_by_its_list_of_datasets() {
        for (text, path) in [
            ("http://localhost:3000", "/datasets/people?null=NA"),
            ("http://localhost:3000/", "/datasets/people?null=NA"),
            ("http://localhost:3000/datasets", "/datasets/people?null=NA"),
            (
                "http://localhost:3000/datasets/",
                "/datasets/people?null=NA",
            ),
            (
                "http://localhost:3000/flash/datasets",
                "/flash/datasets/people?null=NA",
            ),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.path("/people", "null=NA"), path, "{text}");
            assert_eq!(target.endpoint().address(), ("localhost", 3000), "{text}");
        }
    }

    #[test]
    fn the_usual_port_may_be_left_out_and_an_ipv6_address_has_brackets() {
        let target: Target = "http://[::1]".parse().unwrap();
        assert_eq!(target.endpoint().address(), ("::1", 80));
        assert_eq!(target.authority(), "[::1]");
        assert_eq!(target.path("", ""), "/datasets");
        let target: Target = "https://flash.example".parse().unwrap();
        assert_eq!(target.endpoint().address(), ("flash.example", 443));
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_to_write() {
        for (text, instead) in [
            ("localhost:3000", "write http://localhost:3000"),
            ("ftp://localhost", "begin with http:// or https://"),
            ("http://", "such as http://localhost:3000"),
            ("http://flash_secret@localhost", "FLASH_KEY"),
            ("http://localhost?version=v2", "leave out the part from ?"),
        ] {
            let refusal = text.parse::<Target>().unwrap_err();
            assert!(refusal.contains(instead), "{text}: {refusal}");
            assert!(!refusal.contains("flash_secret"), "{refusal}");
        }
    }
}
