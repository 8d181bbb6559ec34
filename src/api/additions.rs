//! What one release added to several versions.

use super::history::{Change, Kind};

/// The parameters of an upload that say how values are written. `kind` is that of the operation: one that the version before had
/// is changed.
pub(super) const fn formats(kind: Kind, operation: &'static str) -> Change {
    Change::compatible(
        kind,
        Some(operation),
        "decimal, thousands, dates, datetimes and zone say how the values of a CSV are written",
        "400: unknown parameter",
        "?decimal=,&thousands=.&dates=dmy&zone=Europe/Rome: version 2 has numbers, dates and datetimes, version 1 the values as they came",
    )
}

/// The parameters of an upload that say what form the file has.
pub(super) const fn dialects(kind: Kind, operation: &'static str) -> Change {
    Change::compatible(
        kind,
        Some(operation),
        "skip, skip_last, header_rows, units, comment, quote, escape, trim, ragged, bad_rows, null_bytes and any delimiter say what form a CSV has; charset=detect finds its charset",
        "400: unknown parameter",
        "?skip=4&comment=%23&delimiter=:: reads a file that begins with a title and has comments",
    )
}

/// `version` and `format` in the URL.
pub(super) const IN_URL: Change = added(
    None,
    "version and format in the URL choose what the answer is in, for clients that can't send Accept: ?version=v2&format=csv",
    "400: unknown parameter",
    "the version and format that the URL names, with API-Version-Source: query",
);
/// Rate limits.
pub(super) const RATE_LIMIT: Change = added(
    None,
    "a server may limit how many requests a caller sends (--rate-limit); RateLimit and RateLimit-Policy say how many are left",
    "no limit",
    "429 with Retry-After beyond the limit",
);
/// `application/json; version=2`.
pub(super) const VERSION_PARAMETER: Change = added(
    None,
    "the parameter version of application/json, text/csv, application/x-ndjson and application/vnd.flash+json names the version, in Accept and Content-Type: application/json; version=2",
    "the parameter was ignored",
    "the version that it names; 406 or 415 if there is none, or if it is not a version",
);
/// What Java sends, and long lists.
pub(super) const LENIENT_ACCEPT: Change = added(
    None,
    "Accept may have 1,000 ranges, * with parameters for */*, and q=.2 for q=0.2, as Java 8 to 18 sends it",
    "400",
    "the answer that was asked for",
);

/// `Content-Disposition` of rows, in the operation that has them as a file.
pub(super) const fn file_name(operation: &'static str) -> Change {
    added(
        Some(operation),
        "rows as CSV and NDJSON have the name of a file",
        "no Content-Disposition",
        "Content-Disposition: inline; filename=\"people.csv\"",
    )
}

/// HTTP Basic.
pub(super) const BASIC: Change = added(
    None,
    "a key may be sent as the password of HTTP Basic, with any user; a key in the URL is refused by name",
    "401",
    "the same as Authorization: Bearer",
);

/// What a CSV may be labelled.
pub(super) const fn labels(operation: &'static str) -> Change {
    added(
        Some(operation),
        "a body labelled application/octet-stream, application/csv, application/vnd.ms-excel, text/plain, text/x-csv or text/comma-separated-values is a CSV",
        "415",
        "the same as text/csv",
    )
}
/// One item of a list alone.
pub(super) const ONE_ITEM: Change = added(
    Some("create_datasets"),
    "a JSON body may be one object instead of a list",
    "400",
    "the same as a list of one",
);

/// `Dataset-Schema` and `Dataset-Revision`.
pub(super) const DATASET_HEADERS: Change = added(
    None,
    "answers that tell of a dataset's contents have the version of its schema and the number of its revision",
    "no such headers",
    "Dataset-Schema: 2.1, Dataset-Revision: 17",
);

/// `schema` in a read.
pub(super) const fn schema(operation: &'static str) -> Change {
    added(
        Some(operation),
        "schema=1 reads the newest revision whose schema has MAJOR 1; the newest revision of each of the last four MAJORs is kept",
        "400: unknown parameter",
        "the newest revision of that MAJOR, with Link: rel=\"successor-version\" if there is a newer MAJOR; 404 or 410 if there is none",
    )
}

const fn added(
    operation: Option<&'static str>,
    summary: &'static str,
    before: &'static str,
    after: &'static str,
) -> Change {
    Change::compatible(Kind::Added, operation, summary, before, after)
}
