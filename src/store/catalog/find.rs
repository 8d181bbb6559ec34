//! Finds and lists datasets and revisions.

use std::sync::Arc;

use super::queries;
use crate::dataset::DatasetName;
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::{Dataset, Revision};
use crate::store::rows::RevisionRow;
use crate::store::units::{from_db, to_db};

impl Store {
    /// The dataset of that name.
    pub async fn find(&self, name: &DatasetName) -> Result<Option<Arc<Dataset>>, StoreError> {
        if let Some(found) = self.known(name) {
            return Ok(Some(found));
        }
        let wanted = name.clone();
        let find = move |connection: &mut AnyConnection| queries::find(connection, wanted.as_str());
        // Boxed: otherwise the future of every caller would be as large as that of a look-up.
        Box::pin(self.backend().look_up_head(name, find)).await
    }

    /// The dataset of that name, if it is cached. `None`: the database has to be asked.
    pub fn known(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        self.backend().known_head(name)
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

    /// The revisions of a dataset from number `newest` down, at most `limit`.
    pub async fn revisions(
        &self,
        dataset: &Dataset,
        newest: i64,
        limit: u32,
    ) -> Result<Vec<Revision>, StoreError> {
        let id = dataset.id();
        self.backend()
            .read(move |connection| {
                queries::list_revisions(connection, id, newest, i64::from(limit))?
                    .into_iter()
                    .map(RevisionRow::into_revision)
                    .collect()
            })
            .await
    }

    /// Names of datasets in ascending order, those after `after` or after the first `skip`, each with about how many bytes its
    /// columns take.
    pub async fn names(
        &self,
        after: Option<DatasetName>,
        skip: u64,
        limit: u32,
    ) -> Result<Vec<(String, usize)>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let after = after.as_ref().map(DatasetName::as_str);
            let found = queries::names(connection, after, to_db(skip), i64::from(limit))?;
            let bytes = |bytes| usize::try_from(bytes).unwrap_or_default();
            Ok(found
                .into_iter()
                .map(|(name, columns)| (name, bytes(columns)))
                .collect())
        };
        self.backend().read(read).await
    }

    /// The datasets of these names, in the order of their names. Names without a dataset are left out.
    pub async fn list(&self, names: Vec<String>) -> Result<Vec<Dataset>, StoreError> {
        let read = move |connection: &mut AnyConnection| queries::list(connection, &names);
        self.backend().read(read).await
    }

    /// How many datasets there are.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.backend()
            .read(|connection| Ok(from_db(queries::count(connection)?)))
            .await
    }
}
