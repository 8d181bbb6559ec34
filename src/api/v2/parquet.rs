//! The rows of a whole revision as Parquet, or a range of its bytes.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, ETAG};

use crate::api::as_of;
use crate::api::call::Call;
use crate::api::error::Error;
use crate::api::query::Query;
use crate::api::ranges::{self, AskedRange};
use crate::api::reply::{Reply, StreamError};
use crate::api::rows::{metered, places};
use crate::api::{conditional, disposition};
use crate::dataset::{self, RawQuery};
use crate::services::{Services, parquet, readers};
use crate::store::DerivedFile;

/// The path behind that of the dataset.
const RESOURCE: &str = "/rows";
/// The bytes of a part of the answer.
const PART: usize = 256 << 10;

/// `GET /datasets/{name}/rows` as Parquet.
pub(super) async fn rows(call: &Call, mut query: Query) -> Result<Reply, Error> {
    let wanted = as_of::Wanted::take(&mut query)?;
    let select = query.take_filled("select")?;
    if let Some((name, _)) = query.take_rest().into_iter().next() {
        return Err(Error::WholeRevisionsOnly(name));
    }
    let as_of = call.dataset_as_of(wanted).await?;
    let dataset = Arc::clone(&as_of.dataset);
    let asked = RawQuery {
        select,
        ..RawQuery::default()
    };
    let query = dataset::Query::resolve(&asked, &dataset.columns, &dataset.layout.formats)?;
    if query.grouped.is_some() {
        return Err(Error::WholeRevisionsOnly(
            "select with functions".to_owned(),
        ));
    }
    let named = readers::named(&dataset, query.named());
    let tag = call.tag(&dataset);
    let reply = match conditional::read(&call.headers, &tag)? {
        Some(reply) => reply,
        None => {
            let places = places(&dataset, query.select.as_deref());
            let file = Box::pin(parquet::file(&call.services, &dataset, places)).await?;
            let reply = send(call, file, &tag)?.with(ETAG, tag);
            disposition::of_rows(reply, &dataset.name, call.choice.format)
        }
    };
    Ok(Reply {
        named,
        ..as_of.tell(call, reply, RESOURCE)
    })
}

/// The answer with the file, or with the range of it that is asked for.
fn send(call: &Call, file: DerivedFile, tag: &str) -> Result<Reply, Error> {
    let length = file.bytes;
    let wanted = match AskedRange::of(&call.method, &call.headers, tag) {
        Some(asked) => Some(asked.within(length)?),
        None => None,
    };
    let range = wanted.clone().unwrap_or(0..length);
    let size = range.end - range.start;
    let reply = Reply::stream(StatusCode::OK, stream(&call.services, file, range))
        .with(CONTENT_LENGTH, size)
        .with(ACCEPT_RANGES, "bytes");
    Ok(match wanted {
        Some(range) => ranges::partial(reply, &range, length),
        None => reply,
    })
}

fn stream(
    services: &Services,
    file: DerivedFile,
    range: Range<u64>,
) -> impl futures_util::Stream<Item = Result<Bytes, StreamError>> + Send + 'static + use<> {
    let memory = Arc::clone(&services.memory);
    let state = (services.store.clone(), file, range);
    let parts = futures_util::stream::try_unfold(state, |(store, file, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let mut bytes = Bytes::from(store.derived_bytes_at(&file, range.start).await?);
        let left = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        bytes.truncate(left);
        let taken = bytes.len() as u64;
        Ok(Some((bytes, (store, file, range.start + taken..range.end))))
    });
    metered(memory, PART, Box::pin(parts))
}
