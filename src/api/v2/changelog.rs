//! What the releases of version 2 brought.

use crate::api::discovery::{Change, Kind, Release, fixes};

/// The newest first.
pub(super) const RELEASES: &[Release] = &[
    Release {
        semantic: (1, 1),
        changes: CHANGES_2_1_1,
    },
    Release {
        semantic: (1, 0),
        changes: CHANGES_2_1_0,
    },
    Release {
        semantic: (0, 0),
        changes: CHANGES_2_0_0,
    },
];

const CHANGES_2_1_1: &[Change] = &[
    fixes::CONDITIONS,
    fixes::CREATION_WITH_IF_MATCH,
    Change::fixed(
        None,
        "a write whose key is taken back before it ends is not done",
        "200 or 201",
        "401, and nothing is done",
    ),
    fixes::KEY_AND_DISPOSITION,
    Change::fixed(
        Some("list_rows"),
        "what stands behind a closing quote in select is refused behind a * as well",
        "select=\"*\"x was taken for select=*",
        "400",
    ),
    fixes::IDENTITY_EXCLUDED,
    fixes::UNKNOWN_CODING,
    Change::fixed(
        Some("list_rows"),
        "filters find all rows after rows were appended to a dataset whose CSV was not in UTF-8",
        "rows were missing",
        "all rows",
    ),
    Change::fixed(
        Some("list_rows"),
        "a CSV without header whose byte-order mark is followed by one empty line has all its rows",
        "rows of other values, and JSON that was not valid",
        "all rows",
    ),
    Change::fixed(
        Some("list_rows"),
        "the next page of an order has the right rows where rows were appended while earlier ones were compacted",
        "other rows",
        "the rows that follow",
    ),
];

const CHANGES_2_1_0: &[Change] = &[
    added(
        "get_summary",
        "GET /datasets/{name}/summary tells of each column how many values, nulls and different values it has, the least and the greatest, the mean, and how they are spread or which are frequent",
        "all rows, to be counted by the client",
        "{\"columns\": [{\"name\", \"type\", \"count\", \"nulls\", \"distinct\", \"least\", \"greatest\", \"mean\", \"histogram\", \"frequent\"}]}",
    ),
    Change {
        kind: Kind::Changed,
        operation: Some("get_dataset"),
        breaking: false,
        summary: "the links of a dataset, wherever it is shown, and of the root name the summary",
        before: Some("\"links\": {\"self\", \"rows\", \"revisions\", \"source\"}"),
        after: Some("\"links\": {\"self\", \"rows\", \"summary\", \"revisions\", \"source\"}"),
    },
];

const CHANGES_2_0_0: &[Change] = &[
    breaking(
        None,
        "errors are problem details (RFC 9457)",
        "application/vnd.flash.v1+json: {\"error\": \"what is wrong and what to do\"}",
        "application/problem+json: {\"type\": \"urn:flash:problem:…\", \"title\", \"status\", \"detail\"}, and where they help line, column and available",
    ),
    breaking(
        Some("get_dataset"),
        "GET /datasets/{name} says what a dataset is, and has no rows; GET /datasets/{name}/rows has them",
        "{\"name\", \"columns\": [\"id\"], \"rows\": [[\"1\"]], \"page\", \"per_page\", \"total\"}",
        "{\"name\", \"revision\", \"columns\": [{\"name\", \"type\", \"nullable\"}], \"row_count\", \"byte_count\", \"sha256\", \"created_at\", \"updated_at\", \"links\"}",
    ),
    breaking(
        Some("get_dataset"),
        "GET /datasets/{name} has no pages; rows are paged by cursor under GET /datasets/{name}/rows",
        "?page=1&per_page=100, at most 1,000 rows",
        "no page and no per_page; ?limit=100&cursor= of the rows, at most 10,000",
    ),
    breaking(
        Some("get_dataset"),
        "all rows as CSV are found under GET /datasets/{name}/rows",
        "GET /datasets/{name} with Accept: application/vnd.flash.v1+csv",
        "GET /datasets/{name}/rows with Accept: application/vnd.flash.v2+csv",
    ),
    breaking(
        Some("list_datasets"),
        "the list of datasets is {\"data\", \"next\"}",
        "{\"datasets\": […], \"page\", \"per_page\", \"total\"}",
        "{\"data\": […], \"next\": \"cursor\" or null}, and Link with rel=\"next\"; there is no total",
    ),
    breaking(
        Some("list_datasets"),
        "the list of datasets is paged by cursor",
        "?page=1&per_page=30",
        "?limit=100&cursor=, where cursor is next of the page before",
    ),
    breaking(
        Some("list_datasets"),
        "a dataset in the list is the same as by itself",
        "{\"name\", \"columns\": [\"id\"], \"rows\": 4, \"created_at\"}",
        "{\"name\", \"revision\", \"columns\": [{\"name\", \"type\", \"nullable\"}], \"row_count\": 4, \"byte_count\", \"sha256\", \"created_at\", \"updated_at\", \"links\"}",
    ),
    breaking(
        Some("create_datasets"),
        "what was stored is under data, each a dataset with its types",
        "201 {\"datasets\": [{\"name\", \"columns\": [\"id\"], \"rows\": 4, \"created_at\"}]}",
        "201 {\"data\": [{\"name\", \"revision\", \"columns\": [{\"name\", \"type\", \"nullable\"}], \"row_count\": 4, …}]}, with hints where there are any",
    ),
    Change {
        kind: Kind::Changed,
        operation: Some("delete_dataset"),
        breaking: false,
        summary: "removing a dataset removes all its revisions; a cursor of it is 404 from then on, and 410 once the name is used again",
        before: Some("204; version 1 has no revisions and no cursors"),
        after: Some("204"),
    },
    Change {
        kind: Kind::Changed,
        operation: Some("get_root"),
        breaking: false,
        summary: "the root names every resource",
        before: Some("\"links\": {\"datasets\", \"versions\", \"openapi\"}"),
        after: Some(
            "\"links\": {\"self\", \"datasets\", \"dataset\", \"rows\", \"revisions\", \"source\", \"versions\", \"openapi\"}, with {name} to be replaced",
        ),
    },
    added(
        "list_rows",
        "GET /datasets/{name}/rows reads typed rows as objects, as JSON, CSV or NDJSON; a cursor belongs to one revision",
        "[\"1\", \"Ada\", \"\"]",
        "{\"id\": 1, \"name\": \"Ada\", \"balance\": null}",
    ),
    added(
        "list_rows",
        "GET /datasets/{name}/rows filters, orders and projects rows, in the spelling of PostgREST",
        "all rows, in the order of the file, with all columns",
        "?dest=eq.LAX&delay=not.lt.60&order=delay.desc&select=dest,delay",
    ),
    added(
        "append_rows",
        "POST /datasets/{name}/rows appends a CSV with the same header",
        "DELETE and POST of all of it",
        "200 and the dataset with its new revision",
    ),
    added(
        "put_dataset",
        "PUT /datasets/{name} creates a dataset or replaces what is in it by a new revision",
        "DELETE and POST",
        "201 when it is new, else 200",
    ),
    added(
        "list_revisions",
        "GET /datasets/{name}/revisions lists the history, and ?revision= reads what was there before",
        "only what there is now",
        "{\"data\": [{\"revision\", \"created_at\", \"author\", \"row_count\", \"byte_count\", \"sha256\"}], \"next\"}",
    ),
    added(
        "get_source",
        "GET /datasets/{name}/source gives the bytes that were uploaded, with ranges",
        "the CSV as it is written by version 1",
        "the same bytes",
    ),
];

const fn breaking(
    operation: Option<&'static str>,
    summary: &'static str,
    before: &'static str,
    after: &'static str,
) -> Change {
    Change {
        kind: Kind::Changed,
        operation,
        breaking: true,
        summary,
        before: Some(before),
        after: Some(after),
    }
}

const fn added(
    operation: &'static str,
    summary: &'static str,
    before: &'static str,
    after: &'static str,
) -> Change {
    Change {
        kind: Kind::Added,
        operation: Some(operation),
        breaking: false,
        summary,
        before: Some(before),
        after: Some(after),
    }
}
