//! The values of `in.(…)`. There may be thousands of them, so they are put in order once: a row is looked up among them,
//! and a block's bounds are held against the few that are nearest to them.

use std::cmp::Ordering;
use std::ops::Range;

use super::operand::Operand;
use super::prune::reach;
use crate::dataset::{Bounds, ColumnType};

/// The types that a block of a column of strings may have instead.
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
    /// Of texts, for each of [`NARROWER`] those that are such a value too, in the order of that type.
    narrowed: [Vec<Operand>; 4],
}

impl List {
    pub(super) fn new(mut operands: Vec<Operand>) -> Self {
        operands.sort_unstable_by(Operand::order);
        let narrowed = NARROWER.map(|kind| {
            let texts = operands.iter().filter_map(Operand::as_text);
            let mut narrowed: Vec<_> = texts.filter_map(|text| Operand::read(kind, text)).collect();
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

    /// Whether one of them may be within a block's bounds; `false` is certain.
    pub(super) fn may_be_within(&self, bounds: &Bounds) -> bool {
        let operands = match (self.operands.first(), bounds) {
            (Some(Operand::Text(_)), Bounds::Text { .. }) => &self.operands,
            // All values there are of a narrower type, and so must be what equals one of them.
            (Some(Operand::Text(_)), _) => self.narrowed(bounds),
            _ => &self.operands,
        };
        !within(operands, bounds).is_empty()
    }

    /// Which of them may be within a block's bounds, by their places: no others are.
    pub(super) fn within(&self, bounds: &Bounds) -> Range<usize> {
        match (self.operands.first(), bounds) {
            (Some(Operand::Text(_)), Bounds::Text { .. }) => within(&self.operands, bounds),
            // The order of texts is not that of what they are written for.
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

/// Which of values in order may be within bounds of their type.
fn within(operands: &[Operand], bounds: &Bounds) -> Range<usize> {
    // What is below the least value comes first, and what is above the greatest one comes last. Where rounding leaves open on
    // which side a value is, it counts as within.
    let below = |operand: &Operand| reach(bounds, operand).least == Some(Ordering::Greater);
    let above = |operand: &Operand| reach(bounds, operand).greatest == Some(Ordering::Less);
    let from = operands.partition_point(below);
    let length = operands[from..].partition_point(|operand| !above(operand));
    from..from + length
}
