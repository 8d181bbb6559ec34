//! Rows that don't fit and are kept apart.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A row that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadRow {
    /// The line of the file that it begins in, from 1.
    pub line: u64,
    /// Why it doesn't fit.
    pub reason: String,
    /// Its text, without its line end.
    pub text: String,
}
