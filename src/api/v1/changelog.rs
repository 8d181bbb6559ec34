//! What the releases of version 1 brought.

use crate::api::discovery::{Change, Kind, Release, fixes};

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
    fixes::CONDITIONS,
    fixes::CREATION_WITH_IF_MATCH,
    Change::fixed(
        None,
        "a write whose key is taken back before it ends is not done",
        "201",
        "401, and nothing is done",
    ),
    fixes::KEY_AND_DISPOSITION,
    fixes::IDENTITY_EXCLUDED,
    fixes::UNKNOWN_CODING,
    Change::fixed(
        Some("get_dataset"),
        "a CSV without header whose byte-order mark is followed by one empty line has all its rows",
        "an empty row, and the last row was missing",
        "all rows",
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
