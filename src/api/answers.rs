//! Cached responses: whole responses that can be sent again.
//!
//! A cached page saves reading rows, but the request still has to be parsed, routed and negotiated. For the same question, all of that
//! has the same result until the dataset or a version changes. So responses that were asked for twice are cached whole. [`Service`]
//! looks for one before warp sees the request.
//!
//! A request with any header that may change the response takes the usual way, and so does one whose caller is not cached. Access is
//! checked, and the request counted, each time.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either, FutureExt as _};
use http::header::{HeaderMap, HeaderValue};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use jiff::Timestamp;

use super::access;
use super::rate_limit::Beyond;
use super::request::{Failed, OfPage, REQUEST_ID};
use crate::dataset::DatasetName;
use crate::services::memory::{Held, Kind};
use crate::services::metrics::Route;
use crate::services::usage::KnownClient;
use crate::services::{CachedResponse, NamedColumns, Services};
use crate::store::{Client, Dataset, Outcome, SegmentId};
use crate::versioning::DefaultVersion;

/// The most bytes of a question. Responses to longer ones are not cached.
const LONGEST: usize = 2 << 10;
/// Bytes of a question before those from the request: the caller's default version.
const CALLER: usize = 5;

/// Everything in a request that its response depends on, encoded so that no two questions have the same bytes: path, query, `Accept`,
/// `Accept-Encoding`, and the caller's default version. A caller with extensions has no question. The response also depends on the
/// newest revision of the dataset and on the dates of the versions, which are checked each time.
struct Question(Vec<u8>);

impl Question {
    /// The question without the caller's part. `None`: the response can't be cached.
    fn of<B>(request: &Request<B>) -> Option<Self> {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
        if request.method() != Method::GET || path.len() + query.len() > LONGEST {
            return None;
        }
        let (mut accept, mut coding) = (None, None);
        for (name, value) in request.headers() {
            let before = match name.as_str() {
                "accept" => accept.replace(value),
                "accept-encoding" => coding.replace(value),
                name if makes_no_difference(name) => None,
                _ => return None,
            };
            if before.is_some() {
                return None;
            }
        }
        let mut bytes = Vec::with_capacity(256);
        bytes.resize(CALLER, 0);
        // Neither a target nor a header value has a line end.
        for part in [path, "?", query] {
            bytes.extend_from_slice(part.as_bytes());
        }
        for header in [accept, coding] {
            bytes.push(b'\n');
            if let Some(value) = header {
                bytes.push(b':');
                bytes.extend_from_slice(value.as_bytes());
            }
        }
        (bytes.len() <= LONGEST).then_some(Self(bytes))
    }

    /// The question of a caller with that default version.
    fn by(&mut self, default: DefaultVersion) -> &[u8] {
        let (number, source) = self.0[..CALLER].split_at_mut(CALLER - 1);
        number.copy_from_slice(&default.version.get().to_le_bytes());
        source[0] = default.source as u8;
        &self.0
    }
}

/// Whether a header doesn't change the response. The caller's key is handled apart.
fn makes_no_difference(name: &str) -> bool {
    matches!(
        name,
        "host"
            | "user-agent"
            | "authorization"
            | "x-request-id"
            | "connection"
            | "keep-alive"
            | "accept-language"
            | "cache-control"
            | "pragma"
            | "cookie"
            | "dnt"
            | "forwarded"
            | "origin"
            | "priority"
            | "referer"
            | "traceparent"
            | "tracestate"
            | "upgrade-insecure-requests"
            | "via"
            | "x-real-ip"
            | "x-scheme"
    ) || name.starts_with("x-forwarded-")
        || name.starts_with("sec-")
}

/// What is needed to cache a response.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    /// The only dataset that it is about.
    pub(super) dataset: Arc<Dataset>,
    /// The name of the operation that made it.
    pub(super) operation: &'static str,
    /// The columns that its request names.
    pub(super) named: Option<NamedColumns>,
    /// The default version of its caller.
    pub(super) default: DefaultVersion,
    /// When it was made, which decided the states of the versions.
    pub(super) at: Timestamp,
}

/// A cached response, or a new one.
type Sent<W> = http::Response<http_body_util::Either<Full<Bytes>, W>>;

/// The response. It is cached if it has a [`Memo`].
fn remember<W>(
    services: &Services,
    question: Option<Question>,
    response: http::Response<W>,
) -> Sent<W>
where
    W: http_body::Body<Data = Bytes>,
{
    let (mut head, body) = response.into_parts();
    if body.size_hint().exact().is_none() {
        return http::Response::from_parts(head, http_body_util::Either::Right(body));
    }
    let Some(Ok(body)) = body.collect().now_or_never() else {
        unreachable!("a body of this module whose length is known is all there");
    };
    let body = body.to_bytes();
    let held = head.extensions.remove::<Arc<Held>>();
    let held = held.and_then(Arc::into_inner);
    let sent = held.map_or_else(|| body.clone(), |held| held.around(body.clone()));
    let sent = http_body_util::Either::Left(Full::new(sent));
    let known = (
        question,
        head.extensions.remove::<Memo>(),
        head.extensions.get::<Route>(),
    );
    let (Some(mut question), Some(memo), Some(&route)) = known else {
        return http::Response::from_parts(head, sent);
    };
    let of = (memo.dataset.name.clone(), memo.dataset.made_by);
    // A response about an older revision is not cached, because the revision may be deleted.
    if is_of(services.store.seen(&of.0).as_ref(), &of) {
        let until = services.catalogue.next_change(memo.at);
        let mut headers = head.headers.clone();
        // With a placeholder, the request id replaces a value and moves no other header.
        headers.insert(REQUEST_ID, HeaderValue::from_static(""));
        services.cache.keep_response(CachedResponse {
            question: question.by(memo.default).into(),
            of,
            holds: memo.at..until.unwrap_or(Timestamp::MAX),
            headers,
            body,
            route,
            operation: memo.operation,
            named: memo.named,
        });
    }
    http::Response::from_parts(head, sent)
}

/// Whether that segment made the newest revision of the dataset.
fn is_of(newest: Option<&Arc<Dataset>>, (_, segment): &(DatasetName, SegmentId)) -> bool {
    newest.is_some_and(|newest| newest.made_by == *segment)
}

/// A cached response that may be sent if it is of the newest revision.
struct Candidate {
    client: Option<Arc<Client>>,
    answer: Arc<CachedResponse>,
}

impl Candidate {
    /// The cached response to a request, if its other conditions hold.
    fn of(services: &Services, question: &mut Question, headers: &HeaderMap) -> Option<Self> {
        let client = access::recall(services, headers)?;
        let by = client.as_deref();
        if by.is_some_and(|client| !client.extensions.is_empty()) {
            return None;
        }
        access::admit(services, &Method::GET, by).ok()?;
        let question = question.by(access::default_of(services, by));
        let answer = services.cache.response(question)?;
        Some(Self { client, answer })
    }

    /// The response, if its time is not over.
    fn send(
        &self,
        services: &Services,
        headers: &HeaderMap,
        of_page: Option<&OfPage>,
    ) -> Option<http::Response<Full<Bytes>>> {
        let (answer, client) = (&self.answer, self.client.as_deref());
        let now = services.clock.now();
        if !answer.holds.contains(&now) {
            return None;
        }
        let bytes = answer.body.len();
        let held = services.memory.try_take(Kind::of_answer(bytes), bytes)?;
        let version = answer.route.version.unwrap_or_default();
        if of_page.is_none() {
            let outcome = Outcome::Called(answer.operation);
            access::count(services, client, headers, version, outcome, now);
            let (_, made_by) = answer.of;
            let read = (made_by.dataset, answer.named.as_ref());
            access::count_read(services, client, headers, read, now);
        }
        let mut response = http::Response::new(Full::new(held.around(answer.body.clone())));
        *response.headers_mut() = answer.headers.clone();
        response.extensions_mut().insert(answer.route);
        if let Some(client) = &self.client {
            let client = KnownClient(Arc::clone(client));
            response.extensions_mut().insert(client);
        }
        Some(response)
    }
}

/// Sends cached responses, and passes all other requests to the inner service.
#[derive(Clone)]
pub(super) struct Service<S> {
    services: Arc<Services>,
    behind: S,
}

impl<S> Service<S> {
    pub(super) fn new(services: Arc<Services>, behind: S) -> Self {
        Self { services, behind }
    }
}

impl<S, B, W> tower_service::Service<Request<B>> for Service<S>
where
    S: tower_service::Service<Request<B>, Response = http::Response<W>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Send + Sync + 'static,
    W: http_body::Body<Data = Bytes> + Send + 'static,
{
    type Response = Sent<W>;
    type Error = Infallible;
    // Boxed: otherwise the future of a cached response would be as large as that of any other.
    type Future =
        Either<Ready<Result<Sent<W>, Infallible>>, BoxFuture<'static, Result<Sent<W>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.behind.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // A request beyond its caller's limit has no answer that could be cached.
        let beyond = request.extensions().get::<Beyond>().is_some();
        let mut question = Question::of(&request).filter(|_| !beyond);
        let asked = question.as_mut();
        let candidate =
            asked.and_then(|asked| Candidate::of(&self.services, asked, request.headers()));
        if let Some(candidate) = candidate {
            if !self.services.store.knows_newest() {
                return Either::Right(self.ask(candidate, question, request));
            }
            let of = &candidate.answer.of;
            if is_of(self.services.store.known(&of.0).as_ref(), of) {
                let (headers, of_page) = (request.headers(), request.extensions().get());
                if let Some(sent) = candidate.send(&self.services, headers, of_page) {
                    return Either::Left(ready(Ok(sent.map(http_body_util::Either::Left))));
                }
            }
        }
        let (services, made) = (Arc::clone(&self.services), self.behind.call(request));
        Either::Right(Box::pin(async move {
            let Ok(response) = made.await;
            Ok(remember(&services, question, response))
        }))
    }
}

impl<S> Service<S> {
    /// Asks the store whether a cached response is of the newest revision. If it is not, the inner service answers.
    fn ask<B, W>(
        &self,
        candidate: Candidate,
        question: Option<Question>,
        mut request: Request<B>,
    ) -> BoxFuture<'static, Result<Sent<W>, Infallible>>
    where
        S: tower_service::Service<Request<B>, Response = http::Response<W>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Send + Sync + 'static,
        W: http_body::Body<Data = Bytes> + Send + 'static,
    {
        let (services, mut behind) = (Arc::clone(&self.services), self.behind.clone());
        Box::pin(async move {
            let of = &candidate.answer.of;
            match services.store.find(&of.0).await {
                Ok(newest) if is_of(newest.as_ref(), of) => {
                    let (headers, of_page) = (request.headers(), request.extensions().get());
                    if let Some(sent) = candidate.send(&services, headers, of_page) {
                        return Ok(sent.map(http_body_util::Either::Left));
                    }
                }
                Ok(_) => {}
                // The request has waited for the store already.
                Err(error) => drop(request.extensions_mut().insert(Failed::new(error))),
            }
            let Ok(response) = behind.call(request).await;
            Ok(remember(&services, question, response))
        })
    }
}
