//! Whole answers, remembered for who asks the same again.
//!
//! A page that is remembered still has to be found: a request is taken apart, routed and negotiated, its query read, and
//! its headers are made. All of that is the same for the same question as long as the dataset and the versions are what
//! they were, so what was asked for twice is kept as it went out. [`Service`] looks there before warp sees a request.
//!
//! What a question is errs on the safe side: a request with any header that is not known to make no difference takes
//! the long way, and so does one that somebody unknown sends. Who may call, and what is counted, is settled each time.

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
use super::request::REQUEST_ID;
use crate::dataset::DatasetName;
use crate::services::memory::{Held, Kind};
use crate::services::metrics::Route;
use crate::services::{CachedResponse, Services};
use crate::store::{Dataset, SegmentId};
use crate::versioning::DefaultVersion;

/// Bytes of the longest question that is remembered.
const LONGEST: usize = 2 << 10;
/// Bytes before those that the request itself gives: of what its caller gets that names no version.
const CALLER: usize = 5;

/// Everything about a request that its answer may depend on, in bytes that no other question has: path, query, `Accept`,
/// `Accept-Encoding`, and the version that the caller gets without naming one. A caller with extensions has no question. The answer
/// depends on two more things, which are looked at each time: the newest revision of the dataset, and the dates of the versions.
struct Question(Vec<u8>);

impl Question {
    /// What is asked, but for who asks; `None`: the answer to that is not remembered.
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
        // Neither a target nor the value of a header has an end of line in it.
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

    /// The question of a caller that gets that when it names no version.
    fn by(&mut self, default: DefaultVersion) -> &[u8] {
        let (number, source) = self.0[..CALLER].split_at_mut(CALLER - 1);
        number.copy_from_slice(&default.version.get().to_le_bytes());
        source[0] = default.source as u8;
        &self.0
    }
}

/// Whether the API takes no notice of a header, or the same each time. Who calls is settled apart.
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

/// What an answer says of itself to be remembered.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    /// It tells of this alone.
    pub(super) dataset: Arc<Dataset>,
    /// The name of the operation that gave it.
    pub(super) operation: &'static str,
    /// What its caller gets that names no version.
    pub(super) default: DefaultVersion,
    /// When it was made: how the versions were then is in it.
    pub(super) at: Timestamp,
}

/// A response that is remembered, or one that was made.
type Sent<W> = http::Response<http_body_util::Either<Full<Bytes>, W>>;

/// The response, which is remembered if it says how.
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
    // What is not the newest may be gone tomorrow.
    if is_newest(services, &of) {
        let until = services.catalogue.next_change(memo.at);
        let mut headers = head.headers.clone();
        // So that it need not be moved for the id of each request.
        headers.insert(REQUEST_ID, HeaderValue::from_static(""));
        services.cache.keep_response(CachedResponse {
            question: question.by(memo.default).into(),
            of,
            holds: memo.at..until.unwrap_or(Timestamp::MAX),
            headers,
            body,
            route,
            operation: memo.operation,
        });
    }
    http::Response::from_parts(head, sent)
}

fn is_newest(services: &Services, (name, segment): &(DatasetName, SegmentId)) -> bool {
    let newest = services.store.known(name);
    newest.is_some_and(|newest| newest.made_by == *segment)
}

/// The answer that is remembered for a request, if it still holds.
fn recall(
    services: &Services,
    question: &mut Question,
    headers: &HeaderMap,
) -> Option<http::Response<Full<Bytes>>> {
    let client = access::recall(services, headers)?;
    let client = client.as_deref();
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
    access::count(services, client, headers, version, answer.operation, now);
    let mut response = http::Response::new(Full::new(held.around(answer.body.clone())));
    *response.headers_mut() = answer.headers.clone();
    response.extensions_mut().insert(answer.route);
    Some(response)
}

/// Answers what is remembered, and has the rest answered by the service behind it.
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
    // Boxed, so that an answer that is there does not carry along the room that making one takes.
    type Future =
        Either<Ready<Result<Sent<W>, Infallible>>, BoxFuture<'static, Result<Sent<W>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.behind.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut question = Question::of(&request);
        let asked = question.as_mut();
        if let Some(known) =
            asked.and_then(|asked| recall(&self.services, asked, request.headers()))
        {
            return Either::Left(ready(Ok(known.map(http_body_util::Either::Left))));
        }
        let (services, made) = (Arc::clone(&self.services), self.behind.call(request));
        Either::Right(Box::pin(async move {
            let Ok(response) = made.await;
            Ok(remember(&services, question, response))
        }))
    }
}
