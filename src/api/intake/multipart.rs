//! Receives CSVs as file parts of a multipart form (RFC 7578), one after another.
//!
//! multer buffers all that its source has ready, and part headers of any length. So it gets one frame per poll, and is stopped if it
//! takes many bytes without returning any.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use mime::Mime;
use multer::{Field, Multipart};

use super::frames::{self, Frames};
use super::{List, form};
use crate::api::call::Call;
use crate::api::error::Error;
use crate::dataset::{DatasetName, UploadOptions};
use crate::services::{Prepared, Upload};
use crate::store::Write;

/// How many bytes multer may take without returning any: far more than a header has.
const UNANSWERED: usize = 1 << 20;

/// Receives every file part as a CSV.
pub(super) async fn receive(
    call: &mut Call,
    media_type: &Mime,
    options: UploadOptions,
) -> Result<Vec<Prepared>, Error> {
    let boundary = media_type
        .get_param(mime::BOUNDARY)
        .map(|boundary| boundary.as_str().to_owned());
    let boundary = boundary
        .ok_or_else(|| Error::BadMultipart("its Content-Type has no boundary".to_owned()))?;
    let limit = frames::Limit {
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
    let mut list = List::default();
    while let Some(part) = parts.next_field().await.map_err(from_multer)? {
        unanswered.store(0, Ordering::Relaxed);
        let prepared = receive_part(call, part, &options, &unanswered, &list).await?;
        list.add(prepared).await?;
    }
    list.finish("send at least one file, as curl -F file=@people.csv does")
}

async fn receive_part(
    call: &Call,
    mut part: Field<'_>,
    options: &UploadOptions,
    unanswered: &AtomicUsize,
    list: &List,
) -> Result<Prepared, Error> {
    let Some(filename) = part.file_name() else {
        let name = part.name().unwrap_or_default().to_owned();
        return Err(Error::BadMultipart(format!(
            "the part {name:?} has no file name; send each CSV as a file, as curl -F {name}=@people.csv does"
        )));
    };
    let name = DatasetName::from_filename(filename)?;
    list.admit(&name)?;
    // Browsers label CSV files in many ways, so a part's media type counts only if it is one for CSVs.
    let csv_type = part
        .content_type()
        .filter(|media_type| media_type.type_() == mime::TEXT);
    let form = form(name.clone(), Write::Create, options.clone(), csv_type);
    let failed = |error| Error::from_upload(error, Some(&name));
    let mut upload = Upload::begin(&call.services, form, call.client.clone(), call.from)
        .await
        .map_err(failed)?;
    while let Some(bytes) = upload
        .wait_for(part.chunk())
        .await
        .map_err(failed)?
        .map_err(from_multer)?
    {
        unanswered.store(0, Ordering::Relaxed);
        upload.write(bytes).await.map_err(failed)?;
    }
    upload.finish().await.map_err(failed)
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
