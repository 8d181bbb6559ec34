//! Making a file: reads the rows once or twice, and stages the bytes as they come.

use std::sync::Arc;

use super::error::ParquetError;
use super::staged::{Parts, Staged};
use crate::dataset::parquet::{MEMORY, ParquetFile, ShownColumn, Survey};
use crate::services::Services;
use crate::services::memory::{Held, Kind};
use crate::services::search::{Readahead, read_ahead};
use crate::store::{Dataset, DerivedFile, DerivedName};

/// A file that is being made, with its memory.
struct Work {
    services: Arc<Services>,
    dataset: Arc<Dataset>,
    held: Held,
}

/// Makes the file of the columns at these places, and stores it under that name.
pub(super) async fn make(
    services: &Arc<Services>,
    dataset: &Arc<Dataset>,
    name: DerivedName,
    places: &[usize],
) -> Result<DerivedFile, ParquetError> {
    let _turn = services.parquet.turn().await;
    // Another server may have made it meanwhile.
    if let Some(file) = services.store.derived_file(dataset, name).await? {
        return Ok(file);
    }
    let _lease = services.store.lease(dataset);
    let mut work = Work {
        held: services.memory.take(Kind::Large, MEMORY).await?,
        services: Arc::clone(services),
        dataset: Arc::clone(dataset),
    };
    let columns = places.iter();
    let columns = columns.map(|&place| ShownColumn::new(&dataset.columns[place], place));
    let mut survey = Survey::new(columns.collect(), Arc::clone(&dataset.layout));
    if survey.is_needed() {
        survey = work.survey(survey).await?;
    }
    let (file, parts, mut staged) = work.write(ParquetFile::new(survey)?).await?;
    let (parts, rest) = work
        .step(move || {
            let mut parts = parts;
            let rest = parts.rest(file.finish()?);
            Ok((parts, rest))
        })
        .await?;
    staged.add(rest).await?;
    staged.keep(dataset, name, &parts).await
}

impl Work {
    async fn survey(&self, mut survey: Survey) -> Result<Survey, ParquetError> {
        let mut row = 0;
        while row < self.dataset.rows {
            let (blocks, next) = self.blocks(row).await?;
            survey = self
                .step(move || {
                    for block in &blocks.blocks {
                        survey.look(&block.text, block.body_start);
                    }
                    Ok(survey)
                })
                .await?;
            row = next;
        }
        Ok(survey)
    }

    async fn write(
        &mut self,
        mut file: ParquetFile,
    ) -> Result<(ParquetFile, Parts, Staged), ParquetError> {
        let most = self.services.settings.store.parquet_bytes;
        let mut staged = Staged::new(&self.services.store, &self.dataset, most);
        let mut parts = Parts::default();
        let mut row = 0;
        while row < self.dataset.rows {
            let (blocks, next) = self.blocks(row).await?;
            let ready;
            (file, parts, ready) = self
                .step(move || {
                    for block in &blocks.blocks {
                        file.add(&block.text, block.body_start)?;
                    }
                    let ready = parts.add(file.take());
                    Ok((file, parts, ready))
                })
                .await?;
            self.hold(file.kept()).await?;
            staged.add(ready).await?;
            row = next;
        }
        Ok((file, parts, staged))
    }

    /// The blocks with row `row` and some that follow, and the row after them.
    async fn blocks(&self, row: u64) -> Result<(Readahead, u64), ParquetError> {
        let (services, dataset) = (Arc::clone(&self.services), Arc::clone(&self.dataset));
        let rows = dataset.rows;
        let read = read_ahead(services, dataset, row, rows).await?;
        let next = read.blocks.back().map_or(rows, |block| block.end_row);
        Ok((read, next))
    }

    /// Takes the memory for what is kept until the end of the file.
    async fn hold(&mut self, kept: usize) -> Result<(), ParquetError> {
        if let Some(more) = (MEMORY + kept).checked_sub(self.held.bytes())
            && more > 0
            && self.held.bytes() >= MEMORY
        {
            self.held
                .add(self.services.memory.take(Kind::Large, more).await?);
        }
        Ok(())
    }

    /// Runs a step of the work on a blocking thread, with a permit like a scan's. The permit is returned when the step has ended, even if
    /// nobody waits for it any more.
    async fn step<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ParquetError> + Send + 'static,
    ) -> Result<T, ParquetError> {
        let permit = Arc::clone(&self.services.scans).acquire_owned().await;
        let permit = permit.map_err(|_| ParquetError::Worker)?;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        working.await.map_err(|_| ParquetError::Worker)?
    }
}
