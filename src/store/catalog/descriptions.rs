//! Descriptions of datasets: what people say about them. A description stays when revisions are replaced, and goes with its dataset.

use std::borrow::Cow;
use std::sync::Arc;

use diesel::prelude::*;

use super::{admission, queries};
use crate::dataset::{DatasetName, Description};
use crate::store::backend::{AnyConnection, Transaction, WriteError, WriteOptions};
use crate::store::clients::client::Client;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::idempotency::{self, Receipt};
use crate::store::model::{Conditions, Dataset, may_change};
use crate::store::rows::DescriptionRow;
use crate::store::schema::{datasets, descriptions};
use crate::store::units::unreadable;

/// The number of a description that says nothing.
const NOTHING: i64 = 0;

/// A description, as it is stored.
#[derive(Debug, Clone, Default)]
pub struct Described {
    /// Its number, which no other description has; 0 if it says nothing.
    pub number: i64,
    /// What it says.
    pub description: Description,
}

/// A description that is to be stored.
struct Wish {
    name: DatasetName,
    author: Option<Arc<Client>>,
    conditions: Conditions,
    described: Described,
    receipt: Option<Receipt<Described>>,
}

impl Store {
    /// The description of a dataset.
    pub async fn description(&self, dataset: &Dataset) -> Result<Described, StoreError> {
        if dataset.description.is_none() {
            return Ok(Described::default());
        }
        let id = dataset.id();
        let found = self
            .backend()
            .read(move |connection| find(connection, id)?.as_ref().map(decoded).transpose())
            .await?;
        Ok(found.unwrap_or_default())
    }

    /// Replaces the description of a dataset. The conditions are about its description.
    pub async fn describe(
        &self,
        name: &DatasetName,
        author: Option<Arc<Client>>,
        conditions: Conditions,
        description: Description,
        receipt: Option<Receipt<Described>>,
    ) -> Result<Described, StoreError> {
        let number = match description.is_empty() {
            true => NOTHING,
            false => self.new_number(),
        };
        let wish = Wish {
            name: name.clone(),
            author,
            conditions,
            described: Described {
                number,
                description,
            },
            receipt,
        };
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| describe(tx, &wish))
            .await
    }
}

fn describe(tx: &mut Transaction<'_>, wish: &Wish) -> Result<Described, WriteError> {
    let (author, receipt) = (wish.author.as_deref(), wish.receipt.as_ref());
    admission::admit_request(tx, author, receipt.map(|receipt| &receipt.claim))?;
    let refused = |error| Err(WriteError::Refused(error));
    let Some(head) = queries::head(tx, wish.name.as_str())? else {
        return refused(StoreError::NotFound(wish.name.clone()));
    };
    if !may_change(head.owner, author.map(|author| author.id)) {
        return refused(StoreError::NotOwner(wish.name.clone()));
    }
    if !wish
        .conditions
        .hold(Some(head.description.unwrap_or(NOTHING)))
    {
        return refused(StoreError::ConditionFailed(wish.name.clone()));
    }
    delete(tx, head.id)?;
    let described = &wish.described;
    let number = Some(described.number).filter(|number| *number != NOTHING);
    if let Some(number) = number {
        // Serializing texts can't fail.
        let document = serde_json::to_vec(&described.description).unwrap_or_default();
        let row = DescriptionRow {
            dataset_id: head.id,
            number,
            document: Cow::Owned(document),
        };
        insert(tx, row)?;
    }
    diesel::update(datasets::table.find(head.id))
        .set(datasets::description.eq(number))
        .execute(&mut **tx)?;
    if let Some(receipt) = receipt {
        idempotency::settle(tx, receipt, described)?;
    }
    if let Some(dataset) = queries::find(tx, wish.name.as_str())? {
        tx.set_head(Arc::new(dataset));
    }
    Ok(described.clone())
}

/// The stored description of a dataset.
pub(crate) fn find(
    connection: &mut AnyConnection,
    dataset: i64,
) -> QueryResult<Option<DescriptionRow<'static>>> {
    descriptions::table
        .find(dataset)
        .select(DescriptionRow::as_select())
        .first(connection)
        .optional()
}

/// Reads a stored description.
pub(crate) fn decoded(row: &DescriptionRow<'_>) -> Result<Described, StoreError> {
    let description = Description::read(&row.document);
    Ok(Described {
        number: row.number,
        description: description.map_err(|error| unreadable("description", error))?,
    })
}

/// Writes a description.
pub(crate) fn insert(connection: &mut AnyConnection, row: DescriptionRow<'_>) -> QueryResult<()> {
    diesel::insert_into(descriptions::table)
        .values(row)
        .execute(connection)
        .map(drop)
}

/// Deletes the description of a dataset.
pub(crate) fn delete(connection: &mut AnyConnection, dataset: i64) -> QueryResult<()> {
    diesel::delete(descriptions::table.find(dataset))
        .execute(connection)
        .map(drop)
}

/// Whether there are descriptions of datasets that are gone. Servers of a release without descriptions leave them behind.
pub(super) fn are_lost(connection: &mut AnyConnection) -> QueryResult<bool> {
    let of_dataset = datasets::table.filter(datasets::id.eq(descriptions::dataset_id));
    let lost = descriptions::table
        .filter(diesel::dsl::not(diesel::dsl::exists(of_dataset)))
        .select(descriptions::dataset_id)
        .first::<i64>(connection)
        .optional()?;
    Ok(lost.is_some())
}

/// Deletes them.
pub(super) fn delete_lost(connection: &mut AnyConnection) -> QueryResult<()> {
    let of_dataset = datasets::table.filter(datasets::id.eq(descriptions::dataset_id));
    diesel::delete(descriptions::table.filter(diesel::dsl::not(diesel::dsl::exists(of_dataset))))
        .execute(connection)
        .map(drop)
}
