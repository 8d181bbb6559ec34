//! Content codings of responses (RFC 9110 §8.4 and §12.5.3): zstd, br or gzip, as `Accept-Encoding` asks.
//!
//! A coded representation has its own entity tag: the plain one with the coding's name. Only this module knows these tags: it removes
//! the name from the tags of requests, and adds it to the tags of responses. Ranges are never coded, because they must be of one
//! representation.

mod accept_encoding;

use std::sync::Arc;

use async_compression::Level;
use async_compression::brotli::EncoderParams;
use async_compression::tokio::bufread::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use async_compression::zstd::CParameter;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt};
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MATCH, IF_NONE_MATCH, RANGE, RETRY_AFTER,
};
use http::{Method, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, BodyStream};
use sync_wrapper::SyncStream;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::{ReaderStream, StreamReader};
use warp::Reply as _;
use warp::reply::Response;

use super::reply::{Reply, StreamError};
use super::rows::metered;
use crate::services::memory::{Exhausted, Held, Kind, Memory};
pub(super) use accept_encoding::check;
use accept_encoding::{preferred, takes_plain};

/// Shorter bodies are not coded.
const SHORTEST: u64 = 1 << 10;
/// A body of at most so many bytes is coded before it is sent.
const WHOLE: u64 = 256 << 10;
/// How many bytes are coded at a time.
const PIECE: usize = 32 << 10;

/// The window of zstd, as a power of two: 256 KiB instead of 2 MiB, to save memory.
const ZSTD_WINDOW: u32 = 18;
/// The window of br, as a power of two: 256 KiB instead of 4 MiB, to save memory.
const BROTLI_WINDOW: i32 = 18;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

impl Coding {
    /// All codings, the preferred one first.
    const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The memory of its encoder, measured with a hundred unread exports.
    fn cost(self) -> usize {
        match self {
            Self::Zstd => 1400 << 10,
            Self::Brotli => 2700 << 10,
            Self::Gzip => 400 << 10,
        }
    }

    /// The encoder, with a level that is as fast as bodies are made, and with a small window.
    fn encoder<'r, R: tokio::io::AsyncBufRead + Send + 'r>(
        self,
        reader: R,
    ) -> std::pin::Pin<Box<dyn AsyncRead + Send + 'r>> {
        match self {
            Self::Zstd => {
                let window = CParameter::window_log(ZSTD_WINDOW);
                let level = Level::Precise(3);
                Box::pin(ZstdEncoder::with_quality_and_params(
                    reader,
                    level,
                    &[window],
                ))
            }
            Self::Brotli => {
                let parameters = EncoderParams::default()
                    .quality(Level::Precise(4))
                    .window_size(BROTLI_WINDOW);
                Box::pin(BrotliEncoder::with_params(reader, parameters))
            }
            Self::Gzip => Box::pin(GzipEncoder::with_quality(reader, Level::Precise(4))),
        }
    }
}

/// The codings that a request accepts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    coding: Option<Coding>,
    /// Whether the client accepts a body without a coding.
    plain: bool,
    /// Whether the client has a representation in that coding.
    known: bool,
    head: bool,
}

impl Asked {
    /// Reads the accepted codings, and removes the codings' names from the tags of the request.
    pub(super) fn of(method: &Method, headers: &mut HeaderMap) -> Self {
        let (coding, plain) = (preferred(headers), takes_plain(headers));
        if !plain {
            // A range is sent without a coding. If the client doesn't accept that, it gets the whole (RFC 9110 §14.2).
            headers.remove(RANGE);
        }
        let known = [IF_MATCH, IF_NONE_MATCH]
            .into_iter()
            .map(|name| make_plain(headers, &name, coding))
            .fold(false, |known, here| known | here);
        Self {
            coding,
            plain,
            known,
            head: method == Method::HEAD,
        }
    }

    /// Shorter bodies are not coded for this request.
    fn shortest(self) -> u64 {
        if self.plain { SHORTEST } else { 1 }
    }

    /// Codes the response, if its body is long enough and there is memory for an encoder. Without memory, a long answer is sent as it is.
    pub(super) async fn answer(self, memory: &Arc<Memory>, response: Response) -> Response {
        let Some(coding) = self.coding else {
            return response;
        };
        let (mut head, body) = response.into_parts();
        if head.status == StatusCode::NOT_MODIFIED && self.known {
            mark(&mut head.headers, coding);
        }
        let stated = head.headers.get(CONTENT_LENGTH);
        let stated = stated.and_then(|length| length.to_str().ok()?.parse().ok());
        let length = match self.head {
            true => stated,
            false => body.size_hint().exact(),
        };
        let bodiless = [
            StatusCode::NO_CONTENT,
            StatusCode::NOT_MODIFIED,
            StatusCode::PARTIAL_CONTENT,
        ];
        if bodiless.contains(&head.status)
            || head.headers.contains_key(CONTENT_ENCODING)
            || self.plain && is_packed(&head.headers)
            || length.is_some_and(|length| length < self.shortest())
        {
            return Response::from_parts(head, body);
        }
        let short = self.head || length.is_some_and(|length| length <= WHOLE);
        let held = match (short, self.plain) {
            (true, _) => None,
            (false, true) => memory.try_take(Kind::Coders, coding.cost()),
            (false, false) => match memory.take(Kind::Coders, coding.cost()).await {
                Ok(held) => Some(held),
                Err(exhausted) => return unavailable(exhausted),
            },
        };
        if !short && held.is_none() {
            return Response::from_parts(head, body);
        }
        mark(&mut head.headers, coding);
        head.headers.remove(CONTENT_LENGTH);
        head.headers
            .insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        let coded = match held {
            None if self.head => body,
            None => Box::pin(whole(coding, body)).await.into(),
            Some(held) => stream(coding, body, Arc::clone(memory), held).into_body(),
        };
        Response::from_parts(head, coded)
    }
}

/// Whether the body is packed already. Its readers also want its length, which a coded body doesn't have.
fn is_packed(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE);
    content_type.is_some_and(|content_type| content_type.as_bytes().ends_with(b"parquet"))
}

/// The response to a client that accepts only codings for which there is no memory.
fn unavailable(exhausted: Exhausted) -> Response {
    Reply::json(
        StatusCode::SERVICE_UNAVAILABLE,
        &serde_json::json!({ "error": format!("the server is busy: {exhausted}; try again in a moment") }),
    )
    .with(CONTENT_TYPE, HeaderValue::from_static("application/json"))
    .with(RETRY_AFTER, HeaderValue::from_static("1"))
    .into_response()
}

/// Codes a short body.
async fn whole(coding: Coding, body: impl http_body::Body<Data = Bytes> + Send) -> Vec<u8> {
    let mut coded = Vec::new();
    // Reading from memory and writing to it can't fail.
    if let Ok(plain) = body.collect().await {
        let plain = plain.to_bytes();
        drop(coding.encoder(&plain[..]).read_to_end(&mut coded).await);
    }
    coded
}

/// Codes a body while it is sent. If the body ends with an error, so does the coded one.
fn stream<B>(coding: Coding, body: B, memory: Arc<Memory>, held: Held) -> Response
where
    B: http_body::Body<Data = Bytes> + Send + Sync + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let frames = TryStreamExt::map_err(BodyStream::new(body), std::io::Error::other);
    let parts = frames.try_filter_map(|frame| std::future::ready(Ok(frame.into_data().ok())));
    let reader = StreamReader::new(Box::pin(parts));
    let coded = ReaderStream::with_capacity(coding.encoder(reader), PIECE);
    // The encoder's memory is held until the body is dropped.
    let coded = coded.map(move |part| {
        let _coder = &held;
        part.map_err(StreamError::from)
    });
    let coded = metered(memory, PIECE, Box::pin(coded));
    warp::reply::stream(SyncStream::new(coded)).into_response()
}

/// Adds the coding's name to a tag.
fn mark(headers: &mut HeaderMap, coding: Coding) {
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    let plain = tag.and_then(|tag| tag.strip_suffix('"'));
    let coded = plain.map(|plain| HeaderValue::try_from(format!("{plain}-{}\"", coding.name())));
    if let Some(Ok(coded)) = coded {
        headers.insert(ETAG, coded);
    }
}

/// Removes the codings' names from the tags in a header. Returns whether this coding was one of them.
fn make_plain(headers: &mut HeaderMap, name: &HeaderName, coding: Option<Coding>) -> bool {
    let mut known = false;
    for value in headers.get_all(name).iter().cloned().collect::<Vec<_>>() {
        let Ok(text) = value.to_str() else { continue };
        let mut plain = text.to_owned();
        for each in Coding::ALL {
            let ending = format!("-{}\"", each.name());
            known |= Some(each) == coding && plain.contains(&ending);
            plain = plain.replace(&ending, "\"");
        }
        if plain != text
            && let Ok(plain) = HeaderValue::try_from(plain)
        {
            replace(headers, name, &value, plain);
        }
    }
    known
}

/// Replaces one of a header's values.
fn replace(headers: &mut HeaderMap, name: &HeaderName, old: &HeaderValue, new: HeaderValue) {
    if let http::header::Entry::Occupied(mut entry) = headers.entry(name) {
        for value in entry.iter_mut() {
            if value == old {
                *value = new;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_made_plain_and_coded_again() {
        let mut headers = HeaderMap::new();
        headers.insert(
            IF_NONE_MATCH,
            HeaderValue::from_static("\"a-zstd\", W/\"b-br\", \"c\", \"zstd\""),
        );
        assert!(make_plain(&mut headers, &IF_NONE_MATCH, Some(Coding::Zstd)));
        assert_eq!(headers[IF_NONE_MATCH], "\"a\", W/\"b\", \"c\", \"zstd\"");
        assert!(!make_plain(
            &mut headers,
            &IF_NONE_MATCH,
            Some(Coding::Zstd)
        ));
        headers.insert(ETAG, HeaderValue::from_static("\"a\""));
        mark(&mut headers, Coding::Gzip);
        assert_eq!(headers[ETAG], "\"a-gzip\"");
    }
}
