//! A request's body as frames of bytes: unpacked, and counted against a limit.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::api::call::Call;
use crate::api::error::Error;

/// Frames of a body, or why there are no more.
pub(super) type Frames = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// Bytes that a body may have, and the setting that says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// The limit in bytes, of what the body unpacks to.
    pub(super) bytes: u64,
    /// The setting that holds it.
    pub(super) setting: &'static str,
}

/// The largest window that a zstd frame may ask for, as a power of two: 8 MiB, which RFC 9659 §3 allows on the wire.
const ZSTD_WINDOW: u32 = 23;
/// Bytes unpacked at once.
const UNPACKED: usize = 64 << 10;

/// The frames of the body of `call`.
pub(super) fn of(call: &mut Call, limit: Limit) -> Result<Frames, Error> {
    let packing = packing(&call.headers)?;
    if packing == Packing::None
        && stated_length(&call.headers).is_some_and(|length| length > limit.bytes)
    {
        return Err(Error::BodyTooLarge {
            limit: limit.bytes,
            setting: limit.setting,
        });
    }
    let body = call.take_body().map_err(Error::from_body);
    let unpacked: Frames = match packing {
        Packing::None => Box::pin(body),
        Packing::Gzip => {
            let mut decoder = GzipDecoder::new(reader(body));
            decoder.multiple_members(true);
            unpack(decoder)
        }
        Packing::Zstd => {
            let window = DParameter::window_log_max(ZSTD_WINDOW);
            let mut decoder = ZstdDecoder::with_params(reader(body), &[window]);
            decoder.multiple_members(true);
            unpack(decoder)
        }
    };
    let mut taken: u64 = 0;
    Ok(Box::pin(unpacked.map(move |frame| {
        let frame = frame?;
        taken = taken.saturating_add(u64::try_from(frame.len()).unwrap_or(u64::MAX));
        if taken > limit.bytes {
            return Err(Error::BodyTooLarge {
                limit: limit.bytes,
                setting: limit.setting,
            });
        }
        Ok(frame)
    })))
}

#[derive(Debug, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

/// How the body is packed (RFC 9110 §8.4): once, or not at all.
fn packing(headers: &HeaderMap) -> Result<Packing, Error> {
    let mut packing = Packing::None;
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        for coding in value.split(',').map(str::trim) {
            packing = match (coding, packing) {
                ("identity" | "", before) => before,
                ("gzip" | "x-gzip", Packing::None) => Packing::Gzip,
                ("zstd", Packing::None) => Packing::Zstd,
                _ => return Err(Error::UnsupportedEncoding(value)),
            };
        }
    }
    Ok(packing)
}

fn stated_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn reader(
    body: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
) -> StreamReader<Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>, Bytes> {
    StreamReader::new(Box::pin(body.map_err(io::Error::other)))
}

fn unpack(decoder: impl AsyncRead + Send + 'static) -> Frames {
    Box::pin(
        ReaderStream::with_capacity(decoder, UNPACKED).map_err(|error| {
            // What the transport said travels through the decoder as it is; the rest is the decoder's own.
            let text = error.to_string();
            match error
                .into_inner()
                .map(<dyn StdError + Send + Sync>::downcast::<Error>)
            {
                Some(Ok(own)) => *own,
                _ => Error::BadEncoding(text),
            }
        }),
    )
}
