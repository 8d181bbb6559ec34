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

/// The parameters of an upload that say what form the file has.
pub(super) const fn dialects(kind: Kind, operation: &'static str) -> Change {
    Change {
        kind,
        operation: Some(operation),
        breaking: false,
        summary: "skip, skip_last, header_rows, units, comment, quote, escape, trim, ragged, bad_rows, null_bytes and any delimiter say what form a CSV has; charset=detect finds its charset",
        before: Some("400: unknown parameter"),
        after: Some(
            "?skip=4&comment=%23&delimiter=:: reads a file that begins with a title and has comments",
        ),
    }
}
