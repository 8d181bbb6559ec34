//! What a version is: which operations it has, who answers each, and how it says what went wrong.
//!
//! A version lists only what it adds or changes. What it does not mention is answered by the version before it, in
//! that one's representation; what it takes away it says in [`ApiVersion::removed`]. [`super::versions`] lists the versions, and
//! [`super::registry`] puts them together.

use std::pin::Pin;

use http::Method;
use semver::Version as Semantic;

use super::call::Call;
use super::description::{Content, Description, Schema};
use super::error::Error;
use super::history::Release;
use super::reply::Reply;
use crate::versioning::Format;

/// The version that clients get when they name none. It is a constant of its own, so that a new version moves nobody.
pub const FIRST: u32 = 1;

/// What a handler promises.
pub type Answer = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>;

/// Answers one operation in one version.
pub type Handler = fn(Call) -> Answer;

/// One version of the API.
#[derive(Debug)]
pub struct ApiVersion {
    /// N of vN.
    pub number: u32,
    /// MINOR and PATCH of its semantic version; MAJOR is `number`.
    pub semantic: (u64, u64),
    /// What is announced of it.
    pub lifecycle: Announced,
    /// What it adds or changes.
    pub operations: &'static [Operation],
    /// What earlier versions have and it has not: method and path.
    pub removed: &'static [(Method, &'static str)],
    /// How it says what went wrong.
    pub render_error: fn(&Error) -> Reply,
    /// The shape in which it says so.
    pub describe_error: fn() -> (Content, Schema),
    /// What each of its releases brought, the newest first.
    pub changelog: &'static [Release],
}

impl ApiVersion {
    /// The full semantic version.
    pub fn semantic(&self) -> Semantic {
        let (minor, patch) = self.semantic;
        Semantic::new(u64::from(self.number), minor, patch)
    }
}

/// What a release announces of a version; the operator's settings come over it. Dates are written as `--deprecate` takes
/// them.
#[derive(Debug)]
pub struct Announced {
    /// Whether it is served only when named.
    pub preview: bool,
    /// Until when, if it is a preview.
    pub promoted: Option<&'static str>,
    /// When it is deprecated.
    pub deprecated: Option<&'static str>,
    /// When it is retired.
    pub retired: Option<&'static str>,
    /// When it is refused for a while, in the order of time, as in `2027-05-01T09:00Z/15m`.
    pub brownouts: &'static [&'static str],
}

impl Announced {
    /// Nothing: the version is stable, and stays.
    pub const NOTHING: Self = Self {
        preview: false,
        promoted: None,
        deprecated: None,
        retired: None,
        brownouts: &[],
    };
}

/// One thing that can be done with one resource.
#[derive(Debug)]
pub struct Operation {
    /// Its name, the same in every version.
    pub name: &'static str,
    /// Its method. `HEAD` is answered wherever `GET` is, and `OPTIONS` everywhere.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// What it can be answered in, the preferred first.
    pub formats: &'static [Format],
    /// Who answers it.
    pub handler: Handler,
    /// What it takes and answers. Its handler is given the request headers that are described here, and no others; they
    /// are also what makes a request with an `Idempotency-Key` another one.
    pub describe: fn() -> Description,
}
