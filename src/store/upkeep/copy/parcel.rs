//! Chunks on their way into the target, of one run or of many small ones, written in one transaction.
//!
//! Chunks of a run are added in order, so whatever is in the target of a run is its beginning.

use diesel::prelude::*;

use super::super::rows::{ChunkCopy, SourceCopy, TextCopy};
use crate::store::connection::{self, AnyConnection};
use crate::store::schema::{chunk_data, chunks, sources};
use crate::store::{StoreError, postgres};

/// Packed bytes from which on a parcel is full.
const FULL: usize = 1 << 20;
/// Rows of the tables from which on it is full: a server takes 65,535 values in one statement.
const ROWS: usize = 1024;

/// What waits to be written.
#[derive(Default)]
pub(super) struct Parcel {
    chunks: Vec<ChunkCopy>,
    texts: Vec<TextCopy>,
    sources: Vec<SourceCopy>,
    bytes: usize,
}

impl Parcel {
    pub(super) fn add(&mut self, (chunk, text): (ChunkCopy, TextCopy)) {
        let known = [&chunk.blooms, &chunk.summary].into_iter().flatten();
        self.bytes += chunk.stats.len() + known.map(Vec::len).sum::<usize>() + text.data.len();
        self.chunks.push(chunk);
        self.texts.push(text);
    }

    pub(super) fn add_block(&mut self, block: SourceCopy) {
        self.bytes += block.data.len();
        self.sources.push(block);
    }

    pub(super) fn send_if_full(&mut self, target: &mut AnyConnection) -> Result<(), StoreError> {
        let rows = self.chunks.len() + self.sources.len();
        if self.bytes < FULL && rows < ROWS {
            return Ok(());
        }
        self.send(target)
    }

    /// Writes what waits.
    pub(super) fn send(&mut self, target: &mut AnyConnection) -> Result<(), StoreError> {
        let parcel = std::mem::take(self);
        connection::write(target, |target| {
            // The transaction at the end is not done before all that came before it is on the disk.
            postgres::do_not_wait_for_the_disk(target)?;
            parcel.insert(target)
        })
        .map_err(StoreError::from)
    }

    /// A server far away is sent all of it at once.
    fn insert(&self, target: &mut AnyConnection) -> QueryResult<()> {
        match target {
            AnyConnection::Sqlite(sqlite) => {
                for chunk in &self.chunks {
                    let insert = diesel::insert_into(chunks::table).values(chunk);
                    insert.execute(sqlite)?;
                }
                for text in &self.texts {
                    let insert = diesel::insert_into(chunk_data::table).values(text);
                    insert.execute(sqlite)?;
                }
                for block in &self.sources {
                    let insert = diesel::insert_into(sources::table).values(block);
                    insert.execute(sqlite)?;
                }
            }
            AnyConnection::Postgres(server) => {
                let insert = diesel::insert_into(chunks::table).values(&self.chunks);
                insert.execute(server)?;
                let insert = diesel::insert_into(chunk_data::table).values(&self.texts);
                insert.execute(server)?;
                let insert = diesel::insert_into(sources::table).values(&self.sources);
                insert.execute(server)?;
            }
        }
        Ok(())
    }
}
