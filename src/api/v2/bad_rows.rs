//! The rows that were set aside, in version 2.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::StatusCode;
use http::header::ETAG;
use serde::Serialize;
use utoipa::ToSchema;

use super::datasets::as_asked;
use crate::api::call::Call;
use crate::api::conditional;
use crate::api::error::Error;
use crate::api::reply::{Reply, StreamError};
use crate::api::rows::metered;
use crate::dataset::BadRow;
use crate::services::Services;
use crate::store::{Dataset, SegmentId};
use crate::versioning::Format;

/// The path behind that of the dataset.
const RESOURCE: &str = "/bad-rows";
/// About how many bytes a block of rows has.
const BLOCK: usize = 128 << 10;

/// Rows that were set aside.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BadRows {
    /// In the order of the uploads, and of their lines.
    pub data: Vec<BadRow>,
}

/// `GET /datasets/{name}/bad-rows?revision=&schema=`: the rows that were set aside.
pub(super) async fn list_bad_rows(call: Call) -> Result<Reply, Error> {
    let as_of = as_asked(&call).await?;
    let tag = call.tag(&as_of.dataset);
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(as_of.tell(&call, reply, RESOURCE));
    }
    let form = match call.choice.format {
        Format::Ndjson => NDJSON,
        Format::Json | Format::Csv | Format::Csvm | Format::Parquet | Format::Html => JSON,
    };
    let lines = metered(
        Arc::clone(&call.services.memory),
        BLOCK,
        Box::pin(lines(&call.services, &as_of.dataset, form)),
    );
    let reply = Reply::stream(StatusCode::OK, lines).with(ETAG, tag);
    Ok(as_of.tell(&call, reply, RESOURCE))
}

/// What stands around lines of JSON.
#[derive(Clone, Copy)]
struct Form {
    prefix: &'static [u8],
    separator: u8,
    suffix: &'static [u8],
}

const NDJSON: Form = Form {
    prefix: b"",
    separator: b'\n',
    suffix: b"\n",
};
const JSON: Form = Form {
    prefix: b"{\"data\":[",
    separator: b',',
    suffix: b"]}",
};

impl Form {
    /// Lines, with what stands before and between them. `first` says that none came before.
    fn write(self, lines: &[u8], first: bool) -> Bytes {
        let mut out = Vec::with_capacity(lines.len() + self.prefix.len());
        out.extend_from_slice(if first { self.prefix } else { &[] });
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
        if !first {
            out.push(self.separator);
        }
        out.extend(lines.iter().map(|&byte| match byte {
            b'\n' => self.separator,
            byte => byte,
        }));
        out.into()
    }

    /// What stands after all lines. `none` says that there were none.
    fn end(self, none: bool) -> Bytes {
        match none {
            false => Bytes::from_static(self.suffix),
            true if self.prefix.is_empty() => Bytes::new(),
            true => [self.prefix, self.suffix].concat().into(),
        }
    }
}

/// The rows of a revision, a block at a time.
fn lines(
    services: &Services,
    dataset: &Dataset,
    form: Form,
) -> impl Stream<Item = Result<Bytes, StreamError>> + Send + 'static + use<> {
    let lease = services.store.lease(dataset);
    let segments: Vec<SegmentId> = dataset.segments.iter().map(|segment| segment.id).collect();
    let state = (
        services.store.clone(),
        segments.into_iter(),
        None,
        true,
        lease,
    );
    let blocks = futures_util::stream::try_unfold(Some(state), move |state| async move {
        let Some((store, mut segments, mut open, first, lease)) = state else {
            return Ok(None);
        };
        loop {
            let (segment, number) = match open.take().or_else(|| Some((segments.next()?, 0))) {
                Some(place) => place,
                None => return Ok(Some((form.end(first), None))),
            };
            if let Some(lines) = store.bad_rows(segment, number).await? {
                let open = Some((segment, number + 1));
                let part = form.write(&lines, first);
                return Ok(Some((part, Some((store, segments, open, false, lease)))));
            }
        }
    });
    blocks.filter(|part| {
        let empty = part.as_ref().is_ok_and(Bytes::is_empty);
        std::future::ready(!empty)
    })
}
