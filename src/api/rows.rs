//! Renders rows from blocks, in the form of a version.
//!
//! A short answer is rendered whole, cached if it is a page, and sent with its length. A longer one is sent while it is rendered (`send`),
//! and while the next blocks are read. A long row is sent in parts (`format`). So memory is bounded for all answers and rows.

mod csv;
mod format;
mod send;

use std::sync::Arc;

use tokio::task::JoinHandle;

pub use csv::{CsvCells, Values, csv, push_csv_field};
pub use format::{Cell, Form, RowFormat, Style, push_json_field, push_json_string};
pub(super) use format::{Progress, write_part};
pub(super) use send::{Maker, metered, send};

use super::error::Error;
use super::reply::{Body, Reply};
use crate::services::memory::Kind;
use crate::services::search::{LoadedBlock, Readahead, SearchError, read_ahead};
use crate::services::{Page, PageKey, Services};
use crate::store::{Dataset, Lease};

/// So many rows are rendered at once, if their blocks have at most [`SHORT_TEXT`] bytes.
const SHORT_ROWS: u64 = 256;
const SHORT_TEXT: usize = 128 << 10;

/// The rows of a longer text may be so long that they are sent in parts.
const LONG_TEXT: usize = 256 << 10;
/// A row with so many bytes of names is long.
const LONG_NAMES: usize = 32 << 10;

/// A range of a dataset's rows.
#[derive(Clone)]
pub struct Span {
    /// The dataset, as of the revision to read.
    pub dataset: Arc<Dataset>,
    /// Number of the first row, from 0.
    pub first: u64,
    /// The most rows.
    pub limit: u64,
}

/// The body of a page, and the cursor of the next one.
pub type Made = (Body, Option<Arc<str>>);

/// A body with its cursor, and whether it was cached.
pub type Shown = (Made, Memory);

/// Whether a body was cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It is new.
    New,
    /// It was cached.
    Known,
}

impl Memory {
    /// The answer about `dataset` with the body. If the body was cached, the whole response is cached too.
    pub fn of(self, mut reply: Reply, dataset: Arc<Dataset>) -> Reply {
        reply.alone_of = (self == Self::Known).then_some(dataset);
        reply
    }
}

/// A page, like [`all`]. It is cached under `key` if it has a usual size.
pub async fn page(
    services: &Arc<Services>,
    span: Span,
    key: PageKey,
    form: impl FnOnce() -> Form,
) -> Result<(Body, Memory), Error> {
    let make = || async { Ok((all(services, span, form()).await?, None)) };
    let ((body, _), memory) = remembered(services, key, make).await?;
    Ok((body, memory))
}

/// The cached body, or the result of `make`, which is cached if it is a whole body.
pub async fn remembered<F>(
    services: &Services,
    key: PageKey,
    make: impl FnOnce() -> F,
) -> Result<Shown, Error>
where
    F: Future<Output = Result<Made, Error>>,
{
    let whole = |(body, next): &Made| match body {
        Body::Full(body, _) => Some(Page {
            body: body.clone(),
            next: next.clone(),
        }),
        Body::Empty | Body::Stream(_) => None,
    };
    // A cached page is the usual case. Boxed: otherwise its future would be as large as that of making a page, several KiB.
    let page = match services.cache.page(&key) {
        Some(page) => page,
        None => match Box::pin(services.cache.page_or(key, make(), whole)).await? {
            Ok(made) => return Ok((made, Memory::New)),
            Err(page) => page,
        },
    };
    Ok(((Body::Full(page.body, None), page.next), Memory::Known))
}

/// The rows of `span` in the given form.
pub async fn all(services: &Arc<Services>, span: Span, form: Form) -> Result<Body, Error> {
    let scan = Scan::new(services, span, form);
    let rows = scan.end.saturating_sub(scan.next);
    send(&services.memory, expected(&scan.span.dataset, rows), scan).await
}

/// About how many bytes of text so many rows of a dataset have.
pub(super) fn expected(dataset: &Dataset, rows: u64) -> u64 {
    let usual = dataset.bytes / dataset.rows.max(1);
    rows.saturating_mul(usual)
}

/// Whether rows of a text are sent in parts in that form.
pub(super) fn has_long_rows(text: usize, form: &Form) -> bool {
    text > LONG_TEXT || form.row.names() > LONG_NAMES
}

/// Whether rendering so many rows is fast enough for a thread of the runtime.
pub(super) fn is_short(rows: u64, text: usize) -> bool {
    rows <= SHORT_ROWS && text <= SHORT_TEXT
}

/// Reserves capacity for more rows, after one was written from byte `before` on. The others are usually about as long.
pub(super) fn make_room(out: &mut Vec<u8>, before: usize, rows: u64, until: usize) {
    let row = (out.len() - before) * 9 / 8;
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let left = until.saturating_sub(out.len()) + row;
    out.reserve(row.saturating_mul(rows).min(left));
}

/// The state of rendering.
struct Scan {
    services: Arc<Services>,
    span: Span,
    form: Form,
    next: u64,
    end: u64,
    /// How far the next row is rendered, if it is sent in parts.
    part: Option<Progress>,
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
        self.form.bytes()
    }

    /// Appends rows to `out`, up to `until` bytes or to the end of the blocks that were read. Long work runs on a blocking thread.
    async fn step(
        mut self,
        mut out: Vec<u8>,
        until: usize,
    ) -> Result<(Self, Vec<u8>), SearchError> {
        // The beginning of the document is written once.
        out.append(&mut self.form.prefix);
        // Without rows, the end follows the beginning.
        if self.next >= self.end {
            self.done = true;
            out.extend_from_slice(&self.form.suffix);
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
    fn new(services: &Arc<Services>, span: Span, form: Form) -> Self {
        let end = span.dataset.rows.min(span.first.saturating_add(span.limit));
        Self {
            _lease: services.store.lease(&span.dataset),
            services: Arc::clone(services),
            next: span.first,
            end,
            span,
            form,
            part: None,
            open: None,
            read: Readahead::default(),
            ahead: None,
            done: false,
        }
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
            out.extend_from_slice(&self.form.suffix);
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
        if has_long_rows(block.text.len(), &self.form) {
            let at = self.render_parts(&block, at, out, until);
            if self.next < end {
                self.open = Some((block, at));
            }
            return;
        }
        if self.form.plain && block.text.is_plain(columns) {
            let to = match end < block.end_row {
                true => after(at, end - self.next),
                false => block.text.len(),
            };
            out.extend_from_slice(&block.text.as_bytes()[at..to]);
            // The last line may have no line end.
            if !out.ends_with(b"\n") {
                out.push(b'\n');
            }
            self.next = end;
            return;
        }
        let at = match (self.form.line, block.text.verbatim_lines(at)) {
            (Some(write), Some(mut lines)) => {
                self.render_rows(end, out, until, |_, separator, out| {
                    let Some(line) = lines.next() else {
                        return false;
                    };
                    out.extend_from_slice(separator);
                    write(line, delimiter, out);
                    true
                });
                at + lines.position()
            }
            _ => {
                let mut records = block.text.records(at, delimiter, columns);
                let mut fields = Vec::with_capacity(columns);
                self.render_rows(end, out, until, |form, separator, out| {
                    let found = records.next_into(&mut fields);
                    if found {
                        out.extend_from_slice(separator);
                        form.row.write(&fields, out);
                    }
                    found
                });
                at + records.position()
            }
        };
        if self.next < end && out.len() >= until {
            self.open = Some((block, at));
        }
    }

    /// Renders rows up to row `end`, or to `until` bytes. `row` writes the separator and the next row, if there is one.
    fn render_rows(
        &mut self,
        end: u64,
        out: &mut Vec<u8>,
        until: usize,
        mut row: impl FnMut(&Form, &[u8], &mut Vec<u8>) -> bool,
    ) {
        let (first, before) = (self.next, out.len());
        while self.next < end && out.len() < until {
            if !row(&self.form, self.separator(), out) {
                break;
            }
            self.next += 1;
            if self.next == first + 1 {
                make_room(out, before, end - self.next, until);
            }
        }
    }

    /// Renders rows of a block from byte `at` of its text, long ones in parts, up to `until` bytes. Returns the offset of the next or
    /// unfinished row.
    fn render_parts(
        &mut self,
        block: &LoadedBlock,
        at: usize,
        out: &mut Vec<u8>,
        until: usize,
    ) -> usize {
        let layout = &self.span.dataset.layout;
        let columns = layout.columns.len();
        let mut records = block.text.records(at, layout.delimiter, columns);
        let mut fields = Vec::with_capacity(columns);
        let mut begin = records.position();
        while self.next < block.end_row.min(self.end)
            && out.len() < until
            && records.next_into(&mut fields)
        {
            let progress = self.part.take().unwrap_or_else(|| {
                out.extend_from_slice(self.separator());
                Progress::default()
            });
            self.part = write_part(&*self.form.row, &fields, progress, out, until);
            if self.part.is_some() {
                break;
            }
            self.next += 1;
            begin = records.position();
        }
        at + begin
    }

    /// The separator before the next row.
    fn separator(&self) -> &'static [u8] {
        match self.next > self.span.first {
            true => self.form.separator,
            false => b"",
        }
    }
}

/// The indexes of the selected columns.
pub fn places(dataset: &Dataset, select: Option<&[usize]>) -> Vec<usize> {
    match select {
        Some(places) => places.to_vec(),
        None => (0..dataset.columns.len()).collect(),
    }
}
