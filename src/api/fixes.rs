//! The defects that one release corrected in several versions.

use super::history::Change;

/// Conditions on resources without an entity tag, and on dates.
pub(super) const CONDITIONS: Change = Change::fixed(
    None,
    "a failed condition in If-Match is 412 in every operation, also for resources without an entity tag; If-Unmodified-Since on a write is 412, because nothing has a modification date",
    "the header had no effect",
    "412, and nothing changes",
);
/// `If-Match` on a creation.
pub(super) const CREATION_WITH_IF_MATCH: Change = Change::fixed(
    Some("create_datasets"),
    "POST /datasets with If-Match is 412, because it only creates new datasets",
    "the header had no effect",
    "412, and nothing changes",
);
/// `Content-Disposition` in a request with an idempotency key.
pub(super) const KEY_AND_DISPOSITION: Change = Change::fixed(
    Some("create_datasets"),
    "requests with the same Idempotency-Key and different Content-Disposition count as different requests",
    "the first answer again, for a dataset of another name",
    "422",
);
/// `identity;q=0` for short bodies.
pub(super) const IDENTITY_EXCLUDED: Change = Change::fixed(
    None,
    "identity;q=0 in Accept-Encoding is honoured for short bodies, too",
    "a short body was sent without a coding",
    "the body is sent in a coding, or the answer is 406 if the client accepts none",
);
/// The answer to a body in an unknown coding.
pub(super) const UNKNOWN_CODING: Change = Change::fixed(
    None,
    "the answer to a body with an unknown Content-Encoding has Accept-Encoding, which lists the supported codings",
    "415 without that header",
    "415 with that header",
);
/// The grammar of `Content-Disposition`.
pub(super) const DELIMITER: Change = Change::fixed(
    None,
    "the header and the first rows decide which delimiter a CSV has; if two fit, the CSV is refused",
    "a comma in the header outweighed any number of semicolons and tabs",
    "Datum;Betrag, EUR;Text has three columns if its rows have, else 422 with both delimiters",
);

pub(super) const NOT_CSV: Change = Change::fixed(
    None,
    "a body that is no CSV is refused: HTML, XML, JSON, zip, xlsx, gzip, Parquet, SQLite, PDF, images, text in UTF-16 or UTF-32 without its charset, and U+0000",
    "some were stored as one column",
    "422 with what it is and what to do",
);

pub(super) const LINE_ENDS: Change = Change::fixed(
    None,
    "a CSV whose lines all end in CR is read, and so is one with sep=; in its first line; Ctrl-Z at the end is no row",
    "422, or a row of Ctrl-Z",
    "201",
);

pub(super) const DISPOSITION: Change = Change::fixed(
    Some("create_datasets"),
    "Content-Disposition is read by the grammar of RFC 6266: with escapes, with parameter names in any case, and with filename* in UTF-8 or ISO-8859-1",
    "such a header was read as if the CSV had no name",
    "the name; a malformed header is 400 with its place",
);
/// What parts of forms say about themselves.
pub(super) const FORM_PARTS: Change = Change::fixed(
    Some("create_datasets"),
    "a part of a form is read as its headers say: Content-Transfer-Encoding, filename*, encoded words of MIME, and parameter names in any case; a part whose type is no CSV is refused",
    "base64 and quoted-printable were stored as they came, such names were taken literally, and any type was taken for a CSV",
    "the file that was sent, under its name; 415 for another type",
);
/// The parameter `header`.
pub(super) const HEADER: Change = Change::fixed(
    None,
    "header takes present, yes, true, absent, no, none and false, in any case",
    "every value but absent meant present",
    "400 for any other value",
);
/// Two types for one column.
pub(super) const REPEATED_TYPE: Change = Change::fixed(
    None,
    "two different types for one column are refused",
    "the last one counted",
    "400",
);
/// Queries that are not UTF-8.
pub(super) const QUERY_IN_UTF_8: Change = Change::fixed(
    None,
    "a query that isn't UTF-8 after percent-decoding is refused",
    "U+FFFD stood for such bytes, so null=%E9 had no effect",
    "400",
);
/// Names made from file names.
pub(super) const NAMES_FROM_FILES: Change = Change::fixed(
    Some("create_datasets"),
    "in a name made from a file name, letters lose their accents, a run of other characters becomes one hyphen, with none at the ends, and .csv.gz and .csv.zst go",
    "Übersicht Q1 (final).csv was bersicht-q1--final-",
    "ubersicht-q1-final",
);
/// ASCII.
pub(super) const ASCII: Change = Change::fixed(
    None,
    "the charset us-ascii has the bytes below 128 only",
    "any byte passed, as in windows-1252",
    "422 with the place of the byte",
);
