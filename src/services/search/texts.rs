//! The texts of chunks: those that are remembered, and those that have to be read and unpacked.

use std::sync::Arc;

use super::chart::Place;
use super::{Search, SearchError};
use crate::dataset::ChunkText;
use crate::services::Services;
use crate::services::cache::{Key, Value};
use crate::store::{Packed, StoreError};

/// Bytes of text that are looked through in one go, unless one chunk alone has more.
const GROUP_BYTES: u64 = 1 << 20;

impl Search {
    /// Cuts chunks into groups to be looked through in one go: of one chunk at first, since that may do, and then of more
    /// and more, up to `most`.
    pub(super) fn groups(&self, chunks: &[u32], most: usize) -> Vec<Vec<u32>> {
        let mut groups: Vec<Vec<u32>> = Vec::new();
        let (mut size, mut bytes) = (1, 0);
        for &chunk in chunks {
            let more = self.chart.place(chunk).bytes;
            match groups.last_mut() {
                Some(group) if group.len() < size && bytes + more <= GROUP_BYTES => {
                    group.push(chunk);
                    bytes += more;
                }
                last => {
                    if last.is_some() {
                        size = (size * 2).min(most);
                    }
                    groups.push(vec![chunk]);
                    bytes = more;
                }
            }
        }
        groups
    }

    /// Does `work` with some chunks and their texts on a blocking thread, once there is a place for it: there is one a core,
    /// whoever asks.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        chunks: Vec<u32>,
        work: impl FnOnce(Vec<u32>, Vec<Arc<ChunkText>>) -> T + Send + 'static,
    ) -> Result<T, SearchError> {
        let place = self.services.scans.acquire().await;
        let _place = place.map_err(|_| SearchError::Worker)?;
        let texts = self.texts(&chunks).await?;
        let working = tokio::task::spawn_blocking(move || work(chunks, texts));
        working.await.map_err(|_| SearchError::Worker)
    }

    /// The texts of some chunks.
    pub(super) async fn texts(&self, chunks: &[u32]) -> Result<Vec<Arc<ChunkText>>, SearchError> {
        let places: Vec<Place> = chunks
            .iter()
            .map(|&chunk| self.chart.place(chunk))
            .collect();
        texts(&self.services, &places, self.dataset.columns.len()).await
    }
}

/// The texts of the chunks at these places.
pub(super) async fn texts(
    services: &Services,
    places: &[Place],
    columns: usize,
) -> Result<Vec<Arc<ChunkText>>, SearchError> {
    let key = |place: &Place| Key::Text(place.run.number, place.first_byte);
    let remembered = places
        .iter()
        .map(|place| match services.cache.get(&key(place)) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        });
    let mut texts: Vec<Option<Arc<ChunkText>>> = remembered.collect();
    let missing: Vec<usize> = (0..places.len())
        .filter(|&at| texts[at].is_none())
        .collect();
    let mut packed: Vec<Packed> = Vec::with_capacity(missing.len());
    for of_run in missing.chunk_by(|&a, &b| places[a].run == places[b].run) {
        let first_bytes = of_run.iter().map(|&at| places[at].first_byte).collect();
        let run = places[of_run[0]].run;
        packed.extend(services.store.packed(run, first_bytes).await?);
    }
    if !packed.is_empty() {
        let unpacked = tokio::task::spawn_blocking(move || {
            let unpacked = packed.iter().map(Packed::unpack);
            let texts = unpacked.map(|text| Ok(ChunkText::new(text?, columns)));
            texts.collect::<Result<Vec<_>, StoreError>>()
        });
        let unpacked = unpacked.await.map_err(|_| SearchError::Worker)??;
        for (at, text) in missing.into_iter().zip(unpacked) {
            let text = Arc::new(text);
            services
                .cache
                .keep(key(&places[at]), Value::Text(Arc::clone(&text)));
            texts[at] = Some(text);
        }
    }
    Ok(texts.into_iter().flatten().collect())
}
