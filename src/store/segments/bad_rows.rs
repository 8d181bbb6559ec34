//! Rows of an upload that were set aside: blocks of lines of JSON, beside the source blocks of their segment.

use super::list::SegmentId;
use super::{blocks, queries};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::BadRowsBlock;
use crate::store::rows::PackedRow;
use crate::store::units::from_db;

impl Store {
    /// A block of the rows of a segment that were set aside, as lines of JSON; `None` if there are not so many blocks.
    pub async fn bad_rows(
        &self,
        segment: SegmentId,
        number: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let unpack = |block: PackedRow<'_>| blocks::unpack(&block);
        self.backend()
            .fetch(
                move |connection| Ok(queries::bad_rows(connection, segment, number)?),
                unpack,
            )
            .await
    }
}

/// The same block, packed, to be stored again as block `renumbered` of another segment.
pub(super) async fn packed(
    store: &Store,
    segment: SegmentId,
    number: u64,
    renumbered: u64,
) -> Result<Option<BadRowsBlock>, StoreError> {
    let read = store
        .backend()
        .read(move |connection| Ok(queries::bad_rows(connection, segment, number)?));
    let Some(row) = read.await? else {
        return Ok(None);
    };
    let digest = (*row.digest).try_into();
    Ok(Some(BadRowsBlock {
        number: renumbered,
        bytes: from_db(row.byte_count),
        digest: digest.map_err(|e| crate::store::units::unreadable("digest", e))?,
        data: row.data.into_owned(),
    }))
}
