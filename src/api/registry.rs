//! The registry of versions: which operations each has, and who answers them.
//!
//! A version lists only what it adds or changes. What it does not mention is answered by the version before it, in
//! that one's representation; what it takes away it says in [`ApiVersion::removed`]. Everything that must know the
//! operations (routing, 404 and 405, `Allow`, negotiation) reads them here.

use std::pin::Pin;
use std::sync::Arc;

use http::{HeaderName, Method};
use semver::Version as Semantic;

use super::call::Call;
use super::description::{Content, Description, Schema};
use super::discovery::Release;
use super::error::Error;
use super::reply::Reply;
use super::{v1, v2};
use crate::versioning::{
    self, Catalogue, CatalogueError, Format, Lifecycle, NotABrownout, NotADate, Version,
    VersionNumber,
};

/// The versions of the API, newest first: one line each.
pub const VERSIONS: &[&ApiVersion] = &[
    &v2::VERSION, //
    &v1::VERSION,
];

/// The version that who names none gets. It is a constant of its own, so that a new version moves nobody.
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
    pub life: Announced,
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

    fn life(&self) -> Result<Lifecycle, RegistryError> {
        let date = |text: Option<&str>| text.map(versioning::date).transpose();
        let brownouts = self.brownouts.iter().map(|text| text.parse());
        Ok(Lifecycle {
            preview: self.preview,
            promoted: date(self.promoted)?,
            deprecated: date(self.deprecated)?,
            retired: date(self.retired)?,
            brownouts: brownouts.collect::<Result<_, NotABrownout>>()?,
        })
    }
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

/// The operations of one path, in all versions.
#[derive(Debug, Default)]
pub struct Resource {
    /// With parameters in braces; `None`: there is nothing.
    path: Option<&'static str>,
    /// Per version, oldest first: what it has here, its own or taken over. Empty: it does not have this path.
    versions: Vec<(VersionNumber, Vec<&'static Operation>)>,
    /// The headers of a request that each operation reads.
    headers: Vec<(&'static Operation, Vec<HeaderName>)>,
}

impl Resource {
    /// The path, with parameters in braces, if there is anything.
    pub fn path(&self) -> Option<&'static str> {
        self.path
    }

    /// The operation of that method in that version.
    pub fn operation(&self, version: VersionNumber, method: &Method) -> Option<&'static Operation> {
        self.operations(version)
            .iter()
            .find(|operation| operation.method == *method)
            .copied()
    }

    /// The headers of a request that an operation of this resource reads, as it describes itself.
    pub fn request_headers(&self, operation: &Operation) -> &[HeaderName] {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| std::ptr::eq(*known, operation));
        found.map_or(&[], |(_, headers)| headers)
    }

    /// All operations of that version.
    pub fn operations(&self, version: VersionNumber) -> &[&'static Operation] {
        let found = self.versions.iter().find(|(number, _)| *number == version);
        found.map_or(&[], |(_, operations)| operations)
    }

    /// What the version can answer that method in here; for a method it does not have, how it says so.
    pub fn formats(&self, version: VersionNumber, method: &Method) -> &'static [Format] {
        match self.operation(version, method) {
            Some(operation) => operation.formats,
            None if self.operations(version).is_empty() => &[],
            None => &[Format::Json],
        }
    }

    /// The versions that have that method here, or, with `None`, that have this path at all; oldest first.
    pub fn versions_with(&self, method: Option<&Method>) -> Vec<VersionNumber> {
        self.versions
            .iter()
            .filter(|(_, operations)| match method {
                Some(method) => operations
                    .iter()
                    .any(|operation| operation.method == *method),
                None => !operations.is_empty(),
            })
            .map(|(number, _)| *number)
            .collect()
    }
}

/// All versions, ready to be asked.
#[derive(Debug)]
pub struct Registry {
    versions: Vec<&'static ApiVersion>,
    /// The full semantic version of each, as it is written.
    releases: Vec<String>,
    router: matchit::Router<Arc<Resource>>,
    resources: Vec<(&'static str, Arc<Resource>)>,
}

/// Why a list of versions is none that can be served.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The catalogue refuses it.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A version's number is not positive.
    #[error("a version is numbered {0}; versions are numbered from 1")]
    Number(u32),
    /// A date that a version announces is none.
    #[error(transparent)]
    Date(#[from] NotADate),
    /// A brownout that a version announces is none.
    #[error(transparent)]
    Brownout(#[from] NotABrownout),
    /// A path can't be routed.
    #[error("the path {path} can't be routed: {reason}")]
    Path {
        /// The path.
        path: &'static str,
        /// What the router said.
        reason: String,
    },
    /// Two different types of one version's document have one name.
    #[error("{version} describes two shapes as {name}; give one of them another name")]
    Shape {
        /// The version.
        version: VersionNumber,
        /// The name.
        name: String,
    },
}

impl Registry {
    /// The versions that Flash serves.
    pub fn standard() -> Result<Self, RegistryError> {
        Self::new(VERSIONS)
    }

    /// A registry of other versions, newest first.
    pub fn new(versions: &[&'static ApiVersion]) -> Result<Self, RegistryError> {
        let mut paths: Vec<&'static str> = Vec::new();
        for operation in versions.iter().flat_map(|version| version.operations) {
            if !paths.contains(&operation.path) {
                paths.push(operation.path);
            }
        }
        let mut router = matchit::Router::new();
        let mut resources = Vec::new();
        for path in paths {
            let resource = Arc::new(resource(versions, path)?);
            resources.push((path, Arc::clone(&resource)));
            router
                .insert(path, resource)
                .map_err(|error| RegistryError::Path {
                    path,
                    reason: error.to_string(),
                })?;
        }
        Ok(Self {
            versions: versions.to_vec(),
            releases: versions
                .iter()
                .map(|version| semantic(version).to_string())
                .collect(),
            router,
            resources,
        })
    }

    /// What negotiation needs to know of the versions.
    pub fn catalogue(&self) -> Result<Catalogue, RegistryError> {
        let versions = self.versions.iter().map(|version| {
            Ok(Version {
                number: number(version)?,
                semantic: semantic(version),
                lifecycle: version.life.life()?,
            })
        });
        let versions = versions.collect::<Result<Vec<_>, RegistryError>>()?;
        let first = VersionNumber::new(FIRST).ok_or(RegistryError::Number(FIRST))?;
        Ok(Catalogue::new(versions, first)?)
    }

    /// The version of that number.
    pub fn version(&self, number: VersionNumber) -> Option<&'static ApiVersion> {
        self.versions
            .iter()
            .copied()
            .find(|version| version.number == number.get())
    }

    /// The full semantic version of that number, as it is written.
    pub fn release(&self, number: VersionNumber) -> Option<&str> {
        let mut releases = self.versions.iter().zip(&self.releases);
        let found = releases.find(|(version, _)| version.number == number.get());
        found.map(|(_, release)| &**release)
    }

    /// The versions, newest first.
    pub fn versions(&self) -> &[&'static ApiVersion] {
        &self.versions
    }

    /// Every path and what there is.
    pub fn resources(&self) -> impl Iterator<Item = (&'static str, &Resource)> {
        self.resources
            .iter()
            .map(|(path, resource)| (*path, &**resource))
    }

    /// The resource at that path, and the parameters in it.
    pub fn route<'r, 'p>(
        &'r self,
        path: &'p str,
    ) -> Option<matchit::Match<'r, 'p, &'r Arc<Resource>>> {
        self.router.at(path).ok()
    }
}

/// The full semantic version.
pub(super) fn semantic(version: &ApiVersion) -> Semantic {
    Semantic::new(
        u64::from(version.number),
        version.semantic.0,
        version.semantic.1,
    )
}

fn number(version: &ApiVersion) -> Result<VersionNumber, RegistryError> {
    VersionNumber::new(version.number).ok_or(RegistryError::Number(version.number))
}

/// What each version has at `path`: its own operations over those of the version before it, less what it removed.
fn resource(
    versions: &[&'static ApiVersion],
    path: &'static str,
) -> Result<Resource, RegistryError> {
    let mut resource = Resource {
        path: Some(path),
        ..Resource::default()
    };
    let mut current: Vec<&'static Operation> = Vec::new();
    for version in versions.iter().rev() {
        current.retain(|operation| !version.removed.contains(&(operation.method.clone(), path)));
        for operation in version
            .operations
            .iter()
            .filter(|operation| operation.path == path)
        {
            current.retain(|old| old.method != operation.method);
            current.push(operation);
            let headers = (operation.describe)().request_headers();
            resource.headers.push((operation, headers));
        }
        resource.versions.push((number(version)?, current.clone()));
    }
    Ok(resource)
}
