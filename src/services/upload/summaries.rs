//! The summaries of an upload in progress: each thread that works on it uses one of its own, and they are merged at the end.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dataset::{Analysis, Block, Causes, CsvError, RawBlock, Summary};

/// Raw blocks that were analysed and packed.
pub(super) type Analysed = Vec<(Block, Analysis)>;

/// The summaries that no thread is using; at most as many as there are threads.
#[derive(Debug, Default)]
pub(super) struct Summaries(Mutex<Vec<Summary>>);

impl Summaries {
    /// Analyses and packs raw blocks of one layout, and adds their rows to one of the summaries. `causes` finds what changes the dataset's
    /// columns.
    pub(super) fn analyse(
        &self,
        raw_blocks: Vec<RawBlock>,
        causes: Option<&Causes>,
    ) -> Result<Analysed, CsvError> {
        let Some(first) = raw_blocks.first() else {
            return Ok(Vec::new());
        };
        let layout = &first.layout;
        let idle = self.idle().pop();
        let mut summary =
            idle.unwrap_or_else(|| Summary::new(layout.columns.len(), &layout.formats));
        let pack = |raw_block: RawBlock| {
            let analysis = raw_block.analyse_into(&mut summary)?;
            if let Some(causes) = causes {
                causes.find(&raw_block, &analysis);
            }
            Ok((Block::seal(&raw_block, &analysis), analysis))
        };
        let packed = raw_blocks.into_iter().map(pack).collect::<Result<_, _>>()?;
        self.idle().push(summary);
        Ok(packed)
    }

    /// All summaries merged, as they are stored; `None` if there was no raw block.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut all = std::mem::take(&mut *self.idle());
        let mut whole = all.pop()?;
        all.iter().for_each(|summary| whole.merge(summary));
        Some(whole.encode())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Summary>> {
        // The list is consistent after every statement, so a panic elsewhere did no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
