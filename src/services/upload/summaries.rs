//! The summary of an upload while it is being made: one for each thread that works on it, since they take turns with pieces.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dataset::{Analysis, Chunk, CsvError, Piece, Summary};

/// Pieces that were analysed and packed.
pub(super) type Analysed = Vec<(Chunk, Analysis)>;

/// The summaries that nobody is working on; as many as there are threads, at most.
#[derive(Debug, Default)]
pub(super) struct Summaries(Mutex<Vec<Summary>>);

impl Summaries {
    /// Analyses and packs pieces of one layout, and adds their rows to one of the summaries.
    pub(super) fn analyse(&self, pieces: Vec<Piece>) -> Result<Analysed, CsvError> {
        let columns = pieces.first().map_or(0, |piece| piece.layout.columns.len());
        let idle = self.idle().pop();
        let mut summary = idle.unwrap_or_else(|| Summary::new(columns));
        let pack = |piece: Piece| {
            let analysis = piece.analyse_into(&mut summary)?;
            Ok((Chunk::seal(&piece, &analysis), analysis))
        };
        let packed = pieces.into_iter().map(pack).collect::<Result<_, _>>()?;
        self.idle().push(summary);
        Ok(packed)
    }

    /// All of them as one, as it is stored; `None`: there was no piece.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut all = std::mem::take(&mut *self.idle());
        let mut whole = all.pop()?;
        all.iter().for_each(|summary| whole.merge(summary));
        Some(whole.encode())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Summary>> {
        // A list is whole between any two statements, so a panic elsewhere did not harm it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
