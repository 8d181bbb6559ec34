//! The rows of a range, rendered from its blocks one after the other.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{Form, Lines, Maker, RowWriter, Span, expected, is_short};
use crate::services::Services;
use crate::services::memory::Kind;
use crate::services::search::{LoadedBlock, Readahead, SearchError, read_ahead};
use crate::store::Lease;

/// The state of rendering.
pub(super) struct Scan {
    services: Arc<Services>,
    span: Span,
    rows: RowWriter,
    next: u64,
    end: u64,
    /// The block that is being rendered, and the offset of the next byte of its text.
    open: Option<(LoadedBlock, usize)>,
    /// The next blocks that were read already.
    read: Readahead,
    /// The blocks that are being read.
    ahead: Option<JoinHandle<Result<Readahead, SearchError>>>,
    done: bool,
    _lease: Lease,
}

impl Maker for Scan {
    fn is_done(&self) -> bool {
        self.done
    }

    fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    /// Appends rows to `out`, up to `until` bytes or to the end of the blocks that were read. Long work runs on a blocking thread.
    async fn step(
        mut self,
        mut out: Vec<u8>,
        until: usize,
    ) -> Result<(Self, Vec<u8>), SearchError> {
        self.rows.begin(&mut out);
        // Without rows, the end follows the beginning.
        if self.next >= self.end {
            self.done = true;
            self.rows.end(&mut out);
            return Ok((self, out));
        }
        if self.open.is_none() && self.read.blocks.is_empty() {
            self.read().await?;
        }
        let (mut scan, out) = match self.is_short() {
            true => self.render(out, until),
            false => {
                let rendering = tokio::task::spawn_blocking(move || self.render(out, until));
                rendering.await.map_err(|_| SearchError::Worker)?
            }
        };
        // The client may read slowly. If memory is tight, texts are dropped and read again.
        if !scan.services.memory.is_ample(Kind::Texts) {
            (scan.open, scan.read, scan.ahead) = (None, Readahead::default(), None);
        }
        Ok((scan, out))
    }
}

impl Scan {
    pub(super) fn new(services: &Arc<Services>, span: Span, form: Form) -> Self {
        let end = span.dataset.rows.min(span.first.saturating_add(span.limit));
        Self {
            _lease: services.store.lease(&span.dataset),
            services: Arc::clone(services),
            next: span.first,
            end,
            span,
            rows: RowWriter::new(form),
            open: None,
            read: Readahead::default(),
            ahead: None,
            done: false,
        }
    }

    /// About how many bytes of text its rows have.
    pub(super) fn expected(&self) -> u64 {
        expected(&self.span.dataset, self.end.saturating_sub(self.next))
    }

    /// Reads the next blocks. If there is enough memory, it starts to read the ones after them.
    async fn read(&mut self) -> Result<(), SearchError> {
        let read = |row| {
            let (services, dataset) = (&self.services, &self.span.dataset);
            read_ahead(Arc::clone(services), Arc::clone(dataset), row, self.end)
        };
        self.read = Readahead::default();
        let readahead = match self.ahead.take() {
            Some(reading) => reading.await.map_err(|_| SearchError::Worker)??,
            None => read(self.next).await?,
        };
        let after = readahead
            .blocks
            .back()
            .map_or(self.end, |block| block.end_row);
        let goes_on = after < self.end && self.services.memory.is_ample(Kind::Texts);
        self.ahead = goes_on.then(|| tokio::spawn(read(after)));
        self.read = readahead;
        Ok(())
    }

    /// Whether rendering is fast enough for a thread of the runtime.
    fn is_short(&self) -> bool {
        let open = self.open.iter().map(|(block, _)| block);
        let mut blocks = open.chain(&self.read.blocks);
        blocks.all(|block| is_short(self.end - self.next, block.text.len()))
    }

    fn render(mut self, mut out: Vec<u8>, until: usize) -> (Self, Vec<u8>) {
        while out.len() < until && self.next < self.end {
            let fresh = || {
                self.read.blocks.pop_front().map(|block| {
                    let at = block.body_start;
                    (block, at)
                })
            };
            let Some((block, at)) = self.open.take().or_else(fresh) else {
                break;
            };
            self.render_block(block, at, &mut out, until);
        }
        if self.next >= self.end {
            self.rows.end(&mut out);
            self.done = true;
        }
        (self, out)
    }

    fn render_block(&mut self, block: LoadedBlock, at: usize, out: &mut Vec<u8>, until: usize) {
        let layout = &self.span.dataset.layout;
        let (delimiter, columns) = (layout.delimiter, layout.columns.len());
        let after = |from, rows: u64| {
            let rows = usize::try_from(rows).unwrap_or(usize::MAX);
            let text = &block.text;
            text.start_after(from, rows, delimiter, columns)
        };
        let at = match at == block.body_start && self.next > block.first_row {
            true => after(at, self.next - block.first_row),
            false => at,
        };
        let end = block.end_row.min(self.end);
        let long = self.rows.open(block.text.len());
        let form = self.rows.form.lines.as_ref().filter(|_| !long);
        if let Some(Lines::Copied(nulls)) = form
            && block.text.is_plain(columns)
        {
            let to = match end < block.end_row {
                true => after(at, end - self.next),
                false => block.text.len(),
            };
            nulls.push_emptied(&block.text[at..to], delimiter, out);
            // The last line may have no line end.
            if !out.ends_with(b"\n") {
                out.push(b'\n');
            }
            self.next = end;
            return;
        }
        let rows = end.saturating_sub(self.next);
        let (written, passed) = match (form, block.text.verbatim_lines(at)) {
            (Some(Lines::Written(nulls, write)), Some(mut lines)) => {
                let (nulls, write) = (Arc::clone(nulls), *write);
                let mut room = String::new();
                let written = self.rows.rows(rows, out, until, |rows, out| {
                    let line = lines.next().map(|line| {
                        rows.separate(out);
                        write(nulls.emptied(line, delimiter, &mut room), delimiter, out);
                    });
                    line.is_some()
                });
                (written, lines.position())
            }
            _ => {
                let mut records = block.text.records(at, delimiter, columns);
                let mut fields = Vec::with_capacity(columns);
                let mut begin = 0;
                let written = self.rows.rows(rows, out, until, |rows, out| {
                    begin = records.position();
                    records.next_into(&mut fields) && rows.row(&fields, out, until)
                });
                match self.rows.is_inside_row() {
                    true => (written, begin),
                    false => (written, records.position()),
                }
            }
        };
        self.next += written;
        if self.next < end && out.len() >= until {
            self.open = Some((block, at + passed));
        }
    }
}
