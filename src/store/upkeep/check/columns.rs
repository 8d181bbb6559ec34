//! Reads the columns of segments. Each chunk must be there, match its digest, and have as many rows as its row group.

use super::Checker;
use crate::dataset::columns::ColumnChunk;
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::segments::columns::{row_groups, statements, unpack};
use crate::store::segments::list::SegmentId;
use crate::store::units::to_db;

impl Checker<'_> {
    /// Checks the columns of a segment, as far as they were built.
    pub(super) fn columns(
        &mut self,
        connection: &mut AnyConnection,
        segment: SegmentId,
    ) -> Result<(), StoreError> {
        for group in row_groups(connection, segment)? {
            for &column in &group.coded {
                // One at a time, because the chunks of many columns may be large.
                let (place, first_row) = (i64::from(column), to_db(group.first_row));
                let found = statements::chunks(connection, segment, vec![place], vec![first_row])?;
                let chunk = found.first().map(|row| unpack(&row.digest, &row.data));
                let rows = |chunk: ColumnChunk| chunk.codes().ok().map(|codes| codes.len() as u64);
                let rows = chunk.and_then(Result::ok).and_then(rows);
                if rows != Some(group.rows()) {
                    let number = column + 1;
                    self.problem(format!(
                        "the stored values of column {number} from row {first_row} of the segment on are damaged; queries read its text \
                         instead, which takes longer"
                    ));
                }
            }
        }
        Ok(())
    }
}
