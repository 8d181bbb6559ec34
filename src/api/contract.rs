//! The types of the API's table: versions, and their operations.
//!
//! A version lists only operations that it adds or changes, and those that it removes ([`ApiVersion::removed`]). For all others the
//! version before it answers, in its own representation. [`super::versions`] lists the versions, and [`super::registry`] combines them.

use std::pin::Pin;

use http::Method;
use semver::Version as Semantic;

use super::call::Call;
use super::description::{Content, Description, Schema};
use super::error::Error;
use super::history::Release;
use super::reply::Reply;
use crate::versioning::Format;

/// The version that clients get when they name none. It is a constant of its own, so a new version doesn't change it.
pub const FIRST: u32 = 1;

/// The future of a handler.
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
    /// Its announced lifecycle.
    pub lifecycle: Announced,
    /// The operations that it adds or changes.
    pub operations: &'static [Operation],
    /// The operations of earlier versions that it removes: method and path.
    pub removed: &'static [(Method, &'static str)],
    /// Renders an error.
    pub render_error: fn(&Error) -> Reply,
    /// The schema of its errors.
    pub describe_error: fn() -> (Content, Schema),
    /// Its changelog, the newest release first.
    pub changelog: &'static [Release],
}

impl ApiVersion {
    /// The full semantic version.
    pub fn semantic(&self) -> Semantic {
        let (minor, patch) = self.semantic;
        Semantic::new(u64::from(self.number), minor, patch)
    }
}

/// The lifecycle of a version that a release announces. The operator's settings override it. Dates have the format of `--deprecate`.
#[derive(Debug)]
pub struct Announced {
    /// Whether it is a preview, which is served only if a request names it.
    pub preview: bool,
    /// Until when, if it is a preview.
    pub promoted: Option<&'static str>,
    /// When it is deprecated.
    pub deprecated: Option<&'static str>,
    /// When it is retired.
    pub retired: Option<&'static str>,
    /// Its brownouts, in the order of time, as in `2027-05-01T09:00Z/15m`.
    pub brownouts: &'static [&'static str],
}

impl Announced {
    /// Nothing is announced: the version is stable.
    pub const NOTHING: Self = Self {
        preview: false,
        promoted: None,
        deprecated: None,
        retired: None,
        brownouts: &[],
    };
}

/// An operation: a method on a resource.
#[derive(Debug)]
pub struct Operation {
    /// Its name, the same in every version.
    pub name: &'static str,
    /// Its method. `GET` includes `HEAD`. Every resource has `OPTIONS`.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// The formats of its response, the preferred one first.
    pub formats: &'static [Format],
    /// Its handler.
    pub handler: Handler,
    /// Its description for OpenAPI. The handler gets only the request headers that are described here. The digest of a request with an
    /// `Idempotency-Key` covers the same headers.
    pub describe: fn() -> Description,
}
