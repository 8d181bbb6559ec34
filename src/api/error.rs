//! The errors of requests. Each version renders them in its own form.
//!
//! [`Error::status`] and [`Error::title`] decide what the client sees. They match without a catch-all, so a new variant doesn't compile
//! until it has a status and a title.

use std::fmt::Display;

use http::{Method, StatusCode};

use super::body::{BodyTimedOut, cause};
use crate::dataset::{BadCombination, CsvError, CsvErrorKind, DatasetName, NameError, QueryError};
use crate::services::UploadError;
use crate::services::memory::Exhausted;
use crate::services::search::SearchError;
use crate::store::StoreError;
use crate::versioning::{Available, Refusal, Unserved, VersionNumber};

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
    Unauthenticated(&'static str),
    /// The caller may not do this.
    #[error("{0} belongs to another client, and only that client may change it")]
    NotOwner(DatasetName),
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
    /// An invalid cursor, or one of another list.
    #[error("this cursor is not from this list; start again without it")]
    BadCursor,
    /// The cursor belongs to another query.
    #[error(
        "this cursor belongs to another query; send it with the same select, order and filters as the page that it came from, or start again without it"
    )]
    CursorOfOtherQuery,
    /// An invalid query for rows.
    #[error("{0}")]
    BadQuery(#[from] QueryError),
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
        "{0:?} isn't a valid name for a dataset: use up to 63 characters from a to z, 0 to 9, - and _, and begin with a letter or digit"
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
    #[error("the range begins after the end of the source, which has {length} bytes")]
    RangeNotSatisfiable {
        /// Length of the source in bytes.
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
        const SHOWN: usize = 80;
        let mut value: String = value.into();
        if let Some((end, _)) = value.char_indices().nth(SHOWN) {
            value.truncate(end);
            value.push('…');
        }
        Self::BadParameter {
            name: name.into(),
            value,
            expected: expected.to_string(),
        }
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Negotiation { refusal, .. } => match refusal {
                Refusal::MalformedAccept { .. }
                | Refusal::MalformedContentType { .. }
                | Refusal::Disagreement { .. } => StatusCode::BAD_REQUEST,
                Refusal::UnknownContentTypeVersion { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Refusal::NotAcceptable { .. } => StatusCode::NOT_ACCEPTABLE,
                Refusal::Retired(_) => StatusCode::GONE,
                Refusal::Brownout { .. } => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::NoSuchPath { .. } | Self::NoSuchDataset(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::NotOwner(_) => StatusCode::FORBIDDEN,
            Self::BadMove { .. } | Self::BadCombination(_) => StatusCode::BAD_REQUEST,
            Self::NoSuchPin { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnknownParameter { .. }
            | Self::RepeatedHeader(_)
            | Self::RepeatedParameter(_)
            | Self::BadParameter { .. }
            | Self::BadCursor
            | Self::CursorOfOtherQuery
            | Self::BadQuery(_)
            | Self::BadTag { .. }
            | Self::BadKey
            | Self::BadName(_)
            | Self::BadNewName(_)
            | Self::MissingName
            | Self::RepeatedName(_)
            | Self::NoCsv(_)
            | Self::BadJson { .. }
            | Self::BadMultipart(_)
            | Self::BodyCut(_)
            | Self::BadChunks(_)
            | Self::BadEncoding(_) => StatusCode::BAD_REQUEST,
            Self::RevisionGone { .. } => StatusCode::GONE,
            Self::ConditionFailed | Self::NoTag(_) | Self::NothingToMatch | Self::NoDate => {
                StatusCode::PRECONDITION_FAILED
            }
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::KeyInFlight | Self::Replaced(_) => StatusCode::CONFLICT,
            Self::NoSuchRevision { .. } => StatusCode::NOT_FOUND,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedEncoding(_) => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::NoCoding => StatusCode::NOT_ACCEPTABLE,
            Self::BodyTooLarge { .. } | Self::TooManyCsvs { .. } | Self::TooManyNames { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Csv { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NameTaken(_) => StatusCode::CONFLICT,
            Self::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::BodyTimedOut(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Busy(_) | Self::QueryTimedOut(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(error) => match error {
                StoreError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
                StoreError::Busy(_)
                | StoreError::Closed
                | StoreError::WriterStopped(_)
                | StoreError::FileGone(_)
                | StoreError::Away(_)
                | StoreError::ReadOnly(_)
                | StoreError::Slow
                | StoreError::Waited
                | StoreError::UploadLost
                | StoreError::Unprepared
                | StoreError::Elsewhere { .. }
                | StoreError::Again => StatusCode::SERVICE_UNAVAILABLE,
                StoreError::KeyRevoked => StatusCode::UNAUTHORIZED,
                StoreError::NotOwner(_) => StatusCode::FORBIDDEN,
                StoreError::ConditionFailed(_) => StatusCode::PRECONDITION_FAILED,
                StoreError::NameTaken(_)
                | StoreError::Replaced(_)
                | StoreError::KeyLost
                | StoreError::TooManyKeys(_)
                | StoreError::ClientExists(_) => StatusCode::CONFLICT,
                StoreError::NotFound(_) | StoreError::NoSuchClient(_) => StatusCode::NOT_FOUND,
                StoreError::Corrupt { .. }
                | StoreError::Missing { .. }
                | StoreError::Unreadable { .. }
                | StoreError::Database(_)
                | StoreError::Panicked
                | StoreError::Worker => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Worker => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A short name of the kind of error.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Negotiation { refusal, .. } => match refusal {
                Refusal::MalformedAccept { .. } => "malformed Accept",
                Refusal::MalformedContentType { .. } => "malformed Content-Type",
                Refusal::Disagreement { .. } => "contradicting versions",
                Refusal::UnknownContentTypeVersion { .. } => "unknown version",
                Refusal::NotAcceptable { .. } => "not acceptable",
                Refusal::Retired(_) => "version retired",
                Refusal::Brownout { .. } => "version brownout",
            },
            Self::NoSuchPath { .. } => "no such path",
            Self::MethodNotAllowed { .. } => "method not allowed",
            Self::Unauthenticated(_) => "not authenticated",
            Self::NotOwner(_) => "not the owner",
            Self::BadMove { .. } => "bad move of the pin",
            Self::BadCombination(_) => "parameters exclude each other",
            Self::NoSuchPin { .. } => "no such version to be pinned to",
            Self::RepeatedHeader(_) => "repeated header",
            Self::UnknownParameter { .. } => "unknown parameter",
            Self::RepeatedParameter(_) => "repeated parameter",
            Self::BadParameter { .. } => "bad parameter",
            Self::BadCursor => "bad cursor",
            Self::CursorOfOtherQuery => "cursor of another query",
            Self::BadQuery(_) => "bad query",
            Self::QueryTimedOut(_) => "query timed out",
            Self::ConditionFailed | Self::NoTag(_) | Self::NothingToMatch | Self::NoDate => {
                "condition failed"
            }
            Self::BadTag { .. } => "bad entity tag",
            Self::BadKey => "bad idempotency key",
            Self::KeyReused => "idempotency key reused",
            Self::KeyInFlight => "request in flight",
            Self::Replaced(_) => "dataset replaced",
            Self::NoSuchRevision { .. } => "no such revision",
            Self::RevisionGone { .. } => "revision gone",
            Self::BadName(_) | Self::BadNewName(_) => "bad name",
            Self::MissingName => "missing name",
            Self::RepeatedName(_) => "repeated name",
            Self::TooManyCsvs { .. } => "too many CSVs",
            Self::TooManyNames { .. } => "too many column names",
            Self::NoCsv(_) => "no CSV",
            Self::UnsupportedMediaType { .. } => "unsupported media type",
            Self::UnsupportedEncoding(_) => "unsupported content encoding",
            Self::NoCoding => "no acceptable content coding",
            Self::BadChunks(_) => "bad chunks",
            Self::BodyTooLarge { .. } => "body too large",
            Self::BadJson { .. } => "bad JSON",
            Self::BadMultipart(_) => "bad multipart form",
            Self::Csv { .. } => "bad CSV",
            Self::NoSuchDataset(_) => "no such dataset",
            Self::NameTaken(_) => "name taken",
            Self::RangeNotSatisfiable { .. } => "range not satisfiable",
            Self::BodyTimedOut(_) => "body timed out",
            Self::BodyCut(_) => "body cut",
            Self::BadEncoding(_) => "bad content encoding",
            Self::Busy(_) => "busy",
            Self::Store(error) => match error {
                StoreError::Full(_) => "disk full",
                StoreError::Busy(_)
                | StoreError::Waited
                | StoreError::Unprepared
                | StoreError::Elsewhere { .. }
                | StoreError::Again => "busy",
                StoreError::Away(_)
                | StoreError::Slow
                | StoreError::WriterStopped(_)
                | StoreError::FileGone(_) => "store away",
                StoreError::ReadOnly(_) => "store read-only",
                StoreError::UploadLost => "upload lost",
                StoreError::KeyRevoked => "not authenticated",
                StoreError::NotOwner(_) => "not the owner",
                StoreError::ClientExists(_) => "name taken",
                StoreError::TooManyKeys(_) => "too many keys",
                StoreError::NoSuchClient(_) => "no such client",
                StoreError::ConditionFailed(_) => "condition failed",
                StoreError::Replaced(_) => "dataset replaced",
                StoreError::KeyLost => "request in flight",
                StoreError::Closed => "stopping",
                StoreError::NameTaken(_) => "name taken",
                StoreError::NotFound(_) => "no such dataset",
                StoreError::Corrupt { .. }
                | StoreError::Missing { .. }
                | StoreError::Unreadable { .. }
                | StoreError::Database(_)
                | StoreError::Panicked
                | StoreError::Worker => "internal error",
            },
            Self::Worker => "internal error",
        }
    }

    /// The message for the client. Errors of the server only say what the client can do.
    pub fn detail(&self) -> String {
        match self.status() {
            StatusCode::INTERNAL_SERVER_ERROR => {
                "the server failed; its log has the reason, under the X-Request-Id of this response"
                    .to_owned()
            }
            StatusCode::INSUFFICIENT_STORAGE => {
                "the server's disk is full; nothing was stored, and reads still work".to_owned()
            }
            StatusCode::SERVICE_UNAVAILABLE
                if matches!(self, Self::Store(StoreError::WriterStopped(_))) =>
            {
                "writes fail until the server is restarted; reads still work".to_owned()
            }
            StatusCode::SERVICE_UNAVAILABLE
                if matches!(self, Self::Store(StoreError::FileGone(_))) =>
            {
                "the store's file was removed or replaced; the server must be restarted".to_owned()
            }
            StatusCode::SERVICE_UNAVAILABLE
                if matches!(self, Self::Store(StoreError::ReadOnly(_))) =>
            {
                "the database is read-only at the moment, so writes fail; reads still work"
                    .to_owned()
            }
            StatusCode::SERVICE_UNAVAILABLE if matches!(self, Self::Store(_)) => {
                "the database is busy or unreachable; try again in a moment".to_owned()
            }
            _ => self.to_string(),
        }
    }

    /// The line and column of a mistake in a CSV.
    pub fn place(&self) -> (Option<u64>, Option<u64>) {
        match self {
            Self::Csv { source, .. } => (source.line, source.column),
            _ => (None, None),
        }
    }

    /// The seconds after which a retry makes sense.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Negotiation {
                refusal: Refusal::Brownout { seconds, .. },
                ..
            } => Some(*seconds),
            _ => (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1),
        }
    }

    /// The version, if the error is that it isn't served.
    pub fn unserved(&self) -> Option<&Unserved> {
        match self {
            Self::Negotiation {
                refusal: Refusal::Retired(version) | Refusal::Brownout { version, .. },
                ..
            } => Some(version),
            _ => None,
        }
    }

    /// The error of a body that can't be read: it is too slow, incomplete or invalid.
    pub fn from_body(error: warp::Error) -> Self {
        use std::io::ErrorKind::{InvalidData, InvalidInput};

        if let Some(timed_out) = BodyTimedOut::find(&error) {
            return Self::BodyTimedOut(*timed_out);
        }
        match cause::<std::io::Error>(&error) {
            Some(broken) if [InvalidData, InvalidInput].contains(&broken.kind()) => {
                Self::BadChunks(broken.to_string())
            }
            _ => Self::BodyCut(Box::new(error)),
        }
    }

    /// The error of an upload. `name` is its dataset, if the request has several.
    pub fn from_upload(error: UploadError, name: Option<&DatasetName>) -> Self {
        match error {
            UploadError::Csv(source) => Self::Csv {
                name: name.cloned(),
                source,
            },
            UploadError::Store(error) => error.into(),
            UploadError::Busy => Self::Busy(
                "it is receiving as many uploads as --max-uploads allows, and none ended within --queue-timeout",
            ),
            UploadError::Exhausted(exhausted) => exhausted.into(),
            UploadError::Worker => Self::Worker,
            UploadError::Combination(combination) => Self::BadCombination(combination),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NameTaken(name) => Self::NameTaken(name),
            StoreError::NotFound(name) => Self::NoSuchDataset(name.to_string()),
            StoreError::NotOwner(name) => Self::NotOwner(name),
            StoreError::ConditionFailed(_) => Self::ConditionFailed,
            StoreError::Replaced(name) => Self::Replaced(name),
            StoreError::KeyLost => Self::KeyInFlight,
            StoreError::KeyRevoked => Self::Unauthenticated(
                "the key was revoked while the request was being received; nothing was changed",
            ),
            other => Self::Store(other),
        }
    }
}

impl From<SearchError> for Error {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Store(error) => error.into(),
            SearchError::TimedOut(_) => Self::QueryTimedOut(error),
            SearchError::Exhausted(exhausted) => exhausted.into(),
            SearchError::Stopped | SearchError::Worker => Self::Worker,
        }
    }
}

impl From<Exhausted> for Error {
    fn from(_: Exhausted) -> Self {
        Self::Busy("the memory for requests of this kind is in use")
    }
}

fn join<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn no_such_path(path: &str, version: VersionNumber, has: &[VersionNumber]) -> String {
    match has.last() {
        None => format!("there is no resource at {path}; GET / lists the resources"),
        Some(newest) => format!(
            "{version} has no resource at {path}, but {} has: send Accept: application/vnd.flash.{newest}+json",
            join(has)
        ),
    }
}

fn method_not_allowed(
    method: &Method,
    version: VersionNumber,
    allow: &str,
    has: &[VersionNumber],
) -> String {
    match has.last() {
        None => format!("this resource doesn't support {method}; use one of {allow}"),
        Some(newest) => format!(
            "{version} doesn't support {method} here, but {} does: send Accept: application/vnd.flash.{newest}+json; \
             {version} supports {allow}",
            join(has)
        ),
    }
}

fn unsupported_media_type(found: Option<&str>, accepted: &[&str]) -> String {
    let accepted = join(accepted);
    match found {
        Some("application/x-www-form-urlencoded") => format!(
            "the body is labelled application/x-www-form-urlencoded, which is the default of curl: to send a CSV, \
             add -H 'Content-Type: text/csv'; this resource accepts {accepted}"
        ),
        Some(found) => {
            format!("this resource doesn't accept a body of type {found}; send one of {accepted}")
        }
        None => format!("the body has no Content-Type; send one of {accepted}"),
    }
}

/// The mistake, with the name of the CSV if there are several, and the setting to raise if it is a limit.
fn bad_csv(name: Option<&DatasetName>, error: &CsvError) -> String {
    let setting = match error.kind {
        CsvErrorKind::TooManyColumns { .. } => "; --max-columns sets the limit",
        CsvErrorKind::RecordTooLong { .. } => "; --max-record sets the limit",
        _ => "",
    };
    match name {
        Some(name) => format!("{name}: {error}{setting}"),
        None => format!("{error}{setting}"),
    }
}
