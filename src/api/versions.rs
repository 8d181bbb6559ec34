//! The versions that Flash serves.

use http::Method;

use super::contract::ApiVersion;
use super::registry::{Registry, RegistryError};
use super::{v1, v2};

/// The versions of the API, newest first: one line each.
pub const VERSIONS: &[&ApiVersion] = &[
    &v2::VERSION, //
    &v1::VERSION,
];

/// The methods of all operations, with those that every resource has.
pub fn methods() -> String {
    let mut methods = vec![Method::GET, Method::HEAD, Method::OPTIONS];
    for operation in VERSIONS.iter().flat_map(|version| version.operations) {
        if !methods.contains(&operation.method) {
            methods.push(operation.method.clone());
        }
    }
    let names: Vec<_> = methods.iter().map(Method::as_str).collect();
    names.join(", ")
}

impl Registry {
    /// The versions that Flash serves.
    pub fn standard() -> Result<Self, RegistryError> {
        Self::new(VERSIONS)
    }
}
