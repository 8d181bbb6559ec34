//! The stage of an upload that must see its bytes in order: digesting, decoding, and splitting them into raw blocks. It runs on a
//! blocking thread, some hundred KiB at a time, and never waits.

use bytes::Bytes;

use crate::dataset::{CsvError, Ingest, Layout, RawBlock, ResumableDigest, block};
use crate::store::SourceBlock;

use std::sync::Arc;

/// The state between two steps.
pub(super) struct Splitter {
    ingest: Ingest,
    /// The digest of the upload as it came.
    digest: ResumableDigest,
}

/// The result of one step.
#[derive(Default)]
pub(super) struct Split {
    pub raw_blocks: Vec<RawBlock>,
    pub sources: Vec<SourceBlock>,
}

impl Splitter {
    pub(super) fn new(ingest: Ingest) -> Self {
        Self {
            ingest,
            digest: ResumableDigest::new(),
        }
    }

    /// Takes the next bytes of the upload; `last` if no more follow.
    pub(super) fn step(&mut self, parts: &[Bytes], last: bool) -> Result<Split, CsvError> {
        let mut out = Split::default();
        let first_byte = self.digest.bytes();
        for part in parts {
            self.digest.absorb(part);
            self.ingest.push(part, &mut out.raw_blocks)?;
        }
        if last {
            self.ingest.finish(&mut out.raw_blocks)?;
        }
        let bytes = self.digest.bytes() - first_byte;
        if self.ingest.transcoded() && bytes > 0 {
            let block = parts.concat();
            out.sources.push(SourceBlock {
                first_byte,
                bytes,
                digest: block::digest(&block),
                data: block::compress(&block),
            });
        }
        Ok(out)
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
        self.ingest.transcoded()
    }
}
