//! Renders rows from blocks, in the form of a version.
//!
//! A short answer is rendered whole, cached if it is a page, and sent with its length. A longer one is sent while it is rendered (`send`),
//! and while the next blocks are read. A long row is sent in parts (`writer`). So memory is bounded for all answers and rows.

mod batch;
mod csv;
mod format;
mod scan;
mod send;
mod writer;

use std::sync::Arc;

pub(super) use batch::OpenBatch;
pub use csv::{CsvCells, Values, csv};
pub use format::{Cell, Form, Lines, RowFormat, Style, push_json_field, push_json_string};
use scan::Scan;
pub(super) use send::{Maker, metered, send};
pub(super) use writer::RowWriter;

use super::error::Error;
use super::reply::{Body, Reply};
use crate::services::{Page, PageKey, Services};
use crate::store::Dataset;

/// So many rows are rendered at once, if their blocks have at most [`SHORT_TEXT`] bytes.
const SHORT_ROWS: u64 = 256;
const SHORT_TEXT: usize = 128 << 10;

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
    send(&services.memory, scan.expected(), scan).await
}

/// About how many bytes of text so many rows of a dataset have.
pub(super) fn expected(dataset: &Dataset, rows: u64) -> u64 {
    let usual = dataset.bytes / dataset.rows.max(1);
    rows.saturating_mul(usual)
}

/// Whether rendering so many rows is fast enough for a thread of the runtime.
pub(super) fn is_short(rows: u64, text: usize) -> bool {
    rows <= SHORT_ROWS && text <= SHORT_TEXT
}

/// The indexes of the selected columns.
pub fn places(dataset: &Dataset, select: Option<&[usize]>) -> Vec<usize> {
    match select {
        Some(places) => places.to_vec(),
        None => (0..dataset.columns.len()).collect(),
    }
}
