//! Identifies the caller, finds its default version and its extensions, and decides what it may do.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http::header::{AUTHORIZATION, HeaderMap, USER_AGENT};
use jiff::Timestamp;

use super::error::Error;
use super::request::{OfPage, single};
use crate::services::clients::Identified;
use crate::services::{NamedColumns, Services};
use crate::settings::Anonymous;
use crate::store::{Client, Outcome};
use crate::versioning::{Catalogue, DefaultVersion, Source, VersionNumber};

/// The caller of a request.
pub(super) struct Caller {
    /// The client. `None`: an anonymous caller.
    pub(super) client: Option<Arc<Client>>,
    /// The version that the caller gets if a request names none.
    pub(super) default: DefaultVersion,
    /// The catalogue with the caller's extensions, if it has any.
    pub(super) extended: Option<Box<Catalogue>>,
    /// The time of the request, which decides the state of each version.
    pub(super) at: Timestamp,
}

impl Caller {
    pub(super) fn new(services: &Services, client: Option<Arc<Client>>) -> Self {
        Self {
            default: default_of(services, client.as_deref()),
            extended: match catalogue_of(services, client.as_deref()) {
                Cow::Borrowed(_) => None,
                Cow::Owned(catalogue) => Some(Box::new(catalogue)),
            },
            client,
            at: services.clock.now(),
        }
    }

    /// The catalogue for this caller.
    pub(super) fn catalogue<'c>(&'c self, services: &'c Services) -> &'c Catalogue {
        self.extended.as_deref().unwrap_or(&services.catalogue)
    }
}

/// The catalogue for a client, with its extensions.
pub(super) fn catalogue_of<'s>(
    services: &'s Services,
    client: Option<&Client>,
) -> Cow<'s, Catalogue> {
    let catalogue = &services.catalogue;
    match client.map(|client| client.extensions.as_slice()) {
        None | Some([]) => Cow::Borrowed(catalogue),
        Some(granted) => {
            let granted = granted.iter().filter_map(|one| {
                VersionNumber::new(one.version).map(|number| (number, one.retires_at))
            });
            Cow::Owned(catalogue.extended(granted))
        }
    }
}

/// Identifies the caller. A request with an invalid key is refused, even if anonymous callers may do the same. The first request of a
/// client pins it, unless a page made the request.
pub(super) async fn identify(
    services: &Services,
    headers: &HeaderMap,
    of_page: Option<OfPage>,
) -> Result<Option<Arc<Client>>, Error> {
    let Some(key) = key(headers)? else {
        return Ok(None);
    };
    let now = services.clock.now();
    let newest = services.catalogue.newest_stable(now).get();
    let identified = match of_page {
        Some(OfPage) => services.clients.look_at(&key, now).await?,
        None => services.clients.identify(&key, newest, now).await?,
    };
    match identified {
        Identified::Client(client) => Ok(Some(client)),
        Identified::Nobody => Err(UNKNOWN),
        Identified::Expired(at) => Err(Error::Unauthenticated(
            format!("the key expired at {at}: ask the operator of this server for a new one")
                .into(),
        )),
    }
}

/// The caller, if that is known without the store. `None`: the store has to be asked, or the request is refused.
pub(super) fn recall(services: &Services, headers: &HeaderMap) -> Option<Option<Arc<Client>>> {
    match key(headers).ok()? {
        None => Some(None),
        Some(key) => services
            .clients
            .recall(&key, services.clock.now())
            .map(Some),
    }
}

/// Whether the request has a key that was a client's when this server last looked it up.
pub(super) fn had_valid_key(services: &Services, headers: &HeaderMap) -> bool {
    let key = key(headers).ok().flatten();
    key.is_some_and(|key| services.clients.was_valid(&key))
}

/// The ways to send a key, for `WWW-Authenticate` (RFC 6750 §3, RFC 7617 §2).
const SCHEMES: [&str; 2] = [
    "Bearer realm=\"flash\"",
    "Basic realm=\"flash\", charset=\"UTF-8\"",
];

/// The ways to send a key that a request with these headers is told of. Basic would make the browser of a script ask for a user and a
/// password, and keep them. The scripts of Flash's pages have a field for the key.
pub(super) fn schemes(headers: &HeaderMap) -> &'static [&'static str] {
    let is = |name, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    match is("sec-fetch-site", "same-origin") && is("sec-fetch-dest", "empty") {
        true => &SCHEMES[..1],
        false => &SCHEMES,
    }
}

const UNKNOWN: Error = Error::Unauthenticated(Cow::Borrowed(
    "the key is unknown or was revoked; to call anonymously, leave out the header Authorization",
));

const NO_KEY: Error = Error::Unauthenticated(Cow::Borrowed(
    "the header Authorization has no key: send Authorization: Bearer flash_…, or HTTP Basic with any user and the key as the password; to \
     call anonymously, leave out the header",
));

/// The key in the request.
fn key(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, Error> {
    let Some(value) = single(headers, &AUTHORIZATION, "Authorization")? else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let (scheme, credentials) = text.split_once(' ').ok_or(NO_KEY)?;
    // The scheme's name is case-insensitive (RFC 9110 §11.1).
    if scheme.eq_ignore_ascii_case("Bearer") {
        Ok(Some(credentials.trim().into()))
    } else if scheme.eq_ignore_ascii_case("Basic") {
        let password = password(credentials.trim()).ok_or(NO_KEY)?;
        Ok(Some(password.into()))
    } else {
        Err(NO_KEY)
    }
}

/// The password in credentials of HTTP Basic (RFC 7617 §2). The user doesn't matter.
fn password(credentials: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (_, password) = pair.split_once(':')?;
    Some(password.to_owned())
}

/// The default version of a caller: its pin, or that of the server.
pub(super) fn default_of(services: &Services, client: Option<&Client>) -> DefaultVersion {
    let pin = client.and_then(|client| client.pin);
    // If this server doesn't know the pinned version, the answer is 410. The pin doesn't move.
    match pin.and_then(VersionNumber::new) {
        Some(version) => DefaultVersion {
            version,
            source: Source::Pin,
        },
        None => DefaultVersion {
            version: services.catalogue.first(),
            source: Source::Default,
        },
    }
}

/// Whether the caller may use the method.
pub(super) fn admit(
    services: &Services,
    method: &Method,
    client: Option<&Client>,
) -> Result<(), Error> {
    match services.settings.anonymous {
        _ if client.is_some() => Ok(()),
        Anonymous::ReadWrite => Ok(()),
        Anonymous::Read if method.is_safe() => Ok(()),
        Anonymous::Read => Err(Error::Unauthenticated(
            "only registered clients may write here: send your key as Authorization: Bearer flash_…".into(),
        )),
        Anonymous::None => Err(Error::Unauthenticated(
            "only registered clients may call this server: send your key as Authorization: Bearer flash_…".into(),
        )),
    }
}

/// Counts a read of a dataset.
pub(super) fn count_read(
    services: &Services,
    client: Option<&Client>,
    headers: &HeaderMap,
    (dataset, columns): (i64, Option<&NamedColumns>),
    at: Timestamp,
) {
    let client = client.map(|client| client.id);
    let readers = &services.readers;
    readers.count(dataset, client, user_agent(headers), columns, at);
}

/// Counts a request.
pub(super) fn count(
    services: &Services,
    client: Option<&Client>,
    headers: &HeaderMap,
    version: u32,
    outcome: Outcome,
    at: Timestamp,
) {
    let client = client.map(|client| client.id);
    let usage = &services.usage;
    usage.count(client, user_agent(headers), version, outcome, at);
}

fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(USER_AGENT)?.to_str().ok()
}
