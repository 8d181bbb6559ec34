//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a write that may be sent again without being done
//! again.
//!
//! The key is taken before the write begins, and its answer is committed with what was written. The same key and the
//! same request get that answer again for 24 hours; another request with the key is refused, and so is one that comes
//! while the first is in flight. An answer of 5xx is not kept: then the write was not done, or is not known to be.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH,
};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::body::Body;
use super::error::Error;
use super::reply::{Body as ReplyBody, Reply};
use super::request::{Request, single};
use crate::store::{Claim, Claimed, Committed, Receipt, Store};

/// The header that carries the key.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of the longest key.
const LONGEST: usize = 255;

/// A request that has its key: it gives it back when it is dropped, unless an answer was kept.
pub(super) struct Once {
    store: Store,
    claim: Claim,
    body: Arc<Mutex<Digested>>,
    settled: AtomicBool,
}

/// A body, and the digest of the request up to where it was read.
struct Digested {
    body: Option<Body>,
    digest: Sha256,
    received: u64,
}

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// What becomes of a request with a key.
pub(super) enum Begun {
    /// It is the first, and goes on.
    First(Arc<Once>),
    /// It was answered before.
    Answered(Reply),
}

/// The key of a request, if it has one: a string in quotes, as the draft has it, or without them.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = single(headers, &KEY, "Idempotency-Key")? else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').unwrap_or_default(),
        None => text,
    };
    let fits =
        (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| Some(key.to_owned())).ok_or(Error::BadKey)
}

/// Takes the key, which is one of those of `scope`, for the request, whose body is read through what comes back. Its
/// headers are those that the operation reads. `asked` is what else makes a request another one: its path, and version and
/// format of the answer.
pub(super) async fn begin(
    store: &Store,
    scope: String,
    key: String,
    asked: (&str, &str),
    request: &mut Request,
    longest: u64,
) -> Result<Begun, Error> {
    let body = std::mem::replace(&mut request.body, Box::pin(futures_util::stream::empty()));
    let body = Arc::new(Mutex::new(Digested {
        body: Some(body),
        digest: digest(request, asked),
        received: 0,
    }));
    let claim = Claim {
        scope,
        key,
        holder: store.new_number(),
    };
    match store.claim(&claim).await? {
        Claimed::First => {
            request.body = Box::pin(Reading(Arc::clone(&body)));
            Ok(Begun::First(Arc::new(Once {
                store: store.clone(),
                claim,
                body,
                settled: AtomicBool::new(false),
            })))
        }
        Claimed::InFlight => Err(Error::KeyInFlight),
        Claimed::Before {
            fingerprint,
            answer,
        } => {
            if finish(&body, longest).await?.as_slice() != fingerprint {
                return Err(Error::KeyReused);
            }
            let kept = postcard::from_bytes(&answer).map_err(|_| Error::Worker)?;
            Ok(Begun::Answered(replay(kept)))
        }
    }
}

/// The beginning of a request's digest: all of it but the body. Each part is told from the next.
fn digest(request: &Request, (path, what): (&str, &str)) -> Sha256 {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    };
    add(request.method.as_str().as_bytes());
    add(path.as_bytes());
    add(request.query.as_bytes());
    add(what.as_bytes());
    // Whatever the operation reads belongs to the request, but for the key itself and for how the body is sent. What
    // follows the loop is as in earlier releases, so that a request can be sent again to a newer one.
    let known = [CONTENT_TYPE, CONTENT_ENCODING, IF_MATCH, IF_NONE_MATCH];
    for (name, value) in &request.headers {
        if !known.contains(name) && ![KEY, CONTENT_LENGTH].contains(name) {
            add(name.as_str().as_bytes());
            add(value.as_bytes());
        }
    }
    for name in known {
        for value in request.headers.get_all(&name) {
            add(name.as_str().as_bytes());
            add(value.as_bytes());
        }
        add(b"");
    }
    digest
}

/// Reads what is left of the body, and gives the digest of the whole request.
async fn finish(body: &Arc<Mutex<Digested>>, longest: u64) -> Result<[u8; 32], Error> {
    let mut rest = Reading(Arc::clone(body));
    while let Some(frame) = rest.next().await {
        frame.map_err(Error::from_body)?;
        if lock(body).received > longest {
            return Err(Error::BodyTooLarge {
                limit: longest,
                setting: "--max-body",
            });
        }
    }
    Ok(lock(body).digest.clone().finalize().into())
}

fn lock(body: &Mutex<Digested>) -> std::sync::MutexGuard<'_, Digested> {
    // The digest is whole between any two frames, so a panic elsewhere did not harm it.
    body.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body as it is read, digested on the way.
struct Reading(Arc<Mutex<Digested>>);

impl Stream for Reading {
    type Item = Result<Bytes, warp::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut shared = lock(&self.0);
        let Some(body) = &mut shared.body else {
            return Poll::Ready(None);
        };
        let polled = body.as_mut().poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => {
                shared.received += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                shared.digest.update(bytes);
            }
            Poll::Ready(None) => shared.body = None,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }
}

impl Once {
    /// The receipt for a write whose answer `render` makes. What is left of the body is read first.
    pub(super) async fn receipt(
        &self,
        longest: u64,
        render: impl Fn(&[Committed]) -> Reply + Send + Sync + 'static,
    ) -> Result<Receipt, Error> {
        Ok(Receipt {
            claim: self.claim.clone(),
            fingerprint: finish(&self.body, longest).await?,
            answer: Arc::new(move |committed| keep(&render(committed))),
        })
    }

    /// Says that the answer was kept.
    pub(super) fn settle(&self) {
        if !self.settled.swap(true, Ordering::AcqRel) {
            self.store.settled(&self.claim);
        }
    }

    /// What to keep of a request that wrote nothing, if it was looked at as a whole and would be answered the same again.
    pub(super) fn worth_keeping(&self, reply: &Reply) -> Option<Receipt> {
        let body = lock(&self.body);
        let whole = body.body.is_none();
        // Who may write is no matter of the request: what is refused for that may be sent again once it is allowed.
        let passing = reply.status.is_server_error() || reply.status == StatusCode::UNAUTHORIZED;
        if self.settled.load(Ordering::Acquire) || !whole || passing {
            return None;
        }
        let answer = keep(reply);
        Some(Receipt {
            claim: self.claim.clone(),
            fingerprint: body.digest.clone().finalize().into(),
            answer: Arc::new(move |_| answer.clone()),
        })
    }

    /// Keeps it.
    pub(super) async fn keep(&self, receipt: Receipt) -> Result<(), Error> {
        self.settled.store(true, Ordering::Release);
        Ok(self.store.settle(receipt).await?)
    }
}

impl Drop for Once {
    fn drop(&mut self) {
        if !self.settled.load(Ordering::Acquire) {
            self.store.release(&self.claim);
        }
    }
}

fn keep(reply: &Reply) -> Vec<u8> {
    let headers = reply.headers.iter();
    let kept = Kept {
        status: reply.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: match &reply.body {
            ReplyBody::Full(bytes, _) => bytes.to_vec(),
            // No answer to a write is made while it is sent.
            ReplyBody::Empty | ReplyBody::Stream(_) => Vec::new(),
        },
    };
    // Numbers, texts and bytes: writing those to memory can't fail.
    postcard::to_stdvec(&kept).unwrap_or_default()
}

fn replay(kept: Kept) -> Reply {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut reply = match kept.body.is_empty() {
        true => Reply::empty(status),
        false => Reply::full(status, kept.body),
    };
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            reply.headers.append(name, value);
        }
    }
    reply.with(REPLAYED, "true")
}
