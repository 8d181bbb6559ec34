//! The changes in release 2.3.0.

use super::{added, changed};
use crate::api::additions;
use crate::api::history::Change;

const fn dry_run(operation: &'static str) -> Change {
    added(
        operation,
        "dry_run=true tells what a write would make, and stores nothing",
        "400: unknown parameter",
        "200 with dry_run, types, hints, changes and used_by",
    )
}

pub(super) const CHANGES: &[Change] = &[
    added(
        "get_changes",
        "GET /datasets/{name}/changes?from=3&to=4 compares two revisions: it counts the rows that were removed and added, and with key=id those that were changed; as CSV and NDJSON it has these rows",
        "404",
        "{\"schema\": {\"from\": \"1.0\", \"to\": \"1.1\", \"changes\": […]}, \"rows\": {\"removed\": 1, \"added\": 2, \"changed\": 3, \"unchanged\": 4}}",
    ),
    added(
        "put_description",
        "PUT /datasets/{name}/description says what a dataset and its columns are; that stays when the contents are replaced",
        "404",
        "{\"title\": \"People\", \"licence\": \"CC-BY-4.0\", \"columns\": {\"weight\": {\"unit\": \"kg\"}}}",
    ),
    added(
        "get_description",
        "GET /datasets/{name}/description has what was said, or as application/csvm+json (format=csvm) the metadata of the CSV for tools (CSV on the Web)",
        "404",
        "{\"@context\": \"http://www.w3.org/ns/csvw\", \"tableSchema\": {\"columns\": […]}}",
    ),
    changed(
        "get_dataset",
        "a dataset has its description, and the descriptions and units of its columns; a unit that was said counts instead of the unit in the file",
        "the units in the file",
        "\"description\": {\"title\": \"People\"}, \"columns\": [{\"name\": \"weight\", \"unit\": \"kg\", \"description\": \"…\"}]",
    ),
    added(
        "list_rows",
        "datasets, and all of their rows as CSV or NDJSON, link to the metadata of the CSV",
        "no such link",
        "Link: </datasets/people/description?version=v2&format=csvm>; rel=\"describedby\"; type=\"application/csvm+json\"",
    ),
    additions::DATASET_HEADERS,
    changed(
        "get_dataset",
        "a dataset and each of its revisions have the version of their schema",
        "clients had to compare the columns",
        "\"schema\": \"2.1\"",
    ),
    added(
        "get_dataset",
        "a dataset links to the page that shows it to people",
        "no Link",
        "Link: </explore/people>; rel=\"alternate\"; type=\"text/html\"",
    ),
    additions::schema("get_dataset"),
    additions::schema("list_rows"),
    additions::schema("get_summary"),
    additions::schema("get_source"),
    additions::schema("list_bad_rows"),
    added(
        "list_readers",
        "GET /datasets/{name}/readers lists who read a dataset in the last 30 days, and which columns they named, for its owner",
        "404",
        "{\"data\": [{\"client\", \"family\", \"requests\", \"last_at\", \"columns\", \"more_columns\"}]}",
    ),
    added(
        "patch_dataset",
        "PATCH /datasets/{name} sets how much uploads may change the schema: any, additive or none",
        "405",
        "{\"schema_changes\": \"additive\"}: a PUT that drops a column is 409 with changes and used_by",
    ),
    changed(
        "get_dataset",
        "a dataset tells how much uploads may change its schema",
        "no such member",
        "\"schema_changes\": \"any\"",
    ),
    added(
        "put_dataset",
        "an answer to a write that changes the schema has changes",
        "hints about types",
        "\"changes\": [{\"column\": \"id\", \"what\": \"type\", \"from\": \"integer\", \"to\": \"string\", \"breaking\": true, \"line\": 7}]",
    ),
    added(
        "put_dataset",
        "schema_changes=additive or none refuses a write that changes more",
        "400: unknown parameter",
        "409 with changes and used_by, and nothing is stored",
    ),
    added(
        "append_rows",
        "schema_changes=additive or none refuses a write that changes more",
        "400: unknown parameter",
        "409 with changes and used_by, and nothing is stored",
    ),
    added(
        "list_rows",
        "rows as CSV and NDJSON are sent in ranges too, for clients that read files in parts",
        "200: all bytes",
        "206, with Content-Range: bytes 0-99/31053850",
    ),
    added(
        "list_rows",
        "or, and, not.or and not.and combine conditions, also nested ones",
        "400: unknown column or",
        "or=(dest.eq.LAX,and(dep_delay.gte.60,carrier.in.(UA,AA)))",
    ),
    added(
        "list_rows",
        "count=exact adds the number of rows that the query finds to a page",
        "clients had to read all pages",
        "{\"data\": [...], \"next\": null, \"total\": 8255}",
    ),
    added(
        "list_rows",
        "a date can be compared with a datetime column, as its midnight in UTC",
        "at=gte.2026-11-22 was 400",
        "at=gte.2026-11-22 is at=gte.2026-11-22T00:00:00Z",
    ),
    added(
        "list_rows",
        "an empty cursor or select is as if it were absent",
        "400",
        "200: ?cursor=&select=",
    ),
    Change::fixed(
        Some("list_rows"),
        "ilike takes one character of the value for _, also where folding its case makes several",
        "ilike.a_c didn't find aßc, which like.a_c found",
        "both find it",
    ),
    Change::fixed(
        Some("list_rows"),
        "a cursor of another dataset is 400, and the error says so",
        "410: the revision is no longer kept",
        "400: this cursor belongs to another dataset",
    ),
    dry_run("create_datasets"),
    dry_run("put_dataset"),
    dry_run("append_rows"),
    changed(
        "get_root",
        "the root links to the readers of a dataset",
        "no such link",
        "\"readers\": \"/datasets/{name}/readers\"",
    ),
];
