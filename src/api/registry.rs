//! The registry: the table of all versions and their operations.
//!
//! Routing, 404, 405, `Allow`, negotiation and OpenAPI documents read this table.

use std::sync::Arc;

use http::{HeaderName, Method};

use super::contract::{Announced, ApiVersion, FIRST, Operation};
use super::history::{History, Past};
use super::query::KEY;
use crate::versioning::{
    self, Catalogue, CatalogueError, Format, Lifecycle, NotABrownout, NotADate, Version,
    VersionNumber,
};

/// The operations of one path, in all versions.
#[derive(Debug, Default)]
pub struct Resource {
    /// The path with parameters in braces. `None`: no version has it.
    path: Option<&'static str>,
    /// Per version, oldest first: its operations at this path, its own and those of the version before it.
    versions: Vec<(VersionNumber, Vec<&'static Operation>)>,
    /// The request headers that each operation reads.
    headers: Vec<(&'static Operation, Vec<HeaderName>)>,
    /// Whether an operation has a parameter `key`, which names columns.
    has_key: bool,
}

impl Resource {
    /// The path with parameters in braces, if a version has it.
    pub fn path(&self) -> Option<&'static str> {
        self.path
    }

    /// Whether an operation has a parameter `key`, which names columns.
    pub fn has_key(&self) -> bool {
        self.has_key
    }

    /// The operation of that method in that version.
    pub fn operation(&self, version: VersionNumber, method: &Method) -> Option<&'static Operation> {
        self.operations(version)
            .iter()
            .find(|operation| operation.method == *method)
            .copied()
    }

    /// The request headers that an operation of this resource describes.
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

    /// The version's methods at this path (RFC 9110 §10.2.1).
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

    /// The formats of the version's operation. For a method that it doesn't have, the format of errors.
    pub fn formats(&self, version: VersionNumber, method: &Method) -> &'static [Format] {
        match self.operation(version, method) {
            Some(operation) => operation.formats,
            None if self.operations(version).is_empty() => &[],
            None => &[Format::Json],
        }
    }

    /// The versions that have that method at this path, oldest first. With `None`, those that have any method.
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

/// The registry.
#[derive(Debug)]
pub struct Registry {
    versions: Vec<&'static ApiVersion>,
    router: matchit::Router<Arc<Resource>>,
    resources: Vec<(&'static str, Arc<Resource>)>,
}

/// Why a list of versions is invalid.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The catalogue refuses the list.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A version's number is not positive.
    #[error("a version is numbered {0}; versions are numbered from 1")]
    Number(u32),
    /// A version announces an invalid date.
    #[error(transparent)]
    Date(#[from] NotADate),
    /// A version announces an invalid brownout.
    #[error(transparent)]
    Brownout(#[from] NotABrownout),
    /// The router refuses a path.
    #[error("the path {path} can't be routed: {reason}")]
    Path {
        /// The path.
        path: &'static str,
        /// The router's message.
        reason: String,
    },
    /// Two different schemas of one version have the same name.
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

    /// The versions, for negotiation.
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

    /// The changelogs of the versions, and the paths of their operations.
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

    /// All paths with their resources.
    pub fn resources(&self) -> impl Iterator<Item = (&'static str, &Resource)> {
        self.resources
            .iter()
            .map(|(path, resource)| (*path, &**resource))
    }

    /// The resource at that path, and the path's parameters.
    pub fn route<'r, 'p>(
        &'r self,
        path: &'p str,
    ) -> Option<matchit::Match<'r, 'p, &'r Arc<Resource>>> {
        self.router.at(path).ok()
    }
}

/// The lifecycle that a version announces.
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

/// The operations of each version at `path`: its own, and those of the version before it that it doesn't remove.
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
            let description = (operation.describe)();
            let mut parameters = description.parameters.iter();
            resource.has_key |= parameters.any(|parameter| parameter.is_query(KEY));
            resource
                .headers
                .push((operation, description.request_headers()));
        }
        resource.versions.push((number(version)?, current.clone()));
    }
    Ok(resource)
}
