//! The changes in the releases of version 1.

use crate::api::history::{Change, Kind, Release};
use crate::api::{additions, fixes};

/// The newest first.
pub(super) const RELEASES: &[Release] = &[
    Release {
        semantic: (3, 0),
        changes: CHANGES_1_3_0,
    },
    Release {
        semantic: (2, 0),
        changes: CHANGES_1_2_0,
    },
    Release {
        semantic: (1, 0),
        changes: CHANGES_1_1_0,
    },
    Release {
        semantic: (0, 1),
        changes: CHANGES_1_0_1,
    },
    Release {
        semantic: (0, 0),
        changes: CHANGES_1_0_0,
    },
];

const CHANGES_1_3_0: &[Change] = &[additions::RATE_LIMIT];

const CHANGES_1_2_0: &[Change] = &[additions::DATASET_HEADERS, additions::schema("get_dataset")];

const CHANGES_1_1_0: &[Change] = &[
    additions::IN_URL,
    additions::VERSION_PARAMETER,
    additions::LENIENT_ACCEPT,
    additions::BASIC,
    additions::labels("create_datasets"),
    additions::ONE_ITEM,
    additions::file_name("get_dataset"),
    additions::formats(Kind::Changed, "create_datasets"),
    additions::dialects(Kind::Changed, "create_datasets"),
    added(
        "create_datasets",
        "header and charset may be stated in the query, for clients that can't set the parameters of Content-Type",
    ),
    added(
        "create_datasets",
        "charsets may be spelt in more ways, such as latin-1, cp949, utf_16 and macroman",
    ),
    added(
        "create_datasets",
        "a part of a form that is a gzip or zstd file is unpacked",
    ),
    Change::fixed(
        Some("get_dataset"),
        "a text that means \"no value\" is an empty text, in JSON and in CSV",
        "\"NA\", with null=NA",
        "\"\"",
    ),
    fixes::DELIMITER,
    fixes::NOT_CSV,
    fixes::LINE_ENDS,
    fixes::DISPOSITION,
    fixes::FORM_PARTS,
    fixes::HEADER,
    fixes::REPEATED_TYPE,
    fixes::QUERY_IN_UTF_8,
    fixes::NAMES_FROM_FILES,
    fixes::ASCII,
];

const CHANGES_1_0_1: &[Change] = &[
    fixes::CONDITIONS,
    fixes::CREATION_WITH_IF_MATCH,
    Change::fixed(
        None,
        "a write is refused if its key is revoked before the write ends",
        "201",
        "401, and nothing changes",
    ),
    fixes::KEY_AND_DISPOSITION,
    fixes::IDENTITY_EXCLUDED,
    fixes::UNKNOWN_CODING,
    Change::fixed(
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
