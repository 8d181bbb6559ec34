//! Rows on their way out: from chunks to bytes, in whichever way a version writes a row.
//!
//! A run of rows that fits into `WHOLE` is rendered whole, remembered if it is a page, and sent with its length; a
//! longer one is sent while it is rendered, `PIECE` bytes or one chunk or row at a time, and while the chunks that
//! come next are read. So memory is bounded whatever is asked for and however wide the rows are.

mod csv;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

pub use csv::{CsvCells, csv, push_csv_field};

use super::error::Error;
use super::reply::{Body, Reply};
use crate::dataset::Field;
use crate::services::search::{Chunk, SearchError, stretch};
use crate::services::{Page, PageKey, Services};
use crate::store::{Dataset, Lease};

/// Bytes up to which an answer is made whole before it is sent.
const WHOLE: usize = 256 << 10;
/// Bytes rendered in one go.
pub(super) const PIECE: usize = 256 << 10;
/// Rows up to which they are rendered at once, out of chunks of up to [`SHORT_TEXT`] bytes.
const SHORT_ROWS: u64 = 256;
const SHORT_TEXT: usize = 128 << 10;

/// How rows are written: what comes before, between and after them, and each.
pub struct Form {
    /// Before the first row.
    pub prefix: Vec<u8>,
    /// Between two rows.
    pub separator: &'static [u8],
    /// After the last row.
    pub suffix: Vec<u8>,
    /// Writes a row.
    pub row: RowWriter,
    /// Writes the same row from its line and the delimiter of its fields, where JSON takes all of them as they are.
    pub line: Option<fn(&str, u8, &mut Vec<u8>)>,
    /// Whether plain lines of fields between commas are rows in this form as they are.
    pub plain: bool,
}

/// Writes the fields of one row behind what is there.
pub type RowWriter = Box<dyn Fn(&[Field<'_>], &mut Vec<u8>) + Send>;

/// Which rows of which dataset.
#[derive(Clone)]
pub struct Span {
    /// The dataset, as of the revision that is read.
    pub dataset: Arc<Dataset>,
    /// Number of the first row, from 0.
    pub first: u64,
    /// How many at most.
    pub limit: u64,
}

/// The body of a page, and the cursor of the next one.
pub type Made = (Body, Option<Arc<str>>);

/// What is shown of a dataset, and whether it was remembered.
pub type Shown = (Made, Memory);

/// Where something that is shown came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It was made just now.
    New,
    /// It was made before.
    Known,
}

impl Memory {
    /// The answer about `dataset` that shows it: what is asked for again is worth remembering as a whole.
    pub fn of(self, mut reply: Reply, dataset: Arc<Dataset>) -> Reply {
        reply.alone_of = (self == Self::Known).then_some(dataset);
        reply
    }
}

/// A page: as [`all`], and remembered under `key` when it is of usual size.
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

/// What `make` makes; or what it made before, where that was a whole body.
pub async fn remembered<F>(
    services: &Services,
    key: PageKey,
    make: impl FnOnce() -> F,
) -> Result<Shown, Error>
where
    F: Future<Output = Result<Made, Error>>,
{
    let whole = |(body, next): &Made| match body {
        Body::Full(body) => Some(Page {
            body: body.clone(),
            next: next.clone(),
        }),
        Body::Empty | Body::Stream(_) => None,
    };
    // The usual case first, without what several at once would need. To make a page takes a future of kilobytes, which a
    // request for one that is there would carry along if it were not boxed.
    let page = match services.cache.page(&key) {
        Some(page) => page,
        None => match Box::pin(services.cache.page_or(key, make(), whole)).await? {
            Ok(made) => return Ok((made, Memory::New)),
            Err(page) => page,
        },
    };
    Ok(((Body::Full(page.body), page.next), Memory::Known))
}

/// The rows of `span` in the given form.
pub async fn all(services: &Arc<Services>, span: Span, form: Form) -> Result<Body, Error> {
    let scan = Scan::new(services, span, form);
    send(scan, |scan| scan.done, Scan::step).await
}

/// Makes an answer piece by piece, each behind what it is given: whole if it is short, else while it is sent.
pub(super) async fn send<S: Send + 'static, F>(
    mut state: S,
    done: fn(&S) -> bool,
    step: fn(S, Vec<u8>) -> F,
) -> Result<Body, Error>
where
    F: Future<Output = Result<(S, Vec<u8>), SearchError>> + Send + 'static,
{
    let mut head = Vec::new();
    while !done(&state) && head.len() < WHOLE {
        (state, head) = step(state, head).await?;
    }
    if done(&state) {
        // It may be kept for long.
        head.shrink_to_fit();
        return Ok(Body::Full(head.into()));
    }
    let first = futures_util::stream::once(std::future::ready(Ok(Bytes::from(head))));
    let rest = futures_util::stream::try_unfold(state, move |state| async move {
        if done(&state) {
            return Ok(None);
        }
        let (state, piece) = step(state, Vec::new()).await?;
        Ok(Some((Bytes::from(piece), state)))
    });
    Ok(Body::Stream(Box::pin(futures_util::StreamExt::chain(
        first, rest,
    ))))
}

/// Whether so many rows of a text of so many bytes are too few for rendering them to hold anybody up.
pub(super) fn is_short(rows: u64, text: usize) -> bool {
    rows <= SHORT_ROWS && text <= SHORT_TEXT
}

/// Makes room for so many more rows, once one was written from byte `before` on: the others are about as long, and some a
/// bit longer.
pub(super) fn make_room(out: &mut Vec<u8>, before: usize, rows: u64) {
    let row = (out.len() - before) * 9 / 8;
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    out.reserve(row.saturating_mul(rows).min(PIECE));
}

/// Where rendering is.
struct Scan {
    services: Arc<Services>,
    span: Span,
    form: Form,
    next: u64,
    end: u64,
    /// The chunk being rendered, and the byte of its text that comes next.
    open: Option<(Chunk, usize)>,
    /// The chunks behind it that were read.
    read: VecDeque<Chunk>,
    /// Those being read meanwhile.
    ahead: Option<JoinHandle<Result<VecDeque<Chunk>, SearchError>>>,
    done: bool,
    _lease: Lease,
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
            open: None,
            read: VecDeque::new(),
            ahead: None,
            done: false,
        }
    }

    /// Renders on behind `out`, up to [`PIECE`] bytes or to the end of what was read: what takes long on a blocking thread.
    async fn step(mut self, mut out: Vec<u8>) -> Result<(Self, Vec<u8>), SearchError> {
        // It goes out once, before everything else.
        out.append(&mut self.form.prefix);
        // Only where there is no row is there nothing left to begin with.
        if self.next >= self.end {
            self.done = true;
            out.extend_from_slice(&self.form.suffix);
            return Ok((self, out));
        }
        if self.open.is_none() && self.read.is_empty() {
            self.read().await?;
        }
        if self.is_short() {
            return Ok(self.render(out));
        }
        let rendered = tokio::task::spawn_blocking(move || self.render(out)).await;
        rendered.map_err(|_| SearchError::Worker)
    }

    /// Reads the chunks that come next, and begins to read those behind them.
    async fn read(&mut self) -> Result<(), SearchError> {
        let read = |row| {
            let (services, dataset) = (&self.services, &self.span.dataset);
            stretch(Arc::clone(services), Arc::clone(dataset), row, self.end)
        };
        let chunks = match self.ahead.take() {
            Some(reading) => reading.await.map_err(|_| SearchError::Worker)??,
            None => read(self.next).await?,
        };
        let after = chunks.back().map_or(self.end, |chunk| chunk.end_row);
        self.ahead = (after < self.end).then(|| tokio::spawn(read(after)));
        self.read = chunks;
        Ok(())
    }

    /// Whether there is too little to render for it to hold anybody up.
    fn is_short(&self) -> bool {
        let open = self.open.iter().map(|(chunk, _)| chunk);
        let mut chunks = open.chain(&self.read);
        chunks.all(|chunk| is_short(self.end - self.next, chunk.text.len()))
    }

    fn render(mut self, mut out: Vec<u8>) -> (Self, Vec<u8>) {
        while out.len() < PIECE && self.next < self.end {
            let fresh = || {
                self.read.pop_front().map(|chunk| {
                    let at = chunk.body_start;
                    (chunk, at)
                })
            };
            let Some((chunk, at)) = self.open.take().or_else(fresh) else {
                break;
            };
            self.render_chunk(chunk, at, &mut out);
        }
        if self.next >= self.end {
            out.extend_from_slice(&self.form.suffix);
            self.done = true;
        }
        (self, out)
    }

    fn render_chunk(&mut self, chunk: Chunk, at: usize, out: &mut Vec<u8>) {
        let layout = &self.span.dataset.layout;
        let (delimiter, columns) = (layout.delimiter, layout.columns.len());
        let after = |from, rows: u64| {
            let rows = usize::try_from(rows).unwrap_or(usize::MAX);
            let text = &chunk.text;
            text.start_after(from, rows, delimiter, columns)
        };
        let at = match at == chunk.body_start && self.next > chunk.first_row {
            true => after(at, self.next - chunk.first_row),
            false => at,
        };
        let end = chunk.end_row.min(self.end);
        if self.form.plain && chunk.text.is_plain(columns) {
            let to = match end < chunk.end_row {
                true => after(at, end - self.next),
                false => chunk.text.len(),
            };
            out.extend_from_slice(&chunk.text.as_bytes()[at..to]);
            // The last line may have no end.
            if !out.ends_with(b"\n") {
                out.push(b'\n');
            }
            self.next = end;
            return;
        }
        let at = match (self.form.line, chunk.text.verbatim_lines(at)) {
            (Some(write), Some(mut lines)) => {
                self.render_rows(end, out, |_, separator, out| {
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
                let mut records = chunk.text.records(at, delimiter, columns);
                let mut fields = Vec::with_capacity(columns);
                self.render_rows(end, out, |form, separator, out| {
                    let found = records.next_into(&mut fields);
                    if found {
                        out.extend_from_slice(separator);
                        (form.row)(&fields, out);
                    }
                    found
                });
                at + records.position()
            }
        };
        if self.next < end && out.len() >= PIECE {
            self.open = Some((chunk, at));
        }
    }

    /// Renders rows up to `end`, as far as there are some and to [`PIECE`] bytes. `row` writes the next one behind what goes
    /// before it, if there is one.
    fn render_rows(
        &mut self,
        end: u64,
        out: &mut Vec<u8>,
        mut row: impl FnMut(&Form, &[u8], &mut Vec<u8>) -> bool,
    ) {
        let (first, before) = (self.next, out.len());
        while self.next < end && out.len() < PIECE {
            let separator = match self.next > self.span.first {
                true => self.form.separator,
                false => b"",
            };
            if !row(&self.form, separator, out) {
                break;
            }
            self.next += 1;
            if self.next == first + 1 {
                make_room(out, before, end - self.next);
            }
        }
    }
}

/// Appends `text`, which is `field`'s, as a JSON string.
pub fn push_json_field(field: &Field<'_>, text: &str, out: &mut Vec<u8>) {
    match field.is_verbatim() {
        true => push_verbatim(text, out),
        false => push_json_string(text, out),
    }
}

/// Appends `text` as a JSON string.
pub fn push_json_string(text: &str, out: &mut Vec<u8>) {
    // Without a branch a byte, so that many are looked at in one go.
    let escaped = |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\');
    if text.bytes().fold(false, escaped) {
        // Writing a string to memory can't fail.
        drop(serde_json::to_writer(out, text));
        return;
    }
    push_verbatim(text, out);
}

#[inline]
fn push_verbatim(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// The places of the columns that are shown.
pub fn places(dataset: &Dataset, select: Option<&[usize]>) -> Vec<usize> {
    match select {
        Some(places) => places.to_vec(),
        None => (0..dataset.columns.len()).collect(),
    }
}
