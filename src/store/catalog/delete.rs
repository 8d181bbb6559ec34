//! Deletes datasets.

use std::sync::Arc;

use super::{admission, queries, schema_versions};
use crate::dataset::DatasetName;
use crate::store::backend::{Transaction, WriteError, WriteOptions};
use crate::store::clients::client::Client;
use crate::store::clients::readers;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::idempotency::{self, Receipt};
use crate::store::model::Conditions;
use crate::store::segments::tombstones;

impl Store {
    /// Deletes a dataset with all its revisions.
    pub async fn delete(
        &self,
        name: &DatasetName,
        author: Option<Arc<Client>>,
        conditions: Conditions,
        receipt: Option<Receipt<()>>,
    ) -> Result<(), StoreError> {
        let name = name.clone();
        self.backend()
            .write(WriteOptions::FREES_SPACE, move |tx| {
                let (author, receipt) = (author.as_deref(), receipt.as_ref());
                delete(tx, &name, author, &conditions, receipt)
            })
            .await
    }
}

fn delete(
    tx: &mut Transaction<'_>,
    name: &DatasetName,
    author: Option<&Client>,
    conditions: &Conditions,
    receipt: Option<&Receipt<()>>,
) -> Result<(), WriteError> {
    admission::admit_request(tx, author, receipt.map(|receipt| &receipt.claim))?;
    let Some(head) = queries::head(tx, name.as_str())? else {
        return Err(WriteError::Refused(StoreError::NotFound(name.clone())));
    };
    let author = author.map(|author| author.id);
    admission::admit(tx, name, Some(&head), author, conditions)?;
    let since = tx.database_now()?;
    schema_versions::note_former(tx, &head, since)?;
    readers::forget_dataset(tx, head.id)?;
    tombstones::delete_dataset(tx, &head, since)?;
    if let Some(receipt) = receipt {
        idempotency::settle(tx, receipt, &())?;
    }
    tx.remove_head(name.clone());
    Ok(())
}
