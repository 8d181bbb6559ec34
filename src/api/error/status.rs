//! The status of each error, and when to try again.

use http::StatusCode;

use super::Error;
use crate::store::StoreError;
use crate::versioning::Refusal;

/// Seconds after which a write is worth another try while writes are off.
const WRITES_OFF: u32 = 5;

impl Error {
    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Negotiation { refusal, .. } => match refusal {
                Refusal::MalformedAccept { .. }
                | Refusal::MalformedContentType { .. }
                | Refusal::Disagreement { .. }
                | Refusal::Contradiction { .. } => StatusCode::BAD_REQUEST,
                Refusal::UnknownContentTypeVersion { .. }
                | Refusal::UnreadableContentTypeVersion { .. } => {
                    StatusCode::UNSUPPORTED_MEDIA_TYPE
                }
                Refusal::NotAcceptable { .. } | Refusal::NoSuchFormat { .. } => {
                    StatusCode::NOT_ACCEPTABLE
                }
                Refusal::Retired(_) => StatusCode::GONE,
                Refusal::Brownout { .. } => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::NoSuchPath { .. } | Self::NoSuchDataset(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::KeyInUrl(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotOwner(_) | Self::ReadersOfAnother(_) => StatusCode::FORBIDDEN,
            Self::BadMove { .. } | Self::BadCombination(_) => StatusCode::BAD_REQUEST,
            Self::NoSuchPin { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnknownParameter { .. }
            | Self::RepeatedHeader(_)
            | Self::RepeatedParameter(_)
            | Self::BadParameter { .. }
            | Self::BadCursor
            | Self::CursorOfOtherQuery
            | Self::CursorOfOtherDataset
            | Self::BadQuery(_)
            | Self::QueryNotUtf8
            | Self::WholeRevisionsOnly(_)
            | Self::BadTag { .. }
            | Self::BadKey
            | Self::BadName(_)
            | Self::BadNewName(_)
            | Self::MissingName
            | Self::BadDisposition { .. }
            | Self::RepeatedName(_)
            | Self::NoCsv(_)
            | Self::BadJson { .. }
            | Self::BadDescription { .. }
            | Self::BadMultipart(_)
            | Self::BodyCut(_)
            | Self::BadChunks(_)
            | Self::BadEncoding(_) => StatusCode::BAD_REQUEST,
            Self::RevisionGone { .. } | Self::ComparedGone { .. } | Self::SchemaGone { .. } => {
                StatusCode::GONE
            }
            Self::ConditionFailed | Self::NoTag(_) | Self::NothingToMatch | Self::NoDate => {
                StatusCode::PRECONDITION_FAILED
            }
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::KeyInFlight
            | Self::Replaced(_)
            | Self::SchemaChange { .. }
            | Self::KeyNotUnique { .. } => StatusCode::CONFLICT,
            Self::BadPatch { .. } => StatusCode::BAD_REQUEST,
            Self::NoSuchRevision { .. } | Self::NoSuchSchema { .. } => StatusCode::NOT_FOUND,
            Self::UnsupportedMediaType { .. }
            | Self::UnsupportedPart { .. }
            | Self::UnsupportedEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoCoding => StatusCode::NOT_ACCEPTABLE,
            Self::BodyTooLarge { .. } | Self::TooManyCsvs { .. } | Self::TooManyNames { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Csv { .. } | Self::UnknownColumns { .. } | Self::LargeResult(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::NameTaken(_) => StatusCode::CONFLICT,
            Self::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::BodyTimedOut(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Busy(_) | Self::QueryTimedOut(_) | Self::ParquetTimedOut(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::ParquetTooLong(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(error) => match error {
                StoreError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
                StoreError::Busy(_)
                | StoreError::Closed
                | StoreError::WriterStopped(_)
                | StoreError::FileGone(_)
                | StoreError::Away(_)
                | StoreError::ReadOnly(_)
                | StoreError::WritesOff
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
                | StoreError::SchemaChange(_)
                | StoreError::KeyLost
                | StoreError::TooManyKeys(_)
                | StoreError::ClientExists(_) => StatusCode::CONFLICT,
                StoreError::NotFound(_) | StoreError::NoSuchClient { .. } => StatusCode::NOT_FOUND,
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

    /// The seconds after which a retry makes sense.
    pub fn retry_after(&self) -> Option<u32> {
        if let Self::Negotiation {
            refusal: Refusal::Brownout { seconds, .. },
            ..
        } = self
        {
            return Some(*seconds);
        }
        match self {
            Self::Store(StoreError::WritesOff) => return Some(WRITES_OFF),
            Self::TooManyRequests { seconds, .. } => return Some(*seconds),
            _ => {}
        }
        (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1)
    }
}
