//! Rows on their way out: from chunks to bytes, in whichever way a version writes a row.
//!
//! A run of rows that fits into `WHOLE` is rendered whole, remembered if it is a page, and sent with its length; a
//! longer one is sent while it is rendered, `PIECE` bytes or one row at a time. So memory is bounded whatever is
//! asked for and however wide the rows are.

use std::sync::Arc;

use bytes::Bytes;

use super::error::Error;
use super::reply::Body;
use crate::dataset::{Field, Records};
use crate::services::{PageKey, Services};
use crate::store::{Dataset, Lease, Store, StoreError, Text};

/// Bytes up to which an answer is made whole before it is sent.
const WHOLE: usize = 256 << 10;
/// Bytes rendered in one go.
const PIECE: usize = 64 << 10;

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

/// A page: as [`all`], and remembered under `version` when it is of usual size.
pub async fn page(
    services: &Services,
    span: Span,
    version: u32,
    form: impl FnOnce() -> Form,
) -> Result<Body, Error> {
    let key = PageKey {
        run: span.dataset.run.number,
        first: span.first,
        limit: u32::try_from(span.limit).unwrap_or(u32::MAX),
        version,
    };
    if let Some(page) = services.pages.get(&key) {
        return Ok(Body::Full(page));
    }
    let body = all(services, span, form()).await?;
    if let Body::Full(page) = &body {
        services.pages.insert(key, page.clone());
    }
    Ok(body)
}

/// The rows of `span` in the given form.
pub async fn all(services: &Services, span: Span, form: Form) -> Result<Body, Error> {
    let mut scan = Scan::new(services, span, form);
    let mut head = Vec::new();
    while !scan.done && head.len() < WHOLE {
        let piece;
        (scan, piece) = scan.step().await?;
        if head.is_empty() {
            head = piece;
        } else {
            head.extend_from_slice(&piece);
        }
    }
    if scan.done {
        return Ok(Body::Full(head.into()));
    }
    let first = futures_util::stream::once(std::future::ready(Ok(Bytes::from(head))));
    let rest = futures_util::stream::try_unfold(scan, |scan| async move {
        if scan.done {
            return Ok(None);
        }
        let (scan, piece) = scan.step().await?;
        Ok(Some((Bytes::from(piece), scan)))
    });
    Ok(Body::Stream(Box::pin(futures_util::StreamExt::chain(
        first, rest,
    ))))
}

/// Where rendering is.
struct Scan {
    store: Store,
    span: Span,
    form: Form,
    next: u64,
    end: u64,
    /// The chunk being read, and the byte of its text that comes next.
    open: Option<(Text, usize)>,
    begun: bool,
    done: bool,
    _lease: Lease,
}

impl Scan {
    fn new(services: &Services, span: Span, form: Form) -> Self {
        let end = span.dataset.rows.min(span.first.saturating_add(span.limit));
        Self {
            _lease: services.store.lease(&span.dataset),
            store: services.store.clone(),
            next: span.first,
            end,
            span,
            form,
            open: None,
            begun: false,
            done: false,
        }
    }

    /// Renders up to [`PIECE`] bytes, or to the end of a chunk, on a blocking thread.
    async fn step(mut self) -> Result<(Self, Vec<u8>), StoreError> {
        if self.next >= self.end {
            let mut out = Vec::new();
            self.begin(&mut out);
            out.extend_from_slice(&self.form.suffix);
            self.done = true;
            return Ok((self, out));
        }
        if let Some((text, at)) = self.open.take() {
            let rendered = tokio::task::spawn_blocking(move || self.render(text, at)).await;
            return rendered.map_err(|_| StoreError::Worker);
        }
        let (dataset, row) = (Arc::clone(&self.span.dataset), self.next);
        let run = dataset.run;
        let store = self.store.clone();
        let rendered = store.chunk_at_row(&dataset, row, move |text| {
            let at = text.body_start;
            self.render(text, at)
        });
        rendered.await?.ok_or(StoreError::Missing {
            dataset: run.dataset,
            run: run.number,
            row,
        })
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            out.extend_from_slice(&self.form.prefix);
        }
    }

    fn render(mut self, text: Text, at: usize) -> (Self, Vec<u8>) {
        let layout = Arc::clone(&self.span.dataset.layout);
        let mut out = Vec::new();
        self.begin(&mut out);
        let mut records = Records::new(&text.text[at..], layout.delimiter, layout.columns.len());
        if at == text.body_start && self.next > text.first_row {
            records.skip(usize::try_from(self.next - text.first_row).unwrap_or(usize::MAX));
        }
        let chunk_end = (text.first_row + text.rows).min(self.end);
        let mut fields = Vec::new();
        while self.next < chunk_end && out.len() < PIECE && records.next_into(&mut fields) {
            if self.next > self.span.first {
                out.extend_from_slice(self.form.separator);
            }
            (self.form.row)(&fields, &mut out);
            self.next += 1;
        }
        if self.next >= self.end {
            out.extend_from_slice(&self.form.suffix);
            self.done = true;
        } else if self.next < chunk_end {
            let at = at + records.position();
            self.open = Some((text, at));
        }
        (self, out)
    }
}

/// Appends `text` as a JSON string.
pub fn push_json_string(text: &str, out: &mut Vec<u8>) {
    // Writing a string to memory can't fail.
    drop(serde_json::to_writer(out, text));
}

/// Appends `text` as a field of a CSV (RFC 4180 §2), quoted where reading it back needs that.
pub fn push_csv_field(text: &str, alone: bool, out: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    // The only field of its row must not make the row an empty line.
    let quoted = text.bytes().any(|byte| special(&byte)) || alone && text.is_empty();
    if !quoted {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Rows as CSV: a header line with the dataset's names for its columns, then every row; lines end in LF.
pub fn csv(dataset: &Dataset) -> Form {
    let mut prefix = Vec::new();
    let alone = dataset.columns.len() == 1;
    for (at, column) in dataset.columns.iter().enumerate() {
        if at > 0 {
            prefix.push(b',');
        }
        push_csv_field(&column.name, alone, &mut prefix);
    }
    prefix.push(b'\n');
    let row = move |fields: &[Field<'_>], out: &mut Vec<u8>| {
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_csv_field(&field.text(), alone, out);
        }
        out.push(b'\n');
    };
    Form {
        prefix,
        separator: b"",
        suffix: Vec::new(),
        row: Box::new(row),
    }
}
