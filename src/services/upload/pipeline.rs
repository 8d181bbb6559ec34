//! The stages of an upload: splitting, analysing and packing, and staging. Each hands its results to the next one, and waits while
//! that one is full.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::splitter::{Split, Splitter};
use super::summaries::{Analysed, Summaries};
use super::{LONG, LONG_COPIES, STEPS, Upload, UploadError};
use crate::dataset::{Analysis, Block, Causes, CsvError, Profile, RawBlock};
use crate::services::memory::Kind;
use crate::store::{BadRowsBlock, PART_BYTES, PlacedBlock, SourceBlock};

/// The splitter of an upload.
pub(super) enum SplitterState {
    Idle(Box<Splitter>),
    Running(JoinHandle<(Box<Splitter>, Result<Split, CsvError>)>),
    Failed,
}

impl Upload {
    /// Hands the waiting bytes to the splitter, after passing its last raw blocks on.
    pub(super) async fn next_step(&mut self, last: bool) -> Result<(), UploadError> {
        self.settle_split().await?;
        let SplitterState::Idle(mut splitter) =
            std::mem::replace(&mut self.splitter, SplitterState::Failed)
        else {
            return Err(UploadError::Worker);
        };
        self.stepped = true;
        let parts = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        self.splitter = SplitterState::Running(tokio::task::spawn_blocking(move || {
            let raw_blocks = splitter.step(&parts, last);
            (splitter, raw_blocks)
        }));
        Ok(())
    }

    /// Waits for the splitter, and hands its raw blocks to the workers.
    pub(super) async fn settle_split(&mut self) -> Result<(), UploadError> {
        let SplitterState::Running(step) = &mut self.splitter else {
            return Ok(());
        };
        let (splitter, raw_blocks) = step.await.map_err(|_| UploadError::Worker)?;
        let open = splitter.open_bytes();
        self.splitter = SplitterState::Idle(splitter);
        let raw_blocks = match raw_blocks {
            Ok(raw_blocks) => raw_blocks,
            // An earlier raw block may have an error too, and the client is told about the first one in the file.
            Err(error) => {
                while !self.analysing.is_empty() {
                    self.settle_analysis().await?;
                }
                return Err(error.into());
            }
        };
        self.keep(raw_blocks.sources, raw_blocks.bad_rows);
        let longest = raw_blocks
            .raw_blocks
            .iter()
            .map(|raw_block| raw_block.text.len())
            .max();
        let steps = match longest.unwrap_or(0).max(open) > LONG {
            true => {
                self.take_for_long_record().await?;
                1
            }
            false => STEPS,
        };
        if raw_blocks.raw_blocks.is_empty() {
            return Ok(());
        }
        while self.analysing.len() >= steps {
            self.settle_analysis().await?;
        }
        let (workers, summaries) = (&self.services.workers, &self.summaries);
        let analysing = analyse(
            Arc::clone(workers),
            raw_blocks.raw_blocks,
            Arc::clone(summaries),
            self.causes.clone(),
        );
        self.analysing.push_back(analysing);
        Ok(())
    }

    /// Takes the memory for long records, once per upload.
    async fn take_for_long_record(&mut self) -> Result<(), UploadError> {
        if self.memory.long.is_none() && !self.memory.covered {
            let longest = self.services.settings.limits.max_record;
            let bytes = usize::try_from(longest).unwrap_or(usize::MAX);
            let bytes = bytes.saturating_mul(LONG_COPIES);
            self.memory.long = Some(self.services.memory.take(Kind::Large, bytes).await?);
        }
        Ok(())
    }

    /// Waits for the oldest step's raw blocks, and adds the packed blocks to the part.
    pub(super) async fn settle_analysis(&mut self) -> Result<(), UploadError> {
        let Some(oldest) = self.analysing.pop_front() else {
            return Ok(());
        };
        for (block, analysis) in oldest.await.map_err(|_| UploadError::Worker)?? {
            self.add(block, &analysis)?;
        }
        if self.part.weight() >= PART_BYTES {
            self.stage_part().await?;
        }
        Ok(())
    }

    pub(super) async fn stage_part(&mut self) -> Result<(), UploadError> {
        self.settle_staging().await?;
        let part = std::mem::take(&mut self.part);
        if self.form.stores_nothing() {
            return Ok(());
        }
        let begins = self.abandon.staged.is_none();
        self.abandon.staged = Some(self.segment);
        let store = self.services.store.clone();
        // This has to happen before the task runs: the upload may be given up before that.
        let turn = store.begin_part(self.segment);
        self.staging = Some(tokio::spawn(async move {
            store.stage(turn, part, begins).await
        }));
        Ok(())
    }

    pub(super) async fn settle_staging(&mut self) -> Result<(), UploadError> {
        match self.staging.take() {
            Some(staging) => Ok(staging.await.map_err(|_| UploadError::Worker)??),
            None => Ok(()),
        }
    }

    fn keep(&mut self, sources: Vec<SourceBlock>, bad_rows: Vec<BadRowsBlock>) {
        self.blocks_apart += (sources.len() + bad_rows.len()) as u64;
        self.part.source_blocks.extend(sources);
        self.part.bad_rows.extend(bad_rows);
    }

    fn add(&mut self, block: Block, analysis: &Analysis) -> Result<(), UploadError> {
        let SplitterState::Idle(splitter) = &self.splitter else {
            return Err(UploadError::Worker);
        };
        let profile = match &mut self.profile {
            Some(profile) => profile,
            none => none.insert(Profile::new(Arc::clone(
                splitter.layout().ok_or(UploadError::Worker)?,
            ))),
        };
        let first_row = profile.rows();
        profile.absorb(analysis);
        self.observed.absorb(analysis);
        let text_bytes = u64::from(block.text_bytes);
        self.part.blocks.push(PlacedBlock {
            seq: self.blocks,
            first_row,
            first_byte: self.text_bytes,
            block,
        });
        self.blocks += 1;
        self.text_bytes += text_bytes;
        Ok(())
    }

    pub(super) fn take_in_at_once(&mut self) -> Result<(), UploadError> {
        let SplitterState::Idle(splitter) = &mut self.splitter else {
            return Err(UploadError::Worker);
        };
        let raw_blocks = splitter.step(&self.pending, true)?;
        self.keep(raw_blocks.sources, raw_blocks.bad_rows);
        for raw_block in raw_blocks.raw_blocks {
            let analysis = raw_block.analyse()?;
            if let Some(causes) = &self.causes {
                causes.find(&raw_block, &analysis);
            }
            self.add(Block::seal(&raw_block, &analysis), &analysis)?;
        }
        Ok(())
    }
}

/// Analyses and packs raw blocks on a blocking thread, as soon as a worker's permit is free.
fn analyse(
    workers: Arc<Semaphore>,
    raw_blocks: Vec<RawBlock>,
    summaries: Arc<Summaries>,
    causes: Option<Arc<Causes>>,
) -> JoinHandle<Result<Analysed, CsvError>> {
    tokio::spawn(async move {
        let permit = workers.acquire_owned().await;
        let packed = tokio::task::spawn_blocking(move || {
            let packed = summaries.analyse(raw_blocks, causes.as_deref());
            drop(permit);
            packed
        });
        match packed.await {
            Ok(packed) => packed,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    })
}
