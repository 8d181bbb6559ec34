//! The source of a dataset: the bytes that were uploaded, whole or in a range (RFC 9110 §14).
//!
//! Flash parses ranges itself. The `headers` crate rejects a suffix that is longer than the source, and doesn't distinguish a range after
//! the end (416) from an invalid one (ignored).

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, RANGE,
};
use http::{Method, StatusCode};

use super::conditional;
use super::disposition;
use super::error::Error;
use super::reply::{Reply, StreamError};
use super::rows::metered;
use crate::services::Services;
use crate::store::{Dataset, StoreError};

/// The bytes of a part of the source, unless one record has more.
const BLOCK: usize = 128 << 10;

/// Answers with the source of `dataset`. A range counts for `GET` only (RFC 9110 §14.2).
pub fn reply(
    services: &Services,
    dataset: Arc<Dataset>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Reply, Error> {
    let tag = conditional::source_tag(&dataset);
    if let Some(reply) = conditional::read(headers, &tag)? {
        return Ok(reply);
    }
    let length = dataset.bytes;
    let wanted = if *method == Method::GET {
        wanted(headers, &tag, length)?
    } else {
        None
    };
    let range = wanted.clone().unwrap_or(0..length);
    let name = dataset.name.clone();
    let content_type = dataset.content_type.clone();
    let size = range.end - range.start;
    let status = if wanted.is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let mut reply = Reply::stream(status, stream(services, dataset, range))
        .with(CONTENT_TYPE, content_type)
        .with(CONTENT_LENGTH, size)
        .with(ACCEPT_RANGES, "bytes")
        .with(ETAG, tag);
    if let Some(range) = wanted {
        reply = reply.with(
            CONTENT_RANGE,
            format!("bytes {}-{}/{length}", range.start, range.end - 1),
        );
    }
    Ok(disposition::of_source(reply, &name))
}

/// The requested range. Several ranges, other units and invalid ranges are ignored, as §14.2 allows, and so is a range of another
/// revision (§13.1.5).
fn wanted(headers: &HeaderMap, tag: &str, length: u64) -> Result<Option<Range<u64>>, Error> {
    let Some(value) = headers.get(RANGE).and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    if headers
        .get(IF_RANGE)
        .is_some_and(|condition| condition.as_bytes() != tag.as_bytes())
    {
        return Ok(None);
    }
    match one_range(value, length) {
        Some(range) if range.is_empty() => Err(Error::RangeNotSatisfiable { length }),
        range => Ok(range),
    }
}

/// The bytes of a range in a source of that length (§14.1.2): `first-last`, `first-` or `-suffix`, up to the end. Empty if the source has
/// none of them. `None`: the range is invalid.
fn one_range(value: &str, length: u64) -> Option<Range<u64>> {
    let (unit, range) = value.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    match (first, last) {
        ("", suffix) => Some(length.saturating_sub(number(suffix)?)..length),
        (first, "") => Some(number(first)?.min(length)..length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            let end = last.saturating_add(1).min(length);
            (first <= last).then_some(first.min(end)..end)
        }
    }
}

/// Digits as a number. A number that doesn't fit is after the end of any source.
fn number(digits: &str) -> Option<u64> {
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn stream(
    services: &Services,
    dataset: Arc<Dataset>,
    range: Range<u64>,
) -> impl futures_util::Stream<Item = Result<Bytes, StreamError>> + Send + 'static + use<> {
    let lease = services.store.lease(&dataset);
    let memory = Arc::clone(&services.memory);
    let state = (services.store.clone(), dataset, range, lease);
    let blocks =
        futures_util::stream::try_unfold(state, |(store, dataset, range, lease)| async move {
            if range.is_empty() {
                return Ok(None);
            }
            let segment = dataset.made_by;
            let missing = StoreError::Missing {
                dataset: segment.dataset,
                segment: segment.number,
                row: range.start,
            };
            let mut bytes = Bytes::from(
                store
                    .source_at(&dataset, range.start)
                    .await?
                    .ok_or(missing)?,
            );
            let left = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
            bytes.truncate(left);
            let taken = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            Ok(Some((
                bytes,
                (store, dataset, range.start + taken..range.end, lease),
            )))
        });
    metered(memory, BLOCK, Box::pin(blocks))
}
