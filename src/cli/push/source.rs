//! The bytes of a file on their way to the server: read in parts, and compressed unless the file is.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use bytes::Bytes;
use flate2::{Compression, read::GzEncoder};
use futures_util::TryStreamExt as _;
use futures_util::stream::poll_fn;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use indicatif::ProgressBar;
use tokio::sync::mpsc;

use super::super::files::{self, Input};

/// Bytes of a part of the body.
const PART: usize = 256 << 10;
/// Parts that wait to be sent.
const READY: usize = 2;

/// The body of a request.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

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
    pub(super) fn read(&self, bar: &ProgressBar) -> io::Result<Body> {
        let file: Box<dyn Read + Send> = match self.input {
            Input::Standard => Box::new(io::stdin()),
            Input::File { path, .. } => Box::new(File::open(path)?),
        };
        self.begun.store(true, Relaxed);
        let file = bar.wrap_read(file);
        let coded: Box<dyn Read + Send> = match self.stored_coding() {
            Some(_) => Box::new(file),
            // The bytes must be the same in each attempt, so they must not depend on when parts of the file are read.
            None => Box::new(GzEncoder::new(file, Compression::fast())),
        };
        let (sender, mut parts) = mpsc::channel(READY);
        tokio::task::spawn_blocking(move || send_parts(coded, &sender));
        let parts = poll_fn(move |context| parts.poll_recv(context));
        Ok(StreamBody::new(parts.map_ok(Frame::data)).boxed_unsync())
    }
}

/// Reads a file until its end, an error, or until nobody wants more of it.
fn send_parts(mut file: impl Read, parts: &mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let mut part = vec![0; PART];
        let read = match file.read(&mut part) {
            Ok(0) => return,
            Ok(length) => {
                part.truncate(length);
                Ok(part.into())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let ends = read.is_err();
        if parts.blocking_send(read).is_err() || ends {
            return;
        }
    }
}
