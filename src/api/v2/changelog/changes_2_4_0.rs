//! The changes in release 2.4.0.

use super::added;
use crate::api::additions;
use crate::api::history::Change;

pub(super) const CHANGES: &[Change] = &[
    additions::RATE_LIMIT,
    added(
        "list_rows",
        "select takes aggregates: count(), and of a column count(), distinct(), min(), max(), sum(), avg() and median(); columns beside them are the groups",
        "400: unknown column",
        "select=dest,n:count(),late:dep_delay.avg()&order=n.desc&limit=10",
    ),
];
