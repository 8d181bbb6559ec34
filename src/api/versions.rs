//! The versions that Flash serves.

use super::contract::ApiVersion;
use super::registry::{Registry, RegistryError};
use super::{v1, v2};

/// The versions of the API, newest first: one line each.
pub const VERSIONS: &[&ApiVersion] = &[
    &v2::VERSION, //
    &v1::VERSION,
];

impl Registry {
    /// The versions that Flash serves.
    pub fn standard() -> Result<Self, RegistryError> {
        Self::new(VERSIONS)
    }
}
