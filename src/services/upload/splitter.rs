//! The stage of an upload that must see its bytes in order: digesting, decoding, and splitting them into raw blocks. It runs on a
//! blocking thread, some hundred KiB at a time, and never waits.

use bytes::Bytes;

use super::bad_rows::{BadRows, BadRowsWriter};
use crate::dataset::{CsvError, Ingest, Layout, RawBlock, ResumableDigest, block};
use crate::store::{BadRowsBlock, SourceBlock};

use std::sync::Arc;

/// The state between two steps.
pub(super) struct Splitter {
    ingest: Ingest,
    /// The digest of the upload as it came.
    digest: ResumableDigest,
    /// What came before it was known whether the source is stored apart from the text, and where that begins.
    undecided: Vec<Bytes>,
    first_byte: u64,
    bad_rows: BadRowsWriter,
}

/// The result of one step.
#[derive(Default)]
pub(super) struct Split {
    pub raw_blocks: Vec<RawBlock>,
    pub sources: Vec<SourceBlock>,
    pub bad_rows: Vec<BadRowsBlock>,
}

impl Splitter {
    pub(super) fn new(ingest: Ingest) -> Self {
        Self {
            ingest,
            digest: ResumableDigest::new(),
            undecided: Vec::new(),
            first_byte: 0,
            bad_rows: BadRowsWriter::default(),
        }
    }

    /// Takes the next bytes of the upload; `last` if no more follow.
    pub(super) fn step(&mut self, parts: &[Bytes], last: bool) -> Result<Split, CsvError> {
        let mut out = Split::default();
        for part in parts {
            self.digest.absorb(part);
            self.ingest.push(part, &mut out.raw_blocks)?;
        }
        if last {
            self.ingest.finish(&mut out.raw_blocks)?;
        }
        out.bad_rows = self.bad_rows.add(self.ingest.take_bad_rows(), last);
        match self.ingest.transcoded() {
            None => self.undecided.extend_from_slice(parts),
            Some(false) => self.undecided.clear(),
            Some(true) => {
                self.undecided.extend_from_slice(parts);
                out.sources.extend(self.source());
            }
        }
        Ok(out)
    }

    /// What came since the last block of the source, as a block.
    fn source(&mut self) -> Option<SourceBlock> {
        let block = std::mem::take(&mut self.undecided).concat();
        let first_byte = std::mem::replace(&mut self.first_byte, self.digest.bytes());
        (!block.is_empty()).then(|| SourceBlock {
            first_byte,
            bytes: self.digest.bytes() - first_byte,
            digest: block::digest(&block),
            data: block::compress(&block),
        })
    }

    /// The label of the charset.
    pub(super) fn charset(&self) -> &str {
        self.ingest.charset()
    }

    /// The rows that were set aside.
    pub(super) fn take_bad_rows(&mut self) -> BadRows {
        std::mem::take(&mut self.bad_rows).into_rows()
    }

    /// What the beginning of the file shows that its sender may not know.
    pub(super) fn take_hints(&mut self) -> Vec<String> {
        self.ingest.take_hints()
    }

    /// The digest of the bytes so far, with their number.
    pub(super) fn digest(&self) -> &ResumableDigest {
        &self.digest
    }

    /// How the text is to be read; known once the header is.
    pub(super) fn layout(&self) -> Option<&Arc<Layout>> {
        self.ingest.layout()
    }

    /// Bytes of the unfinished raw block.
    pub(super) fn open_bytes(&self) -> usize {
        self.ingest.open_bytes()
    }

    /// Whether the source is stored apart from the text.
    pub(super) fn transcoded(&self) -> bool {
        self.ingest.transcoded().unwrap_or(false)
    }
}
