//! Pages for the operator, on the admin address: who uses which version, who would be left behind by its end, who was refused, and how
//! the server is. Probes and metrics are at the same address, and stay as they are.

mod overview;
mod retire;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::ACCEPT;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Either;

use super::assets;
use super::problem::{Problem, refused};
use super::sent;
use crate::api;
use crate::api::page::PageBody;
use crate::api::reply::{Reply, StreamError};
use crate::services::{Services, usage};
use crate::store::{StoreError, Used};
use crate::versioning::wants_page;

/// The path of the page about the end of a version, without its number.
const RETIRE: &str = "/retire/";

/// The service on the admin address: probes, metrics, and pages.
pub fn operators<B>(
    services: Arc<Services>,
) -> impl tower_service::Service<
    Request<B>,
    Response = Response<impl http_body::Body<Data = Bytes, Error = StreamError> + Send + 'static>,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ 'static
where
    B: http_body::Body<Data: Send, Error: Into<StreamError>> + Send + Sync + 'static,
{
    Service {
        probes: api::operations(Arc::clone(&services)),
        services,
    }
}

/// Answers requests for pages, and passes all others to the probes.
#[derive(Clone)]
struct Service<S> {
    services: Arc<Services>,
    probes: S,
}

impl<S, B, W> tower_service::Service<Request<B>> for Service<S>
where
    S: tower_service::Service<Request<B>, Response = Response<W>, Error = Infallible>,
    S::Future: Send + 'static,
    W: http_body::Body<Data = Bytes, Error: Into<StreamError>> + Send + 'static,
{
    type Response = Response<Either<W, PageBody>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.probes.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(page) = Page::of(&request) else {
            let answered = self.probes.call(request);
            return Box::pin(async move {
                let Ok(response) = answered.await;
                Ok(response.map(Either::Left))
            });
        };
        let services = Arc::clone(&self.services);
        let (head, _) = request.into_parts();
        Box::pin(async move {
            let reply = page.made(&services).await;
            let reply = reply.unwrap_or_else(|problem| refused(&problem));
            let asked = (&head.method, &head.headers);
            let response = sent::response(&services, page.route(), asked, reply).await;
            Ok(response.map(Either::Right))
        })
    }
}

/// A page, or what belongs to pages.
enum Page {
    Overview,
    Retire(String),
    Asset(String),
}

impl Page {
    /// The page that a request is for. `None`: it is for a probe.
    fn of<B>(request: &Request<B>) -> Option<Self> {
        let path = request.uri().path();
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return None;
        }
        if path.starts_with(assets::FOLDER) {
            return Some(Self::Asset(path.to_owned()));
        }
        let accept = request.headers().get_all(ACCEPT).iter();
        if !wants_page(accept.map(HeaderValue::as_bytes)) {
            return None;
        }
        match path {
            "/" => Some(Self::Overview),
            path => path
                .strip_prefix(RETIRE)
                .map(|version| Self::Retire(version.to_owned())),
        }
    }

    fn route(&self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Retire(_) => "/retire/{version}",
            Self::Asset(_) => assets::FOLDER,
        }
    }

    async fn made(&self, services: &Services) -> Result<Reply, Problem> {
        match self {
            Self::Overview => overview::page(services).await,
            Self::Retire(version) => retire::page(services, version).await,
            Self::Asset(path) => Ok(assets::asset(path)),
        }
    }
}

/// A request that was counted, as it is shown.
struct Counted {
    version: u32,
    caller: String,
    /// The operation, or why it was refused.
    what: String,
    requests: String,
    last: String,
}

impl Counted {
    fn of(used: &Used) -> Self {
        Self {
            version: used.version,
            caller: usage::caller(used),
            what: used.operation.clone(),
            requests: super::text::grouped(used.requests),
            last: super::times::moment(used.last_at),
        }
    }
}

/// What the page says if the store doesn't answer.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::new(
            http::StatusCode::SERVICE_UNAVAILABLE,
            "The store does not answer",
            format!("{error}. The probes /livez and /readyz say more."),
        )
    }
}
