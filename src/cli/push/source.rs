//! The bytes of a file on their way to the server: read in parts, and compressed unless the file is.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use async_compression::Level;
use async_compression::tokio::bufread::GzipEncoder;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use indicatif::ProgressBar;
use tokio::fs::File;
use tokio::io::{AsyncRead, BufReader};
use tokio_util::io::{InspectReader, ReaderStream};

use super::super::files::{self, Input};

/// Bytes of one read.
const READ: usize = 256 << 10;

/// The body of a request, and how many bytes of the file it has read so far.
pub(super) struct Body {
    pub(super) bytes: UnsyncBoxBody<Bytes, io::Error>,
    pub(super) read: Arc<AtomicU64>,
}

/// What a file is sent from.
pub(super) struct Source<'a> {
    input: &'a Input,
    /// Whether its bytes are gone after the first attempt.
    once: bool,
    begun: AtomicBool,
}

impl<'a> Source<'a> {
    pub(super) fn of(input: &'a Input) -> Self {
        // Only a regular file has a length. A pipe can be read once.
        let once = !matches!(input, Input::File { bytes: Some(_), .. });
        Self {
            input,
            once,
            begun: AtomicBool::new(false),
        }
    }

    /// Whether it can't be read again.
    pub(super) fn is_used_up(&self) -> bool {
        self.once && self.begun.load(Relaxed)
    }

    /// The media type of the CSV.
    pub(super) fn media_type(&self) -> &'static str {
        let name = match self.input {
            Input::Standard => Path::new(""),
            Input::File { path, .. } if self.stored_coding().is_some() => {
                Path::new(path.file_stem().unwrap_or_default())
            }
            Input::File { path, .. } => path,
        };
        files::media_type(files::has_extension(name, &["tsv"]))
    }

    /// The content coding of the body.
    pub(super) fn coding(&self) -> &'static str {
        self.stored_coding().unwrap_or("gzip")
    }

    /// The coding that the file has, by its name.
    fn stored_coding(&self) -> Option<&'static str> {
        match self.input {
            Input::File { path, .. } if files::has_extension(path, &["gz"]) => Some("gzip"),
            Input::File { path, .. } if files::has_extension(path, &["zst"]) => Some("zstd"),
            _ => None,
        }
    }

    /// Begins to read it. What is read moves the bar.
    pub(super) async fn read(&self, bar: &ProgressBar) -> io::Result<Body> {
        let file: Box<dyn AsyncRead + Send + Unpin> = match self.input {
            Input::Standard => Box::new(tokio::io::stdin()),
            Input::File { path, .. } => Box::new(File::open(path).await?),
        };
        self.begun.store(true, Relaxed);
        let (read, bar) = (Arc::new(AtomicU64::new(0)), bar.clone());
        let counted = Arc::clone(&read);
        let file = InspectReader::new(file, move |part: &[u8]| {
            let length = u64::try_from(part.len()).unwrap_or(0);
            counted.fetch_add(length, Relaxed);
            bar.inc(length);
        });
        let file = BufReader::with_capacity(READ, file);
        let coded: Box<dyn AsyncRead + Send + Unpin> = match self.stored_coding() {
            Some(_) => Box::new(file),
            None => Box::new(GzipEncoder::with_quality(file, Level::Fastest)),
        };
        let parts = ReaderStream::with_capacity(coded, READ).map_ok(Frame::data);
        let bytes = StreamBody::new(parts).boxed_unsync();
        Ok(Body { bytes, read })
    }
}
