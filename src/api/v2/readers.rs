//! Who reads a dataset, for its owner.

use std::collections::HashSet;

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::dataset::ColumnChange;
use crate::store::{self, may_change};

/// The readers of a dataset.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Readers {
    /// The last one first, at most 1,000.
    data: Vec<Reader>,
}

/// A client that read a dataset in the last 30 days.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reader {
    /// Its name; null for anonymous callers.
    #[schema(required = true)]
    client: Option<String>,
    /// The kind of user agent of anonymous callers, such as `curl`; null for a client.
    #[schema(required = true)]
    family: Option<String>,
    /// How many requests it sent.
    requests: u64,
    /// When it sent the last one.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// The columns that it named in `select`, `order` or a filter, by name; the last 64.
    columns: Vec<String>,
    /// Whether it may have named more columns than these.
    more_columns: bool,
}

impl From<store::Reader> for Reader {
    fn from(reader: store::Reader) -> Self {
        Self {
            family: reader.client.is_none().then_some(reader.family),
            client: reader.client,
            requests: reader.requests,
            last_at: reader.last_at,
            columns: reader.columns,
            more_columns: reader.more_columns,
        }
    }
}

/// `GET /datasets/{name}/readers`: who read the dataset in the last 30 days. Only its owner may know.
pub(super) async fn list_readers(call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let dataset = call.dataset().await?;
    let caller = call.client.as_ref().map(|client| client.id);
    if !may_change(dataset.owner, caller) {
        return Err(Error::ReadersOfAnother(dataset.name.clone()));
    }
    let readers = call.readers(dataset.id()).await?;
    let body = Readers {
        data: readers.into_iter().map(Reader::from).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// A client that read a dataset lately, and what it named of the columns that change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsedBy {
    /// Its name; null for anonymous callers.
    #[schema(required = true)]
    client: Option<String>,
    /// The kind of user agent of anonymous callers, such as `curl`; null for a client.
    #[schema(required = true)]
    family: Option<String>,
    /// How many requests it sent in the last 30 days.
    requests: u64,
    /// When it sent the last one.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// The columns that change and that it named in `select`, `order` or a filter.
    columns: Vec<String>,
}

/// Who would notice the changes of a schema: at most a hundred of those who read the dataset lately, the last one first.
pub(super) fn used_by(readers: &[store::Reader], changes: &[ColumnChange]) -> Vec<UsedBy> {
    /// How many are told.
    const SHOWN: usize = 100;
    let changed: HashSet<&str> = changes
        .iter()
        .map(|change| change.column.as_str())
        .collect();
    let shown = readers.iter().take(SHOWN).map(|reader| {
        let columns = reader.columns.iter();
        let columns = columns.filter(|name| changed.contains(name.as_str()));
        UsedBy {
            client: reader.client.clone(),
            family: reader.client.is_none().then(|| reader.family.clone()),
            requests: reader.requests,
            last_at: reader.last_at,
            columns: columns.cloned().collect(),
        }
    });
    shown.collect()
}
