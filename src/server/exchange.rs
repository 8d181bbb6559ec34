//! The code around the service for each request: it counts the request in flight, gives it an id and a log line, and answers
//! targets that are no path, and panics, which would otherwise end the connection without an answer.

use std::{
    cell::RefCell,
    convert::Infallible,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Version, header};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use pin_project_lite::pin_project;

use super::{
    access::Access,
    activity::{Activity, Flight},
    body::{BoxError, RequestBody, ResponseBody, Source},
    cors::Grant,
    drain::Drain,
    limits::Limits,
    pace::Pace,
    refusal::{self, Refusal},
    request_id, screen,
    service::HttpService,
};
use crate::api::request::{Peer, REQUEST_ID};
use crate::services::{FairPermits, Metrics, Permit, PermitOwner};

/// The state that the connections of one listener share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) drain: Drain,
    pub(super) metrics: Option<Arc<Metrics>>,
    pub(super) requests: AtomicU64,
    /// Permits for requests beside others of their connection, as many as connections.
    pub(super) streams: Arc<FairPermits>,
}

/// The service, for one connection.
#[derive(Debug)]
pub(super) struct Edge<S> {
    /// hyper calls with a shared reference, tower with an exclusive one. There is no other call at the same time, so the service
    /// need not be cloned for each request.
    pub(super) service: RefCell<S>,
    pub(super) activity: Arc<Activity>,
    /// The client's address.
    pub(super) peer: IpAddr,
    pub(super) shared: Arc<Shared>,
}

impl<S: HttpService> hyper::service::Service<Request<Incoming>> for Edge<S> {
    type Response = Response<ResponseBody<S::Body>>;
    type Error = Infallible;
    type Future = Exchange<S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let http2 = request.version() == Version::HTTP_2;
        let limits = &self.shared.limits;
        let grant = limits.cors.grant(request.headers().get(header::ORIGIN));
        let (permit, refused) = match self.permit(http2) {
            Ok(permit) => (permit, screen::of(&request, &limits.trust, &limits.cors)),
            Err(refusal) => (None, Some(refusal::answer(&refusal))),
        };
        let flight = self.activity.begin(http2, permit);
        self.shared.requests.fetch_add(1, Relaxed);
        let id = request_id::settle(request.headers_mut());
        let access = Access::begin(
            &request,
            &id,
            self.peer,
            limits,
            self.shared.metrics.as_ref(),
        );
        let step = match refused {
            Some(answer) => {
                // Its body is dropped, like one that a handler doesn't read.
                drop(self.receive(request, &flight));
                Step::Answered {
                    answer: Some(answer),
                }
            }
            None => self.begin(request, &flight, &id),
        };
        Exchange {
            step,
            around: Some(Around {
                flight,
                id,
                access,
                grant,
                http2,
            }),
        }
    }
}

impl<S: HttpService> Edge<S> {
    /// The permit for the next request. The only request of a connection needs none; others do, since each request takes memory.
    fn permit(&self, http2: bool) -> Result<Option<Permit>, Refusal> {
        if !http2 || !self.activity.is_busy() {
            return Ok(None);
        }
        let permit = self.shared.streams.try_take(PermitOwner::at(self.peer));
        permit.map(Some).ok_or(Refusal::TooManyRequests)
    }

    /// The request with a body whose pace is enforced.
    fn receive(&self, request: Request<Incoming>, flight: &Flight) -> Request<RequestBody> {
        let pace = Pace::new(&self.shared.limits);
        let metrics = self.shared.metrics.as_ref();
        let limits = &self.shared.limits;
        let mut request = request.map(|incoming| RequestBody::new(incoming, pace, flight, metrics));
        if limits.counts_requests || !request.body().is_end_stream() {
            let client = limits.proxies.client(self.peer, request.headers());
            request.extensions_mut().insert(Peer(client));
        }
        request
    }

    fn begin(
        &self,
        request: Request<Incoming>,
        flight: &Flight,
        id: &HeaderValue,
    ) -> Step<S::Future> {
        let request = self.receive(request, flight);
        match catch_unwind(AssertUnwindSafe(|| {
            self.service.borrow_mut().begin(request)
        })) {
            Ok(future) => Step::Serving { future },
            Err(_) => Step::Answered {
                answer: Some(panicked(id)),
            },
        }
    }
}

/// Links a panic to its request. The panic itself and its location are logged by the panic hook.
fn panicked(id: &HeaderValue) -> Response<Full<Bytes>> {
    let id = id.to_str().unwrap_or_default();
    log::error!(id = id; "the handler of a request panicked; it is answered with 500");
    refusal::of_panic()
}

pin_project! {
    /// One request that waits for its response.
    #[derive(Debug)]
    pub(super) struct Exchange<F> {
        #[pin]
        step: Step<F>,
        around: Option<Around>,
    }
}

pin_project! {
    #[project = StepProjection]
    #[derive(Debug)]
    enum Step<F> {
        Serving { #[pin] future: F },
        Answered { answer: Option<Response<Full<Bytes>>> },
    }
}

/// The data that a response needs beside the answer of the service.
#[derive(Debug)]
struct Around {
    flight: Flight,
    id: HeaderValue,
    access: Option<Access>,
    /// Who may read the answer.
    grant: Grant,
    http2: bool,
}

impl<F, B> Future for Exchange<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Output = Result<Response<ResponseBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        const ONCE: &str = "an exchange is not polled after its response";
        let exchange = self.project();
        let edge = |answer: Response<Full<Bytes>>| answer.map(|body| Source::Edge { body });
        let response = match exchange.step.project() {
            StepProjection::Serving { future } => {
                match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(Ok(response))) => response.map(|body| Source::Service { body }),
                    Ok(Poll::Ready(Err(never))) => match never {},
                    Err(_) => edge(panicked(&exchange.around.as_ref().expect(ONCE).id)),
                }
            }
            StepProjection::Answered { answer } => edge(answer.take().expect(ONCE)),
        };
        Poll::Ready(Ok(exchange.around.take().expect(ONCE).finish(response)))
    }
}

impl Around {
    fn finish<B>(self, mut response: Response<Source<B>>) -> Response<ResponseBody<B>>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>>,
    {
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, self.id);
        self.grant.mark(headers);
        // hyper closes a connection after a request that was not read to its end, but doesn't announce it. Without this header,
        // the client would lose its next request (RFC 9112 section 9.6).
        if !self.http2 && self.flight.is_last() {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let line = self.access.and_then(|access| access.answered(&response));
        response.map(|source| ResponseBody::new(source, self.flight, line, self.http2))
    }
}
