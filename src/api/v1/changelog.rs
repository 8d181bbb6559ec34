//! What the releases of version 1 brought.

use crate::api::discovery::{Change, Kind, Release};

/// The newest first.
pub(super) const RELEASES: &[Release] = &[
    Release {
        semantic: (0, 1),
        changes: CHANGES_1_0_1,
    },
    Release {
        semantic: (0, 0),
        changes: CHANGES_1_0_0,
    },
];

const CHANGES_1_0_1: &[Change] = &[
    fixed(
        None,
        "identity;q=0 in Accept-Encoding is honoured for short bodies too; where nothing is left that the client takes, the answer is 406",
    ),
    fixed(
        None,
        "a body in an unknown Content-Encoding is refused with Accept-Encoding, which says what is known",
    ),
    fixed(
        Some("get_dataset"),
        "a CSV without header whose byte-order mark is followed by one empty line has all its rows",
    ),
];

const CHANGES_1_0_0: &[Change] = &[
    added(
        "create_datasets",
        "POST /datasets stores a list of CSVs, all of them or none",
    ),
    added(
        "list_datasets",
        "GET /datasets lists the datasets, paged by number",
    ),
    added(
        "get_dataset",
        "GET /datasets/{name} reads rows as texts, paged by number, or all of them as CSV",
    ),
    added(
        "delete_dataset",
        "DELETE /datasets/{name} removes a dataset",
    ),
    added(
        "get_client",
        "GET /client tells a registered client its pin, how that came about and what it used",
    ),
    added(
        "patch_client",
        "PATCH /client moves the pin, or undoes a move",
    ),
    added(
        "get_upgrade",
        "GET /client/upgrade says what a move to another version would change for the client",
    ),
    added("get_root", "GET / says what this is"),
];

const fn fixed(operation: Option<&'static str>, summary: &'static str) -> Change {
    Change {
        kind: Kind::Fixed,
        operation,
        breaking: false,
        summary,
        before: None,
        after: None,
    }
}

const fn added(operation: &'static str, summary: &'static str) -> Change {
    Change {
        kind: Kind::Added,
        operation: Some(operation),
        breaking: false,
        summary,
        before: None,
        after: None,
    }
}
