//! What a handler is called with.

use std::sync::Arc;

use super::conditional;
use super::error::Error;
use super::query::Query;
use super::request::{Body, Request};
use crate::dataset::DatasetName;
use crate::services::Services;
use crate::store::Dataset;
use crate::versioning::Choice;

/// One request, routed and negotiated.
pub struct Call {
    /// What handlers share.
    pub services: Arc<Services>,
    /// Version and format of the answer.
    pub choice: Choice,
    /// The request's method: `HEAD` is answered by who answers `GET`.
    pub method: http::Method,
    /// The request's headers.
    pub headers: http::HeaderMap,
    /// The `{name}` in the path.
    name: Option<String>,
    query: String,
    body: Option<Body>,
}

impl Call {
    pub(super) fn new(
        services: Arc<Services>,
        choice: Choice,
        name: Option<String>,
        request: Request,
    ) -> Self {
        Self {
            services,
            choice,
            method: request.method,
            headers: request.headers,
            name,
            query: request.query,
            body: Some(request.body),
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

    /// The entity tag of `dataset` in the representation that was negotiated.
    pub fn tag(&self, dataset: &Dataset) -> String {
        // Whatever was negotiated is in the catalogue.
        let release = self
            .services
            .catalogue
            .get(self.choice.version)
            .map(|version| version.semantic.to_string());
        conditional::tag(dataset, &release.unwrap_or_default(), self.choice.format)
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
