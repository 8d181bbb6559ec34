//! Which version of the API a caller gets, in which format, and why.
//!
//! The `Accept` header chooses the version, or the URL for clients that can't send it. This module holds that decision and nothing
//! else. It is pure: it takes header bytes, what the URL names, a [`Catalogue`] and a time, and returns a [`Choice`] or
//! a [`Refusal`]; it opens no socket, reads no clock and keeps no state.
//!
//! | module | what it answers |
//! | --- | --- |
//! | [`Catalogue`] in `catalogue` | which versions there are |
//! | [`VersionNumber`] in `number` | how a version is named |
//! | [`Lifecycle`] in `lifecycle` | what was announced of a version, and its state at a moment |
//! | `announced` | what a server announces, as text |
//! | [`MediaType`] in `media_type` | how a version and a format are written as a media type, and read back |
//! | `syntax` | the grammar that `Accept` and `Content-Type` share, and where a text leaves it |
//! | `quality` | how much a client wants a range |
//! | `accept` | the ranges of an `Accept` field, each with its quality |
//! | `content_type` | the version that a `Content-Type` names |
//! | [`InUrl`] in `in_url` | what the URL names, and which headers contradict it |
//! | [`negotiate()`] in `negotiate` | what is served: the one function that other modules call |
//! | `contest` | the ranking of RFC 9110 §12.5.1 |
//! | `resource` | what a resource has in each version, and how a version that lacks it takes part |
//! | [`available()`] in `available` | what could have been asked for, as a 406 lists it |
//! | `nearest` | the one media type to suggest to a client that asked for something else |
//! | [`Refusal`] in `refusal` | why nothing is served, in words for the client |
//! | [`wants_page()`] in `wants_page` | whether a client asks for a page for people, which is no representation of the API |
//!
//! Two rules hold everywhere. A caller that names no version gets its default (that of the
//! server, or its pin) and is never moved to another one, not even when that version is retired. And a
//! version other than the default is served only to a caller that wrote its number.
//!
//! ```
//! use flash::versioning::negotiate;
//! use flash::versioning::{Catalogue, DefaultVersion, Format, InUrl, Lifecycle, Source, Version, VersionNumber};
//!
//! let [v1, v2] = [1, 2].map(|n| VersionNumber::new(n).expect("positive"));
//! let version = |number: VersionNumber| Version {
//!     number,
//!     semantic: semver::Version::new(number.get().into(), 0, 0),
//!     lifecycle: Lifecycle::default(),
//! };
//! let catalogue = Catalogue::new(vec![version(v2), version(v1)], v1)?;
//!
//! let ladder: &[u8] = b"application/vnd.flash.v9+json, application/vnd.flash.v2+json;q=0.5";
//! let choice = negotiate(
//!     &catalogue,
//!     jiff::Timestamp::now(),
//!     |_| &[Format::Json],
//!     InUrl::default(),
//!     [ladder].into_iter(),
//!     None,
//!     DefaultVersion { version: v1, source: Source::Default },
//! )?;
//!
//! assert_eq!((choice.version, choice.source), (v2, Source::Accept));
//! assert_eq!(choice.media_type().to_string(), "application/vnd.flash.v2+json");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod announced;
mod available;
mod catalogue;
mod choice;
mod content_type;
mod contest;
mod in_url;
mod lifecycle;
mod media_type;
mod nearest;
mod negotiate;
mod number;
mod quality;
mod refusal;
mod resource;
mod syntax;
mod wants_page;

#[cfg(test)]
mod tests;

pub use announced::NotAnnounced;
pub use available::{Available, available};
pub use catalogue::{Catalogue, CatalogueError, Version, names};
pub use choice::{Choice, DefaultVersion, Source};
pub use in_url::InUrl;
pub use lifecycle::{Brownout, Lifecycle, NotABrownout, NotADate, State, date};
pub use media_type::{Format, MediaType, Naming, media_type};
pub use negotiate::negotiate;
pub use number::{NotAVersion, VersionNumber};
pub use quality::{FULL, Quality, quality};
pub use refusal::{Refusal, Unserved};
pub(crate) use syntax::{Cursor, Empty, Flaw, SPACE, unquoted};
pub use syntax::{Fault, MAX_RANGES};
pub use wants_page::wants_page;
