//! One CSV on its way from the socket into the store, in bounded memory whatever its size.
//!
//! ```text
//! bytes ─▶ cut (in order: digest, decode, cut at record ends) ─▶ analyse and pack (a step's pieces a worker) ─▶ stage ─▶ commit
//! ```
//!
//! Nothing waits on a thread: a slow client holds a task and some hundred KiB, no more. Each arrow is bounded: one
//! step of cutting, the pieces of [`STEPS`] others and two batches are under way at most. A CSV small enough to arrive
//! at once is taken in on the spot, since handing it to other threads would cost more than the work.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

mod form;
mod prepared;
mod summaries;

pub use form::Form;
pub(super) use prepared::Abandon;
pub use prepared::Prepared;
use summaries::{Analysed, Summaries};

use super::Services;
use super::cut::{Cut, Pieces};
use crate::dataset::{Analysis, Chunk, CsvError, Ingest, Limits, Piece, Profile};
use crate::store::{
    BATCH_BYTES, Batch, CHUNK_BYTES, Client, Dataset, NewRevision, PlacedChunk, Run, SourceBlock,
    StoreError, Write, may_change,
};

/// Bytes that one step of cutting takes in.
const STEP: usize = 512 << 10;
/// A CSV of at most this many bytes is taken in on the spot.
const SMALL: usize = 16 << 10;
/// Steps of one upload whose pieces are being analysed or wait for it.
const STEPS: usize = 3;

/// Why an upload ended without a dataset.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is no CSV that can be kept.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No place for another upload became free in time.
    #[error("too many uploads at once")]
    Busy,
    /// A worker thread panicked.
    #[error("a worker ended before it answered")]
    Worker,
}

/// A CSV being received.
pub struct Upload {
    services: Arc<Services>,
    form: Form,
    author: Option<Arc<Client>>,
    run: Run,
    cut: Cutting,
    pending: Vec<Bytes>,
    pending_bytes: usize,
    analysing: VecDeque<JoinHandle<Result<Analysed, CsvError>>>,
    profile: Option<Profile>,
    /// Number of the first chunk, and offset of its text.
    first: u64,
    chunks: u64,
    /// Blocks of the source so far, where it is kept apart.
    blocks: u64,
    text_bytes: u64,
    batch: Batch,
    summaries: Arc<Summaries>,
    staging: Option<JoinHandle<Result<(), StoreError>>>,
    abandon: Abandon,
    place: Option<OwnedSemaphorePermit>,
}

enum Cutting {
    Idle(Box<Cut>),
    Running(JoinHandle<(Box<Cut>, Result<Pieces, CsvError>)>),
    Failed,
}

impl Upload {
    /// Begins to receive a CSV from `author`; `None`: somebody without a key.
    pub async fn begin(
        services: &Arc<Services>,
        form: Form,
        author: Option<Arc<Client>>,
    ) -> Result<Self, UploadError> {
        let limits = Limits {
            max_columns: services.settings.limits.max_columns,
            max_record: usize::try_from(services.settings.limits.max_record).unwrap_or(usize::MAX),
            chunk_bytes: CHUNK_BYTES,
        };
        let there = Self::dataset(services, &form, author.as_deref()).await?;
        let (ingest, run, profile, first) = match there {
            Some(dataset) if form.write == Write::Append => {
                let layout = Arc::clone(&dataset.layout);
                let run = Run {
                    dataset: dataset.run.dataset,
                    number: services.store.new_number(),
                };
                let profile = Profile::new(Arc::clone(&layout));
                let ingest = Ingest::appending(layout, form.options.clone(), limits)?;
                // The first place is kept for the line end that the text before may lack.
                (ingest, run, Some(profile), 1)
            }
            there => {
                let ingest = Ingest::new(form.options.clone(), limits)?;
                let number = services.store.new_number();
                let dataset = there.map_or(number, |dataset| dataset.run.dataset);
                (ingest, Run { dataset, number }, None, 0)
            }
        };
        Ok(Self {
            services: Arc::clone(services),
            form,
            author,
            run,
            cut: Cutting::Idle(Box::new(Cut::new(ingest))),
            pending: Vec::new(),
            pending_bytes: 0,
            analysing: VecDeque::new(),
            profile,
            first,
            chunks: first,
            blocks: 0,
            text_bytes: first,
            batch: Batch::default(),
            summaries: Arc::default(),
            staging: None,
            abandon: Abandon {
                store: services.store.clone(),
                staged: None,
            },
            place: None,
        })
    }

    /// The dataset that the CSV is for, if there is one already. What the client demands of it is looked at now, so that
    /// it need not send all of the CSV in vain, and once more when it is committed.
    async fn dataset(
        services: &Services,
        form: &Form,
        author: Option<&Client>,
    ) -> Result<Option<Arc<Dataset>>, UploadError> {
        if form.write == Write::Create {
            return Ok(None);
        }
        let there = services.store.find(&form.name).await?;
        if form.write == Write::Append && there.is_none() {
            return Err(StoreError::NotFound(form.name.clone()).into());
        }
        let owner = there.as_ref().and_then(|dataset| dataset.owner);
        if !may_change(owner, author.map(|author| author.id)) {
            return Err(StoreError::NotOwner(form.name.clone()).into());
        }
        let newest = there.as_ref().map(|dataset| dataset.run.number);
        if form.conditions.hold(newest) {
            Ok(there)
        } else {
            Err(StoreError::ConditionFailed(form.name.clone()).into())
        }
    }

    /// Takes in the next bytes. Waits while the rest of the way is full.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), UploadError> {
        self.pending_bytes += bytes.len();
        self.pending.push(bytes);
        if self.pending_bytes > SMALL && self.place.is_none() {
            self.place = Some(self.take_place().await?);
        }
        if self.pending_bytes >= STEP {
            self.next_step(false).await
        } else {
            Ok(())
        }
    }

    /// Takes in the end of the CSV, and waits until all but its last part is in the store.
    pub async fn finish(mut self) -> Result<Prepared, UploadError> {
        let mut summary = None;
        if self.place.is_none() {
            self.take_in_at_once()?;
        } else {
            self.next_step(true).await?;
            self.settle_cut().await?;
            while !self.analysing.is_empty() {
                self.settle_analysis().await?;
            }
            let summaries = Arc::clone(&self.summaries);
            let encoding = tokio::task::spawn_blocking(move || summaries.encode());
            self.settle_staging().await?;
            summary = encoding.await.map_err(|_| UploadError::Worker)?;
        }
        self.prepare(summary)
    }

    async fn take_place(&self) -> Result<OwnedSemaphorePermit, UploadError> {
        let patience = self.services.settings.timeouts.store_timeout;
        let waiting = Arc::clone(&self.services.uploads).acquire_owned();
        tokio::time::timeout(patience, waiting)
            .await
            .map_err(|_| UploadError::Busy)?
            .map_err(|_| UploadError::Busy)
    }

    /// Hands the bytes that wait to the cutter, after what it cut before was handed on.
    async fn next_step(&mut self, last: bool) -> Result<(), UploadError> {
        self.settle_cut().await?;
        let Cutting::Idle(mut cut) = std::mem::replace(&mut self.cut, Cutting::Failed) else {
            return Err(UploadError::Worker);
        };
        let parts = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        self.cut = Cutting::Running(tokio::task::spawn_blocking(move || {
            let pieces = cut.step(&parts, last);
            (cut, pieces)
        }));
        Ok(())
    }

    /// Waits for the cutter, and hands its pieces to the workers.
    async fn settle_cut(&mut self) -> Result<(), UploadError> {
        let Cutting::Running(step) = &mut self.cut else {
            return Ok(());
        };
        let (cut, pieces) = step.await.map_err(|_| UploadError::Worker)?;
        self.cut = Cutting::Idle(cut);
        let pieces = match pieces {
            Ok(pieces) => pieces,
            // An earlier piece may have an error too, and the first in the file is the one to tell.
            Err(error) => {
                while !self.analysing.is_empty() {
                    self.settle_analysis().await?;
                }
                return Err(error.into());
            }
        };
        self.keep(pieces.sources);
        if pieces.pieces.is_empty() {
            return Ok(());
        }
        while self.analysing.len() >= STEPS {
            self.settle_analysis().await?;
        }
        let (workers, summaries) = (&self.services.workers, &self.summaries);
        let analysing = analyse(Arc::clone(workers), pieces.pieces, Arc::clone(summaries));
        self.analysing.push_back(analysing);
        Ok(())
    }

    /// Waits for the oldest step's pieces, and adds their chunks to the batch.
    async fn settle_analysis(&mut self) -> Result<(), UploadError> {
        let Some(oldest) = self.analysing.pop_front() else {
            return Ok(());
        };
        for (chunk, analysis) in oldest.await.map_err(|_| UploadError::Worker)?? {
            self.add(chunk, &analysis)?;
        }
        if self.batch.weight() >= BATCH_BYTES {
            self.settle_staging().await?;
            let batch = std::mem::take(&mut self.batch);
            let begins = self.abandon.staged.is_none();
            self.abandon.staged = Some(self.run);
            let store = self.services.store.clone();
            // Noted before the task can run, which may be after this upload is given up.
            let turn = store.begin_part(self.run);
            self.staging = Some(tokio::spawn(async move {
                store.stage(turn, batch, begins).await
            }));
        }
        Ok(())
    }

    async fn settle_staging(&mut self) -> Result<(), UploadError> {
        match self.staging.take() {
            Some(staging) => Ok(staging.await.map_err(|_| UploadError::Worker)??),
            None => Ok(()),
        }
    }

    fn keep(&mut self, sources: Vec<SourceBlock>) {
        self.blocks += u64::try_from(sources.len()).unwrap_or(u64::MAX);
        self.batch.sources.extend(sources);
    }

    fn add(&mut self, chunk: Chunk, analysis: &Analysis) -> Result<(), UploadError> {
        let Cutting::Idle(cut) = &self.cut else {
            return Err(UploadError::Worker);
        };
        let profile = match &mut self.profile {
            Some(profile) => profile,
            none => none.insert(Profile::new(Arc::clone(
                cut.layout().ok_or(UploadError::Worker)?,
            ))),
        };
        let first_row = profile.rows();
        profile.absorb(analysis);
        let text_bytes = u64::from(chunk.text_bytes);
        self.batch.chunks.push(PlacedChunk {
            seq: self.chunks,
            first_row,
            first_byte: self.text_bytes,
            chunk,
        });
        self.chunks += 1;
        self.text_bytes += text_bytes;
        Ok(())
    }

    fn take_in_at_once(&mut self) -> Result<(), UploadError> {
        let Cutting::Idle(cut) = &mut self.cut else {
            return Err(UploadError::Worker);
        };
        let pieces = cut.step(&self.pending, true)?;
        self.keep(pieces.sources);
        for piece in pieces.pieces {
            let analysis = piece.analyse()?;
            self.add(Chunk::seal(&piece, &analysis), &analysis)?;
        }
        Ok(())
    }

    fn prepare(mut self, summary: Option<Vec<u8>>) -> Result<Prepared, UploadError> {
        let Cutting::Idle(cut) = std::mem::replace(&mut self.cut, Cutting::Failed) else {
            return Err(UploadError::Worker);
        };
        let Some(profile) = self.profile else {
            return Err(UploadError::Worker);
        };
        let hints = match self.form.write {
            Write::Create | Write::Put => profile.hints(),
            // What the columns are is decided by all rows, not by these.
            Write::Append => Vec::new(),
        };
        let revision = NewRevision {
            name: self.form.name.clone(),
            write: self.form.write,
            conditions: self.form.conditions.clone(),
            author: self.author,
            run: self.run,
            staged: self.abandon.staged.is_some(),
            rest: self.batch,
            chunks: self.chunks - self.first,
            blocks: self.blocks,
            profile,
            tail: cut.tail().clone(),
            content_type: self.form.content_type(cut.transcoded()),
            transcoded: cut.transcoded(),
            summary,
        };
        Ok(Prepared {
            hints,
            revision,
            abandon: self.abandon,
        })
    }
}

/// Analyses and packs pieces on a blocking thread, as soon as a core is free for it.
fn analyse(
    workers: Arc<Semaphore>,
    pieces: Vec<Piece>,
    summaries: Arc<Summaries>,
) -> JoinHandle<Result<Analysed, CsvError>> {
    tokio::spawn(async move {
        let permit = workers.acquire_owned().await;
        let packed = tokio::task::spawn_blocking(move || {
            let packed = summaries.analyse(pieces);
            drop(permit);
            packed
        });
        match packed.await {
            Ok(packed) => packed,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    })
}
