//! Renders the rows that a query found.

use std::sync::Arc;

use futures_util::TryStreamExt as _;

use super::error::Error;
use super::reply::Body;
use super::rows::{self, Form, Maker, OpenBatch, RowWriter};
use crate::services::Services;
use crate::services::search::{RecordBatches, SearchError, in_time};
use crate::store::Dataset;

/// The rows of `batches`, at most `limit`, in the given form. A result that takes longer to find than a query may is cut off.
pub async fn all(
    services: &Arc<Services>,
    dataset: &Arc<Dataset>,
    batches: RecordBatches,
    limit: u64,
    form: Form,
) -> Result<Body, Error> {
    let rendering = Rendering {
        services: Arc::clone(services),
        dataset: Arc::clone(dataset),
        batches,
        rows: RowWriter::new(form),
        open: None,
        done: false,
    };
    let expected = rows::expected(dataset, limit.min(dataset.rows));
    rows::send(&services.memory, expected, rendering).await
}

/// The state of rendering.
struct Rendering {
    services: Arc<Services>,
    dataset: Arc<Dataset>,
    batches: RecordBatches,
    rows: RowWriter,
    /// The batch that is being rendered.
    open: Option<OpenBatch>,
    done: bool,
}

impl Maker for Rendering {
    fn is_done(&self) -> bool {
        self.done
    }

    fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    /// Appends rows to `out`, up to `until` bytes or to the end of a batch. Long work runs on a blocking thread.
    async fn step(
        mut self,
        mut out: Vec<u8>,
        until: usize,
    ) -> Result<(Self, Vec<u8>), SearchError> {
        self.rows.begin(&mut out);
        let batch = match self.open.take() {
            Some(open) => Some(open),
            None => {
                let limit = self.services.settings.timeouts.query_timeout;
                let next = in_time(limit, self.batches.try_next()).await?;
                next.map(OpenBatch::new)
            }
        };
        let Some(batch) = batch else {
            self.rows.end(&mut out);
            self.done = true;
            return Ok((self, out));
        };
        if batch.is_short(out.len()) {
            self.render(batch, &mut out, until);
            return Ok((self, out));
        }
        let rendered = tokio::task::spawn_blocking(move || {
            self.render(batch, &mut out, until);
            (self, out)
        });
        rendered.await.map_err(|_| SearchError::Worker)
    }
}

impl Rendering {
    fn render(&mut self, mut batch: OpenBatch, out: &mut Vec<u8>, until: usize) {
        batch.write(&mut self.rows, &self.dataset, u64::MAX, out, until);
        if batch.left() > 0 {
            self.open = Some(batch);
        }
    }
}
