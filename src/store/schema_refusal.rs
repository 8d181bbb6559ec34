//! Why a write is refused that changes the schema of its dataset.

use crate::dataset::{ColumnChange, DatasetName, SchemaChanges, schema_version};

/// A write that changes the schema of its dataset more than it may.
#[derive(Debug, Clone)]
pub struct SchemaRefusal {
    /// The dataset, as it is.
    pub name: DatasetName,
    /// Its number.
    pub dataset: i64,
    /// How much the write may change.
    pub allowed: SchemaChanges,
    /// What it would change.
    pub changes: Vec<ColumnChange>,
}

impl std::fmt::Display for SchemaRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let allowed = match self.allowed {
            SchemaChanges::Additive => "only additive changes are allowed",
            SchemaChanges::Any | SchemaChanges::None => "no changes are allowed",
        };
        let (name, changes) = (&self.name, schema_version::listed(&self.changes));
        write!(
            f,
            "the schema of {name} would change, and {allowed}: {changes}"
        )
    }
}
