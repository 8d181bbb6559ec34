//! The source of a dataset: the bytes that were uploaded, whole or in a range (RFC 9110 §14).

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderMap, IF_RANGE, RANGE,
};
use http::{Method, StatusCode};

use super::conditional;
use super::error::Error;
use super::reply::Reply;
use crate::services::Services;
use crate::store::{Dataset, StoreError};

/// Answers with the source of `dataset`. A range counts for `GET` only (RFC 9110 §14.2).
pub fn reply(
    services: &Services,
    dataset: Arc<Dataset>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Reply, Error> {
    let tag = conditional::source_tag(&dataset);
    if let Some(reply) = conditional::not_modified(headers, &tag) {
        return Ok(reply);
    }
    let length = dataset.bytes;
    let wanted = if *method == Method::GET {
        wanted(headers, &tag, length)?
    } else {
        None
    };
    let range = wanted.clone().unwrap_or(0..length);
    let disposition = format!("attachment; filename=\"{}.csv\"", dataset.name);
    let content_type = dataset.content_type.clone();
    let size = range.end - range.start;
    let status = if wanted.is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let mut reply = Reply::stream(status, stream(services, dataset, range))
        .with(CONTENT_TYPE, content_type)
        .with(CONTENT_DISPOSITION, disposition)
        .with(CONTENT_LENGTH, size)
        .with(ACCEPT_RANGES, "bytes")
        .with(ETAG, tag);
    if let Some(range) = wanted {
        reply = reply.with(
            CONTENT_RANGE,
            format!("bytes {}-{}/{length}", range.start, range.end - 1),
        );
    }
    Ok(reply)
}

/// The one range that is asked for. Several ranges, other units and what can't be read are ignored, as §14.2 allows;
/// so is a range of another revision (§13.1.5).
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
    let Ok(parsed) = http_range_header::parse_range_header(value) else {
        return Ok(None);
    };
    if parsed.ranges.len() != 1 {
        return Ok(None);
    }
    match parsed.validate(length) {
        Ok(ranges) => Ok(ranges.first().map(|range| *range.start()..range.end() + 1)),
        Err(_) => Err(Error::RangeNotSatisfiable { length }),
    }
}

fn stream(
    services: &Services,
    dataset: Arc<Dataset>,
    range: Range<u64>,
) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> + Send + 'static + use<> {
    let lease = services.store.lease(dataset.run);
    let state = (services.store.clone(), dataset, range, lease);
    futures_util::stream::try_unfold(state, |(store, dataset, range, lease)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let run = dataset.run;
        let missing = StoreError::Missing {
            dataset: run.dataset,
            run: run.number,
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
    })
}
