//! Receives CSVs in a JSON list, which is parsed when it is complete.
//!
//! A short list reserves memory while it arrives. Lists that are longer than [`SHORT`] or compressed are parsed one at a time, with memory
//! for all of the list. A compressed list reserves it only when its last byte has arrived, so that a slow client doesn't delay others.

use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Deserialize;
use utoipa::ToSchema;

use super::options::Stated;
use super::{List, frames};
use crate::api::call::Call;
use crate::api::error::Error;
use crate::dataset::DatasetName;
use crate::services::memory::{Held, Kind};
use crate::services::{Prepared, Upload};
use crate::store::Write;

/// The most bytes of a short list.
const SHORT: usize = 1 << 20;
/// How many copies of a short list there are at a time: as it came, parsed, and being stored.
const COPIES: usize = 4;
/// How much memory is reserved at a time while a list arrives.
const STEP: usize = 64 << 10;
/// How many bytes of a CSV are passed on at once.
const SLICE: usize = 64 << 10;
/// The memory of uploads, besides the list.
const PIPELINE: usize = 4 << 20;

/// A CSV in a JSON list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CsvUpload)]
pub(in crate::api) struct Item {
    /// The dataset's name.
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$", example = "people")]
    name: String,
    /// The CSV.
    #[schema(example = "id,name\n1,Ada\n")]
    csv: String,
}

/// Receives the CSVs of a JSON list, or the one of an object.
pub(super) async fn receive(call: &mut Call, stated: Stated) -> Result<Vec<Prepared>, Error> {
    let (body, held) = collect(call).await?;
    let items = tokio::task::spawn_blocking(move || parse(&body));
    let items = items
        .await
        .map_err(|_| Error::Worker)?
        .map_err(|error| Error::BadJson {
            reason: error.to_string(),
        })?;
    let mut list = List::default();
    for item in items {
        let name = DatasetName::new(&item.name)?;
        list.admit(&name)?;
        let form = stated.form(name.clone(), Write::Create, None)?;
        let failed = |error| Error::from_upload(error, Some(&name));
        let mut upload = Upload::begin(&call.services, form, call.client.clone(), call.from)
            .await
            .map_err(failed)?
            .covered_by(&held);
        let csv = Bytes::from(item.csv);
        for start in (0..csv.len()).step_by(SLICE) {
            let slice = csv.slice(start..csv.len().min(start + SLICE));
            upload.write(slice).await.map_err(failed)?;
        }
        list.add(upload.finish().await.map_err(failed)?).await?;
    }
    list.finish("put at least one item into the list")
}

/// The items of a list. One item may stand alone.
fn parse(body: &[u8]) -> serde_json::Result<Vec<Item>> {
    match body.trim_ascii_start().first() {
        Some(b'{') => Ok(vec![serde_json::from_slice(body)?]),
        _ => serde_json::from_slice(body),
    }
}

/// The whole decoded list, with the memory for parsing it.
async fn collect(call: &mut Call) -> Result<(Vec<u8>, Held), Error> {
    let memory = std::sync::Arc::clone(&call.services.memory);
    let limit = frames::Limit {
        bytes: call.services.settings.limits.max_json_body,
        setting: "--max-json-body",
    };
    let longest = usize::try_from(limit.bytes).unwrap_or(usize::MAX);
    let all = longest.saturating_mul(2).saturating_add(PIPELINE);
    let patience = call.services.settings.timeouts.queue_timeout;
    let packing = frames::packing(&call.headers)?;
    let mut wire = frames::counted(frames::wire(call, packing, limit)?, limit);
    let mut held = memory.take(Kind::Uploads, STEP).await?;
    let mut body = Vec::new();
    let mut alone = None;
    while let Some(frame) = wire.next().await {
        let frame = frame?;
        let bytes = body.len() + frame.len();
        if alone.is_none() && bytes > SHORT {
            alone = Some(memory.take_within(Kind::Large, all, patience).await?);
        } else if alone.is_none() && bytes * COPIES > held.bytes() {
            held.add(
                memory
                    .take(Kind::Uploads, (STEP + frame.len()) * COPIES)
                    .await?,
            );
        }
        body.extend_from_slice(&frame);
    }
    if packing == frames::Packing::None {
        return Ok((body, alone.unwrap_or(held)));
    }
    let alone = match alone {
        Some(alone) => alone,
        None => memory.take_within(Kind::Large, all, patience).await?,
    };
    let packed = futures_util::stream::once(std::future::ready(Ok(Bytes::from(body))));
    let mut unpacked = frames::unpacked(&memory, packing, Box::pin(packed), limit).await?;
    let mut body = Vec::new();
    while let Some(frame) = unpacked.next().await {
        body.extend_from_slice(&frame?);
        // The list is complete, so no other await lets other tasks run.
        tokio::task::yield_now().await;
    }
    Ok((body, alone))
}
