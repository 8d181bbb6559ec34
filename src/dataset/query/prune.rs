//! Pruning: what zone maps and Bloom filters rule out.
//!
//! A block's bounds are of the narrowest type that fits its values, which may be narrower than the column's type. Then only equality
//! can be ruled out, by reading the operand as a value of the narrower type.

use std::cmp::Ordering;

use super::Filter;
use super::filter::{Comparison, Test};
use super::operand::Operand;
use super::reach::reach;
use crate::{Bloom, Bounds, ColumnType, Formats, ZoneMap};

/// Whether a block with this zone map may have a row for which the filter holds; `false` is certain.
///
/// The block's values may be written in these formats.
pub(super) fn may_hold(filter: &Filter, zone_map: &ZoneMap, formats: &Formats) -> bool {
    let values = zone_map.bounds != Bounds::None;
    match (&filter.test, filter.negated) {
        (Test::Null, false) => zone_map.nulls > 0,
        (Test::Null, true) => values,
        (Test::Is(operand), false) => values && may_equal(&zone_map.bounds, operand, formats),
        (Test::Is(_), true) => true,
        (_, _) if !values => false,
        (Test::Compare(comparison, operand), negated) => {
            let comparison = if negated {
                comparison.negated()
            } else {
                *comparison
            };
            may_stand(comparison, &zone_map.bounds, operand, formats)
        }
        (Test::In(list), false) => list.may_be_within(&zone_map.bounds),
        (Test::In(_), true) | (Test::Like(_), _) => true,
    }
}

/// Whether a block with this Bloom filter may have a row for which the filter holds; `false` is certain.
pub(super) fn may_be_in(filter: &Filter, zone_map: &ZoneMap, bloom: &Bloom) -> bool {
    let (hashes, operand) = match (&filter.test, filter.sought()) {
        (_, []) => return true,
        (Test::In(list), hashes) => (
            &hashes[list.within(&zone_map.bounds)],
            list.operands().first(),
        ),
        (Test::Compare(_, operand), hashes) => (hashes, Some(operand)),
        (Test::Like(_) | Test::Null | Test::Is(_), _) => return true,
    };
    match (operand, &zone_map.bounds) {
        // Integers are written in one way only.
        (Some(Operand::Text(_)), _) | (Some(Operand::Number(_)), Bounds::Integer { .. }) => {
            hashes.iter().any(|hash| bloom.may_have_hash(*hash))
        }
        _ => true,
    }
}

impl Comparison {
    fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
        }
    }
}

fn may_stand(
    comparison: Comparison,
    bounds: &Bounds,
    operand: &Operand,
    formats: &Formats,
) -> bool {
    let reach = reach(bounds, operand);
    match comparison {
        Comparison::Equal => may_equal(bounds, operand, formats),
        Comparison::NotEqual => true,
        Comparison::Greater => reach.greatest.is_none_or(Ordering::is_gt),
        Comparison::GreaterOrEqual => reach.greatest.is_none_or(Ordering::is_ge),
        Comparison::Less => reach.least.is_none_or(Ordering::is_lt),
        Comparison::LessOrEqual => reach.least.is_none_or(Ordering::is_le),
    }
}

fn may_equal(bounds: &Bounds, operand: &Operand, formats: &Formats) -> bool {
    let reach = match (operand, bounds) {
        (Operand::Text(_), Bounds::Text { .. }) => reach(bounds, operand),
        // All values of the block are of a narrower type, so a text that equals one of them is too.
        (Operand::Text(text), _) => match narrowed(bounds, text, formats) {
            Some(operand) => reach(bounds, &operand),
            None => return false,
        },
        _ => reach(bounds, operand),
    };
    reach.least.is_none_or(Ordering::is_le) && reach.greatest.is_none_or(Ordering::is_ge)
}

/// A text as a value of the bounds' type.
fn narrowed(bounds: &Bounds, text: &[u8], formats: &Formats) -> Option<Operand> {
    let kind = match bounds {
        Bounds::None => return None,
        Bounds::Boolean { .. } => ColumnType::Boolean,
        Bounds::Integer { .. } | Bounds::Number { .. } => ColumnType::Number,
        Bounds::Date { .. } => ColumnType::Date,
        Bounds::Instant { .. } => ColumnType::Datetime,
        Bounds::Text { .. } => ColumnType::String,
    };
    Operand::narrowed(kind, std::str::from_utf8(text).ok()?, formats)
}
