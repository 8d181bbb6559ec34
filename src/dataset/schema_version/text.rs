//! What people read about changes of columns.

use std::fmt;

use super::{ColumnChange, What};
use crate::error::shortened;

/// How many changes a sentence tells.
const SHOWN: usize = 5;

impl fmt::Display for ColumnChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = shortened(&self.column);
        let from = self.from.as_deref().unwrap_or_default();
        let to = self.to.as_deref().unwrap_or_default();
        match self.what {
            What::Added if self.breaking => write!(f, "{name} is added between other columns")?,
            What::Added => write!(f, "{name} is added")?,
            What::Removed => write!(f, "{name} is gone")?,
            What::Renamed => write!(f, "{name} is renamed to {}", shortened(to))?,
            What::Moved => write!(f, "{name} moves from column {from} to column {to}")?,
            What::Type => write!(f, "{name} changes from {from} to {to}")?,
            What::Nulls if self.breaking => write!(f, "{name} begins to have nulls")?,
            What::Nulls => write!(f, "{name} no longer has nulls")?,
        }
        match self.line {
            Some(line) => write!(f, " in line {line}"),
            None => Ok(()),
        }
    }
}

/// The first changes in one sentence.
pub fn listed(changes: &[ColumnChange]) -> String {
    let shown = changes.iter().take(SHOWN).map(ToString::to_string);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match changes.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
