//! Stages the bytes of a file in the store.

use super::error::ParquetError;
use crate::dataset::block;
use crate::store::{
    Dataset, DerivedFile, DerivedName, PART_BYTES, SegmentId, SegmentPart, SourceBlock, StagedFile,
    Store,
};

/// Bytes of a stored part.
const PART: usize = 256 << 10;

/// Divides the bytes of a file into parts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The bytes of the next part.
    open: Vec<u8>,
    bytes: u64,
    parts: u64,
}

impl Parts {
    /// Adds bytes. Returns the parts that are complete, packed.
    pub(super) fn add(&mut self, bytes: Vec<u8>) -> Vec<SourceBlock> {
        match self.open.is_empty() {
            true => self.open = bytes,
            false => self.open.extend_from_slice(&bytes),
        }
        let whole = self.open.len() - self.open.len() % PART;
        let rest = self.open.split_off(whole);
        let ready = std::mem::replace(&mut self.open, rest);
        ready.chunks(PART).map(|part| self.part(part)).collect()
    }

    /// Adds the last bytes. Returns all parts that are left.
    pub(super) fn rest(&mut self, bytes: Vec<u8>) -> Vec<SourceBlock> {
        let mut parts = self.add(bytes);
        let last = std::mem::take(&mut self.open);
        if !last.is_empty() {
            parts.push(self.part(&last));
        }
        parts
    }

    fn part(&mut self, bytes: &[u8]) -> SourceBlock {
        let part = SourceBlock {
            first_byte: self.bytes,
            bytes: bytes.len() as u64,
            digest: block::digest(bytes),
            data: block::compress(bytes),
        };
        self.bytes += part.bytes;
        self.parts += 1;
        part
    }
}

/// A file whose parts are being staged. Unless it is kept, they are abandoned when this is dropped.
pub(super) struct Staged {
    store: Store,
    segment: SegmentId,
    begun: bool,
    kept: bool,
    most: u64,
}

impl Staged {
    /// A file of at most `most` bytes.
    pub(super) fn new(store: &Store, dataset: &Dataset, most: u64) -> Self {
        Self {
            segment: store.new_derived_segment(dataset),
            store: store.clone(),
            begun: false,
            kept: false,
            most,
        }
    }

    /// Stages parts.
    pub(super) async fn add(&mut self, parts: Vec<SourceBlock>) -> Result<(), ParquetError> {
        let end = parts.last().map_or(0, |last| last.first_byte + last.bytes);
        if end > self.most {
            return Err(ParquetError::TooLong(self.most));
        }
        let mut staged = SegmentPart::default();
        for part in parts {
            staged.source_blocks.push(part);
            if staged.weight() >= PART_BYTES {
                self.stage(std::mem::take(&mut staged)).await?;
            }
        }
        if !staged.source_blocks.is_empty() {
            self.stage(staged).await?;
        }
        Ok(())
    }

    async fn stage(&mut self, part: SegmentPart) -> Result<(), ParquetError> {
        let turn = self.store.begin_part(self.segment);
        let begins = !std::mem::replace(&mut self.begun, true);
        Ok(self.store.stage(turn, part, begins).await?)
    }

    /// Keeps the file.
    pub(super) async fn keep(
        mut self,
        dataset: &Dataset,
        name: DerivedName,
        parts: &Parts,
    ) -> Result<DerivedFile, ParquetError> {
        let staged = StagedFile {
            segment: self.segment,
            bytes: parts.bytes,
            parts: parts.parts,
            most: self.most,
        };
        let file = self.store.keep_derived_file(dataset, name, staged).await?;
        self.kept = true;
        Ok(file)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.begun && !self.kept {
            self.store.abandon(self.segment);
        }
    }
}
