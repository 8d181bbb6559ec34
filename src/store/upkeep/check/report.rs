//! The results of a check: problems with their places, and how much was checked.

use std::fmt;

/// A problem in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Name of the dataset, or its number if it has no name.
    pub dataset: String,
    /// Number of the revision.
    pub revision: Option<i64>,
    /// Number of the segment.
    pub segment: Option<i64>,
    /// Offset of the block in its segment, or of the source block in the source.
    pub byte: Option<i64>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dataset)?;
        for (part, number) in [
            ("revision", self.revision),
            ("segment", self.segment),
            ("block at byte", self.byte),
        ] {
            if let Some(number) = number {
                write!(f, ", {part} {number}")?;
            }
        }
        write!(f, ": {}", self.what)
    }
}

/// What was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Datasets.
    pub datasets: u64,
    /// Revisions of them.
    pub revisions: u64,
    /// Blocks and source blocks.
    pub blocks: u64,
    /// Bytes of these, unpacked.
    pub bytes: u64,
    /// Problems that were found.
    pub problems: u64,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            datasets,
            revisions,
            blocks,
            bytes,
            problems,
        } = self;
        write!(
            f,
            "{datasets} datasets, {revisions} revisions, {blocks} blocks, {bytes} bytes: "
        )?;
        match problems {
            0 => f.write_str("all is well"),
            1 => f.write_str("1 problem"),
            _ => write!(f, "{problems} problems"),
        }
    }
}
