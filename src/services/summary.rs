//! What the columns of a revision hold: the summaries of its runs put together.
//!
//! The summary of a run is made while it is uploaded and kept with it. Small runs have none, and neither have those that an
//! earlier release wrote: theirs are made of their texts, once as long as they are remembered.

use std::sync::Arc;

use super::Services;
use super::cache::{Key, Value};
use super::search::{SearchError, in_time};
use crate::dataset::summary::ColumnSummary;
use crate::dataset::{Layout, Piece, Summary};
use crate::store::{Dataset, Run, StoreError, Text, unreadable};

/// What the columns of a revision hold.
///
/// # Errors
/// When the store fails, or when it takes longer than a query may.
pub async fn summarise(
    services: &Services,
    dataset: &Arc<Dataset>,
) -> Result<Arc<[ColumnSummary]>, SearchError> {
    let make = async {
        let _lease = services.store.lease(dataset);
        let limit = services.settings.timeouts.query_timeout;
        let columns = in_time(limit, whole(services, dataset)).await?;
        Ok::<_, SearchError>(Value::Summary(columns.into()))
    };
    let key = Key::Summary(dataset.run);
    match services.cache.get_or(key, make).await? {
        Value::Summary(columns) => Ok(columns),
        _ => Err(SearchError::Worker),
    }
}

async fn whole(
    services: &Services,
    dataset: &Arc<Dataset>,
) -> Result<Vec<ColumnSummary>, SearchError> {
    let place = services.scans.acquire().await;
    let _place = place.map_err(|_| SearchError::Worker)?;
    let mut whole = Summary::new(dataset.columns.len());
    for segment in dataset.segments.iter() {
        whole = match services.store.summary(segment.run).await? {
            Some(stored) => merged(whole, stored).await?,
            None => made(services, segment.run, whole, &dataset.layout).await?,
        };
    }
    let dataset = Arc::clone(dataset);
    blocking(move || Ok(whole.report(&dataset.columns))).await
}

/// The summary, and what was stored of a run.
async fn merged(mut whole: Summary, stored: Vec<u8>) -> Result<Summary, SearchError> {
    blocking(move || {
        let columns = whole.columns();
        let run = Summary::decode(&stored, columns).map_err(|e| unreadable("summary", e))?;
        whole.merge(&run);
        Ok(whole)
    })
    .await
}

/// The summary, and the rows of a run, read from its texts.
async fn made(
    services: &Services,
    run: Run,
    mut whole: Summary,
    layout: &Arc<Layout>,
) -> Result<Summary, SearchError> {
    let mut after = None;
    loop {
        let texts = services.store.texts_after(run, after).await?;
        let Some((last, _)) = texts.last() else {
            return Ok(whole);
        };
        after = Some(*last);
        let layout = Arc::clone(layout);
        whole = blocking(move || {
            // A line end that was put before appended rows is no row.
            let texts = texts.into_iter().map(|(_, text)| text);
            for text in texts.filter(|text| text.rows > 0) {
                add(&mut whole, text, &layout)?;
            }
            Ok(whole)
        })
        .await?;
    }
}

fn add(summary: &mut Summary, text: Text, layout: &Arc<Layout>) -> Result<(), StoreError> {
    let piece = Piece::stored(text.text.into_bytes(), text.body_start, Arc::clone(layout));
    let analysis = piece.analyse_into(summary);
    analysis.map(drop).map_err(|e| unreadable("chunk", e))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, SearchError> {
    let working = tokio::task::spawn_blocking(work);
    Ok(working.await.map_err(|_| SearchError::Worker)??)
}
