//! Collects blocks of one or many segments, to write them to the target in one transaction.
//!
//! The blocks of a segment are added in order, so the target always has the beginning of a segment.

use diesel::prelude::*;

use crate::store::backend::dialect::{self, insert_all};
use crate::store::backend::{AnyConnection, connection};
use crate::store::error::StoreError;
use crate::store::rows::{BlockRow, PackedRow};
use crate::store::schema::{chunk_data, chunks, sources};

/// A parcel with so many packed bytes is full.
const FULL: usize = 1 << 20;
/// A parcel with so many table rows is full: PostgreSQL takes 65,535 values in one statement.
const ROWS: usize = 1024;

/// The blocks that wait to be written.
#[derive(Default)]
pub(super) struct Parcel {
    blocks: Vec<BlockRow<'static>>,
    texts: Vec<PackedRow<'static>>,
    sources: Vec<PackedRow<'static>>,
    bytes: usize,
}

impl Parcel {
    pub(super) fn add(&mut self, (block, text): (BlockRow<'static>, PackedRow<'static>)) {
        let known = [&block.blooms, &block.summary].into_iter().flatten();
        self.bytes +=
            block.stats.len() + known.map(|known| known.len()).sum::<usize>() + text.data.len();
        self.blocks.push(block);
        self.texts.push(text);
    }

    pub(super) fn add_source_block(&mut self, block: PackedRow<'static>) {
        self.bytes += block.data.len();
        self.sources.push(block);
    }

    pub(super) fn send_if_full(&mut self, target: &mut AnyConnection) -> Result<(), StoreError> {
        let rows = self.blocks.len() + self.sources.len();
        if self.bytes < FULL && rows < ROWS {
            return Ok(());
        }
        self.send(target)
    }

    /// Writes the waiting blocks.
    pub(super) fn send(&mut self, target: &mut AnyConnection) -> Result<(), StoreError> {
        let parcel = std::mem::take(self);
        connection::write(target, |target| {
            // The last transaction of the copy waits for the disk, and with it for all before it.
            dialect::do_not_wait_for_the_disk(target)?;
            parcel.insert(target)
        })
        .map_err(StoreError::from)
    }

    fn insert(&self, target: &mut AnyConnection) -> QueryResult<()> {
        insert_all!(&mut *target, chunks::table, self.blocks.iter())?;
        insert_all!(&mut *target, chunk_data::table, self.texts.iter())?;
        insert_all!(target, sources::table, self.sources.iter())
    }
}
