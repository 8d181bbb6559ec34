//! Parquet files of revisions. Each is made once, stored, and read from the store.
//!
//! All requests that want a file while it is made wait for the same work. The work ends when none of them waits any more. Files are made one
//! after the other, because each needs a lot of memory.

pub mod error;
mod make;
pub(super) mod makings;
mod staged;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::Services;
use crate::dataset::parquet::WRITTEN_AS;
use crate::store::{Dataset, DerivedFile, DerivedName};
use error::ParquetError;
use makings::Failure;

/// The file of the columns at these places, which is made if it isn't stored.
///
/// # Errors
/// When it can't be made, or not in time.
pub async fn file(
    services: &Arc<Services>,
    dataset: &Arc<Dataset>,
    places: Vec<usize>,
) -> Result<DerivedFile, ParquetError> {
    let name = name(&places);
    if let Some(file) = services.store.derived_file(dataset, name).await? {
        return Ok(file);
    }
    let making = services.parquet.join((dataset.made_by, name), || {
        let (services, dataset) = (Arc::clone(services), Arc::clone(dataset));
        Box::pin(async move {
            let limit = services.settings.timeouts.parquet_timeout;
            let making = make::make(&services, &dataset, name, &places);
            let made = tokio::time::timeout(limit, making).await;
            made.unwrap_or(Err(ParquetError::TimedOut(limit)))
                .map_err(Failure::new)
        })
    });
    making.await.map_err(|failure| failure.tell())
}

/// The name of the file with these columns.
fn name(places: &[usize]) -> DerivedName {
    let mut digest = Sha256::new_with_prefix(WRITTEN_AS);
    for place in places {
        digest.update(place.to_be_bytes());
    }
    digest.finalize().into()
}
