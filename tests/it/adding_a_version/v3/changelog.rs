//! What the releases of version 3 brought.

use flash::api::history::{Change, Kind, Release};

/// The newest first.
pub(super) const RELEASES: &[Release] = &[Release {
    semantic: (0, 0),
    changes: &[
        Change {
            kind: Kind::Changed,
            operation: Some("get_dataset"),
            breaking: true,
            summary: "the size of a dataset is one thing",
            before: Some("\"row_count\": 4, \"byte_count\": 51"),
            after: Some("\"size\": {\"rows\": 4, \"bytes\": 51}"),
        },
        Change {
            kind: Kind::Removed,
            operation: Some("get_source"),
            breaking: true,
            summary: "GET /datasets/{name}/source is gone; GET /datasets/{name}/rows as CSV has the data",
            before: Some("the uploaded bytes"),
            after: None,
        },
    ],
}];
