//! What the releases of version 1 brought.

use crate::api::history::{Change, Kind, Release};

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
        "what If-Match demands is 412 wherever it does not hold, where something without an entity tag is read or changed as well; If-Unmodified-Since on a write is 412, since nothing has a date of modification",
        "the header was without effect",
        "412, and nothing is done",
    ),
    fixed(
        Some("create_datasets"),
        "POST /datasets with If-Match is 412, since it makes new datasets only",
        "the header was without effect",
        "412, and nothing is done",
    ),
    fixed(
        None,
        "a write whose key is taken back before it ends is not done",
        "201",
        "401, and nothing is done",
    ),
    fixed(
        Some("create_datasets"),
        "another Content-Disposition makes another request of one with the same Idempotency-Key",
        "the first answer again, for a dataset of another name",
        "422",
    ),
    fixed(
        None,
        "identity;q=0 in Accept-Encoding is honoured for short bodies too",
        "a short body without a coding",
        "a body in a coding, or 406 where nothing is left that the client takes",
    ),
    fixed(
        None,
        "a body in an unknown Content-Encoding is refused with Accept-Encoding, which says what is known",
        "415 without that header",
        "415 with it",
    ),
    fixed(
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

const fn fixed(
    operation: Option<&'static str>,
    summary: &'static str,
    before: &'static str,
    after: &'static str,
) -> Change {
    Change {
        kind: Kind::Fixed,
        operation,
        breaking: false,
        summary,
        before: Some(before),
        after: Some(after),
    }
}
