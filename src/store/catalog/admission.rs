//! Checks in the transaction of a write that the client may still do it, because a request may take long.

use super::queries;
use crate::dataset::DatasetName;
use crate::store::backend::{AnyConnection, Transaction, WriteError};
use crate::store::clients::client::Client;
use crate::store::clients::keys;
use crate::store::error::StoreError;
use crate::store::idempotency;
use crate::store::model::{Claim, Conditions, may_change};
use crate::store::rows::DatasetRow;
use crate::store::switch;

/// Refuses a request while writes are off, or whose client's key was revoked after it began, or that has lost its idempotency key.
pub(crate) fn admit_request(
    tx: &mut Transaction<'_>,
    author: Option<&Client>,
    claim: Option<&Claim>,
) -> Result<(), WriteError> {
    switch::admit(tx)?;
    if let Some(author) = author {
        keys::admit(tx, author)?;
    }
    match claim {
        Some(claim) if !idempotency::is_held(tx, claim)? => {
            Err(WriteError::Refused(StoreError::KeyLost))
        }
        _ => Ok(()),
    }
}

/// Refuses a write if the author may not change the dataset, or if a condition fails.
pub(super) fn admit(
    connection: &mut AnyConnection,
    name: &DatasetName,
    head: Option<&DatasetRow>,
    author: Option<i64>,
    conditions: &Conditions,
) -> Result<(), WriteError> {
    if !may_change(head.and_then(|head| head.owner), author) {
        return Err(WriteError::Refused(StoreError::NotOwner(name.clone())));
    }
    if conditions.is_empty() {
        return Ok(());
    }
    let newest = match head {
        Some(head) => queries::made_by(connection, head.id, head.revision)?,
        None => None,
    };
    match conditions.hold(newest) {
        true => Ok(()),
        false => Err(WriteError::Refused(StoreError::ConditionFailed(
            name.clone(),
        ))),
    }
}
