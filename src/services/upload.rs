//! One CSV on its way from the socket into the store. Memory stays bounded, however large the CSV is.
//!
//! ```text
//! bytes ─▶ split (in order: digest, decode, split into raw blocks) ─▶ analyse and pack (one worker per step) ─▶ stage ─▶ commit
//! ```
//!
//! No thread ever waits for a client: a slow one holds a task and some hundred KiB. Its upload gives its permit to an upload that
//! waits for one, and takes another when more data has come. Every arrow is bounded: at most one step is being split, the
//! raw blocks of [`STEPS`] others are being analysed, and two parts of its segment are being written. A CSV that is small enough to arrive at once
//! is stored on this thread, because handing it to others would cost more than the work.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;

mod bad_rows;
mod form;
mod pauses;
mod pipeline;
mod prepared;
mod splitter;
mod summaries;

pub use bad_rows::BadRows;
pub use form::Form;
pub(super) use prepared::Abandon;
pub use prepared::Prepared;
use summaries::{Analysed, Summaries};

use super::memory::{Exhausted, Held};
use super::{Permit, PermitOwner, Services};
use crate::dataset::{
    BadCombination, Causes, ChangedLines, CsvError, Ingest, Limits, Observed, Profile,
};
use crate::store::{
    Client, Dataset, NewRevision, PART_BYTES, SegmentId, SegmentPart, StoreError, Write, may_change,
};
use pipeline::SplitterState;
use splitter::Splitter;

/// Bytes that one step of the splitter takes.
const STEP: usize = 512 << 10;
/// A CSV of at most this many bytes is analysed on this thread.
const SMALL: usize = 16 << 10;
/// Steps of one upload whose raw blocks are being analysed or wait for it.
const STEPS: usize = 3;
/// Bytes that one upload holds: those that wait, those being split, those being analysed, and two parts of its segment.
pub(super) const UPLOAD: usize = (2 + STEPS + 1) * STEP + 2 * PART_BYTES;
/// A record or raw block of more bytes than this needs memory of its own.
const LONG: usize = 1 << 20;
/// How many copies of a long record there are at a time: as it came, as a raw block, and packed twice.
const LONG_COPIES: usize = 4;

/// Why an upload failed.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The CSV is malformed.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The store refused it or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No permit for another upload became free in time.
    #[error("too many uploads at once")]
    Busy,
    /// There was no memory for it in time.
    #[error("{0}")]
    Exhausted(#[from] Exhausted),
    /// A worker thread panicked.
    #[error("a worker thread panicked")]
    Worker,
    /// Parameters exclude each other.
    #[error(transparent)]
    Combination(#[from] BadCombination),
}

/// What to say about an upload without rows.
const EMPTY: &str = "the file has a header and no row; curl -d takes line ends out of a file: use --data-binary or -T";

/// A CSV being received.
pub struct Upload {
    services: Arc<Services>,
    form: Form,
    /// The dataset as it was when the upload began.
    there: Option<Arc<Dataset>>,
    /// Finds what changes its columns.
    causes: Option<Arc<Causes>>,
    author: Option<Arc<Client>>,
    segment: SegmentId,
    splitter: SplitterState,
    pending: Vec<Bytes>,
    pending_bytes: usize,
    analysing: VecDeque<JoinHandle<Result<Analysed, CsvError>>>,
    profile: Option<Profile>,
    observed: Observed,
    /// Number of the first block, and offset of its text.
    first: u64,
    blocks: u64,
    /// How many blocks there are besides those of the text.
    blocks_apart: u64,
    text_bytes: u64,
    part: SegmentPart,
    summaries: Arc<Summaries>,
    staging: Option<JoinHandle<Result<(), StoreError>>>,
    abandon: Abandon,
    owner: PermitOwner,
    permit: Option<Permit>,
    /// How long the client kept the upload waiting since it got its permit, or since the last step.
    waited: Duration,
    /// Whether anything was handed to the splitter.
    stepped: bool,
    memory: UploadMemory,
}

/// The memory that an upload holds.
#[derive(Default)]
struct UploadMemory {
    /// Whether its caller has reserved enough memory for it.
    covered: bool,
    /// Held while the upload has its permit.
    usual: Option<Held>,
    /// Taken when the first long record comes.
    long: Option<Held>,
}

impl Upload {
    /// Begins to receive a CSV from `author`, whose address is `from`. An anonymous caller has no `author`, and the server
    /// itself has neither.
    pub async fn begin(
        services: &Arc<Services>,
        mut form: Form,
        author: Option<Arc<Client>>,
        from: Option<IpAddr>,
    ) -> Result<Self, UploadError> {
        let limits = Limits {
            max_columns: services.settings.limits.max_columns,
            max_header: usize::try_from(services.settings.limits.max_header).unwrap_or(usize::MAX),
            max_record: usize::try_from(services.settings.limits.max_record).unwrap_or(usize::MAX),
            block_bytes: services.settings.store.blocks.block_bytes,
        };
        let there = Self::dataset(services, &form, author.as_deref()).await?;
        if let Some(dataset) = &there {
            form.options = form.options.or_kept(&dataset.layout);
        }
        form.options.check()?;
        let (ingest, segment, profile, first) = match &there {
            Some(dataset) if form.write == Write::Append => {
                let layout = Arc::clone(&dataset.layout);
                let segment = SegmentId {
                    dataset: dataset.id(),
                    number: services.store.new_number(),
                };
                let profile = Profile::new(Arc::clone(&layout));
                let ingest = Ingest::appending(layout, form.options.clone(), limits)?;
                // Number 0 is kept for the line end that the text before may lack.
                (ingest, segment, Some(profile), 1)
            }
            there => {
                let ingest = Ingest::new(form.options.clone(), limits)?;
                let number = services.store.new_number();
                let dataset = there.as_ref().map_or(number, |dataset| dataset.id());
                (ingest, SegmentId { dataset, number }, None, 0)
            }
        };
        Ok(Self {
            services: Arc::clone(services),
            form,
            causes: there
                .as_ref()
                .map(|dataset| Arc::new(Causes::new(Arc::clone(&dataset.columns)))),
            there,
            owner: match (&author, from) {
                (Some(client), _) => PermitOwner::Client(client.id),
                (None, Some(address)) => PermitOwner::at(address),
                (None, None) => PermitOwner::Itself,
            },
            author,
            segment,
            splitter: SplitterState::Idle(Box::new(Splitter::new(ingest))),
            pending: Vec::new(),
            pending_bytes: 0,
            analysing: VecDeque::new(),
            profile,
            observed: Observed::default(),
            first,
            blocks: first,
            blocks_apart: 0,
            text_bytes: first,
            part: SegmentPart::default(),
            summaries: Arc::default(),
            staging: None,
            abandon: Abandon {
                store: services.store.clone(),
                staged: None,
            },
            permit: None,
            waited: Duration::ZERO,
            stepped: false,
            memory: UploadMemory::default(),
        })
    }

    /// The same upload, for a caller that has already reserved memory for it.
    pub fn covered_by(mut self, _: &Held) -> Self {
        self.memory.covered = true;
        self
    }

    /// The dataset that the CSV is for, if there is one. The preconditions are checked now, so that the client need not send all of
    /// the CSV in vain, and again in the transaction that commits it.
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
        let newest = there.as_ref().map(|dataset| dataset.made_by.number);
        if form.conditions.hold(newest) {
            Ok(there)
        } else {
            Err(StoreError::ConditionFailed(form.name.clone()).into())
        }
    }

    /// Takes the next bytes. Waits while the following stages are full.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), UploadError> {
        self.pending_bytes += bytes.len();
        self.pending.push(bytes);
        if self.pending_bytes > SMALL {
            self.take_permit().await?;
        }
        if self.pending_bytes >= STEP {
            self.waited = Duration::ZERO;
            self.next_step(false).await
        } else {
            Ok(())
        }
    }

    /// Takes the end of the CSV, and waits until all but the last part is in the store.
    pub async fn finish(mut self) -> Result<Prepared, UploadError> {
        let mut summary = None;
        if self.pending_bytes <= SMALL && !self.stepped {
            self.take_in_at_once()?;
        } else {
            self.take_permit().await?;
            self.next_step(true).await?;
            self.settle_split().await?;
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

    fn prepare(mut self, summary: Option<Vec<u8>>) -> Result<Prepared, UploadError> {
        let SplitterState::Idle(mut splitter) =
            std::mem::replace(&mut self.splitter, SplitterState::Failed)
        else {
            return Err(UploadError::Worker);
        };
        let Some(profile) = self.profile else {
            return Err(UploadError::Worker);
        };
        let bad_rows = splitter.take_bad_rows();
        let mut hints = splitter.take_hints();
        if profile.rows() == 0 {
            self.form.check_empty(self.there.as_deref(), &bad_rows)?;
            hints.push(EMPTY.to_owned());
        }
        // The types of the columns depend on all rows, not just on appended ones.
        let whole = self.form.write != Write::Append;
        hints.extend(self.observed.hints(&profile, whole));
        let revision = NewRevision {
            name: self.form.name.clone(),
            write: self.form.write,
            schema_changes: self.form.schema_changes,
            changed_lines: match &self.causes {
                Some(causes) => causes.lines(profile.layout()),
                None => ChangedLines::default(),
            },
            conditions: self.form.conditions.clone(),
            author: self.author,
            segment: self.segment,
            staged: self.abandon.staged.is_some(),
            rest: self.part,
            blocks: self.blocks - self.first,
            text_bytes: self.text_bytes - self.first,
            blocks_apart: self.blocks_apart,
            profile,
            digest: splitter.digest().clone(),
            content_type: self.form.content_type(splitter.charset()),
            transcoded: splitter.transcoded(),
            summary,
        };
        Ok(Prepared {
            hints,
            bad_rows,
            dry_run: self.form.dry_run,
            before: self.there.map(|dataset| Arc::clone(&dataset.columns)),
            revision,
            abandon: self.abandon,
        })
    }
}
