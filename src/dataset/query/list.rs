//! The values of `in.(…)`. There may be thousands, so they are sorted once. A row's value is found among them by binary search, and
//! a block's bounds are compared with the nearest ones only.

use std::cmp::Ordering;
use std::ops::Range;

use super::operand::Operand;
use super::reach::reach;
use crate::{Bounds, ColumnType, Formats};

/// Types that a block of a string column may have instead.
const NARROWER: [ColumnType; 4] = [
    ColumnType::Boolean,
    ColumnType::Number,
    ColumnType::Date,
    ColumnType::Datetime,
];

/// Values of one type, in order.
#[derive(Debug)]
pub(super) struct List {
    operands: Vec<Operand>,
    /// For each type of [`NARROWER`], the texts that are such a value too, in the order of that type.
    narrowed: [Vec<Operand>; 4],
}

impl List {
    pub(super) fn new(mut operands: Vec<Operand>, formats: &Formats) -> Self {
        operands.sort_unstable_by(Operand::order);
        let narrowed = NARROWER.map(|kind| {
            let texts = operands.iter().filter_map(Operand::as_text);
            let mut narrowed: Vec<_> = texts
                .filter_map(|text| Operand::narrowed(kind, text, formats))
                .collect();
            narrowed.sort_unstable_by(Operand::order);
            narrowed
        });
        Self { operands, narrowed }
    }

    /// The values, in order.
    pub(super) fn operands(&self) -> &[Operand] {
        &self.operands
    }

    /// Whether a field is one of them.
    #[inline]
    pub(super) fn has(&self, field: &[u8]) -> bool {
        let first = self.operands.first();
        let found = first.and_then(|first| first.search(field, &self.operands));
        found.is_some_and(|found| found.is_ok())
    }

    /// Whether one of the values may be within a block's bounds; `false` is certain.
    pub(super) fn may_be_within(&self, bounds: &Bounds) -> bool {
        let operands = match (self.operands.first(), bounds) {
            (Some(Operand::Text(_)), Bounds::Text { .. }) => &self.operands,
            // All values of the block are of a narrower type, so a text that equals one of them is too.
            (Some(Operand::Text(_)), _) => self.narrowed(bounds),
            _ => &self.operands,
        };
        !within(operands, bounds).is_empty()
    }

    /// The range of values that may be within a block's bounds.
    pub(super) fn within(&self, bounds: &Bounds) -> Range<usize> {
        match (self.operands.first(), bounds) {
            (Some(Operand::Text(_)), Bounds::Text { .. }) => within(&self.operands, bounds),
            // Texts order differently from the values that they stand for.
            (Some(Operand::Text(_)), _) => 0..self.operands.len(),
            _ => within(&self.operands, bounds),
        }
    }

    fn narrowed(&self, bounds: &Bounds) -> &[Operand] {
        match bounds {
            Bounds::Boolean { .. } => &self.narrowed[0],
            Bounds::Integer { .. } | Bounds::Number { .. } => &self.narrowed[1],
            Bounds::Date { .. } => &self.narrowed[2],
            Bounds::Instant { .. } => &self.narrowed[3],
            Bounds::None | Bounds::Text { .. } => &[],
        }
    }
}

/// The range of sorted values that may be within bounds of their type.
fn within(operands: &[Operand], bounds: &Bounds) -> Range<usize> {
    // Values below the bounds come first, values above them come last. Where rounding leaves it open, a value counts as
    // within.
    let below = |operand: &Operand| reach(bounds, operand).least == Some(Ordering::Greater);
    let above = |operand: &Operand| reach(bounds, operand).greatest == Some(Ordering::Less);
    let from = operands.partition_point(below);
    let length = operands[from..].partition_point(|operand| !above(operand));
    from..from + length
}
