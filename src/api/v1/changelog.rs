//! The changes in the releases of version 1.

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
        "a failed condition in If-Match is 412 in every operation, also for resources without an entity tag; If-Unmodified-Since on a write is 412, because nothing has a modification date",
        "the header had no effect",
        "412, and nothing changes",
    ),
    fixed(
        Some("create_datasets"),
        "POST /datasets with If-Match is 412, because it only creates new datasets",
        "the header had no effect",
        "412, and nothing changes",
    ),
    fixed(
        None,
        "a write is refused if its key is revoked before the write ends",
        "201",
        "401, and nothing changes",
    ),
    fixed(
        Some("create_datasets"),
        "requests with the same Idempotency-Key and different Content-Disposition count as different requests",
        "the first answer again, for a dataset of another name",
        "422",
    ),
    fixed(
        None,
        "identity;q=0 in Accept-Encoding is honoured for short bodies, too",
        "a short body was sent without a coding",
        "the body is sent in a coding, or the answer is 406 if the client accepts none",
    ),
    fixed(
        None,
        "the answer to a body with an unknown Content-Encoding has Accept-Encoding, which lists the supported codings",
        "415 without that header",
        "415 with that header",
    ),
    fixed(
        Some("get_dataset"),
        "a CSV without a header, with a byte-order mark and then one empty line, has all its rows",
        "there was an empty row, and the last row was missing",
        "all rows",
    ),
];

const CHANGES_1_0_0: &[Change] = &[
    added(
        "create_datasets",
        "POST /datasets stores one or more CSVs, all of them or none",
    ),
    added(
        "list_datasets",
        "GET /datasets lists the datasets in numbered pages",
    ),
    added(
        "get_dataset",
        "GET /datasets/{name} reads rows of strings in numbered pages, or all rows as CSV",
    ),
    added(
        "delete_dataset",
        "DELETE /datasets/{name} deletes a dataset",
    ),
    added(
        "get_client",
        "GET /client shows a registered client its pin, the history of the pin and the versions that it used",
    ),
    added(
        "patch_client",
        "PATCH /client moves the pin, or undoes the last move",
    ),
    added(
        "get_upgrade",
        "GET /client/upgrade lists what a move to another version would change for the client",
    ),
    added("get_root", "GET / describes the API"),
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
