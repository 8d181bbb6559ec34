//! What a pass over two revisions finds.

use crate::dataset::difference::{Nets, Pairs, Side};

/// How many rows came, went, changed, and stayed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of the older revision that the newer one doesn't have.
    pub removed: u64,
    /// Rows of the newer revision that the older one doesn't have.
    pub added: u64,
    /// Rows that have other values. 0 without a key.
    pub changed: u64,
    /// Rows that are the same in both.
    pub unchanged: u64,
}

/// What a pass found.
pub(super) enum Found {
    Nets(Nets),
    Pairs(Pairs),
}

impl Found {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Nets(nets) => nets.bytes(),
            Self::Pairs(pairs) => pairs.bytes(),
        }
    }

    pub(super) fn add_to(&self, counts: &mut Counts) {
        match self {
            Self::Nets(nets) => {
                counts.removed += nets.surplus(Side::From);
                counts.added += nets.surplus(Side::To);
            }
            Self::Pairs(pairs) => {
                counts.removed += pairs.removed.len() as u64;
                counts.added += pairs.added.len() as u64;
                counts.changed += pairs.changed.len() as u64;
            }
        }
    }

    /// With what another pass found; `None` if both together have more bytes.
    pub(super) fn and(self, other: Self, most: usize) -> Option<Self> {
        match (self, other) {
            (Self::Nets(one), Self::Nets(other)) => {
                let mut both = Nets::new(Nets::rows_in(most));
                (both.take_up(&one) && both.take_up(&other)).then(|| {
                    both.shrink();
                    Self::Nets(both)
                })
            }
            (Self::Pairs(mut one), Self::Pairs(other)) => {
                one.take_up(other);
                (one.bytes() <= most).then_some(Self::Pairs(one))
            }
            _ => None,
        }
    }
}
