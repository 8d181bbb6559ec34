//! Creates a small dataset by one statement, where that is faster than a transaction of several statements.

use std::sync::Arc;

use super::commit::Described;
use super::content::{Content, Made};
use crate::dataset::SchemaVersion;
use crate::store::backend::dialect::{self, NewDataset};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::idempotency::Receipt;
use crate::store::model::{Committed, NewRevision, Write};
use crate::store::rows::{BlockRow, PackedRow};
use crate::store::switch;

impl Store {
    /// Creates a dataset of one block. `None`: it is no such dataset, or something is in the way. Then a commit finds out what.
    pub(super) async fn create_alone(
        &self,
        revisions: &Arc<[Described]>,
        receipt: Option<&Receipt<[Committed]>>,
    ) -> Result<Option<Committed>, StoreError> {
        let is_small = match &**revisions {
            [one] => creates_one_block(&one.new),
            _ => false,
        };
        if !is_small || receipt.is_some() || !self.backend().writes_alone() {
            return Ok(None);
        }
        let revisions = Arc::clone(revisions);
        let (now, schema_changes) = (
            (self.shared.clock)().as_microsecond(),
            self.shared.schema_changes,
        );
        let created = self.backend().write_alone(move |connection| {
            let Described {
                new,
                profile,
                columns,
            } = &revisions[0];
            let content = Content::of_upload(new, Arc::clone(columns), SchemaVersion::FIRST);
            let made = Made::new(new, content, now, schema_changes)?;
            let (segment, placed) = (made.dataset.made_by, &new.rest.blocks[0]);
            let author = new.author.as_ref();
            let created = dialect::create(
                connection,
                &NewDataset {
                    head: &made.head,
                    revision: &made.row(new, profile),
                    block: &BlockRow::new(segment, placed),
                    text: &PackedRow::of_text(segment, placed),
                    key: author.and_then(|author| author.key.as_ref()),
                    unless: switch::WRITES_OFF,
                },
            )?;
            Ok(created.then(|| made.into()))
        });
        Ok(created.await?.flatten())
    }
}

/// Whether it must be a new dataset, and all of it is one block.
fn creates_one_block(new: &NewRevision) -> bool {
    new.write == Write::Create
        && !new.staged
        && new.conditions.is_empty()
        && new.rest.blocks.len() == 1
        && new.rest.blocks_apart() == 0
        && new.summary.is_none()
}
