//! A client's own rate limit, as it is written on the command line and shown.

use crate::settings::RateLimit;
use crate::store::ClientLimit;

/// A client's own rate limit. `None`: that of the server.
pub(super) type Own = Option<ClientLimit>;

/// Reads `--rate-limit` of `flash clients set`.
pub(super) fn read(text: &str) -> Result<Own, String> {
    match text {
        "default" => Ok(None),
        "unlimited" => Ok(Some(ClientLimit::Unlimited)),
        text => match text.parse() {
            Ok(RateLimit { requests, seconds }) => {
                Ok(Some(ClientLimit::Rate { requests, seconds }))
            }
            Err(error) => Err(format!("{error}; or unlimited, or default")),
        },
    }
}

/// The limit, as `--rate-limit` takes it.
pub(super) fn shown(limit: ClientLimit) -> String {
    match limit {
        ClientLimit::Unlimited => "unlimited".to_owned(),
        ClientLimit::Rate { requests, seconds } => RateLimit { requests, seconds }.to_string(),
    }
}
