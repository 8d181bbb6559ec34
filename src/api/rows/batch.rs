//! A batch of records that a query found, while its rows are written.

use super::{RowWriter, is_short};
use crate::services::search::RecordBatch;
use crate::store::Dataset;

/// A batch, and the index of its next record.
pub(crate) struct OpenBatch {
    batch: RecordBatch,
    at: usize,
}

impl OpenBatch {
    pub(crate) fn new(batch: RecordBatch) -> Self {
        Self { batch, at: 0 }
    }

    /// How many records are left.
    pub(crate) fn left(&self) -> u64 {
        (self.batch.starts.len() - self.at) as u64
    }

    /// Whether writing the rest is fast enough for a thread of the runtime, after so many bytes. Many short batches make a long answer.
    pub(crate) fn is_short(&self, written: usize) -> bool {
        is_short(self.left(), self.batch.text.len().max(written))
    }

    /// Writes at most `most` rows, up to `until` bytes. Returns how many are complete.
    pub(crate) fn write(
        &mut self,
        rows: &mut RowWriter,
        dataset: &Dataset,
        most: u64,
        out: &mut Vec<u8>,
        until: usize,
    ) -> u64 {
        let columns = dataset.layout.columns.len();
        rows.open(self.batch.text.len());
        let text = &self.batch.text;
        let mut records = text.records(0, dataset.layout.delimiter, columns);
        let mut fields = Vec::with_capacity(columns);
        rows.rows(self.left().min(most), out, until, |rows, out| {
            records.seek(self.batch.starts[self.at] as usize);
            records.next_into(&mut fields);
            let complete = rows.row(&fields, out, until);
            self.at += usize::from(complete);
            complete
        })
    }
}
