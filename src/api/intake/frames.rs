//! Decodes the content coding of a request's body, and enforces its limit.

mod zstd;

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::api::call::Call;
use crate::api::error::Error;
use crate::services::memory::{Held, Kind, Memory};

/// The frames of a body, or the error that ends it.
pub(in crate::api) type Frames = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// The most bytes of a body, and the setting with this limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// The limit of the decoded body in bytes.
    pub(super) bytes: u64,
    /// The setting with the limit.
    pub(super) setting: &'static str,
}

/// How many bytes are decoded at once.
const UNPACKED: usize = 64 << 10;
/// The memory of a gzip decoder: window, tables and a buffer.
const GZIP: usize = 192 << 10;

/// The decoded frames of the body of `call`.
pub(super) async fn of(call: &mut Call, limit: Limit) -> Result<Frames, Error> {
    let packing = packing(&call.headers)?;
    let memory = Arc::clone(&call.services.memory);
    let wire = wire(call, packing, limit)?;
    unpacked(&memory, packing, wire, limit).await
}

/// The frames of the body of `call`, as they were sent.
pub(super) fn wire(call: &mut Call, packing: Packing, limit: Limit) -> Result<Frames, Error> {
    let stated = stated_length(&call.headers);
    if packing == Packing::None && stated.is_some_and(|length| length > limit.bytes) {
        return Err(limit.passed());
    }
    Ok(Box::pin(call.take_body().map_err(Error::from_body)))
}

/// Decodes frames, up to the limit. Reserves the decoder's memory.
pub(super) async fn unpacked(
    memory: &Memory,
    packing: Packing,
    wire: Frames,
    limit: Limit,
) -> Result<Frames, Error> {
    let unpacked: Frames = match packing {
        Packing::None => wire,
        Packing::Gzip => {
            let held = memory.take(Kind::Coders, GZIP).await?;
            let mut decoder = GzipDecoder::new(reader(wire));
            decoder.multiple_members(true);
            unpack(decoder, held)
        }
        Packing::Zstd => {
            let (window, wire) = zstd::window(wire).await?;
            let held = memory.take(Kind::Coders, zstd::cost(window)).await?;
            let window = DParameter::window_log_max(window);
            let mut decoder = ZstdDecoder::with_params(reader(wire), &[window]);
            decoder.multiple_members(true);
            unpack(decoder, held)
        }
    };
    Ok(counted(unpacked, limit))
}

/// Frames up to the limit.
pub(super) fn counted(frames: Frames, limit: Limit) -> Frames {
    let mut taken: u64 = 0;
    Box::pin(frames.map(move |frame| {
        let frame = frame?;
        taken = taken.saturating_add(u64::try_from(frame.len()).unwrap_or(u64::MAX));
        match taken > limit.bytes {
            true => Err(limit.passed()),
            false => Ok(frame),
        }
    }))
}

impl Limit {
    /// The body is longer.
    pub(super) fn passed(self) -> Error {
        Error::BodyTooLarge {
            limit: self.bytes,
            setting: self.setting,
        }
    }
}

/// The content coding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    /// The name of the coding, if it is one.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// The content coding of the body (RFC 9110 §8.4). Flash accepts at most one.
pub(super) fn packing(headers: &HeaderMap) -> Result<Packing, Error> {
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

/// A decoder's output, with its memory.
fn unpack(decoder: impl AsyncRead + Send + 'static, held: Held) -> Frames {
    Box::pin(
        ReaderStream::with_capacity(decoder, UNPACKED).map_err(move |error| {
            let _decoder = &held;
            // An error of the transport passes through the decoder. All other errors are the decoder's own.
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
