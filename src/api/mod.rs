//! The HTTP API. It is the only module that uses warp.
//!
//! A request passes these steps; if callers have a rate limit, `rate_limit` counts it before:
//!
//! 1. cached responses (`answers`): if one can be sent again, warp doesn't see the request;
//! 2. the filters in `filters`, in this order:
//!    - `caller` identifies the caller (`access`);
//!    - `route` finds the resource of the path in the table of all versions ([`registry`]);
//!    - `negotiated` parses `Accept` and what the URL names (`in_url`), and chooses version and format ([`crate::versioning`]);
//!    - `operation` finds the version's operation ([`contract`]), which may be of an older version;
//!    - `payload` takes query and body;
//!    - `call` calls the handler ([`v1`], [`v2`]); a write with an `Idempotency-Key` passes `idempotency` first;
//!    - `respond` adds the headers about the version (`labels`) and its end (`notice`), and the content coding (`coding`);
//!    - `recover` does the same for a request that one of the filters refused.
//!
//! [`versions`] lists the versions. Code for one version is in its folder; everything else is for all versions.

mod access;
mod additions;
mod answers;
pub mod as_of;
pub mod body;
pub mod call;
pub mod client;
mod coding;
pub mod conditional;
pub mod contract;
pub mod cursor;
pub mod description;
pub mod discovery;
mod disposition;
pub mod error;
mod filters;
mod fixes;
pub mod found;
pub mod history;
mod idempotency;
mod in_url;
pub mod intake;
mod labels;
mod listing;
mod notice;
mod operations;
pub mod page;
pub mod query;
mod ranges;
pub mod rate_limit;
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

pub use registry::{Registry, RegistryError};

use crate::services::Services;
use filters::Api;

/// The service for clients, with the registry of versions.
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
    + Sync
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

/// The service for the operator, on an address of its own.
pub fn operations<B>(
    services: Arc<Services>,
) -> impl tower_service::Service<
    http::Request<B>,
    Response = http::Response<
        impl http_body::Body<Data = Bytes, Error: Into<reply::StreamError>> + Send + 'static,
    >,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ 'static
where
    B: http_body::Body<Data: Send, Error: Into<reply::StreamError>> + Send + Sync + 'static,
{
    warp::service(operations::filter(services))
}
