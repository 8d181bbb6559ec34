//! What a handler is called with.

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
use crate::services::{Prepared, Services};
use crate::store::{Client, Committed, Dataset, Receipt};
use crate::versioning::Choice;

/// One request, routed and negotiated.
pub struct Call {
    /// What handlers share.
    pub services: Arc<Services>,
    /// What the versions brought.
    pub history: Arc<History>,
    /// Version and format of the answer.
    pub choice: Choice,
    /// Who calls; `None`: somebody without a key.
    pub client: Option<Arc<Client>>,
    /// The address that the request comes from, where one is known.
    pub from: Option<IpAddr>,
    /// The request's method: `HEAD` is answered by who answers `GET`.
    pub method: http::Method,
    /// The request's headers that the operation describes.
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
        // A path can name anything; what is no name of a dataset is the name of none.
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

    /// The dataset of that name, as of the revision that is asked for, or of its newest one.
    pub async fn dataset_as_of(&self, revision: Option<i64>) -> Result<Arc<Dataset>, Error> {
        let newest = self.dataset().await?;
        let Some(revision) = revision.filter(|revision| *revision != newest.revision) else {
            return Ok(newest);
        };
        let name = newest.name.to_string();
        if revision > newest.revision {
            return Err(Error::NoSuchRevision { name, revision });
        }
        // Boxed, so that who reads the newest revision does not carry along what this takes.
        let found = Box::pin(self.services.store.find_revision(&newest, revision)).await?;
        found.ok_or(Error::RevisionGone { name, revision })
    }

    /// Commits what was uploaded, and answers with what `render` makes of it.
    pub async fn commit(
        &self,
        prepared: Vec<Prepared>,
        render: impl Fn(&[Committed]) -> Reply + Send + Sync + 'static,
    ) -> Result<Reply, Error> {
        let render = Arc::new(render);
        let answer = Arc::clone(&render);
        let receipt = self.receipt(move |committed| answer(committed)).await?;
        let committed = self.services.commit(prepared, receipt).await?;
        self.settle();
        Ok(render(&committed))
    }

    /// Removes the dataset that the path names.
    pub async fn delete(&self) -> Result<Reply, Error> {
        let name = self.dataset_name()?;
        let conditions = conditional::write(&self.headers)?;
        let done = || Reply::empty(http::StatusCode::NO_CONTENT);
        let receipt = self.receipt(move |_| done()).await?;
        self.services
            .store
            .delete(&name, self.client.clone(), conditions, receipt)
            .await?;
        self.settle();
        Ok(done())
    }

    /// The receipt for a write that may be sent again.
    async fn receipt(
        &self,
        render: impl Fn(&[Committed]) -> Reply + Send + Sync + 'static,
    ) -> Result<Option<Receipt>, Error> {
        let longest = self.services.settings.limits.max_body;
        match &self.once {
            Some(once) => once.receipt(longest, render).await.map(Some),
            None => Ok(None),
        }
    }

    /// Says that the answer was kept together with what was written.
    fn settle(&self) {
        if let Some(once) = &self.once {
            once.settle();
        }
    }

    /// The entity tag of `dataset` in the representation that was negotiated.
    pub fn tag(&self, dataset: &Dataset) -> String {
        conditional::tag(dataset, self.release(), self.choice.format)
    }

    /// The full semantic version that answers.
    pub fn release(&self) -> &str {
        // Every version that can be negotiated is known.
        let release = self.history.release(self.choice.version);
        release.unwrap_or_default()
    }

    /// The client that calls; who calls without a key is none.
    pub fn known_client(&self) -> Result<&Arc<Client>, Error> {
        self.client.as_ref().ok_or(Error::Unauthenticated(
            "only registered clients can use this resource: send your key as Authorization: Bearer flash_…",
        ))
    }

    /// The parameters of the query.
    pub fn query(&self) -> Query {
        Query::parse(&self.query)
    }

    /// The body; whoever asks first gets it.
    pub fn take_body(&mut self) -> Body {
        self.body
            .take()
            .unwrap_or_else(|| Box::pin(futures_util::stream::empty()))
    }
}
