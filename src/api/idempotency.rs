//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a client can send a write again, and it is done once.
//!
//! The request claims its key before the write begins. The answer is committed together with the write. For 24 hours, the same request
//! with the same key gets that answer again. A different request with the key is refused, and so is one that arrives while the first is
//! in flight. Answers of 5xx are not stored, because the write failed or may have failed.

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
use crate::store::{Claim, Claimed, Receipt, Store};

/// The header with the key.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was sent before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The most characters of a key.
const LONGEST: usize = 255;

/// A request that has claimed its key. When this is dropped, the key is released unless an answer was stored.
pub(super) struct Once {
    store: Store,
    claim: Claim,
    body: Arc<Mutex<Digested>>,
    settled: AtomicBool,
    /// Whether the answer is not stored, because nothing was written.
    forgone: AtomicBool,
}

/// A body, with the digest of the request up to the byte that was read last.
struct Digested {
    body: Option<Body>,
    digest: Sha256,
    received: u64,
}

/// A stored answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// The result of claiming a key.
pub(super) enum Begun {
    /// The request is the first with the key.
    First(Arc<Once>),
    /// The request was answered before.
    Answered(Reply),
}

/// The key of a request, if it has one: a quoted string, as in the draft, or one without quotes.
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

/// Claims a key of `scope` for the request. The body must be read through the result, which digests it. `headers` are those that the
/// operation reads. `asked` is what else distinguishes requests: path, version and format.
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
                forgone: AtomicBool::new(false),
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

/// The digest of a request without its body. No two requests have the same input, because each part is delimited.
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
    // The digest covers all headers that the operation reads, except the key itself and the framing of the body. The lines after the
    // loop must stay as in earlier releases, so that a retry works across an update of the server.
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

/// Reads the rest of the body, and returns the digest of the whole request.
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
    // The digest is consistent after every frame, so a panic elsewhere did no harm.
    body.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body. Each frame is added to the digest when it is read.
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
    /// The receipt of a write; `render` makes its answer. Reads the rest of the body first.
    pub(super) async fn receipt<T: ?Sized>(
        &self,
        longest: u64,
        render: impl Fn(&T) -> Reply + Send + Sync + 'static,
    ) -> Result<Receipt<T>, Error> {
        Ok(Receipt {
            claim: self.claim.clone(),
            fingerprint: finish(&self.body, longest).await?,
            answer: Arc::new(move |outcome| keep(&render(outcome))),
        })
    }

    /// Notes that the answer was stored.
    pub(super) fn settle(&self) {
        if !self.settled.swap(true, Ordering::AcqRel) {
            self.store.settled(&self.claim);
        }
    }

    /// Notes that the answer must not be stored: the key is for the request that writes.
    pub(super) fn keep_nothing(&self) {
        self.forgone.store(true, Ordering::Release);
    }

    /// The receipt of a request that wrote nothing, if a retry would get the same answer.
    pub(super) fn worth_keeping(&self, reply: &Reply) -> Option<Receipt<()>> {
        let body = lock(&self.body);
        let whole = body.body.is_none();
        // Access may change, so a request that was refused for it can be retried later.
        let passing = reply.status.is_server_error()
            || reply.status == StatusCode::UNAUTHORIZED
            || self.forgone.load(Ordering::Acquire);
        if self.settled.load(Ordering::Acquire) || !whole || passing {
            return None;
        }
        let answer = keep(reply);
        Some(Receipt {
            claim: self.claim.clone(),
            fingerprint: body.digest.clone().finalize().into(),
            answer: Arc::new(move |()| answer.clone()),
        })
    }

    /// Stores the answer.
    pub(super) async fn keep(&self, receipt: Receipt<()>) -> Result<(), Error> {
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
            // Answers to writes are never streamed.
            ReplyBody::Empty | ReplyBody::Stream(_) => Vec::new(),
        },
    };
    // Serializing numbers, texts and bytes can't fail.
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
