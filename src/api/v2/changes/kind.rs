//! What happens to a row between two revisions.

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Removed,
    Added,
    /// It changed; this is how it was.
    Before,
    /// It changed; this is how it is.
    After,
}

impl Kind {
    /// Its name in CSV.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Added => "added",
            Self::Before => "before",
            Self::After => "after",
        }
    }

    /// What is around its row in NDJSON. A changed row is one line.
    pub(super) fn around(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Removed => (br#"{"change":"removed","row":"#, b"}}\n"),
            Self::Added => (br#"{"change":"added","row":"#, b"}}\n"),
            Self::Before => (br#"{"change":"changed","before":"#, b"}"),
            Self::After => (br#","after":"#, b"}}\n"),
        }
    }
}
