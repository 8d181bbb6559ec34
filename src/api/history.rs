//! The changelogs of all versions, and the paths of their operations. They tell a client what changes between two versions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::versioning::VersionNumber;

/// A release of a version.
#[derive(Debug)]
pub struct Release {
    /// MINOR and PATCH of its semantic version; MAJOR is the version's number.
    pub semantic: (u64, u64),
    /// Its changes.
    pub changes: &'static [Change],
}

/// A change that clients may need to know.
#[derive(Debug)]
pub struct Change {
    /// Its kind.
    pub kind: Kind,
    /// The operation that changes. `None`: all operations.
    pub operation: Option<&'static str>,
    /// Whether the change may break a client.
    pub breaking: bool,
    /// What changed.
    pub summary: &'static str,
    /// The behaviour before.
    pub before: Option<&'static str>,
    /// The behaviour after.
    pub after: Option<&'static str>,
}

/// The kinds of changes, as in Keep a Changelog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something is new.
    Added,
    /// Something works differently.
    Changed,
    /// Something is removed.
    Removed,
    /// Something will be removed.
    Deprecated,
    /// A defect is corrected.
    Fixed,
}

impl Kind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Deprecated => "deprecated",
            Self::Fixed => "fixed",
        }
    }
}

impl Change {
    /// A corrected defect.
    pub const fn fixed(
        operation: Option<&'static str>,
        summary: &'static str,
        before: &'static str,
        after: &'static str,
    ) -> Self {
        Self::compatible(Kind::Fixed, operation, summary, before, after)
    }

    /// A change that breaks nobody.
    pub const fn compatible(
        kind: Kind,
        operation: Option<&'static str>,
        summary: &'static str,
        before: &'static str,
        after: &'static str,
    ) -> Self {
        Self {
            kind,
            operation,
            breaking: false,
            summary,
            before: Some(before),
            after: Some(after),
        }
    }
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub(super) struct Entry {
    /// The semantic version with the change.
    #[schema(example = "2.0.0")]
    pub(super) version: String,
    pub(super) kind: Kind,
    /// The operation that changes; null if all of them do.
    #[schema(required = true)]
    pub(super) operation: Option<&'static str>,
    /// Whether the change may break a client.
    pub(super) breaking: bool,
    pub(super) summary: &'static str,
    /// The behaviour before.
    #[schema(required = true)]
    pub(super) before: Option<&'static str>,
    /// The behaviour after.
    #[schema(required = true)]
    pub(super) after: Option<&'static str>,
}

/// The history of a version.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) number: VersionNumber,
    /// The full semantic version, as a text.
    pub(super) release: String,
    /// Its releases, the newest first.
    pub(super) changelog: &'static [Release],
    /// Method and path of each operation, under its name.
    pub(super) places: Vec<(&'static str, String)>,
}

/// The history of all versions.
#[derive(Debug)]
pub struct History {
    /// The newest first.
    versions: Vec<Past>,
}

impl History {
    pub(super) fn new(versions: Vec<Past>) -> Self {
        Self { versions }
    }

    /// The full semantic version with that number, as a text.
    pub fn release(&self, number: VersionNumber) -> Option<&str> {
        self.version(number).map(|version| &*version.release)
    }

    /// Method and path of an operation in a version.
    pub(super) fn place(&self, number: VersionNumber, operation: &str) -> Option<&str> {
        let mut places = self.version(number)?.places.iter();
        let found = places.find(|(name, _)| *name == operation);
        found.map(|(_, place)| &**place)
    }

    /// The changes of the versions after `from` up to `to`, the oldest first.
    pub(super) fn changes(&self, from: u32, to: VersionNumber) -> impl Iterator<Item = Entry> {
        self.versions
            .iter()
            .rev()
            .filter(move |version| (from + 1..=to.get()).contains(&version.number.get()))
            .flat_map(Past::entries)
    }

    fn version(&self, number: VersionNumber) -> Option<&Past> {
        self.versions
            .iter()
            .find(|version| version.number == number)
    }
}

impl Past {
    fn entries(&self) -> impl Iterator<Item = Entry> {
        let number = self.number.get();
        self.changelog.iter().rev().flat_map(move |release| {
            let (minor, patch) = release.semantic;
            release.changes.iter().map(move |change| Entry {
                version: format!("{number}.{minor}.{patch}"),
                kind: change.kind,
                operation: change.operation,
                breaking: change.breaking,
                summary: change.summary,
                before: change.before,
                after: change.after,
            })
        })
    }
}
