//! What one release added to several versions.

use super::history::{Change, Kind};

/// The parameters of an upload that say how values are written. `kind` is that of the operation: one that the version before had
/// is changed.
pub(super) const fn formats(kind: Kind, operation: &'static str) -> Change {
    Change {
        kind,
        operation: Some(operation),
        breaking: false,
        summary: "decimal, thousands, dates, datetimes and zone say how the values of a CSV are written",
        before: Some("400: unknown parameter"),
        after: Some(
            "?decimal=,&thousands=.&dates=dmy&zone=Europe/Rome: version 2 has numbers, dates and datetimes, version 1 the values as they came",
        ),
    }
}
