//! The rows that changed, as CSV or NDJSON: those that were removed, those that were added, and those that have other values.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;

use super::csv;
use super::kind::Kind;
use crate::api::error::Error;
use crate::api::reply::Body;
use crate::api::rows::{self, CsvCells, Form, Maker, OpenBatch, RowWriter};
use crate::api::v2::row_objects::enclosed;
use crate::services::Services;
use crate::services::search::difference::{Difference, Part};
use crate::services::search::{RecordBatches, SearchError, in_time};
use crate::store::Dataset;
use crate::versioning::Format;

/// How rows are written.
pub(super) struct Forms {
    pub(super) from: Arc<Dataset>,
    pub(super) to: Arc<Dataset>,
    pub(super) format: Format,
    pub(super) cells: CsvCells,
}

impl Forms {
    fn dataset(&self, kind: Kind) -> &Arc<Dataset> {
        match kind {
            Kind::Removed | Kind::Before => &self.from,
            Kind::Added | Kind::After => &self.to,
        }
    }

    fn form(&self, kind: Kind) -> Form {
        let dataset = self.dataset(kind);
        match self.format {
            Format::Csv => csv::form(&self.from, &self.to, kind, self.cells),
            _ => {
                let (before, end) = kind.around();
                enclosed(dataset, None, before, end)
            }
        }
    }

    /// What comes before all rows.
    fn head(&self) -> Vec<u8> {
        match self.format {
            Format::Csv => csv::head(&self.from, &self.to, self.cells),
            _ => Vec::new(),
        }
    }
}

/// The rows that changed.
pub(super) async fn body(
    services: &Arc<Services>,
    forms: Forms,
    difference: Difference,
) -> Result<Body, Error> {
    let counts = difference.counts;
    let expected = rows::expected(&forms.from, counts.removed + counts.changed)
        .saturating_add(rows::expected(&forms.to, counts.added + counts.changed));
    let rendering = Rendering {
        limit: services.settings.timeouts.query_timeout,
        head: forms.head(),
        forms,
        parts: difference.parts(),
        sections: VecDeque::new(),
        done: false,
    };
    rows::send(&services.memory, expected, rendering).await
}

/// The state of rendering.
struct Rendering {
    limit: Duration,
    head: Vec<u8>,
    forms: Forms,
    parts: BoxStream<'static, Result<Part, SearchError>>,
    /// The sections of the part that is being written.
    sections: VecDeque<Section>,
    done: bool,
}

/// Rows of one kind, or of two kinds that take turns.
struct Section {
    strands: Vec<Strand>,
    /// The strand that is next.
    turn: usize,
}

/// Rows of one kind.
struct Strand {
    dataset: Arc<Dataset>,
    batches: RecordBatches,
    rows: RowWriter,
    /// The batch that is being written.
    open: Option<OpenBatch>,
}

impl Maker for Rendering {
    fn is_done(&self) -> bool {
        self.done
    }

    fn bytes(&self) -> usize {
        // Each kind of row has its own form.
        let kinds = [Kind::Removed, Kind::Added, Kind::Before, Kind::After];
        let forms = kinds.map(|kind| self.forms.form(kind).bytes());
        self.head.len() + forms.iter().sum::<usize>()
    }

    async fn step(
        mut self,
        mut out: Vec<u8>,
        until: usize,
    ) -> Result<(Self, Vec<u8>), SearchError> {
        out.append(&mut self.head);
        let mut section = loop {
            match self.sections.pop_front() {
                Some(mut section) => {
                    if section.is_open(self.limit).await? {
                        break section;
                    }
                }
                None => match self.parts.try_next().await? {
                    Some(part) => self.sections = self.sections_of(part),
                    None => {
                        self.done = true;
                        return Ok((self, out));
                    }
                },
            }
        };
        let (section, out) = match section.is_short(out.len()) {
            true => {
                section.write(&mut out, until);
                (section, out)
            }
            false => {
                let writing = tokio::task::spawn_blocking(move || {
                    section.write(&mut out, until);
                    (section, out)
                });
                writing.await.map_err(|_| SearchError::Worker)?
            }
        };
        self.sections.push_front(section);
        Ok((self, out))
    }
}

impl Rendering {
    fn sections_of(&self, part: Part) -> VecDeque<Section> {
        let strand = |kind: Kind, batches: RecordBatches| Strand {
            dataset: Arc::clone(self.forms.dataset(kind)),
            batches,
            rows: RowWriter::new(self.forms.form(kind)),
            open: None,
        };
        let [before, after] = part.changed;
        let changed = vec![strand(Kind::Before, before), strand(Kind::After, after)];
        let all = [
            vec![strand(Kind::Removed, part.removed)],
            vec![strand(Kind::Added, part.added)],
            changed,
        ];
        let sections = all.into_iter();
        sections
            .map(|strands| Section { strands, turn: 0 })
            .collect()
    }
}

impl Section {
    /// Reads what is needed to go on. `false`: there is nothing left.
    async fn is_open(&mut self, limit: Duration) -> Result<bool, SearchError> {
        let strand = &mut self.strands[self.turn];
        if strand.open.is_none() {
            let next = in_time(limit, strand.batches.try_next()).await?;
            strand.open = next.map(OpenBatch::new);
        }
        Ok(strand.open.is_some())
    }

    /// Whether writing what was read is fast enough for a thread of the runtime.
    fn is_short(&self, written: usize) -> bool {
        let mut open = self
            .strands
            .iter()
            .filter_map(|strand| strand.open.as_ref());
        open.all(|batch| batch.is_short(written))
    }

    /// Writes rows, up to `until` bytes or to the end of a batch.
    fn write(&mut self, out: &mut Vec<u8>, until: usize) {
        let turns = self.strands.len();
        while out.len() < until {
            let strand = &mut self.strands[self.turn];
            if strand.open.is_none() {
                return;
            }
            let most = if turns == 1 { u64::MAX } else { 1 };
            let written = strand.write(most, out, until);
            self.turn = (self.turn + usize::from(written > 0)) % turns;
        }
    }
}

impl Strand {
    /// Writes at most so many rows of the open batch, up to `until` bytes. Returns how many are complete.
    fn write(&mut self, most: u64, out: &mut Vec<u8>, until: usize) -> u64 {
        let Some(mut batch) = self.open.take() else {
            return 0;
        };
        let written = batch.write(&mut self.rows, &self.dataset, most, out, until);
        if batch.left() > 0 {
            self.open = Some(batch);
        }
        written
    }
}
