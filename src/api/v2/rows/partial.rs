//! A range of the rows as CSV or NDJSON, for clients that read files in ranges, such as polars and `wget -c`.
//!
//! A long export is made while it is sent, so its length is not known before. The first request for a range makes it once to count its
//! bytes. The cache keeps the length, so requests for the next ranges only make the export up to the end of their range.

use std::ops::Range;

use http::header::{ACCEPT_RANGES, CONTENT_LENGTH};
use http::{Method, StatusCode};

use super::{VERSION, Wanted};
use crate::api::call::Call;
use crate::api::error::Error;
use crate::api::ranges::{self, AskedRange};
use crate::api::reply::{Body, Reply};
use crate::api::rows::CsvCells;
use crate::services::ExportKey;

impl Wanted {
    /// The answer with the export, or with a range of it.
    pub(super) async fn export(&self, call: &Call, body: Body, tag: &str) -> Result<Reply, Error> {
        let Some(asked) = AskedRange::of(&call.method, &call.headers, tag) else {
            let known = match call.method == Method::HEAD {
                true => call.services.cache.export_length(&self.export_key()),
                false => None,
            };
            let reply = Reply::body(StatusCode::OK, body).with(ACCEPT_RANGES, "bytes");
            return Ok(match known {
                Some(length) => reply.with(CONTENT_LENGTH, length),
                None => reply,
            });
        };
        let (body, length) = self.measured(call, body).await?;
        let range: Range<u64> = asked.within(length)?;
        let size = range.end - range.start;
        let part = ranges::part(body, range.clone());
        let reply = Reply::body(StatusCode::OK, part)
            .with(ACCEPT_RANGES, "bytes")
            .with(CONTENT_LENGTH, size);
        Ok(ranges::partial(reply, &range, length))
    }

    /// The body with its length. To count a long one, it is made twice.
    async fn measured(&self, call: &Call, body: Body) -> Result<(Body, u64), Error> {
        if let Body::Full(bytes, _) = &body {
            let length = bytes.len() as u64;
            return Ok((body, length));
        }
        let (cache, key) = (&call.services.cache, self.export_key());
        if let Some(length) = cache.export_length(&key) {
            return Ok((body, length));
        }
        let length = ranges::length(body).await?;
        cache.keep_export_length(key, length);
        let (again, _) = Box::pin(self.make(call)).await?;
        Ok((again, length))
    }

    fn export_key(&self) -> ExportKey {
        ExportKey {
            made_by: self.dataset.made_by,
            query: self.query.fingerprint(),
            first: self.from,
            limit: self.limit,
            version: VERSION.number,
            format: self.format,
            is_guarded: self.cells == CsvCells::SafeForSpreadsheets,
        }
    }
}
