//! Receives CSVs as file parts of a multipart form (RFC 7578), one after another.
//!
//! multer buffers all that its source has ready, and part headers of any length. So it gets one frame per poll, and is stopped if it
//! takes many bytes without returning any.

mod transfer;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderValue};
use multer::{Field, Multipart};

use super::List;
use super::disposition::Disposition;
use super::frames::{self, Frames, Limit, Packing};
use super::media_type::MediaType;
use super::options::Stated;
use crate::api::call::Call;
use crate::api::error::{Error, shortened};
use crate::api::reply::StreamError;
use crate::dataset::DatasetName;
use crate::services::{Prepared, Upload};
use crate::store::Write;
use crate::versioning::Flaw;

/// How many bytes multer may take without returning any: far more than a header has.
const UNANSWERED: usize = 1 << 20;

/// Media types that clients label CSVs with, beside the proper ones. Browsers take them from their system.
const LABELS: &[&str] = &[
    "application/octet-stream",
    "binary/octet-stream",
    "application/vnd.ms-excel",
    "application/csv",
    "application/x-csv",
    "text/plain",
    "text/x-csv",
    "text/comma-separated-values",
    "text/x-comma-separated-values",
];
const GZIP_LABELS: &[&str] = &["application/gzip", "application/x-gzip"];
const ZSTD_LABELS: &[&str] = &["application/zstd", "application/x-zstd"];

/// Receives every file part as a CSV.
pub(super) async fn receive(
    call: &mut Call,
    media_type: &MediaType,
    stated: Stated,
) -> Result<Vec<Prepared>, Error> {
    let boundary = media_type
        .parameter("boundary")
        .ok_or_else(|| Error::BadMultipart("its Content-Type has no boundary".to_owned()))?;
    let limit = Limit {
        bytes: call.services.settings.limits.max_body,
        setting: "--max-body",
    };
    let unanswered = Arc::new(AtomicUsize::new(0));
    let feed = Feed {
        frames: frames::of(call, limit).await?,
        unanswered: Arc::clone(&unanswered),
        rest: false,
    };
    let mut parts = Multipart::new(feed, boundary);
    let mut receiver = Receiver {
        call,
        stated,
        limit,
        received: 0,
        list: List::default(),
    };
    while let Some(part) = parts.next_field().await.map_err(from_multer)? {
        unanswered.store(0, Ordering::Relaxed);
        receiver.receive(part, Arc::clone(&unanswered)).await?;
    }
    let advice = "send at least one file, as curl -F file=@people.csv does";
    receiver.list.finish(advice)
}

/// The file of a form.
pub struct FormFile {
    /// Its content coding, if it has one.
    pub packing: Option<&'static str>,
    /// What it contains, as it arrives.
    pub content: Frames,
}

/// The first file of a form, for a page whose form replaces one dataset. What follows the file is not read.
///
/// # Errors
/// When the body isn't a form that begins with a file.
pub async fn form_file(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<Bytes, StreamError>> + Send + 'static,
) -> Result<FormFile, Error> {
    let media_type = super::media_type(headers)?;
    let boundary = media_type
        .as_ref()
        .and_then(|form| form.parameter("boundary"));
    let boundary = boundary
        .ok_or_else(|| Error::BadMultipart("its Content-Type has no boundary".to_owned()))?;
    let unanswered = Arc::new(AtomicUsize::new(0));
    let feed = Feed {
        frames: Box::pin(body.map_err(Error::from_body)),
        unanswered: Arc::clone(&unanswered),
        rest: false,
    };
    let part = Multipart::new(feed, boundary).next_field().await;
    let Some(part) = part.map_err(from_multer)? else {
        return Err(Error::NoCsv("send a file"));
    };
    let headers = part.headers().clone();
    let label = Label::of(&headers)?;
    let content = Box::pin(part.map_err(from_multer).inspect_ok(move |_| {
        unanswered.store(0, Ordering::Relaxed);
    }));
    Ok(FormFile {
        packing: label.packing.name(),
        content: transfer::decoded(&headers, content)?,
    })
}

/// Receives the parts of one form, one after the other.
struct Receiver<'c> {
    call: &'c Call,
    stated: Stated,
    limit: Limit,
    /// Bytes of all parts, unpacked.
    received: u64,
    list: List,
}

impl Receiver<'_> {
    async fn receive(
        &mut self,
        part: Field<'static>,
        unanswered: Arc<AtomicUsize>,
    ) -> Result<(), Error> {
        let headers = part.headers().clone();
        let label = Label::of(&headers)?;
        let name = DatasetName::from_filename(&label.filename)?;
        self.list.admit(&name)?;
        let form = self
            .stated
            .form(name.clone(), Write::Create, label.media_type.as_ref())?;
        let content: Frames = Box::pin(part.map_err(from_multer).inspect_ok(move |_| {
            unanswered.store(0, Ordering::Relaxed);
        }));
        let content = transfer::decoded(&headers, content)?;
        let memory = &self.call.services.memory;
        let mut content = frames::unpacked(memory, label.packing, content, self.limit).await?;
        let failed = |error| Error::from_upload(error, Some(&name));
        let (author, from) = (self.call.client.clone(), self.call.from);
        let mut upload = Upload::begin(&self.call.services, form, author, from)
            .await
            .map_err(failed)?;
        while let Some(frame) = upload.wait_for(content.next()).await.map_err(failed)? {
            let frame = frame.map_err(|error| label.explained(error))?;
            self.received += u64::try_from(frame.len()).unwrap_or(u64::MAX);
            if self.received > self.limit.bytes {
                return Err(self.limit.passed());
            }
            upload.write(frame).await.map_err(failed)?;
        }
        self.list.add(upload.finish().await.map_err(failed)?).await
    }
}

/// What the headers of a part say about the file in it.
struct Label {
    filename: String,
    /// The media type, if it says something of a CSV.
    media_type: Option<MediaType>,
    packing: Packing,
}

impl Label {
    fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let disposition = match headers.get(CONTENT_DISPOSITION) {
            None => Disposition::default(),
            Some(value) => Disposition::read(value.as_bytes())
                .map_err(|flaw| malformed("Content-Disposition", value, flaw))?,
        };
        let Some(filename) = disposition.filename() else {
            let name = shortened(disposition.field.unwrap_or_default());
            return Err(Error::BadMultipart(format!(
                "the part {name:?} has no file name; send each CSV as a file, as curl -F {name}=@people.csv does"
            )));
        };
        let filename = filename.to_owned();
        let media_type = match headers.get(CONTENT_TYPE) {
            None => None,
            Some(value) => Some(
                MediaType::read(value.as_bytes())
                    .map_err(|flaw| malformed("Content-Type", value, flaw))?,
            ),
        };
        let packing = match frames::packing(headers)? {
            Packing::None => packing(&filename, media_type.as_ref())?,
            stated => stated,
        };
        Ok(Self {
            filename,
            media_type,
            packing,
        })
    }

    /// An error of unpacking, in words that fit a part.
    fn explained(&self, error: Error) -> Error {
        let Some(coding) = self.packing.name() else {
            return error;
        };
        match error {
            Error::BadEncoding(reason) => Error::BadMultipart(format!(
                "the part {:?} can't be decompressed as {coding}: {reason}",
                shortened(self.filename.as_str())
            )),
            other => other,
        }
    }
}

/// How a file is packed, by its name and its media type. Refuses a media type that no CSV has.
fn packing(filename: &str, media_type: Option<&MediaType>) -> Result<Packing, Error> {
    let essence = media_type.map(MediaType::essence);
    let is_one_of = |labels: &[&str]| essence.is_some_and(|essence| labels.contains(&essence));
    let ends_with = |ending| filename.to_ascii_lowercase().ends_with(ending);
    if is_one_of(GZIP_LABELS) {
        return Ok(Packing::Gzip);
    }
    if is_one_of(ZSTD_LABELS) {
        return Ok(Packing::Zstd);
    }
    if let Some(media_type) = media_type.filter(|media_type| !media_type.is_csv())
        && !is_one_of(LABELS)
    {
        return Err(Error::UnsupportedPart {
            filename: shortened(filename),
            found: shortened(media_type.essence()),
        });
    }
    Ok(match () {
        () if ends_with(".gz") => Packing::Gzip,
        () if ends_with(".zst") => Packing::Zstd,
        () => Packing::None,
    })
}

/// A header of a part that can't be read.
fn malformed(header: &str, value: &HeaderValue, flaw: Flaw) -> Error {
    let (part, position) = flaw.excerpt(value.as_bytes());
    let reason = flaw.fault;
    Error::BadMultipart(format!(
        "the {header} of a part is malformed at character {position}, `{part}`: {reason}"
    ))
}

fn from_multer(error: multer::Error) -> Error {
    match error {
        multer::Error::StreamReadFailed(inner) => match inner.downcast::<Error>() {
            Ok(own) => *own,
            Err(other) => Error::BadMultipart(other.to_string()),
        },
        other => Error::BadMultipart(other.to_string()),
    }
}

/// Frames for multer, one per poll.
struct Feed {
    frames: Frames,
    unanswered: Arc<AtomicUsize>,
    rest: bool,
}

impl Stream for Feed {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rest) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = self.frames.as_mut().poll_next(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.rest = true;
            let taken = self.unanswered.fetch_add(frame.len(), Ordering::Relaxed) + frame.len();
            if taken > UNANSWERED + frame.len() {
                let reason = format!("the header of a part is longer than {UNANSWERED} bytes");
                return Poll::Ready(Some(Err(Error::BadMultipart(reason))));
            }
        }
        polled
    }
}
