//! The argument of a handler.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::body::Body;
use super::conditional;
use super::error::Error;
use super::history::History;
use super::idempotency::Once;
use super::query::Query;
use super::reply::Reply;
use super::request::Request;
use crate::dataset::DatasetName;
use crate::services::{Prepared, Services, retirement};
use crate::store::{Client, Committed, Dataset, Reader, Receipt, StoreError};
use crate::versioning::{Choice, InUrl};

/// A request that is routed and negotiated.
pub struct Call {
    /// The services that all handlers share.
    pub services: Arc<Services>,
    /// The changelogs of the versions.
    pub history: Arc<History>,
    /// The version and format of the response.
    pub choice: Choice,
    /// What the URL names. Links keep it.
    pub in_url: InUrl,
    /// The client. `None`: an anonymous caller.
    pub client: Option<Arc<Client>>,
    /// The address of the caller, if it is known.
    pub from: Option<IpAddr>,
    /// The method. The handler of `GET` also answers `HEAD`.
    pub method: http::Method,
    /// The request headers that the operation describes.
    pub headers: http::HeaderMap,
    /// The `{name}` in the path.
    name: Option<String>,
    query: String,
    body: Option<Body>,
    once: Option<Arc<Once>>,
}

impl Call {
    pub(super) fn new(
        services: Arc<Services>,
        history: Arc<History>,
        client: Option<Arc<Client>>,
        choice: Choice,
        name: Option<String>,
        request: Request,
        once: Option<Arc<Once>>,
    ) -> Self {
        Self {
            services,
            history,
            client,
            choice,
            in_url: request.in_url,
            from: request.from,
            method: request.method,
            headers: request.headers,
            name,
            query: request.query,
            body: Some(request.body),
            once,
        }
    }

    /// The dataset that the path names.
    pub fn dataset_name(&self) -> Result<DatasetName, Error> {
        let name = self.raw_name();
        // No dataset has an invalid name.
        DatasetName::new(name).map_err(|_| Error::NoSuchDataset(name.to_owned()))
    }

    /// The name in the path, as it was written.
    pub fn raw_name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The dataset of that name, as of its newest revision.
    pub async fn dataset(&self) -> Result<Arc<Dataset>, Error> {
        let name = self.dataset_name()?;
        self.services
            .store
            .find(&name)
            .await?
            .ok_or_else(|| Error::NoSuchDataset(name.to_string()))
    }

    /// Commits the upload. `render` makes the answer.
    pub async fn commit(
        &self,
        prepared: Vec<Prepared>,
        render: impl Fn(&[Committed]) -> Reply + Send + Sync + 'static,
    ) -> Result<Reply, Error> {
        let render = Arc::new(render);
        let answer = Arc::clone(&render);
        let receipt = self.receipt(move |committed: &[Committed]| answer(committed));
        let receipt = receipt.await?;
        match self.services.commit(prepared, receipt).await {
            Ok(committed) => {
                self.settle();
                Ok(render(&committed))
            }
            Err(error) => Err(self.refused(error).await),
        }
    }

    /// Does all of a write but keep it. Returns what it would have made, and for each dataset who read it lately. The key of the
    /// request, if it has one, stays free for the write itself.
    pub async fn rehearse(
        &self,
        prepared: Vec<Prepared>,
    ) -> Result<(Vec<Committed>, Vec<Vec<Reader>>), Error> {
        if let Some(once) = &self.once {
            once.keep_nothing();
        }
        let rehearsed = match self.services.rehearse(prepared).await {
            Ok(rehearsed) => rehearsed,
            Err(error) => return Err(self.refused(error).await),
        };
        let mut readers = Vec::with_capacity(rehearsed.len());
        for one in &rehearsed {
            readers.push(match one.changes.is_empty() {
                true => Vec::new(),
                false => self.readers(one.dataset.id()).await?,
            });
        }
        Ok((rehearsed, readers))
    }

    /// The error of a write. If the schema would have changed too much, it has the readers of the dataset.
    async fn refused(&self, error: StoreError) -> Error {
        let StoreError::SchemaChange(refusal) = error else {
            return error.into();
        };
        match self.readers(refusal.dataset).await {
            Ok(used_by) => Error::SchemaChange { refusal, used_by },
            Err(error) => error,
        }
    }

    /// Who read a dataset lately, the last one first.
    pub async fn readers(&self, dataset: i64) -> Result<Vec<Reader>, Error> {
        let first_day = retirement::first_day(self.services.clock.now());
        Ok(self.services.store.readers(dataset, first_day).await?)
    }

    /// Deletes the dataset that the path names.
    pub async fn delete(&self) -> Result<Reply, Error> {
        let name = self.dataset_name()?;
        let conditions = conditional::write(&self.headers)?;
        let done = || Reply::empty(http::StatusCode::NO_CONTENT);
        let receipt = self.receipt(move |()| done()).await?;
        self.services
            .store
            .delete(&name, self.client.clone(), conditions, receipt)
            .await?;
        self.settle();
        Ok(done())
    }

    /// The receipt of a write with an idempotency key.
    pub(super) async fn receipt<T: ?Sized>(
        &self,
        render: impl Fn(&T) -> Reply + Send + Sync + 'static,
    ) -> Result<Option<Receipt<T>>, Error> {
        let longest = self.services.settings.limits.max_body;
        match &self.once {
            Some(once) => once.receipt(longest, render).await.map(Some),
            None => Ok(None),
        }
    }

    /// Notes that the answer was committed together with the write.
    pub(super) fn settle(&self) {
        if let Some(once) = &self.once {
            once.settle();
        }
    }

    /// The entity tag of what the version tells of the dataset itself.
    pub fn dataset_tag(&self, dataset: &Dataset) -> String {
        conditional::dataset_tag(dataset, self.release(), self.choice.format)
    }

    /// The entity tag of `dataset` in the representation that was negotiated.
    pub fn tag(&self, dataset: &Dataset) -> String {
        conditional::tag(dataset, self.release(), self.choice.format)
    }

    /// The full semantic version that answers.
    pub fn release(&self) -> &str {
        // Only known versions can be negotiated.
        let release = self.history.release(self.choice.version);
        release.unwrap_or_default()
    }

    /// The client. Anonymous callers are refused.
    pub fn known_client(&self) -> Result<&Arc<Client>, Error> {
        self.client.as_ref().ok_or(Error::Unauthenticated(Cow::Borrowed(
            "only registered clients can use this resource: send your key as Authorization: Bearer flash_…",
        )))
    }

    /// The parameters of the query.
    pub fn query(&self) -> Result<Query, Error> {
        Query::parse(&self.query)
    }

    /// The body. It can be taken once.
    pub fn take_body(&mut self) -> Body {
        self.body
            .take()
            .unwrap_or_else(|| Box::pin(futures_util::stream::empty()))
    }
}
