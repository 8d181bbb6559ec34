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
use super::request::{OfPage, REQUEST_ID};
use crate::dataset::DatasetName;
use crate::services::memory::{Held, Kind};
use crate::services::metrics::Route;
use crate::services::usage::KnownClient;
use crate::services::{CachedResponse, NamedColumns, Services};
use crate::store::{Dataset, Outcome, SegmentId};
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
    if is_newest(services, &of) {
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

fn is_newest(services: &Services, (name, segment): &(DatasetName, SegmentId)) -> bool {
    let newest = services.store.known(name);
    newest.is_some_and(|newest| newest.made_by == *segment)
}

/// The cached response to a request, if its conditions hold.
fn recall(
    services: &Services,
    question: &mut Question,
    headers: &HeaderMap,
    of_page: Option<&OfPage>,
) -> Option<http::Response<Full<Bytes>>> {
    let known = access::recall(services, headers)?;
    let client = known.as_deref();
    if client.is_some_and(|client| !client.extensions.is_empty()) {
        return None;
    }
    access::admit(services, &Method::GET, client).ok()?;
    let question = question.by(access::default_of(services, client));
    let answer = services.cache.response(question)?;
    let now = services.clock.now();
    if !answer.holds.contains(&now) || !is_newest(services, &answer.of) {
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
    if let Some(client) = known {
        response.extensions_mut().insert(KnownClient(client));
    }
    Some(response)
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
    S::Future: Send + 'static,
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
        let mut question = Question::of(&request);
        let asked = question.as_mut();
        let (headers, of_page) = (request.headers(), request.extensions().get());
        let known = asked.and_then(|asked| recall(&self.services, asked, headers, of_page));
        if let Some(known) = known {
            return Either::Left(ready(Ok(known.map(http_body_util::Either::Left))));
        }
        let (services, made) = (Arc::clone(&self.services), self.behind.call(request));
        Either::Right(Box::pin(async move {
            let Ok(response) = made.await;
            Ok(remember(&services, question, response))
        }))
    }
}
