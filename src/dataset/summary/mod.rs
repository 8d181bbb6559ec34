//! What the columns of many rows hold, in little: how many different values, which of them are frequent, how they are
//! spread.
//!
//! ```text
//! raw block ─▶ Summary (one a thread) ─▶ merged ─▶ stored with its run ─▶ merged with other runs ─▶ report
//! ```
//!
//! The first different texts of a column are counted exactly, and are all that there is in most columns. What comes once
//! there is no more room for another text is told by sketches of Apache DataSketches: HyperLogLog (how many different
//! ones), KLL (how they are spread) and frequent items. So a summary takes some KiB a column, whatever it is of, and adding
//! up is independent of the order as far as it is exact.

mod column;
mod extremes;
mod histogram;
mod report;
mod rest;
mod stored;

use super::{ColumnType, counts::Texts};
use column::ColumnSketch;
pub use report::{ColumnSummary, Distinct, Frequent, Histogram, Shown};

/// What the columns of some rows hold.
#[derive(Debug, Clone)]
pub struct Summary {
    rows: u64,
    columns: Vec<ColumnSketch>,
    sizes: SketchSizes,
}

/// A stored summary that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored summary is damaged, or was written by a later release")]
pub struct CorruptSummary;

/// How much is kept of a column: less where there are many, so that all of them together stay small.
#[derive(Debug, Clone, Copy)]
struct SketchSizes {
    /// Texts that are counted exactly: seven eighths of a power of two, as many as fill a table of that size.
    texts: usize,
    /// Log2 of the HyperLogLog sketch's buckets: the relative standard error is 1.04 / √buckets.
    log_buckets: u8,
    /// The KLL sketch's k: the error of a rank is about 2.3 / k^0.9 of all values.
    k: u16,
    /// The frequent-items sketch's size, a power of two: a count is off by at most 3.5 / size of all values.
    items: usize,
}

impl SketchSizes {
    fn of(columns: usize) -> Self {
        let (texts, log_buckets, k, items) = match columns {
            0..=24 => (3584, 12, 256, 256),
            25..=64 => (896, 12, 256, 256),
            65..=512 => (224, 11, 128, 64),
            _ => (56, 9, 64, 32),
        };
        Self {
            texts,
            log_buckets,
            k,
            items,
        }
    }
}

impl Summary {
    /// The summary of no rows of so many columns.
    pub fn new(columns: usize) -> Self {
        Self {
            rows: 0,
            columns: vec![ColumnSketch::default(); columns],
            sizes: SketchSizes::of(columns),
        }
    }

    /// How many columns it is of.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// How many rows it is of.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds the rows of a raw block, whose columns are added one by one.
    pub(super) fn add_rows(&mut self, rows: u32) {
        self.rows += u64::from(rows);
    }

    /// Adds the values of a column of a raw block, of which `kind` is the narrowest type there.
    pub(super) fn add_column(&mut self, place: usize, texts: Texts<'_>, kind: Option<ColumnType>) {
        self.columns[place].add(texts, kind, self.sizes);
    }

    /// Adds all that another one was given. It must be of the same columns.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.columns.len(), other.columns.len());
        self.rows += other.rows;
        for (column, other) in self.columns.iter_mut().zip(&other.columns) {
            column.merge(other, self.sizes);
        }
    }
}

#[cfg(test)]
mod tests;
