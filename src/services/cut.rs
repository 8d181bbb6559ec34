//! The part of an upload that must see its bytes in order: digesting, decoding and cutting. It runs on a blocking
//! thread, some hundred KiB at a time, and never waits.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::dataset::{CsvError, Ingest, Layout, Piece, chunk};
use crate::store::SourceBlock;

use std::sync::Arc;

/// What is cut so far.
pub(super) struct Cut {
    ingest: Ingest,
    sha256: Sha256,
    received: u64,
}

/// What one step gave.
#[derive(Default)]
pub(super) struct Pieces {
    pub pieces: Vec<Piece>,
    pub sources: Vec<SourceBlock>,
}

impl Cut {
    pub(super) fn new(ingest: Ingest) -> Self {
        Self {
            ingest,
            sha256: Sha256::new(),
            received: 0,
        }
    }

    /// Takes in the next bytes of the upload; `last` says that they are the last.
    pub(super) fn step(&mut self, parts: &[Bytes], last: bool) -> Result<Pieces, CsvError> {
        let mut out = Pieces::default();
        for part in parts {
            self.sha256.update(part);
            self.ingest.push(part, &mut out.pieces)?;
        }
        if last {
            self.ingest.finish(&mut out.pieces)?;
        }
        let bytes: usize = parts.iter().map(Bytes::len).sum();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if self.ingest.transcoded() && bytes > 0 {
            let block = parts.concat();
            out.sources.push(SourceBlock {
                first_byte: self.received,
                bytes,
                digest: chunk::digest(&block),
                data: chunk::compress(&block),
            });
        }
        self.received += bytes;
        Ok(out)
    }

    /// Bytes taken in.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// How the text is to be read; known once the header is.
    pub(super) fn layout(&self) -> Option<&Arc<Layout>> {
        self.ingest.layout()
    }

    /// Whether the source is kept apart from the text.
    pub(super) fn transcoded(&self) -> bool {
        self.ingest.transcoded()
    }

    /// SHA-256 of everything taken in.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }
}
