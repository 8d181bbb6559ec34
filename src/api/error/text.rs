//! What the client reads of an error: its title, and what to do about it.

use http::Method;

use super::Error;
use crate::dataset::{CsvError, CsvErrorKind, DatasetName};
use crate::store::StoreError;
use crate::versioning::{Refusal, VersionNumber};

/// What the client is told of a failure of the server.
const FAILED: &str =
    "the server failed; its log has the reason, under the X-Request-Id of this response";

impl Error {
    /// A short name of the kind of error.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Negotiation { refusal, .. } => match refusal {
                Refusal::MalformedAccept { .. } => "malformed Accept",
                Refusal::MalformedContentType { .. } => "malformed Content-Type",
                Refusal::Disagreement { .. } => "contradicting versions",
                Refusal::Contradiction { .. } => "contradicting URL",
                Refusal::UnknownContentTypeVersion { .. }
                | Refusal::UnreadableContentTypeVersion { .. } => "unknown version",
                Refusal::NotAcceptable { .. } | Refusal::NoSuchFormat { .. } => "not acceptable",
                Refusal::Retired(_) => "version retired",
                Refusal::Brownout { .. } => "version brownout",
            },
            Self::NoSuchPath { .. } => "no such path",
            Self::MethodNotAllowed { .. } => "method not allowed",
            Self::KeyInUrl(_) => "key in the URL",
            Self::Unauthenticated(_) => "not authenticated",
            Self::TooManyRequests { .. } => "too many requests",
            Self::NotOwner(_) | Self::ReadersOfAnother(_) => "not the owner",
            Self::BadMove { .. } => "bad move of the pin",
            Self::BadCombination(_) => "parameters exclude each other",
            Self::NoSuchPin { .. } => "no such version to be pinned to",
            Self::RepeatedHeader(_) => "repeated header",
            Self::UnknownParameter { .. } => "unknown parameter",
            Self::RepeatedParameter(_) => "repeated parameter",
            Self::BadParameter { .. } => "bad parameter",
            Self::BadCursor => "bad cursor",
            Self::CursorOfOtherQuery => "cursor of another query",
            Self::CursorOfOtherDataset => "cursor of another dataset",
            Self::BadQuery(_) | Self::QueryNotUtf8 => "bad query",
            Self::QueryTimedOut(_) => "query timed out",
            Self::WholeRevisionsOnly(_) => "whole revisions only",
            Self::ParquetTimedOut(_) => "Parquet timed out",
            Self::ParquetTooLong(_) => "Parquet too long",
            Self::LargeResult(_) => "result too large",
            Self::ConditionFailed | Self::NoTag(_) | Self::NothingToMatch | Self::NoDate => {
                "condition failed"
            }
            Self::BadTag { .. } => "bad entity tag",
            Self::BadKey => "bad idempotency key",
            Self::KeyReused => "idempotency key reused",
            Self::KeyInFlight => "request in flight",
            Self::Replaced(_) => "dataset replaced",
            Self::SchemaChange { .. } => "schema change",
            Self::BadPatch { .. } => "bad change of a dataset",
            Self::NoSuchRevision { .. } => "no such revision",
            Self::RevisionGone { .. } | Self::ComparedGone { .. } => "revision gone",
            Self::NoSuchSchema { .. } => "no such schema",
            Self::SchemaGone { .. } => "schema gone",
            Self::KeyNotUnique { .. } => "key not unique",
            Self::BadDescription { .. } => "bad description",
            Self::UnknownColumns { .. } => "unknown columns",
            Self::BadName(_) | Self::BadNewName(_) => "bad name",
            Self::MissingName => "missing name",
            Self::BadDisposition { .. } => "malformed Content-Disposition",
            Self::RepeatedName(_) => "repeated name",
            Self::TooManyCsvs { .. } => "too many CSVs",
            Self::TooManyNames { .. } => "too many column names",
            Self::NoCsv(_) => "no CSV",
            Self::UnsupportedMediaType { .. } | Self::UnsupportedPart { .. } => {
                "unsupported media type"
            }
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
                StoreError::WritesOff => "writes off",
                StoreError::UploadLost => "upload lost",
                StoreError::KeyRevoked => "not authenticated",
                StoreError::NotOwner(_) => "not the owner",
                StoreError::ClientExists(_) => "name taken",
                StoreError::TooManyKeys(_) => "too many keys",
                StoreError::NoSuchClient { .. } => "no such client",
                StoreError::ConditionFailed(_) => "condition failed",
                StoreError::Replaced(_) => "dataset replaced",
                StoreError::SchemaChange(_) => "schema change",
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
        match self {
            Self::Worker => FAILED.to_owned(),
            Self::Store(error) => match error {
                StoreError::Corrupt { .. }
                | StoreError::Missing { .. }
                | StoreError::Unreadable { .. }
                | StoreError::Database(_)
                | StoreError::Panicked
                | StoreError::Worker => FAILED.to_owned(),
                StoreError::Full(_) => {
                    "the server's disk is full; nothing was stored, and reads still work".to_owned()
                }
                StoreError::WriterStopped(_) => {
                    "writes fail until the server is restarted; reads still work".to_owned()
                }
                StoreError::FileGone(_) => {
                    "the store's file was removed or replaced; the server must be restarted"
                        .to_owned()
                }
                StoreError::ReadOnly(_) => {
                    "the database is read-only at the moment, so writes fail; reads still work"
                        .to_owned()
                }
                StoreError::WritesOff => {
                    "the operator has turned writes off for a while, so nothing was stored; reads still work; send the request again later"
                        .to_owned()
                }
                StoreError::Busy(_)
                | StoreError::Closed
                | StoreError::Away(_)
                | StoreError::Slow
                | StoreError::Waited
                | StoreError::UploadLost
                | StoreError::Unprepared
                | StoreError::Elsewhere { .. }
                | StoreError::Again => {
                    "the database is busy or unreachable; try again in a moment".to_owned()
                }
                StoreError::KeyRevoked
                | StoreError::NotOwner(_)
                | StoreError::ConditionFailed(_)
                | StoreError::NameTaken(_)
                | StoreError::Replaced(_)
                | StoreError::SchemaChange(_)
                | StoreError::KeyLost
                | StoreError::TooManyKeys(_)
                | StoreError::ClientExists(_)
                | StoreError::NotFound(_)
                | StoreError::NoSuchClient { .. } => self.to_string(),
            },
            Self::Negotiation { .. }
            | Self::NoSuchPath { .. }
            | Self::MethodNotAllowed { .. }
            | Self::KeyInUrl(_)
            | Self::Unauthenticated(_)
            | Self::TooManyRequests { .. }
            | Self::NotOwner(_)
            | Self::ReadersOfAnother(_)
            | Self::BadMove { .. }
            | Self::BadCombination(_)
            | Self::NoSuchPin { .. }
            | Self::RepeatedHeader(_)
            | Self::ConditionFailed
            | Self::NoTag(_)
            | Self::NothingToMatch
            | Self::NoDate
            | Self::BadTag { .. }
            | Self::BadKey
            | Self::KeyReused
            | Self::KeyInFlight
            | Self::Replaced(_)
            | Self::SchemaChange { .. }
            | Self::BadPatch { .. }
            | Self::NoSuchRevision { .. }
            | Self::UnknownParameter { .. }
            | Self::RepeatedParameter(_)
            | Self::BadParameter { .. }
            | Self::BadCursor
            | Self::CursorOfOtherQuery
            | Self::CursorOfOtherDataset
            | Self::BadQuery(_)
            | Self::QueryNotUtf8
            | Self::QueryTimedOut(_)
            | Self::WholeRevisionsOnly(_)
            | Self::ParquetTimedOut(_)
            | Self::ParquetTooLong(_)
            | Self::LargeResult(_)
            | Self::RevisionGone { .. }
            | Self::NoSuchSchema { .. }
            | Self::SchemaGone { .. }
            | Self::ComparedGone { .. }
            | Self::KeyNotUnique { .. }
            | Self::BadDescription { .. }
            | Self::UnknownColumns { .. }
            | Self::BadName(_)
            | Self::BadNewName(_)
            | Self::MissingName
            | Self::RepeatedName(_)
            | Self::TooManyCsvs { .. }
            | Self::TooManyNames { .. }
            | Self::NoCsv(_)
            | Self::UnsupportedMediaType { .. }
            | Self::UnsupportedPart { .. }
            | Self::BadDisposition { .. }
            | Self::UnsupportedEncoding(_)
            | Self::NoCoding
            | Self::BadChunks(_)
            | Self::BodyTooLarge { .. }
            | Self::BadJson { .. }
            | Self::BadMultipart(_)
            | Self::Csv { .. }
            | Self::NoSuchDataset(_)
            | Self::NameTaken(_)
            | Self::RangeNotSatisfiable { .. }
            | Self::BodyTimedOut(_)
            | Self::BodyCut(_)
            | Self::BadEncoding(_)
            | Self::Busy(_) => self.to_string(),
        }
    }
}

/// What the client wrote, cut if it is long.
pub(in crate::api) fn shortened(text: impl Into<String>) -> String {
    const SHOWN: usize = 80;
    let mut text = text.into();
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}

pub(super) fn join<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn no_such_path(path: &str, version: VersionNumber, has: &[VersionNumber]) -> String {
    match has.last() {
        None => format!("there is no resource at {path}; GET / lists the resources"),
        Some(newest) => format!(
            "{version} has no resource at {path}, but {} has: add ?version={newest} to the URL, or send \
             Accept: application/vnd.flash.{newest}+json",
            join(has)
        ),
    }
}

pub(super) fn method_not_allowed(
    method: &Method,
    version: VersionNumber,
    allow: &str,
    has: &[VersionNumber],
) -> String {
    match has.last() {
        None => format!("this resource doesn't support {method}; use one of {allow}"),
        Some(newest) => format!(
            "{version} doesn't support {method} here, but {} does: add ?version={newest} to the URL, or send \
             Accept: application/vnd.flash.{newest}+json; {version} supports {allow}",
            join(has)
        ),
    }
}

pub(super) fn unsupported_media_type(found: Option<&str>, accepted: &[&str]) -> String {
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
pub(super) fn bad_csv(name: Option<&DatasetName>, error: &CsvError) -> String {
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
