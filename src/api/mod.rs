//! What the wire says. This room alone knows warp.
//!
//! A request passes, in this order:
//!
//! 1. the answers that are remembered (`answers`): one that still holds goes out again, and warp does not see the request;
//! 2. the filters of `filters`, which are written down there in one line each:
//!    - `caller` finds out who calls (`access`);
//!    - `route` looks the path up in the one table of all versions ([`registry`]);
//!    - `negotiated` parses `Accept`, and chooses version and format ([`crate::versioning`]);
//!    - `operation` finds the operation that the version has there ([`contract`]), its own or that of an older one;
//!    - `payload` takes query and body;
//!    - `call` has the version's own handler ([`v1`], [`v2`]) answer from the services; a write with an `Idempotency-Key` passes
//!      `idempotency` first;
//!    - `respond` puts on the answer what names its version (`labels`), what is announced of it (`notice`), and its coding (`coding`);
//!    - `recover` does the same for a request that one of them refused, in the version that was chosen by then.
//!
//! [`versions`] lists the versions. What only one of them has is in its folder; everything else here is the same for all.

mod access;
mod additions;
mod answers;
pub mod body;
pub mod call;
pub mod client;
mod coding;
pub mod conditional;
pub mod contract;
pub mod cursor;
pub mod description;
pub mod discovery;
pub mod error;
mod filters;
mod fixes;
pub mod found;
pub mod history;
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
pub mod versions;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use warp::filters::BoxedFilter;
use warp::reply::Response;

pub use registry::{Registry, RegistryError};

use crate::services::Services;
use filters::Api;

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
    let api = Arc::new(Api::new(Arc::clone(&services), registry)?);
    let filter = filters::answered(&api);
    Ok(answers::Service::new(services, warp::service(filter)))
}

/// What the operator's tools ask, on an address of its own.
pub fn operations_filter(services: Arc<Services>) -> BoxedFilter<(Response,)> {
    operations::filter(services)
}
