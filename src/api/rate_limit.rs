//! Rate limits of callers. [`Limiting`] counts every request of a client or an address, also those whose answers are cached. A request
//! beyond the limit goes on with a mark ([`Beyond`]), so that it is refused in the form of its version, or as a page. Every answer says
//! how many requests are left, as draft-ietf-httpapi-ratelimit-headers has it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::future::{BoxFuture, Either};
use http::{HeaderName, HeaderValue, Request, Response};
use pin_project_lite::pin_project;

use super::access;
use super::error::Error;
use super::request::{OfPage, Peer};
use crate::services::Services;
use crate::services::rate_limit::{Counted, RateLimits, Verdict};
use crate::settings::RateLimit;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Marks a request that is beyond its caller's limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Beyond {
    /// The limit.
    pub limit: RateLimit,
    /// Seconds until the next request may go on.
    pub seconds: u32,
}

impl Beyond {
    /// The error for the caller.
    pub(super) fn error(self) -> Error {
        let Self { limit, seconds } = self;
        Error::TooManyRequests { limit, seconds }
    }
}

/// Counts requests, and passes them on.
#[derive(Clone, Debug)]
pub struct Limiting<S> {
    services: Arc<Services>,
    behind: S,
}

impl<S> Limiting<S> {
    /// Counts the requests that `behind` answers, if the settings have a limit.
    pub fn new(services: Arc<Services>, behind: S) -> Self {
        Self { services, behind }
    }
}

impl<S, B, W> tower_service::Service<Request<B>> for Limiting<S>
where
    S: tower_service::Service<Request<B>, Response = Response<W>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<W>;
    type Error = Infallible;
    type Future = Either<Counting<S::Future>, BoxFuture<'static, Result<Response<W>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.behind.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(limits) = &self.services.rate_limits else {
            return Either::Left(Counting::new(self.behind.call(request), None));
        };
        let address = address(&request);
        if let Some(client) = access::recall(&self.services, request.headers()) {
            let verdict = limits.take(client.as_deref(), address);
            let counted = client.map_or(Counted::at(address), |client| Counted::Client(client.id));
            mark(&self.services, &mut request, verdict, counted);
            return Either::Left(Counting::new(self.behind.call(request), verdict));
        }
        // The store has to be asked whose key it is.
        let (services, mut behind) = (Arc::clone(&self.services), self.behind.clone());
        Either::Right(Box::pin(async move {
            let verdict = match &services.rate_limits {
                Some(limits) => look_up(&services, limits, &mut request, address).await,
                None => None,
            };
            Counting::new(behind.call(request), verdict).await
        }))
    }
}

/// The verdict on a request whose key has to be looked up.
async fn look_up<B>(
    services: &Services,
    limits: &RateLimits,
    request: &mut Request<B>,
    address: IpAddr,
) -> Option<Verdict> {
    // Who guesses keys doesn't keep the clients at that address from calling.
    let refused = limits.refuse_key(address);
    let refused = refused.filter(|_| !access::had_valid_key(services, request.headers()));
    let (verdict, counted) = match refused {
        Some(refused) => (Some(refused), Counted::with_wrong_keys(address)),
        // This is no call yet, so it doesn't pin the client.
        None => match access::identify(services, request.headers(), Some(OfPage)).await {
            Ok(client) => {
                let verdict = limits.take(client.as_deref(), address);
                let counted =
                    client.map_or(Counted::at(address), |client| Counted::Client(client.id));
                (verdict, counted)
            }
            Err(Error::Store(_)) => return None,
            Err(_) => {
                let verdict = limits.take_wrong_key(address);
                (Some(verdict), Counted::with_wrong_keys(address))
            }
        },
    };
    mark(services, request, verdict, counted);
    verdict
}

/// Marks a request that is beyond the limit.
fn mark<B>(
    services: &Services,
    request: &mut Request<B>,
    verdict: Option<Verdict>,
    counted: Counted,
) {
    if let Some(Verdict {
        allowed: false,
        limit,
        seconds,
        ..
    }) = verdict
    {
        services.metrics.limited(counted.label());
        request.extensions_mut().insert(Beyond { limit, seconds });
    }
}

/// The address of the caller. The server says it of every request.
fn address<B>(request: &Request<B>) -> IpAddr {
    let peer = request.extensions().get::<Peer>();
    peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |Peer(address)| *address)
}

pin_project! {
    /// An answer that is being made, and what it will say about the limit.
    #[derive(Debug)]
    pub struct Counting<F> {
        #[pin]
        answer: F,
        verdict: Option<Verdict>,
    }
}

impl<F> Counting<F> {
    fn new(answer: F, verdict: Option<Verdict>) -> Self {
        Self { answer, verdict }
    }
}

impl<F, W> Future for Counting<F>
where
    F: Future<Output = Result<Response<W>, Infallible>>,
{
    type Output = Result<Response<W>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ok(mut response) = ready!(this.answer.poll(context));
        if let Some(verdict) = this.verdict {
            let Verdict {
                limit,
                own,
                left,
                seconds,
                ..
            } = *verdict;
            let name = if own { "client" } else { "default" };
            let (requests, window) = (limit.requests, limit.seconds);
            let headers = response.headers_mut();
            for (header, text) in [
                (POLICY, format!("\"{name}\";q={requests};w={window}")),
                (LIMIT, format!("\"{name}\";r={left};t={seconds}")),
            ] {
                // Digits and names are valid in a header.
                if let Ok(value) = HeaderValue::try_from(text) {
                    headers.insert(header, value);
                }
            }
        }
        Poll::Ready(Ok(response))
    }
}
