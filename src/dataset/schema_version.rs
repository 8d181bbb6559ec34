//! Schema versions: what a change of the columns means to clients that read rows.
//!
//! MAJOR grows with a change that may break such a client, and MINOR with any other. `docs/schema.md` has the rules for people.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xxhash_rust::xxh3::Xxh3Default;

use super::Column;

mod text;

pub use text::listed;

/// The version of a dataset's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// It grows when a client that reads rows may break.
    pub major: u32,
    /// It grows with any other change.
    pub minor: u32,
}

/// A change of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ColumnChange {
    /// The column, by the name that it had before the write if it had one.
    pub column: String,
    /// What changes about it.
    pub what: What,
    /// What it was: a type, a name, a position from 1, or whether it had nulls. Null for a column that is new.
    #[schema(required = true)]
    pub from: Option<String>,
    /// What it is now. Null for a column that is gone.
    #[schema(required = true)]
    pub to: Option<String>,
    /// Whether a client that reads rows may break.
    pub breaking: bool,
    /// The first line of the CSV with a value that causes the change, if a value does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<u64>,
}

/// What changes about a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another name.
    Renamed,
    /// It has another position among the columns that stay.
    Moved,
    /// It has another type.
    Type,
    /// It begins or stops to have nulls.
    Nulls,
}

impl SchemaVersion {
    /// The version of a dataset's first revision.
    pub const FIRST: Self = Self { major: 1, minor: 0 };

    /// The version of a schema that differs from this one by `changes`.
    #[must_use]
    pub fn after(self, changes: &[ColumnChange]) -> Self {
        match changes {
            [] => self,
            changes if changes.iter().any(|change| change.breaking) => self.broken(),
            _ => Self {
                minor: self.minor + 1,
                ..self
            },
        }
    }

    /// The version of a schema that may break every client of this one.
    #[must_use]
    pub fn broken(self) -> Self {
        Self {
            major: self.major + 1,
            minor: 0,
        }
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The digest of a schema: names, types and nulls of the columns, in their order. It is stored, so it must not change.
pub fn schema_digest(columns: &[Column]) -> [u8; 16] {
    let mut digest = Xxh3Default::new();
    for column in columns {
        digest.update(&(column.name.len() as u64).to_le_bytes());
        digest.update(column.name.as_bytes());
        digest.update(column.kind.as_str().as_bytes());
        digest.update(&[u8::from(column.nullable)]);
    }
    digest.digest128().to_be_bytes()
}

/// What changes from the columns `before` to those `after`: columns that were there in their order, then those that are new.
pub fn changes(before: &[Column], after: &[Column]) -> Vec<ColumnChange> {
    // Most writes change nothing.
    if before == after {
        return Vec::new();
    }
    let pairs = pairs(before, after);
    let stayed: Vec<usize> = pairs.iter().flatten().copied().collect();
    let in_order = longest_ascending(&stayed);
    let mut changes = Vec::new();
    for (place, was) in before.iter().enumerate() {
        let mut changed = |what, from: &dyn ToString, to: Option<&dyn ToString>, breaking| {
            changes.push(ColumnChange {
                column: was.name.clone(),
                what,
                from: Some(from.to_string()),
                to: to.map(ToString::to_string),
                breaking,
                line: None,
            });
        };
        let Some(now_at) = pairs[place] else {
            changed(What::Removed, &was.kind, None, true);
            continue;
        };
        let now = &after[now_at];
        if was.name != now.name {
            changed(What::Renamed, &was.name, Some(&now.name), true);
        }
        if !in_order.contains(&now_at) {
            changed(What::Moved, &(place + 1), Some(&(now_at + 1)), true);
        }
        if was.kind != now.kind {
            changed(What::Type, &was.kind, Some(&now.kind), true);
        }
        if was.nullable != now.nullable {
            let (from, to) = (nulls(was), nulls(now));
            changed(What::Nulls, &from, Some(&to), now.nullable);
        }
    }
    let known: HashSet<usize> = stayed.iter().copied().collect();
    let last = stayed.iter().max();
    for (place, column) in after.iter().enumerate() {
        if !known.contains(&place) {
            changes.push(ColumnChange {
                column: column.name.clone(),
                what: What::Added,
                from: None,
                to: Some(column.kind.to_string()),
                // A column between others moves those behind it.
                breaking: last.is_some_and(|last| place < *last),
                line: None,
            });
        }
    }
    changes
}

fn nulls(column: &Column) -> &'static str {
    match column.nullable {
        true => "nulls",
        false => "no nulls",
    }
}

/// For each column before, the place of the same column after. It has the same name, or else the same place and type and a new name.
fn pairs(before: &[Column], after: &[Column]) -> Vec<Option<usize>> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(after.len());
    places.extend(
        after
            .iter()
            .enumerate()
            .map(|(place, column)| (column.name.as_str(), place)),
    );
    let names: HashSet<&str> = before.iter().map(|column| column.name.as_str()).collect();
    let renamed = |place: usize, was: &Column| {
        let now = after.get(place)?;
        (now.kind == was.kind && !names.contains(now.name.as_str())).then_some(place)
    };
    let before = before.iter().enumerate();
    before
        .map(|(place, was)| {
            let same = places.get(was.name.as_str()).copied();
            same.or_else(|| renamed(place, was))
        })
        .collect()
}

/// The members of a longest ascending subsequence: so many columns can stay where they are, and only the others move.
fn longest_ascending(places: &[usize]) -> HashSet<usize> {
    // The index of the least end of an ascending subsequence of each length, and the index before each member.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(places.len());
    for (at, place) in places.iter().enumerate() {
        let length = ends.partition_point(|end| places[*end] < *place);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let last = ends.last().copied();
    std::iter::successors(last, |at| before[*at])
        .map(|at| places[at])
        .collect()
}

#[cfg(test)]
mod tests;
