//! Checks files that were made of revisions.

use super::{At, Checker, tables};
use crate::store::backend::AnyConnection;
use crate::store::derived;
use crate::store::error::StoreError;
use crate::store::segments::blocks;
use crate::store::units::from_db;

impl Checker<'_> {
    /// Checks that all parts of the files of a dataset's revisions are there, and are what was written.
    pub(super) fn derived_files(
        &mut self,
        connection: &mut AnyConnection,
        dataset: i64,
    ) -> Result<(), StoreError> {
        for file in derived::of_dataset(connection, dataset)? {
            self.at.revision = Some(file.revision);
            self.at.segment = Some(file.run);
            let mut next = 0;
            let mut after = -1;
            loop {
                let parts = tables::next_source_blocks(connection, file.segment(), after)?;
                if parts.is_empty() {
                    break;
                }
                for part in parts {
                    after = part.first_byte;
                    self.at.byte = Some(after);
                    self.checked.blocks += 1;
                    self.checked.bytes += from_db(part.byte_count);
                    if after != next {
                        self.problem(format!(
                            "it is a part of a file, and byte {next} comes next"
                        ));
                    }
                    next = after.saturating_add(part.byte_count);
                    match blocks::unpack(&part) {
                        Ok(_) => {}
                        Err(StoreError::Corrupt { .. }) => {
                            self.problem("it is a part of a file, and is not what was written");
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            self.at.byte = None;
            if next != file.byte_count {
                let said = file.byte_count;
                self.problem(format!(
                    "it is a file of {said} bytes, and {next} are there"
                ));
            }
        }
        let At { dataset, .. } = std::mem::take(&mut self.at);
        self.at.dataset = dataset;
        Ok(())
    }
}
