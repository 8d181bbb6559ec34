//! Staging: writes blocks of an upload that is not committed yet. Nobody can read them until then.

use super::list::SegmentId;
use super::{queries, tombstones};
use crate::store::backend::{Purpose, Transaction, WriteError, WriteOptions};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::in_flight::Turn;
use crate::store::model::SegmentPart;

/// How many blocks one transaction moves, so that other writes don't wait long for it.
const BLOCKS: i64 = 64;

impl Store {
    /// Announces that a part of a segment is written next. While the turn is held, the segment is not abandoned.
    pub fn begin_part(&self, segment: SegmentId) -> Turn {
        self.in_flight().begin_part(segment)
    }

    /// Writes a part of a segment; `begins` if it is the first one.
    pub async fn stage(
        &self,
        turn: Turn,
        part: SegmentPart,
        begins: bool,
    ) -> Result<(), StoreError> {
        let options = WriteOptions::of(Purpose::Provisional, part.weight());
        self.backend()
            .write(options, move |tx| {
                if begins {
                    let now = tx.database_now()?;
                    tombstones::insert_upload(tx, turn.segment, now)?;
                }
                Ok(queries::insert_part(tx, turn.segment, &part)?)
            })
            .await
    }

    /// Abandons a segment that will not be committed. Doesn't wait: the segment gets its tombstone after the part that is being written
    /// now, because a later part would never be collected.
    pub fn abandon(&self, segment: SegmentId) {
        let permits = self.in_flight().end_upload(segment);
        match permits {
            Some(permits) if permits.available_permits() == 0 => {
                let store = self.clone();
                // Without a runtime, the next start or another server does it.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        drop(permits.acquire_owned().await);
                        store.abandon_now(segment);
                    });
                }
            }
            _ => self.abandon_now(segment),
        }
    }

    fn abandon_now(&self, segment: SegmentId) {
        self.backend()
            .write_later(WriteOptions::FREES_SPACE, move |tx| {
                // If the segment was committed, it is no longer noted as being written, and stays.
                if tombstones::delete_upload(tx, segment)? {
                    let since = tx.database_now()?;
                    tombstones::insert(tx, segment, since)?;
                }
                Ok(())
            });
    }
}

/// Segments whose blocks are moved to the dataset that has their name now. When this is dropped, they are abandoned unless they were
/// committed.
pub(crate) struct Moving<'m> {
    store: &'m Store,
    segments: Vec<SegmentId>,
}

impl<'m> Moving<'m> {
    pub(crate) fn new(store: &'m Store) -> Self {
        Self {
            store,
            segments: Vec::new(),
        }
    }

    /// Moves all blocks of a segment, in several transactions, because there may be many. Nobody can read them before the commit.
    pub(crate) async fn all(&mut self, from: SegmentId, to: SegmentId) -> Result<(), StoreError> {
        self.segments.push(to);
        loop {
            let turn = self.store.begin_part(to);
            let write = self
                .store
                .backend()
                .write(WriteOptions::ORDINARY, move |tx| move_some(tx, from, &turn));
            if !write.await? {
                return Ok(());
            }
        }
    }
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        for segment in self.segments.drain(..) {
            self.store.abandon(segment);
        }
    }
}

/// Moves some blocks of a segment to the segment of the turn. Returns whether there may be more.
fn move_some(tx: &mut Transaction<'_>, from: SegmentId, turn: &Turn) -> Result<bool, WriteError> {
    if !tombstones::upload_is_noted(tx, from)? {
        return Err(WriteError::Refused(StoreError::UploadLost));
    }
    if !tombstones::upload_is_noted(tx, turn.segment)? {
        let now = tx.database_now()?;
        tombstones::insert_upload(tx, turn.segment, now)?;
    }
    let more = queries::move_some(tx, from, turn.segment.dataset, BLOCKS)?;
    if !more {
        tombstones::delete_upload(tx, from)?;
    }
    Ok(more)
}
