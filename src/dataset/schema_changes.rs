//! How much a write may change the schema of its dataset.

use std::{fmt, str::FromStr};

use serde::Serialize;
use utoipa::ToSchema;

use super::ColumnChange;

/// How much a write may change the schema of its dataset. The stricter ones are greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SchemaChanges {
    /// As much as it wants.
    #[default]
    Any,
    /// What breaks no client that reads rows.
    Additive,
    /// Nothing.
    None,
}

/// A text that names none of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} isn't one of {choices}", choices = SchemaChanges::CHOICES)]
pub struct UnknownSchemaChanges(
    /// What was given.
    pub String,
);

impl SchemaChanges {
    /// What may be written, for errors.
    pub const CHOICES: &str = "any, additive or none";

    /// All of them.
    pub const ALL: [Self; 3] = [Self::Any, Self::Additive, Self::None];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Additive => "additive",
            Self::None => "none",
        }
    }

    /// Whether a write may make these changes.
    pub fn allows(self, changes: &[ColumnChange]) -> bool {
        match self {
            Self::Any => true,
            Self::Additive => changes.iter().all(|change| !change.breaking),
            Self::None => changes.is_empty(),
        }
    }
}

impl fmt::Display for SchemaChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SchemaChanges {
    type Err = UnknownSchemaChanges;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.as_str() == text)
            .ok_or_else(|| UnknownSchemaChanges(text.to_owned()))
    }
}
