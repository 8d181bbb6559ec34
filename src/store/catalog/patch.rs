//! Changes what a dataset allows, without a new revision.

use std::sync::Arc;

use super::{admission, queries};
use crate::dataset::{DatasetName, SchemaChanges};
use crate::store::backend::{Transaction, WriteError, WriteOptions};
use crate::store::clients::client::Client;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::idempotency::{self, Receipt};
use crate::store::model::{Conditions, Dataset};
use crate::store::rows::DatasetRow;

impl Store {
    /// Sets how much a write may change the schema of a dataset.
    pub async fn set_schema_changes(
        &self,
        name: &DatasetName,
        schema_changes: SchemaChanges,
        author: Option<Arc<Client>>,
        conditions: Conditions,
        receipt: Option<Receipt<Dataset>>,
    ) -> Result<Arc<Dataset>, StoreError> {
        let name = name.clone();
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let (author, receipt) = (author.as_deref(), receipt.as_ref());
                apply(tx, &name, schema_changes, (author, &conditions), receipt)
            })
            .await
    }
}

fn apply(
    tx: &mut Transaction<'_>,
    name: &DatasetName,
    schema_changes: SchemaChanges,
    (author, conditions): (Option<&Client>, &Conditions),
    receipt: Option<&Receipt<Dataset>>,
) -> Result<Arc<Dataset>, WriteError> {
    admission::admit_request(tx, author, receipt.map(|receipt| &receipt.claim))?;
    let Some(head) = queries::head(tx, name.as_str())? else {
        return Err(WriteError::Refused(StoreError::NotFound(name.clone())));
    };
    let author = author.map(|author| author.id);
    admission::admit(tx, name, Some(&head), author, conditions)?;
    queries::set_schema_changes(tx, head.id, schema_changes.as_str())?;
    let head = DatasetRow {
        schema_changes: Some(schema_changes.as_str().to_owned()),
        ..head
    };
    let revision = queries::revision(tx, head.id, head.revision)?;
    let dataset = Arc::new(queries::into_dataset(tx, &head, revision)?);
    if let Some(receipt) = receipt {
        idempotency::settle(tx, receipt, &*dataset)?;
    }
    tx.set_head(Arc::clone(&dataset));
    Ok(dataset)
}
