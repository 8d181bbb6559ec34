//! How the bounds of a block compare with a value.

use std::cmp::Ordering;

use super::operand::Operand;
use crate::{Bounds, value};

/// How all values of a block compare with an operand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// How the least value compares; `None`: unknown.
    pub(super) least: Option<Ordering>,
    /// How the greatest value compares.
    pub(super) greatest: Option<Ordering>,
}

/// How all values within bounds compare with an operand.
pub(super) fn reach(bounds: &Bounds, operand: &Operand) -> Reach {
    let known = |least, greatest| Reach {
        least: Some(least),
        greatest: Some(greatest),
    };
    match (bounds, operand) {
        (Bounds::Boolean { min, max }, Operand::Boolean(to)) => known(min.cmp(to), max.cmp(to)),
        (Bounds::Integer { min, max }, Operand::Number(to)) => match to.integer {
            Some(to) => known(min.cmp(&to), max.cmp(&to)),
            None => near(*min as f64, *max as f64, to.near),
        },
        (Bounds::Number { min, max }, Operand::Number(to)) => near(*min, *max, to.near),
        (Bounds::Date { min, max }, Operand::Date(to)) => known(min.cmp(to), max.cmp(to)),
        (Bounds::Instant { min, max }, Operand::Instant(to)) => instants(*min, *max, *to),
        (Bounds::Text { min, max }, Operand::Text(to)) => known((**min).cmp(to), (**max).cmp(to)),
        _ => Reach {
            least: None,
            greatest: None,
        },
    }
}

/// Rounding keeps the order: values that round differently are told apart, others are not.
fn near(min: f64, max: f64, to: f64) -> Reach {
    let told = |bound: f64| bound.partial_cmp(&to).filter(|ordering| ordering.is_ne());
    Reach {
        least: told(min),
        greatest: told(max),
    }
}

/// The bounds are whole seconds, rounded outwards.
fn instants(min: i64, max: i64, to: value::Instant) -> Reach {
    let whole = to.nanos == 0;
    Reach {
        least: Some(min.cmp(&to.seconds)).filter(|ordering| ordering.is_ne()),
        greatest: Some(max.cmp(&to.seconds))
            .filter(|ordering| ordering.is_gt() || ordering.is_lt())
            .or((!whole && max == to.seconds).then_some(Ordering::Less)),
    }
}
