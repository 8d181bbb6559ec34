//! Pages for people: what there is, a dataset as a table, and how a program gets the same.
//!
//! A page is a client of the API inside the process (`inner`): it asks the API's own service with the key of its visitor, and renders
//! the answer. So access, limits and errors are those of the API, and the headers that a page shows are those that came back.
//!
//! `Service` answers what belongs to the pages, and passes all other requests to the API: `/` for clients that name `text/html` in `Accept`,
//! everything under `/explore`, and `/robots.txt`. A page about a dataset is at `/explore/{name}`. All others are under `/explore/-`, which
//! is the name of no dataset.
//!
//! Everything works without JavaScript, as links and forms. The modules in `assets` add to that. Nothing is written into a page but by
//! templates, which escape it, and no script or style is inline: the `Content-Security-Policy` forbids both (`sent`).

mod assets;
mod band;
mod changes;
mod client;
mod compare;
mod home;
mod inner;
mod json;
mod operator;
mod problem;
mod reader;
mod readers;
mod record;
mod reference;
mod revisions;
mod routes;
mod sent;
mod snippets;
mod table;
mod text;
mod times;
mod upload;
mod versions;
mod view;
mod visit;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either, FutureExt as _, Map};
use http::{Request, Response};
use http_body_util::BodyExt;

use crate::api::page::PageBody;
use crate::api::rate_limit::{Beyond, Limiting};
use crate::api::reply::StreamError;
use crate::api::{self, Registry, RegistryError};
use crate::services::Services;
use inner::{Api, InnerBody};
pub use operator::operators;
use routes::Page;
use visit::Visit;

/// The version whose data pages show.
const DATA: u32 = api::v2::VERSION.number;

/// The body of a request to the API: that of a client, or that of a page.
type Passed<B> = http_body_util::Either<B, InnerBody>;
/// The body of a response: that of the API, or that of a page.
type Sent<B> = http_body_util::Either<B, PageBody>;

/// The API for clients, and the pages for people.
///
/// # Errors
/// When the list of versions is not valid.
pub fn service<B>(
    services: Arc<Services>,
    registry: Registry,
) -> Result<
    impl tower_service::Service<
        Request<B>,
        Response = Response<
            impl http_body::Body<Data = Bytes, Error = StreamError> + Send + 'static,
        >,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static,
    RegistryError,
>
where
    B: http_body::Body<Data = Bytes, Error: Into<StreamError>> + Send + Sync + 'static,
{
    let api = api::service::<Passed<B>>(Arc::clone(&services), registry)?;
    let counted = Arc::clone(&services);
    Ok(Limiting::new(counted, Service { services, api }))
}

/// Answers requests for pages, and passes all others to the API.
#[derive(Clone)]
struct Service<S> {
    services: Arc<Services>,
    api: S,
}

impl<S, B, W> tower_service::Service<Request<B>> for Service<S>
where
    S: tower_service::Service<Request<Passed<B>>, Response = Response<W>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<StreamError>> + Send + Sync + 'static,
    W: http_body::Body<Data = Bytes, Error = StreamError> + Send + 'static,
{
    type Response = Response<Sent<W>>;
    type Error = Infallible;
    type Future =
        Either<Map<S::Future, Pass<W>>, BoxFuture<'static, Result<Self::Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.api.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(page) = Page::of(&request) else {
            let passed = self.api.call(request.map(http_body_util::Either::Left));
            return Either::Left(passed.map(pass as Pass<W>));
        };
        let api = self.api.clone();
        // A page beyond its visitor's limit asks for nothing.
        let beyond = request.extensions().get::<Beyond>().copied();
        let api: Api = Box::new(move |mut request| {
            if let Some(beyond) = beyond {
                request.extensions_mut().insert(beyond);
            }
            let answered = api.clone().call(request.map(http_body_util::Either::Right));
            Box::pin(answered.map(|Ok(response)| response.map(BodyExt::boxed_unsync)))
        });
        let (head, body) = request.into_parts();
        let body = body.map_err(Into::into).boxed();
        let visit = Visit::new(Arc::clone(&self.services), api, head);
        Either::Right(Box::pin(async move {
            let response = page.answer(visit, body).await;
            Ok(response.map(http_body_util::Either::Right))
        }))
    }
}

type Pass<W> = fn(Result<Response<W>, Infallible>) -> Result<Response<Sent<W>>, Infallible>;

fn pass<W>(answered: Result<Response<W>, Infallible>) -> Result<Response<Sent<W>>, Infallible> {
    answered.map(|response| response.map(http_body_util::Either::Left))
}
