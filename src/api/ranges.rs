//! Ranges of bytes (RFC 9110 §14).
//!
//! Flash parses ranges itself. The `headers` crate rejects a suffix that is longer than the whole, and doesn't distinguish a range after
//! the end (416) from an invalid one (ignored).

use std::ops::Range;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use http::header::{CONTENT_RANGE, HeaderMap, IF_RANGE, RANGE};
use http::{Method, StatusCode};

use super::error::Error;
use super::reply::{Body, ByteStream, Reply, StreamError};
use crate::services::memory::Exhausted;
use crate::services::search::SearchError;

/// The range that a request asks for (RFC 9110 §14.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedRange {
    /// `first-last` or `first-`: from a byte to another one, which is part of it, or to the end.
    From(u64, Option<u64>),
    /// `-length`: that many bytes at the end.
    Last(u64),
}

impl AskedRange {
    /// The range that the headers ask for, if the representation has that tag. A range counts for `GET` (§14.2) and
    /// `QUERY` (RFC 10008) only. Several ranges, other
    /// units and invalid ranges are ignored, as §14.2 allows, and so is a range of another state (§13.1.5).
    pub(super) fn of(method: &Method, headers: &HeaderMap, tag: &str) -> Option<Self> {
        let value = headers.get(RANGE)?.to_str().ok()?;
        let counts = [Method::GET, Method::QUERY].contains(method)
            && headers
                .get(IF_RANGE)
                .is_none_or(|condition| condition.as_bytes() == tag.as_bytes());
        if counts { Self::parse(value) } else { None }
    }

    fn parse(value: &str) -> Option<Self> {
        let (unit, range) = value.split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        match (first, last) {
            ("", suffix) => Some(Self::Last(number(suffix)?)),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// Its bytes of so many.
    ///
    /// # Errors
    /// [`Error::RangeNotSatisfiable`] if there are none.
    pub(super) fn within(self, length: u64) -> Result<Range<u64>, Error> {
        let range = match self {
            Self::Last(suffix) => length.saturating_sub(suffix)..length,
            Self::From(first, last) => {
                let end = last.map_or(length, |last| last.saturating_add(1).min(length));
                first.min(end)..end
            }
        };
        match range.is_empty() {
            true => Err(Error::RangeNotSatisfiable { length }),
            false => Ok(range),
        }
    }
}

/// Digits as a number. A number that doesn't fit is after the end of any body.
fn number(digits: &str) -> Option<u64> {
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// The answer with a range of a body that has so many bytes.
pub(super) fn partial(mut reply: Reply, range: &Range<u64>, length: u64) -> Reply {
    reply.status = StatusCode::PARTIAL_CONTENT;
    let range = format!("bytes {}-{}/{length}", range.start, range.end - 1);
    reply.with(CONTENT_RANGE, range)
}

/// The bytes of a body, which is read to its end if it is made while it is sent.
///
/// # Errors
/// Why it can't be made.
pub(super) async fn length(body: Body) -> Result<u64, Error> {
    match body {
        Body::Empty => Ok(0),
        Body::Full(bytes, _) => Ok(bytes.len() as u64),
        Body::Stream(mut stream) => {
            let mut length = 0;
            while let Some(bytes) = stream.try_next().await.map_err(cause)? {
                length += bytes.len() as u64;
            }
            Ok(length)
        }
    }
}

/// The error of a body that can't be made, for an answer that has not begun.
fn cause(error: StreamError) -> Error {
    error
        .downcast::<SearchError>()
        .map(|search| Error::from(*search))
        .or_else(|other| {
            other
                .downcast()
                .map(|exhausted: Box<Exhausted>| Error::from(*exhausted))
        })
        .unwrap_or(Error::Worker)
}

/// The bytes of `range` of a body.
pub(super) fn part(body: Body, range: Range<u64>) -> Body {
    match body {
        Body::Empty => Body::Empty,
        Body::Full(bytes, held) => Body::Full(bytes.slice(within(&range, bytes.len())), held),
        Body::Stream(stream) => Body::Stream(Box::pin(part_of_stream(stream, range))),
    }
}

fn part_of_stream(
    stream: ByteStream,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes, StreamError>> + Send {
    // What is left of the range, counted from the next byte of the stream.
    futures_util::stream::try_unfold((stream, range), |(mut stream, range)| async move {
        let mut range = range;
        while !range.is_empty() {
            let Some(bytes) = stream.try_next().await? else {
                break;
            };
            let inside = within(&range, bytes.len());
            let passed = bytes.len() as u64;
            range = range.start.saturating_sub(passed)..range.end.saturating_sub(passed);
            if !inside.is_empty() {
                return Ok(Some((bytes.slice(inside), (stream, range))));
            }
        }
        Ok(None)
    })
}

/// The part of a range that is in the next so many bytes.
fn within(range: &Range<u64>, bytes: usize) -> Range<usize> {
    let place = |at: u64| usize::try_from(at).map_or(bytes, |at| at.min(bytes));
    place(range.start)..place(range.end)
}
