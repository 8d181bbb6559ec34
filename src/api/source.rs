//! The source of a dataset: the bytes that were uploaded, whole or in a range.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap};
use http::{Method, StatusCode};

use super::conditional;
use super::disposition;
use super::error::Error;
use super::ranges::{self, AskedRange};
use super::reply::{Reply, StreamError};
use super::rows::metered;
use crate::services::Services;
use crate::store::{Dataset, StoreError};

/// The bytes of a part of the source, unless one record has more.
const BLOCK: usize = 128 << 10;

/// Answers with the source of `dataset`.
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
    let wanted = match AskedRange::of(method, headers, &tag) {
        Some(asked) => Some(asked.within(length)?),
        None => None,
    };
    let range = wanted.clone().unwrap_or(0..length);
    let name = dataset.name.clone();
    let content_type = dataset.content_type.clone();
    let size = range.end - range.start;
    let mut reply = Reply::stream(StatusCode::OK, stream(services, dataset, range))
        .with(CONTENT_TYPE, content_type)
        .with(CONTENT_LENGTH, size)
        .with(ACCEPT_RANGES, "bytes")
        .with(ETAG, tag);
    if let Some(range) = wanted {
        reply = ranges::partial(reply, &range, length);
    }
    Ok(disposition::of_source(reply, &name))
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
