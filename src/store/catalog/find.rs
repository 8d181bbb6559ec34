//! Finds and lists datasets and revisions.

use std::sync::Arc;

use super::{queries, schema_versions};
use crate::dataset::{DatasetName, SchemaVersion};
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::{Dataset, Revision};
use crate::store::units::{from_db, to_db};

impl Store {
    /// The dataset of that name.
    pub async fn find(&self, name: &DatasetName) -> Result<Option<Arc<Dataset>>, StoreError> {
        if let Some(found) = self.known(name) {
            return Ok(Some(found));
        }
        // Boxed: otherwise the future of every caller would be as large as that of a look-up.
        Box::pin(self.backend().look_up_head(name)).await
    }

    /// The dataset of that name, if it is cached. `None`: the database has to be asked.
    pub fn known(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        self.backend().known_head(name)
    }

    /// Whether this process knows newest revisions without asking the database.
    pub fn knows_newest(&self) -> bool {
        self.backend().knows_heads()
    }

    /// The dataset of that name as it was when it was read last, if that is cached. It may have changed since.
    pub fn seen(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        self.backend().seen_head(name)
    }

    /// The same dataset as of another revision. `None`: the revision is gone, or never was.
    pub async fn find_revision(
        &self,
        dataset: &Dataset,
        number: i64,
    ) -> Result<Option<Arc<Dataset>>, StoreError> {
        let id = dataset.id();
        let found = self
            .backend()
            .read(move |connection| queries::find_revision(connection, id, number))
            .await?;
        Ok(found.map(Arc::new))
    }

    /// The same dataset as of its newest revision whose schema has that MAJOR. `None`: there is none, or none any more.
    pub async fn find_schema(
        &self,
        dataset: &Dataset,
        major: u32,
    ) -> Result<Option<Arc<Dataset>>, StoreError> {
        let id = dataset.id();
        let find = move |connection: &mut AnyConnection| {
            let Some(head) = queries::dataset(connection, id)? else {
                return Ok(None);
            };
            match schema_versions::newest_of(connection, &head, major)? {
                Some(number) => queries::find_revision(connection, id, number),
                None => Ok(None),
            }
        };
        Ok(self.backend().read(find).await?.map(Arc::new))
    }

    /// The revisions of a dataset from number `newest` down, at most `limit`.
    pub async fn revisions(
        &self,
        dataset: &Dataset,
        newest: i64,
        limit: u32,
    ) -> Result<Vec<Revision>, StoreError> {
        let id = dataset.id();
        self.backend()
            .read(move |connection| revisions(connection, id, newest, i64::from(limit)))
            .await
    }

    /// Names of datasets in ascending order, those after `after`, each with about how many bytes its columns take.
    pub async fn names(
        &self,
        after: Option<DatasetName>,
        limit: u32,
    ) -> Result<Vec<(String, usize)>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let after = after.as_ref().map(DatasetName::as_str);
            let found = queries::names(connection, after, i64::from(limit))?;
            Ok(with_bytes(found))
        };
        self.backend().read(read).await
    }

    /// Names of datasets as [`Store::names`] gives them, those after the first `skip`; and how many datasets there are.
    pub async fn names_from(
        &self,
        skip: u64,
        limit: u32,
    ) -> Result<(Vec<(String, usize)>, u64), StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let total = queries::count(connection)?;
            let found = queries::names_from(connection, total, to_db(skip), i64::from(limit))?;
            Ok((with_bytes(found), from_db(total)))
        };
        self.backend().read(read).await
    }

    /// The datasets of these names, in the order of their names. Names without a dataset are left out.
    pub async fn list(&self, names: Vec<String>) -> Result<Vec<Dataset>, StoreError> {
        let read = move |connection: &mut AnyConnection| queries::list(connection, &names);
        self.backend().read(read).await
    }
}

fn with_bytes(names: Vec<(String, i32)>) -> Vec<(String, usize)> {
    let bytes = |bytes| usize::try_from(bytes).unwrap_or_default();
    let names = names.into_iter();
    names
        .map(|(name, columns)| (name, bytes(columns)))
        .collect()
}

fn revisions(
    connection: &mut AnyConnection,
    dataset: i64,
    newest: i64,
    limit: i64,
) -> Result<Vec<Revision>, StoreError> {
    let found = queries::list_revisions(connection, dataset, newest, limit)?;
    let missing = found.iter().any(|revision| revision.schema_major.is_none());
    let head = match missing {
        true => queries::dataset(connection, dataset)?,
        false => None,
    };
    let all = match head {
        Some(head) => schema_versions::all(connection, &head)?,
        None => Vec::new(),
    };
    found
        .into_iter()
        .map(|revision| {
            let derived = || all.iter().find(|one| one.number == revision.number);
            let schema = match revision.schema()? {
                Some(schema) => schema,
                None => derived().map_or(SchemaVersion::FIRST, |one| one.version),
            };
            revision.into_revision(schema)
        })
        .collect()
}
