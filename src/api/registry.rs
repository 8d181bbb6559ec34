//! The registry: all versions put together, and the one table that finds an operation.
//!
//! Everything that must know the operations (routing, 404 and 405, `Allow`, negotiation, the document of each version) reads
//! them here.

use std::sync::Arc;

use http::{HeaderName, Method};

use super::contract::{Announced, ApiVersion, FIRST, Operation};
use super::history::{History, Past};
use crate::versioning::{
    self, Catalogue, CatalogueError, Format, Lifecycle, NotABrownout, NotADate, Version,
    VersionNumber,
};

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

    /// The methods that the version has here (RFC 9110 §10.2.1).
    pub fn allow(&self, version: VersionNumber) -> String {
        let mut methods = Vec::new();
        for operation in self.operations(version) {
            methods.push(operation.method.as_str());
            if operation.method == Method::GET {
                methods.push("HEAD");
            }
        }
        methods.push("OPTIONS");
        methods.join(", ")
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
    /// A registry of these versions, newest first.
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
            router,
            resources,
        })
    }

    /// What negotiation needs to know of the versions.
    pub fn catalogue(&self) -> Result<Catalogue, RegistryError> {
        let versions = self.versions.iter().map(|version| {
            Ok(Version {
                number: number(version)?,
                semantic: version.semantic(),
                lifecycle: lifecycle(&version.lifecycle)?,
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

    /// What the versions brought, and where each of them has its operations.
    pub fn history(&self) -> Result<History, RegistryError> {
        let past = |version: &&'static ApiVersion| {
            let number = number(version)?;
            let operations = self.resources().flat_map(|(path, resource)| {
                let here = resource.operations(number).iter();
                here.map(move |operation| (operation.name, format!("{} {path}", operation.method)))
            });
            Ok(Past {
                number,
                release: version.semantic().to_string(),
                changelog: version.changelog,
                places: operations.collect(),
            })
        };
        let versions = self.versions.iter().map(past);
        let versions = versions.collect::<Result<_, RegistryError>>()?;
        Ok(History::new(versions))
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

/// What a version announces, as negotiation takes it.
fn lifecycle(announced: &Announced) -> Result<Lifecycle, RegistryError> {
    let date = |text: Option<&str>| text.map(versioning::date).transpose();
    let brownouts = announced.brownouts.iter().map(|text| text.parse());
    Ok(Lifecycle {
        preview: announced.preview,
        promoted: date(announced.promoted)?,
        deprecated: date(announced.deprecated)?,
        retired: date(announced.retired)?,
        brownouts: brownouts.collect::<Result<_, NotABrownout>>()?,
    })
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
