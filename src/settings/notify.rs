//! The webhook that is told of what happens to versions.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use http::Uri;

use super::SettingsError;
use crate::outgoing::{Endpoint, NotAnEndpoint};

/// What secrets of Standard Webhooks begin with.
const PREFIX: &str = "whsec_";
/// The fewest bytes of a secret.
const SHORTEST: usize = 16;

/// The webhook, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Notices")]
pub struct NotifySettings {
    /// A URL that gets a POST when a version is deprecated, a brownout refuses somebody, or a retirement is a week away and somebody still
    /// uses the version
    #[arg(long, env = "FLASH_NOTIFY", value_name = "URL", hide_env_values = true)]
    pub notify: Option<NotifyUrl>,
    /// The secret that signs these notices: whsec_ and base64, or any text of at least 16 bytes. Other users of the machine can see it on
    /// the command line, so prefer the variable or a file
    #[arg(
        long,
        env = "FLASH_NOTIFY_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub notify_secret: Option<NotifySecret>,
    /// A file with that secret
    #[arg(long, env = "FLASH_NOTIFY_SECRET_FILE", value_name = "FILE")]
    pub notify_secret_file: Option<PathBuf>,
}

/// A webhook.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Where notices go.
    pub url: NotifyUrl,
    /// What signs them.
    pub secret: NotifySecret,
}

impl NotifySettings {
    /// The webhook, if there is one.
    ///
    /// # Errors
    ///
    /// When it has no secret or two, or a secret without a URL.
    pub fn check(self) -> Result<Option<Notify>, SettingsError> {
        let secret = match (self.notify_secret, self.notify_secret_file) {
            (Some(_), Some(_)) => return Err(SettingsError::TwoNotifySecrets),
            (Some(secret), None) => Some(secret),
            (None, None) => None,
            (None, Some(file)) => {
                let text = std::fs::read_to_string(&file).map_err(|error| error.to_string());
                let secret = text.and_then(|text| text.trim().parse());
                Some(secret.map_err(|reason| SettingsError::NotifySecretFile { file, reason })?)
            }
        };
        match (self.notify, secret) {
            (None, None) => Ok(None),
            (Some(url), Some(secret)) => Ok(Some(Notify { url, secret })),
            (Some(_), None) => Err(SettingsError::NoNotifySecret),
            (None, Some(_)) => Err(SettingsError::NoNotify),
        }
    }
}

/// The URL of a webhook. It may have a secret in its path or query, so it is shown without them.
#[derive(Clone, Eq, PartialEq)]
pub struct NotifyUrl {
    /// The server.
    pub endpoint: Endpoint,
    /// The path and the query.
    pub target: String,
}

impl fmt::Debug for NotifyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.endpoint.authority())
    }
}

impl FromStr for NotifyUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRITE: &str =
            "it isn't the URL of a webhook; write one such as https://hooks.example/flash";
        let uri: Uri = text.parse().map_err(|_| WRITE)?;
        let endpoint = Endpoint::of(&uri).map_err(|reason| match reason {
            NotAnEndpoint::Scheme | NotAnEndpoint::NoHost => WRITE,
            NotAnEndpoint::UserName => "the URL has a user name; leave it out: the signature shows who sends a notice",
            NotAnEndpoint::WithoutTls => {
                "this build of Flash has no TLS, so it can't use https; build it with --features tls, or take the image"
            }
        })?;
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Ok(Self {
            endpoint,
            target: target.to_owned(),
        })
    }
}

/// The secret that signs notices. It is never shown.
#[derive(Clone, Eq, PartialEq)]
pub struct NotifySecret(Vec<u8>);

impl NotifySecret {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for NotifySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotifySecret")
    }
}

impl FromStr for NotifySecret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = match text.strip_prefix(PREFIX) {
            Some(encoded) => STANDARD
                .decode(encoded)
                .map_err(|_| "the text after whsec_ isn't base64".to_owned())?,
            None => text.as_bytes().to_vec(),
        };
        match bytes.len() {
            length if length < SHORTEST => Err(format!(
                "the secret has {length} bytes: use at least {SHORTEST}, such as those of: echo whsec_$(openssl rand -base64 32)"
            )),
            _ => Ok(Self(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_base64_after_its_prefix_or_a_text_and_is_never_shown() {
        let encoded: NotifySecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        assert_eq!(encoded.bytes().len(), 24);
        let plain: NotifySecret = "sixteen bytes it".parse().unwrap();
        assert_eq!(plain.bytes(), b"sixteen bytes it");
        assert_eq!(format!("{plain:?}"), "NotifySecret");
        for text in ["short", "whsec_", "whsec_%"] {
            let refusal = text.parse::<NotifySecret>().unwrap_err();
            assert!(!refusal.contains("short"), "{refusal}");
        }
    }

    #[test]
    fn a_url_is_shown_without_what_may_be_a_secret() {
        let url: NotifyUrl = "https://hooks.example/T0/secret?key=1".parse().unwrap();
        assert_eq!(format!("{url:?}"), "hooks.example");
        assert_eq!(url.target, "/T0/secret?key=1");
        assert_eq!(url.endpoint.address(), ("hooks.example", 443));
        for text in [
            "",
            "hooks.example",
            "ftp://hooks.example/",
            "http://me:secret@hooks.example/",
        ] {
            let refusal = text.parse::<NotifyUrl>().unwrap_err();
            assert!(!refusal.contains("secret@"), "{refusal}");
        }
    }

    #[test]
    fn a_webhook_needs_a_url_and_one_secret() {
        let url = || Some("http://hooks.example/".parse().unwrap());
        let secret = || Some("sixteen bytes it".parse().unwrap());
        let check = |notify, notify_secret, notify_secret_file| {
            let settings = NotifySettings {
                notify,
                notify_secret,
                notify_secret_file,
            };
            settings.check()
        };
        assert!(check(None, None, None).unwrap().is_none());
        assert!(check(url(), secret(), None).unwrap().is_some());
        check(url(), None, None).unwrap_err();
        check(None, secret(), None).unwrap_err();
        check(url(), secret(), Some("secret".into())).unwrap_err();
        check(url(), None, Some("no such file".into())).unwrap_err();
    }
}
