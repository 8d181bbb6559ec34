//! Summaries of columns in a few KiB: how many distinct values there are, which of them are frequent, how they are distributed.
//!
//! ```text
//! raw block ─▶ Summary (one per thread) ─▶ merged ─▶ stored with its segment ─▶ merged with other segments ─▶ report
//! ```
//!
//! The first distinct texts of a column are counted exactly, and most columns have no others. Once that table is full, other values
//! go to sketches of Apache DataSketches: HyperLogLog (number of distinct values), KLL (distribution) and frequent items. So a
//! summary has a bounded size, whatever it summarises. Its exact part does not depend on the order in which values come.

mod column;
mod counted;
mod extremes;
mod histogram;
mod report;
mod rest;
mod shown;
mod stored;

use super::{ColumnType, Formats, counts::Texts};
use column::ColumnSketch;
pub use histogram::Histogram;
pub use report::{ColumnSummary, Distinct, Frequent};
pub use shown::Shown;

/// A summary of the columns of some rows.
#[derive(Debug, Clone)]
pub struct Summary {
    rows: u64,
    columns: Vec<ColumnSketch>,
    sizes: SketchSizes,
    /// How the values are written. The texts in the summary are as they came; a report shows canonical ones.
    formats: Formats,
}

/// A stored summary that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored summary is damaged, or was written by a later release")]
pub struct CorruptSummary;

/// The sizes of a column's table and sketches: smaller in wide tables, so that all of them together stay small.
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
    /// The summary of no rows, with `columns` columns whose values are written in these formats.
    pub fn new(columns: usize, formats: &Formats) -> Self {
        Self {
            rows: 0,
            columns: vec![ColumnSketch::default(); columns],
            sizes: SketchSizes::of(columns),
            formats: formats.clone(),
        }
    }

    /// How many columns it has.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds the rows of a raw block. Their columns are added one by one.
    pub(super) fn add_rows(&mut self, rows: u32) {
        self.rows += u64::from(rows);
    }

    /// Adds a column of a raw block; `kind` is the narrowest type of its values there.
    pub(super) fn add_column(&mut self, place: usize, texts: Texts<'_>, kind: Option<ColumnType>) {
        self.columns[place].add(texts, kind, self.sizes, &self.formats);
    }

    /// Adds another summary of the same columns.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.columns.len(), other.columns.len());
        self.rows += other.rows;
        for (column, other) in self.columns.iter_mut().zip(&other.columns) {
            column.merge(other, self.sizes, &self.formats);
        }
    }
}

#[cfg(test)]
mod tests;
