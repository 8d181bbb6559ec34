//! The errors of requests. Each version renders them in its own form.
//!
//! `status` and `text` decide what the client sees, and `origin` makes errors out of those of other modules. They match without a catch-all,
//! so a new variant doesn't compile until it has a status and a title.

mod origin;
mod status;
mod text;

use std::borrow::Cow;
use std::fmt::Display;

use http::Method;
use serde_json::value::RawValue;

pub(super) use self::text::shortened;
use self::text::{bad_csv, join, method_not_allowed, no_such_path, unsupported_media_type};
use super::body::BodyTimedOut;
use crate::dataset::{BadCombination, CsvError, DatasetName, NameError, QueryError, SchemaVersion};
use crate::services::parquet::error::ParquetError;
use crate::services::search::SearchError;
use crate::settings::RateLimit;
use crate::store::{Reader, Reason, SchemaRefusal, StoreError};
use crate::versioning::{Available, Fault, Refusal, Unserved, VersionNumber};

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Parameters of an upload exclude each other.
    #[error("{0}")]
    BadCombination(BadCombination),
    /// Negotiation found no version and format.
    #[error("{refusal}")]
    Negotiation {
        /// Why.
        refusal: Refusal,
        /// The versions and formats of the resource.
        available: Vec<Available>,
        /// The path of the resource.
        path: String,
    },
    /// The version doesn't have the path.
    #[error("{}", no_such_path(path, *version, has))]
    NoSuchPath {
        /// The path.
        path: String,
        /// The version.
        version: VersionNumber,
        /// The versions that have it.
        has: Vec<VersionNumber>,
    },
    /// The version doesn't have the method at that path.
    #[error("{}", method_not_allowed(method, *version, allow, has))]
    MethodNotAllowed {
        /// The method.
        method: Method,
        /// The version.
        version: VersionNumber,
        /// The version's methods at that path, for the header `Allow`.
        allow: String,
        /// The versions that have the method at that path.
        has: Vec<VersionNumber>,
    },
    /// The key is missing or invalid.
    #[error("{0}")]
    Unauthenticated(Cow<'static, str>),
    /// The URL has a key.
    #[error(
        "the URL has a key in {0:?}, and URLs end up in logs and histories: send the key as Authorization: Bearer flash_…, or as the \
         password of HTTP Basic, and replace it with flash clients rotate-key, because others may have seen it"
    )]
    KeyInUrl(&'static str),
    /// The caller has sent more requests than it may.
    #[error(
        "your limit is {limit} requests, and you have sent more; send the next one in {seconds} s"
    )]
    TooManyRequests {
        /// The limit.
        limit: RateLimit,
        /// The seconds until the next request.
        seconds: u32,
    },
    /// The caller may not do this.
    #[error("{0} belongs to another client, and only that client may change it")]
    NotOwner(DatasetName),
    /// The caller may not know who reads the dataset.
    #[error("{0} belongs to another client, and only that client may see who reads it")]
    ReadersOfAnother(DatasetName),
    /// The body doesn't name a version.
    #[error(
        "the body doesn't describe a move of the pin: {reason}; send {{\"version\": 2}}, or {{\"undo\": true}} to undo the last move"
    )]
    BadMove {
        /// What is wrong.
        reason: String,
    },
    /// Clients can't be pinned to that version.
    #[error(
        "no client can be pinned to {wanted}; choose one of {}",
        join(available)
    )]
    NoSuchPin {
        /// The requested version.
        wanted: String,
        /// The versions that are possible.
        available: Vec<VersionNumber>,
    },
    /// A header occurs more than once.
    #[error("the request has the header {0} more than once; send it once")]
    RepeatedHeader(&'static str),
    /// A precondition failed.
    #[error(
        "the condition in If-Match or If-None-Match failed: the dataset has changed; read it again before you retry"
    )]
    ConditionFailed,
    /// A precondition that always fails on a resource without a tag.
    #[error(
        "the condition in {0} failed, because this resource has no entity tag; send the request without that header"
    )]
    NoTag(&'static str),
    /// `If-Match` on a creation.
    #[error(
        "the condition in If-Match failed, because this request only creates new datasets; to change an existing one, use PUT /datasets/{{name}} in v2"
    )]
    NothingToMatch,
    /// A precondition on a date. No resource has a modification date.
    #[error(
        "the condition in If-Unmodified-Since failed, because nothing here has a modification date; send If-Match with the ETag that you have seen instead"
    )]
    NoDate,
    /// An invalid entity tag.
    #[error(
        "{found:?} in {header} isn't an entity tag; send it as it came in ETag, with its quotes"
    )]
    BadTag {
        /// The header.
        header: &'static str,
        /// The header's value.
        found: String,
    },
    /// An invalid idempotency key.
    #[error(
        "the Idempotency-Key isn't valid; send 1 to 255 visible ASCII characters, such as a UUID, with or without quotes around them"
    )]
    BadKey,
    /// The idempotency key was used for another request.
    #[error(
        "this Idempotency-Key was used for another request; send a new key with a new request, or repeat the first request unchanged"
    )]
    KeyReused,
    /// A request with the same key is in flight.
    #[error(
        "a request with this Idempotency-Key is still in flight; send it again when that one has ended"
    )]
    KeyInFlight,
    /// The dataset was replaced while the appended rows were received.
    #[error(
        "{0} was replaced while the rows were being received, and they don't fit the new dataset; check its columns, and send rows that fit"
    )]
    Replaced(DatasetName),
    /// The write changes the schema of its dataset more than it may.
    #[error(
        "{refusal}; correct the file, or allow more: PATCH /datasets/{name} with {{\"schema_changes\": \"any\"}}, and leave out the parameter schema_changes",
        name = refusal.name
    )]
    SchemaChange {
        /// What it would change, and what it may.
        refusal: Box<SchemaRefusal>,
        /// Who read the dataset lately.
        used_by: Vec<Reader>,
    },
    /// The body doesn't say what the dataset shall allow.
    #[error(
        "the body doesn't say what the dataset shall allow: {reason}; send {{\"schema_changes\": \"additive\"}}, or any or none for additive"
    )]
    BadPatch {
        /// What is wrong.
        reason: String,
    },
    /// The dataset has never had that revision.
    #[error(
        "{name} has no revision {revision}; GET /datasets/{name}/revisions lists its revisions"
    )]
    NoSuchRevision {
        /// The dataset.
        name: String,
        /// The revision.
        revision: i64,
    },
    /// The dataset has never had a schema of that MAJOR.
    #[error(
        "{name} has no schema {major}; its newest one is {newest}: read it with schema={newest_major}, or without that parameter",
        newest_major = newest.major
    )]
    NoSuchSchema {
        /// The dataset.
        name: String,
        /// The MAJOR.
        major: u32,
        /// The version of its newest schema.
        newest: SchemaVersion,
    },
    /// No revision with a schema of that MAJOR is kept.
    #[error(
        "no revision of {name} with schema {major} is kept any more; the newest schema is {newest}: read it with schema={newest_major}, and \
         see in GET /datasets/{name} what its columns are",
        newest_major = newest.major
    )]
    SchemaGone {
        /// The dataset.
        name: String,
        /// The MAJOR.
        major: u32,
        /// The version of its newest schema.
        newest: SchemaVersion,
    },
    /// A revision that is to be compared is gone.
    #[error(
        "revision {revision} of {name} is no longer kept, so it can't be compared; GET /datasets/{name}/revisions lists the revisions that are kept"
    )]
    ComparedGone {
        /// The dataset.
        name: String,
        /// The revision.
        revision: i64,
    },
    /// Two rows of a revision have the same key.
    #[error(
        "the key {key} isn't unique: at least two rows of revision {revision} have the same values in it; name further columns in key, or leave it out"
    )]
    KeyNotUnique {
        /// The columns of the key.
        key: String,
        /// The revision.
        revision: i64,
        /// Two such rows in JSON.
        rows: Vec<Box<RawValue>>,
    },
    /// The body is no description of a dataset.
    #[error(
        "the body isn't a description of a dataset: {reason}; send {{\"title\": \"…\", \"description\": \"…\", \"licence\": \"…\", \"source\": \"…\", \
         \"columns\": {{\"NAME\": {{\"description\": \"…\", \"unit\": \"…\"}}}}}}, each member if you need it"
    )]
    BadDescription {
        /// What is wrong.
        reason: String,
    },
    /// A description names columns that the dataset doesn't have.
    #[error(
        "the dataset has no columns named {}; its columns are: {}",
        join(&columns.iter().map(shortened).collect::<Vec<_>>()),
        join(known)
    )]
    UnknownColumns {
        /// Their names.
        columns: Vec<String>,
        /// The dataset's columns, or the first ones and how many more.
        known: Vec<String>,
    },
    /// An unknown parameter.
    #[error("{name:?} isn't a parameter here; the parameters are: {}", join(known))]
    UnknownParameter {
        /// Its name.
        name: String,
        /// The names of the operation's parameters.
        known: Vec<&'static str>,
    },
    /// A parameter occurs more than once.
    #[error("the request has the parameter {0:?} more than once; send it once")]
    RepeatedParameter(&'static str),
    /// An invalid value of a parameter.
    #[error("{value:?} isn't a valid value for the parameter {name:?}; use {expected}")]
    BadParameter {
        /// The parameter's name.
        name: String,
        /// The value.
        value: String,
        /// A description of valid values.
        expected: String,
    },
    /// A parameter that chooses rows, with a format that has all rows.
    #[error(
        "{0:?} can't be combined with Parquet, which has all rows of a revision; leave it out, or read CSV or NDJSON with it (format=csv or format=ndjson)"
    )]
    WholeRevisionsOnly(String),
    /// A Parquet file takes too long.
    #[error("{0}")]
    ParquetTimedOut(ParquetError),
    /// A Parquet file has too many bytes.
    #[error("{0}")]
    ParquetTooLong(ParquetError),
    /// An invalid cursor, or one of another list.
    #[error("this cursor is not from this list; start again without it")]
    BadCursor,
    /// The cursor belongs to another query.
    #[error(
        "this cursor belongs to another query; send it with the same select, order and filters as the page that it came from, or start again without it"
    )]
    CursorOfOtherQuery,
    /// The cursor belongs to another dataset.
    #[error("this cursor belongs to another dataset; start again without it")]
    CursorOfOtherDataset,
    /// The body of a `QUERY` isn't UTF-8.
    #[error("the body isn't UTF-8; percent-encode its parameters, where é is %C3%A9")]
    QueryNotUtf8,
    /// An invalid query for rows.
    #[error("{0}")]
    BadQuery(#[from] QueryError),
    /// The result of a query is larger than it may be.
    #[error("{0}")]
    LargeResult(SearchError),
    /// A query took too long.
    #[error("{0}")]
    QueryTimedOut(SearchError),
    /// The revision that a cursor belongs to is gone.
    #[error(
        "revision {revision} of {name} is no longer kept; leave out the cursor or the revision to read the newest one"
    )]
    RevisionGone {
        /// The dataset.
        name: String,
        /// The revision.
        revision: i64,
    },
    /// An invalid dataset name.
    #[error("{0}")]
    BadName(#[from] NameError),
    /// A path with an invalid dataset name.
    #[error(
        "{0:?} isn't a valid name for a dataset; use up to 63 characters from a to z, 0 to 9, - and _, and begin with a letter or digit"
    )]
    BadNewName(String),
    /// A CSV has no name.
    #[error(
        "the CSV has no name: add ?name=NAME to the URL, or send the header Content-Disposition: attachment; filename=\"NAME.csv\""
    )]
    MissingName,
    /// Two CSVs of one request have the same name.
    #[error("two of the CSVs are named {0}; give each CSV its own name")]
    RepeatedName(DatasetName),
    /// Too many CSVs in one request.
    #[error("the request has more than {limit} CSVs; send the rest in another request")]
    TooManyCsvs {
        /// How many are allowed.
        limit: usize,
    },
    /// The column names of a request's CSVs are too long in total.
    #[error(
        "the column names of all CSVs in the request have more than {limit} bytes in total; send some of the CSVs in another request"
    )]
    TooManyNames {
        /// How many bytes are allowed.
        limit: usize,
    },
    /// The request has no CSV.
    #[error("the request has no CSV; {0}")]
    NoCsv(&'static str),
    /// The operation doesn't take a body of that media type.
    #[error("{}", unsupported_media_type(found.as_deref(), accepted))]
    UnsupportedMediaType {
        /// Its media type, if the request has one.
        found: Option<String>,
        /// The media types that the operation takes.
        accepted: &'static [&'static str],
    },
    /// A part of a form isn't a CSV.
    #[error(
        "the part {filename:?} has the type {found}, which isn't a CSV; send CSVs only, labelled text/csv or text/tab-separated-values, or without a type"
    )]
    UnsupportedPart {
        /// Its file name.
        filename: String,
        /// Its media type.
        found: String,
    },
    /// An invalid `Content-Disposition`.
    #[error(
        "the Content-Disposition header is malformed at character {position}, `{part}`: {reason}; a file name goes between double quotes, as in attachment; filename=\"people.csv\""
    )]
    BadDisposition {
        /// The offending part.
        part: String,
        /// Its place, in characters from 1.
        position: usize,
        /// What is wrong with it.
        reason: Fault,
    },
    /// An unknown content coding of the body.
    #[error(
        "Content-Encoding {0:?} isn't supported; send the body as it is, or compressed with gzip or zstd"
    )]
    UnsupportedEncoding(String),
    /// The client accepts no content coding that the server has.
    #[error(
        "Accept-Encoding excludes every coding that the answer can be sent in; leave out identity;q=0 and *;q=0, or add zstd, br or gzip"
    )]
    NoCoding,
    /// Invalid chunks of a chunked body.
    #[error(
        "the body isn't valid chunked data: {0}; begin each chunk with its length in hexadecimal digits, and end the body with a chunk of length 0"
    )]
    BadChunks(String),
    /// The body is too long.
    #[error(
        "the body is longer than {limit} bytes, the limit set by {setting}; split it, or ask the operator to raise the limit"
    )]
    BodyTooLarge {
        /// The limit in bytes.
        limit: u64,
        /// The setting with the limit.
        setting: &'static str,
    },
    /// The body isn't valid JSON, or doesn't match the schema.
    #[error(
        "the body isn't a JSON list of CSVs: {reason}; send [{{\"name\": \"people\", \"csv\": \"id,name\\n1,Ada\\n\"}}]"
    )]
    BadJson {
        /// The parser's message, with line and column.
        reason: String,
    },
    /// The body isn't a valid multipart form, or lacks a part.
    #[error("the multipart form can't be read: {0}")]
    BadMultipart(String),
    /// The CSV is malformed.
    #[error("{}", bad_csv(name.as_ref(), source))]
    Csv {
        /// The name of the CSV, if the request has several.
        name: Option<DatasetName>,
        /// The mistake and its place.
        #[source]
        source: CsvError,
    },
    /// No dataset has that name.
    #[error("there is no dataset named {0:?}; GET /datasets lists all datasets")]
    NoSuchDataset(String),
    /// There is a dataset of that name already.
    #[error(
        "a dataset named {0} exists already; choose another name, or replace it with PUT /datasets/{0} in v2"
    )]
    NameTaken(DatasetName),
    /// The range begins after the end.
    #[error("the range begins after the end; there are {length} bytes")]
    RangeNotSatisfiable {
        /// How many bytes there are.
        length: u64,
    },
    /// The body arrives too slowly.
    #[error("{0}; send it again")]
    BodyTimedOut(BodyTimedOut),
    /// The body is incomplete.
    #[error("the body ended before it was complete; send it again")]
    BodyCut(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The content coding of the body is invalid.
    #[error("the body can't be decompressed as its Content-Encoding says: {0}")]
    BadEncoding(String),
    /// The server has no permit or memory for the request.
    #[error("the server is busy: {0}; try again in a moment")]
    Busy(&'static str),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// A worker thread panicked, or an invariant failed.
    #[error("a worker failed")]
    Worker,
}

impl Error {
    /// The error for an invalid value of a parameter. Long values are shortened.
    pub fn bad_parameter(
        name: impl Into<String>,
        value: impl Into<String>,
        expected: impl Display,
    ) -> Self {
        Self::BadParameter {
            name: name.into(),
            value: shortened(value),
            expected: expected.to_string(),
        }
    }

    /// The line and column of a mistake in a CSV.
    pub fn place(&self) -> (Option<u64>, Option<u64>) {
        if let Self::Csv { source, .. } = self {
            (source.line, source.column)
        } else {
            (None, None)
        }
    }

    /// The version, if the error is that it isn't served.
    pub fn unserved(&self) -> Option<(&Unserved, Reason)> {
        match self {
            Self::Negotiation {
                refusal: Refusal::Retired(version),
                ..
            } => Some((version, Reason::Retired)),
            Self::Negotiation {
                refusal: Refusal::Brownout { version, .. },
                ..
            } => Some((version, Reason::Brownout)),
            _ => None,
        }
    }
}
