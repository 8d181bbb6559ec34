//! The changes in the releases of version 2.

mod changes_2_3_0;
mod changes_2_4_0;

use crate::api::history::{Change, Kind, Release};
use crate::api::{additions, fixes};

/// The newest first.
pub(super) const RELEASES: &[Release] = &[
    Release {
        semantic: (4, 0),
        changes: changes_2_4_0::CHANGES,
    },
    Release {
        semantic: (3, 0),
        changes: changes_2_3_0::CHANGES,
    },
    Release {
        semantic: (2, 0),
        changes: CHANGES_2_2_0,
    },
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

const CHANGES_2_2_0: &[Change] = &[
    additions::IN_URL,
    additions::VERSION_PARAMETER,
    additions::LENIENT_ACCEPT,
    additions::BASIC,
    additions::labels("create_datasets"),
    additions::labels("put_dataset"),
    additions::labels("append_rows"),
    additions::ONE_ITEM,
    added(
        "put_dataset",
        "PUT /datasets/people.csv makes the dataset people: curl -T people.csv URL/datasets/ adds the name of the file",
        "400",
        "201",
    ),
    additions::file_name("list_rows"),
    additions::formats(Kind::Changed, "create_datasets"),
    additions::formats(Kind::Added, "put_dataset"),
    additions::dialects(Kind::Changed, "create_datasets"),
    additions::dialects(Kind::Added, "put_dataset"),
    additions::dialects(Kind::Added, "append_rows"),
    added(
        "list_bad_rows",
        "rows that don't fit may be kept apart (bad_rows=set-aside), and are read at /datasets/{name}/bad-rows",
        "422",
        "201 with bad_rows: how many there are, and the first ten",
    ),
    changed(
        "get_dataset",
        "a dataset tells under reading with which parameters its source, and its CSV, can be uploaded again",
        "clients had to remember them",
        "\"reading\": {\"source\": {\"delimiter\": \";\"}, \"csv\": {\"delimiter\": \",\"}}",
    ),
    added(
        "put_dataset",
        "what was stated about a CSV (its form, nulls, types and formats) stays with the dataset: later uploads state only what differs",
        "each upload had to state all of it",
        "each upload keeps what it doesn't state",
    ),
    added(
        "append_rows",
        "answers to appends have hints, and there are many more hints, each with the parameter that would change what it tells",
        "hints about one placeholder",
        "hints about titles, units, totals, formats, integers beyond 2^53 and more",
    ),
    Change::fixed(
        Some("put_dataset"),
        "a CSV without rows doesn't replace rows, unless empty=allow is stated",
        "200, and the rows were gone",
        "422, and nothing changes",
    ),
    Change::fixed(
        None,
        "TRUE, True, FALSE and False are booleans, as spreadsheets write them",
        "the column was a string: \"TRUE\"",
        "the column is a boolean: true",
    ),
    Change::fixed(
        Some("list_rows"),
        "a leap second is the last moment of its minute, and is one only at the end of a month in UTC (RFC 3339 §5.7)",
        "2016-12-31T23:59:60.5Z came after 2017-01-01T00:00:00Z, and 10:30:60 was a time",
        "it comes before; a column with 10:30:60 is a string",
    ),
    Change::fixed(
        Some("list_rows"),
        "numbers with exponents of any size are compared exactly",
        "1e99999999999999999999 and 1e99999999999999999998 were equal",
        "they are different",
    ),
    Change::fixed(
        Some("get_summary"),
        "the edges of a histogram are dates and datetimes of the years 0000 to 9999",
        "an edge could be -000001-12-31T00:01:00Z",
        "0000-01-01T00:00:00Z",
    ),
    added(
        "put_dataset",
        "header and charset may be stated in the query of every upload, for clients that can't set the parameters of Content-Type",
        "Content-Type: text/csv; header=absent; charset=windows-1252",
        "?header=absent&charset=windows-1252",
    ),
    added(
        "put_dataset",
        "charsets may be spelt in more ways, such as latin-1, cp949, utf_16 and macroman",
        "422",
        "201",
    ),
    changed(
        "create_datasets",
        "a part of a form that is a gzip or zstd file is unpacked",
        "the packed bytes were refused",
        "the file in people.csv.gz is the dataset people",
    ),
    changed(
        "get_dataset",
        "a dataset has nulls: the texts that mean \"no value\" in its source",
        "clients had to remember them",
        "\"nulls\": [\"NA\"]",
    ),
    Change::fixed(
        Some("list_rows"),
        "a text that means \"no value\" is an empty field in CSV, too",
        "NA, with null=NA",
        "an empty field; \"\" if it is the only one of its row",
    ),
    Change::fixed(
        Some("list_rows"),
        "safe=spreadsheet also guards a formula behind a semicolon, a tab, a bar or a line end within a cell",
        "a;=1+1",
        "a;'=1+1",
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

const CHANGES_2_1_1: &[Change] = &[
    fixes::CONDITIONS,
    fixes::CREATION_WITH_IF_MATCH,
    Change::fixed(
        None,
        "a write is refused if its key is revoked before the write ends",
        "200 or 201",
        "401, and nothing changes",
    ),
    fixes::KEY_AND_DISPOSITION,
    Change::fixed(
        Some("list_rows"),
        "text after a closing quote in select is refused for *, too",
        "select=\"*\"x was read as select=*",
        "400",
    ),
    fixes::IDENTITY_EXCLUDED,
    fixes::UNKNOWN_CODING,
    Change::fixed(
        Some("list_rows"),
        "filters find all rows of a dataset whose CSV was not in UTF-8 and that rows were appended to",
        "rows were missing",
        "all rows",
    ),
    Change::fixed(
        Some("list_rows"),
        "a CSV without a header, with a byte-order mark and then one empty line, has all its rows",
        "rows had wrong values, and the JSON was not valid",
        "all rows",
    ),
    Change::fixed(
        Some("list_rows"),
        "the next page of an ordered list has the right rows if rows are appended while earlier appends are being compacted",
        "wrong rows",
        "the rows that follow",
    ),
    Change::fixed(
        Some("list_rows"),
        "a pattern of like or ilike has at most 1,024 characters, and a search takes time in proportion to the text",
        "no limit on the pattern; some patterns took so long that the answer was 503",
        "400 for a longer pattern; every other pattern is answered in linear time",
    ),
    Change::fixed(
        Some("list_rows"),
        "queries with any number of filters, columns and values of in.(…) are answered in time, and so are orders over long equal values",
        "such a query could take so long that the answer was 503",
        "200",
    ),
];

const CHANGES_2_1_0: &[Change] = &[
    added(
        "get_summary",
        "GET /datasets/{name}/summary summarises each column: how many values, nulls and distinct values it has, the least, the greatest and the mean, a histogram or the most frequent values",
        "clients had to read and count all rows",
        "{\"columns\": [{\"name\", \"type\", \"count\", \"nulls\", \"distinct\", \"least\", \"greatest\", \"mean\", \"histogram\", \"frequent\"}]}",
    ),
    changed(
        "get_dataset",
        "the links of datasets and of the root have a summary",
        "\"links\": {\"self\", \"rows\", \"revisions\", \"source\"}",
        "\"links\": {\"self\", \"rows\", \"summary\", \"revisions\", \"source\"}",
    ),
];

const CHANGES_2_0_0: &[Change] = &[
    breaking(
        None,
        "errors are problem details (RFC 9457)",
        "application/vnd.flash.v1+json: {\"error\": \"what is wrong and what to do\"}",
        "application/problem+json: {\"type\": \"urn:flash:problem:…\", \"title\", \"status\", \"detail\"}, and where they help, line, column and available",
    ),
    breaking(
        Some("get_dataset"),
        "GET /datasets/{name} describes a dataset, without its rows; GET /datasets/{name}/rows has them",
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
        "GET /datasets/{name}/rows has all rows as CSV",
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
        "?limit=100&cursor=, where cursor is next of the previous page",
    ),
    breaking(
        Some("list_datasets"),
        "a dataset in the list has the same members as GET /datasets/{name}",
        "{\"name\", \"columns\": [\"id\"], \"rows\": 4, \"created_at\"}",
        "{\"name\", \"revision\", \"columns\": [{\"name\", \"type\", \"nullable\"}], \"row_count\": 4, \"byte_count\", \"sha256\", \"created_at\", \"updated_at\", \"links\"}",
    ),
    breaking(
        Some("create_datasets"),
        "data has the stored datasets, each with the types of its columns",
        "201 {\"datasets\": [{\"name\", \"columns\": [\"id\"], \"rows\": 4, \"created_at\"}]}",
        "201 {\"data\": [{\"name\", \"revision\", \"columns\": [{\"name\", \"type\", \"nullable\"}], \"row_count\": 4, …}]}, with hints if there are any",
    ),
    Change {
        kind: Kind::Changed,
        operation: Some("delete_dataset"),
        breaking: false,
        summary: "deleting a dataset deletes all its revisions; after that, its cursors are 404, and 410 once the name is used again",
        before: Some("204; version 1 has no revisions and no cursors"),
        after: Some("204"),
    },
    Change {
        kind: Kind::Changed,
        operation: Some("get_root"),
        breaking: false,
        summary: "the root links to every resource",
        before: Some("\"links\": {\"datasets\", \"versions\", \"openapi\"}"),
        after: Some(
            "\"links\": {\"self\", \"datasets\", \"dataset\", \"rows\", \"revisions\", \"source\", \"versions\", \"openapi\"}, where {name} stands for a dataset's name",
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
        "GET /datasets/{name}/rows filters, orders and projects rows, in the syntax of PostgREST",
        "all rows, in the order of the file, with all columns",
        "?dest=eq.LAX&delay=not.lt.60&order=delay.desc&select=dest,delay",
    ),
    added(
        "append_rows",
        "POST /datasets/{name}/rows appends a CSV with the same header",
        "DELETE, then POST of all rows",
        "200, and the dataset with its new revision",
    ),
    added(
        "put_dataset",
        "PUT /datasets/{name} creates a dataset, or replaces its contents by a new revision",
        "DELETE, then POST",
        "201 when it is new, else 200",
    ),
    added(
        "list_revisions",
        "GET /datasets/{name}/revisions lists the revisions, and ?revision= reads an older one",
        "only the current contents",
        "{\"data\": [{\"revision\", \"created_at\", \"author\", \"row_count\", \"byte_count\", \"sha256\"}], \"next\"}",
    ),
    added(
        "get_source",
        "GET /datasets/{name}/source returns the uploaded bytes, also in ranges",
        "the CSV as version 1 writes it",
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

/// A change that breaks nobody.
const fn changed(
    operation: &'static str,
    summary: &'static str,
    before: &'static str,
    after: &'static str,
) -> Change {
    Change::compatible(Kind::Changed, Some(operation), summary, before, after)
}

const fn added(
    operation: &'static str,
    summary: &'static str,
    before: &'static str,
    after: &'static str,
) -> Change {
    Change::compatible(Kind::Added, Some(operation), summary, before, after)
}
