//! Summaries of a revision's columns: the summaries of its upload segments, merged.
//!
//! A segment's summary is made during the upload and stored with it. Small segments have none, nor have those that an earlier
//! release wrote; theirs are made from their texts when they are asked for, and cached.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit as ScanPermit;

use super::Services;
use super::cache::{CacheKey, CachedValue};
use super::search::{SearchError, in_time};
use crate::dataset::summary::ColumnSummary;
use crate::dataset::{Layout, RawBlock, Summary};
use crate::store::{Dataset, SegmentId, StoreError, UnpackedBlock, unreadable};

/// The summaries of a revision's columns.
///
/// # Errors
/// When the store fails, or when it takes longer than a query may.
pub async fn summarise(
    services: &Services,
    dataset: &Arc<Dataset>,
) -> Result<Arc<[ColumnSummary]>, SearchError> {
    let make = async {
        let _lease = services.store.lease(dataset);
        let columns = whole(services, dataset).await?;
        Ok::<_, SearchError>(CachedValue::Summary(columns.into()))
    };
    let key = CacheKey::Summary(dataset.made_by);
    // Waiting for another request's summary counts as time of the query.
    let limit = services.settings.timeouts.query_timeout;
    match in_time(limit, services.cache.get_or(key, make)).await? {
        CachedValue::Summary(columns) => Ok(columns),
        _ => Err(SearchError::Worker),
    }
}

async fn whole(
    services: &Services,
    dataset: &Arc<Dataset>,
) -> Result<Vec<ColumnSummary>, SearchError> {
    let permit = Arc::clone(&services.scans).acquire_owned().await;
    let permit = Arc::new(permit.map_err(|_| SearchError::Worker)?);
    let mut whole = Summary::new(dataset.columns.len(), &dataset.layout.formats);
    for segment in dataset.segments.iter() {
        whole = match services.store.summary(segment.id).await? {
            Some(stored) => merged(&permit, whole, stored, &dataset.layout).await?,
            None => made(services, &permit, segment.id, whole, &dataset.layout).await?,
        };
    }
    let dataset = Arc::clone(dataset);
    blocking(&permit, move || Ok(whole.report(&dataset.columns))).await
}

/// `whole`, with the stored summary of a segment merged in.
async fn merged(
    permit: &Arc<ScanPermit>,
    mut whole: Summary,
    stored: Vec<u8>,
    layout: &Arc<Layout>,
) -> Result<Summary, SearchError> {
    let layout = Arc::clone(layout);
    blocking(permit, move || {
        let columns = whole.columns();
        let stored = Summary::decode(&stored, columns, &layout.formats)
            .map_err(|e| unreadable("summary", e))?;
        whole.merge(&stored);
        Ok(whole)
    })
    .await
}

/// `whole`, with the rows of a segment added, read from its texts.
async fn made(
    services: &Services,
    permit: &Arc<ScanPermit>,
    segment: SegmentId,
    mut whole: Summary,
    layout: &Arc<Layout>,
) -> Result<Summary, SearchError> {
    let mut after = None;
    loop {
        let texts = services.store.texts_after(segment, after).await?;
        let Some((last, _)) = texts.last() else {
            return Ok(whole);
        };
        after = Some(*last);
        let layout = Arc::clone(layout);
        whole = blocking(permit, move || {
            // The line end that was put before appended rows is not a row.
            let texts = texts.into_iter().map(|(_, text)| text);
            for text in texts.filter(|text| text.rows > 0) {
                add(&mut whole, text, &layout)?;
            }
            Ok(whole)
        })
        .await?;
    }
}

fn add(summary: &mut Summary, text: UnpackedBlock, layout: &Arc<Layout>) -> Result<(), StoreError> {
    let raw_block = RawBlock::stored(text.text.into_bytes(), text.body_start, Arc::clone(layout));
    let analysis = raw_block.analyse_into(summary);
    analysis.map(drop).map_err(|e| unreadable("block", e))
}

/// Runs a step of the work on a blocking thread. The scan permit is returned when the step has ended, even if nobody waits
/// for it any more.
async fn blocking<T: Send + 'static>(
    permit: &Arc<ScanPermit>,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, SearchError> {
    let permit = Arc::clone(permit);
    let working = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(permit);
        done
    });
    Ok(working.await.map_err(|_| SearchError::Worker)??)
}
