//! Rows that a query found, on their way out, in whichever way a version writes a row.

use std::sync::Arc;

use futures_util::TryStreamExt as _;

use super::error::Error;
use super::reply::Body;
use super::rows::{self, Form, PIECE};
use crate::services::Services;
use crate::services::search::{Batch, Batches, SearchError, in_time};
use crate::store::Dataset;

/// The rows of `batches` in the given form. What takes longer to be found than a query may is cut off.
pub async fn all(
    services: &Arc<Services>,
    dataset: &Arc<Dataset>,
    batches: Batches,
    form: Form,
) -> Result<Body, Error> {
    let rendering = Rendering {
        services: Arc::clone(services),
        dataset: Arc::clone(dataset),
        batches,
        form,
        open: None,
        begun: false,
        done: false,
    };
    rows::send(rendering, |rendering| rendering.done, Rendering::step).await
}

/// Where rendering is.
struct Rendering {
    services: Arc<Services>,
    dataset: Arc<Dataset>,
    batches: Batches,
    form: Form,
    /// The batch being rendered, and which record of it comes next.
    open: Option<(Batch, usize)>,
    /// Whether there was a row before.
    begun: bool,
    done: bool,
}

impl Rendering {
    /// Renders on behind `out`, up to [`PIECE`] bytes or to the end of a batch: what takes long on a blocking thread.
    async fn step(mut self, mut out: Vec<u8>) -> Result<(Self, Vec<u8>), SearchError> {
        // It goes out once, before everything else.
        out.append(&mut self.form.prefix);
        let batch = match self.open.take() {
            Some(open) => Some(open),
            None => {
                let limit = self.services.settings.timeouts.query_timeout;
                let next = in_time(limit, self.batches.try_next()).await?;
                next.map(|batch| (batch, 0))
            }
        };
        let Some((batch, at)) = batch else {
            out.extend_from_slice(&self.form.suffix);
            self.done = true;
            return Ok((self, out));
        };
        let rows = (batch.starts.len() - at) as u64;
        // Many short batches, one after the other, are no short answer.
        if rows::is_short(rows, batch.text.len().max(out.len())) {
            self.render(batch, at, &mut out);
            return Ok((self, out));
        }
        let rendered = tokio::task::spawn_blocking(move || {
            self.render(batch, at, &mut out);
            (self, out)
        });
        rendered.await.map_err(|_| SearchError::Worker)
    }

    fn render(&mut self, batch: Batch, mut at: usize, out: &mut Vec<u8>) {
        let layout = &self.dataset.layout;
        let columns = layout.columns.len();
        let mut records = batch.text.records(0, layout.delimiter, columns);
        let mut fields = Vec::with_capacity(columns);
        let (first, before) = (at, out.len());
        while at < batch.starts.len() && out.len() < PIECE {
            records.seek(batch.starts[at] as usize);
            records.next_into(&mut fields);
            if std::mem::replace(&mut self.begun, true) {
                out.extend_from_slice(self.form.separator);
            }
            (self.form.row)(&fields, out);
            at += 1;
            if at == first + 1 {
                rows::make_room(out, before, (batch.starts.len() - at) as u64);
            }
        }
        if at < batch.starts.len() {
            self.open = Some((batch, at));
        }
    }
}
