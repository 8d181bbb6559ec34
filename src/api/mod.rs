//! What the wire says. This room alone knows warp.
//!
//! What was answered before and still holds is answered again (`answers`). A warp filter takes every other request apart
//! ([`request`]); the dispatcher finds out who calls, negotiates the version,
//! and looks the operation up in the registry ([`registry`]); the version's own handler ([`v1`], [`v2`]) answers it
//! from the services. Everything in this folder itself is the same for all versions; what only one of them has is in
//! that one's folder.

mod access;
mod answers;
pub mod call;
pub mod client;
mod coding;
pub mod conditional;
pub mod cursor;
pub mod description;
pub mod discovery;
mod dispatch;
pub mod error;
pub mod found;
mod idempotency;
pub mod intake;
mod labels;
mod listing;
mod notice;
mod operations;
pub mod query;
pub mod registry;
pub mod reply;
pub mod request;
pub mod rows;
pub mod source;
pub mod v1;
pub mod v2;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Rejection};

pub use registry::{Registry, RegistryError};

use crate::services::Services;
use dispatch::Dispatcher;
use reply::Reply;
use request::Request;

/// Everything that clients may ask: a service for each request, over the registry of versions.
pub fn service<B>(
    services: Arc<Services>,
    registry: Registry,
) -> Result<
    impl tower_service::Service<
        http::Request<B>,
        Response = http::Response<
            impl http_body::Body<Data = Bytes, Error = reply::StreamError> + Send + 'static,
        >,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static,
    RegistryError,
>
where
    B: http_body::Body<Data: Send, Error: Into<reply::StreamError>> + Send + Sync + 'static,
{
    let dispatcher = Arc::new(Dispatcher::new(Arc::clone(&services), registry)?);
    let memory = Arc::clone(&services.memory);
    let answered = request::any_request().then(move |mut request: Request| {
        let (dispatcher, memory) = (Arc::clone(&dispatcher), Arc::clone(&memory));
        let asked = coding::Asked::of(&request.method, &mut request.headers);
        async move {
            asked
                .answer(&memory, dispatcher.answer(request).await)
                .await
        }
    });
    let filter = answered.recover(say_nothing_of_it).unify();
    Ok(answers::Service::new(services, warp::service(filter)))
}

/// For a request that could not be taken apart. warp's own answer to a rejection would show its inner text.
async fn say_nothing_of_it(rejection: Rejection) -> Result<Response, Infallible> {
    log::error!("a request was rejected by a filter that rejects none: {rejection:?}");
    Ok(Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).into_response())
}

/// What the operator's tools ask, on an address of its own.
pub fn operations_filter(services: Arc<Services>) -> BoxedFilter<(Response,)> {
    operations::filter(services)
}
