//! Receives CSVs from request bodies: one as `text/csv`, several as a multipart form or a JSON list.
//!
//! A body is read one frame at a time. Only a JSON list is held whole (`json`). Content codings are decoded first, and limits apply to
//! the decoded bytes. All memory is reserved from the budget first.

mod disposition;
mod frames;
mod hex;
mod json;
mod media_type;
mod multipart;
mod options;
mod parameters;

use futures_util::StreamExt as _;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};

use self::disposition::{Disposition, text};
pub(super) use self::media_type::MediaType;
use self::options::Stated;
use super::call::Call;
use super::conditional;
use super::error::Error;
use super::request::FORM;
use crate::dataset::DatasetName;
use crate::services::memory::{Held, Kind};
use crate::services::{Form, Prepared, Upload};
use crate::store::Write;
pub(super) use json::Item;
pub use multipart::{FormFile, form_file};

/// The media types that `POST /datasets` takes.
const LISTS: &[&str] = &[
    "text/csv",
    "text/tab-separated-values",
    "multipart/form-data",
    "application/json",
];
/// The media types that `PUT /datasets/{name}` and `POST /datasets/{name}/rows` take.
const SINGLES: &[&str] = &["text/csv", "text/tab-separated-values"];
/// What else a CSV is called: by programs that don't know the type of a file, by Windows, and by older programs.
const LABELS: [&str; 6] = [
    "application/octet-stream",
    "application/csv",
    "application/vnd.ms-excel",
    "text/plain",
    "text/x-csv",
    "text/comma-separated-values",
];
/// The media type that `PATCH /client` takes.
const DOCUMENTS: &[&str] = &["application/json"];
/// The media type that `QUERY` takes.
const QUERIES: &[&str] = &[FORM];
/// The content codings of request bodies, as a value of `Accept-Encoding`.
pub(super) const CODINGS: &str = "gzip, zstd";
/// The most CSVs in one request.
pub(super) const MOST_CSVS: usize = 1000;
/// The most bytes of column names in one request. They are held until the response.
const NAMES: usize = 4 << 20;
/// The most packed bytes of finished CSVs that one request holds in memory until its commit.
const HELD: usize = 1 << 20;

/// Whether the version has dry runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DryRuns {
    /// It has.
    Known,
    /// It has not.
    Unknown,
}

/// Receives the CSVs of a `POST`, in any form. Nobody can read them before the commit.
pub async fn receive_list(call: &mut Call, dry_runs: DryRuns) -> Result<Vec<Prepared>, Error> {
    let mut query = call.query()?;
    let name = query.take("name")?;
    let mut stated = Stated::take(&mut query)?;
    if dry_runs == DryRuns::Known {
        stated.dry_run = parameters::is_dry_run(&mut query)?;
    }
    query.finish()?;
    let Some(media_type) = media_type(&call.headers)? else {
        return Err(Error::UnsupportedMediaType {
            found: None,
            accepted: LISTS,
        });
    };
    if media_type.is_csv() {
        let name = match name {
            Some(name) => DatasetName::new(&name)?,
            None => name_from_disposition(&call.headers)?,
        };
        let form = stated.form(name, Write::Create, Some(&media_type))?;
        Ok(vec![receive_csv(call, form).await?])
    } else if media_type.essence() == "multipart/form-data" {
        refuse_name(name.as_deref(), "the file name of each part")?;
        multipart::receive(call, &media_type, stated).await
    } else if media_type.is_json() {
        refuse_name(name.as_deref(), "the member \"name\" of each item")?;
        json::receive(call, stated).await
    } else {
        Err(Error::UnsupportedMediaType {
            found: Some(media_type.essence().to_owned()),
            accepted: LISTS,
        })
    }
}

/// Receives the one CSV of a `PUT`.
pub async fn receive_one(call: &mut Call, name: DatasetName) -> Result<Prepared, Error> {
    let mut query = call.query()?;
    let stated = Stated::take_to_replace(&mut query)?;
    query.finish()?;
    let media_type = single(call)?;
    let mut form = stated.form(name, Write::Put, media_type.as_ref())?;
    form.conditions = conditional::write(&call.headers)?;
    receive_csv(call, form).await
}

/// Receives the CSV of appended rows. It has the layout of the dataset's CSV, except for its charset and its header.
pub async fn receive_rows(call: &mut Call, name: DatasetName) -> Result<Prepared, Error> {
    let mut query = call.query()?;
    let stated = Stated::take_to_append(&mut query)?;
    query.finish()?;
    let media_type = single(call)?;
    let mut form = stated.form(name, Write::Append, media_type.as_ref())?;
    form.conditions = conditional::write(&call.headers)?;
    receive_csv(call, form).await
}

/// The media type of a body with one CSV. Without `Content-Type`, it is `text/csv`.
fn single(call: &Call) -> Result<Option<MediaType>, Error> {
    let media_type = media_type(&call.headers)?;
    match &media_type {
        Some(other) if !other.is_csv() => Err(Error::UnsupportedMediaType {
            found: Some(other.essence().to_owned()),
            accepted: SINGLES,
        }),
        _ => Ok(media_type),
    }
}

async fn receive_csv(call: &mut Call, form: Form) -> Result<Prepared, Error> {
    let settings = &call.services.settings;
    let limit = frames::Limit {
        bytes: settings.limits.max_body,
        setting: "--max-body",
    };
    let mut frames = frames::of(call, limit).await?;
    let failed = |error| Error::from_upload(error, None);
    let mut upload = Upload::begin(&call.services, form, call.client.clone(), call.from)
        .await
        .map_err(failed)?;
    while let Some(frame) = upload.wait_for(frames.next()).await.map_err(failed)? {
        upload.write(frame?).await.map_err(failed)?;
    }
    upload.finish().await.map_err(failed)
}

/// The most bytes of a small JSON document.
const DOCUMENT: u64 = 64 << 10;

/// Receives a small JSON document. `Content-Type` may be missing.
pub async fn receive_document(call: &mut Call) -> Result<Vec<u8>, Error> {
    if let Some(other) = media_type(&call.headers)?.filter(|media_type| !media_type.is_json()) {
        return Err(Error::UnsupportedMediaType {
            found: Some(other.essence().to_owned()),
            accepted: DOCUMENTS,
        });
    }
    let limit = frames::Limit {
        bytes: DOCUMENT,
        setting: "the size of a document",
    };
    let mut frames = frames::of(call, limit).await?;
    let mut body = Vec::new();
    while let Some(frame) = frames.next().await {
        body.extend_from_slice(&frame?);
    }
    Ok(body)
}

/// Receives the query of a `QUERY`, with the memory that it takes until it is answered.
pub async fn receive_query(call: &mut Call) -> Result<(String, Held), Error> {
    /// Bytes of memory for each byte of a query: as it came, taken apart, and resolved.
    const COPIES: usize = 32;
    let found = media_type(&call.headers)?;
    if found.as_ref().is_none_or(|found| found.essence() != FORM) {
        return Err(Error::UnsupportedMediaType {
            found: found.map(|found| found.essence().to_owned()),
            accepted: QUERIES,
        });
    }
    let limit = frames::Limit {
        bytes: call.services.settings.limits.max_query,
        setting: "--max-query",
    };
    let memory = std::sync::Arc::clone(&call.services.memory);
    let mut frames = frames::of(call, limit).await?;
    let mut held = memory.take(Kind::Uploads, 0).await?;
    let mut body = Vec::new();
    while let Some(frame) = frames.next().await {
        let frame = frame?;
        held.add(memory.take(Kind::Uploads, frame.len() * COPIES).await?);
        body.extend_from_slice(&frame);
    }
    let text = String::from_utf8(body).map_err(|_| Error::QueryNotUtf8)?;
    Ok((text, held))
}

/// The CSVs of one request that are received and not committed yet.
#[derive(Default)]
struct List {
    prepared: Vec<Prepared>,
    held: usize,
    /// Bytes of the names of all columns.
    names: usize,
}

impl List {
    /// Refuses a name that this request has already, and too many CSVs.
    fn admit(&self, name: &DatasetName) -> Result<(), Error> {
        if self.prepared.len() == MOST_CSVS {
            return Err(Error::TooManyCsvs { limit: MOST_CSVS });
        }
        match self.prepared.iter().any(|earlier| earlier.name() == name) {
            true => Err(Error::RepeatedName(name.clone())),
            false => Ok(()),
        }
    }

    /// Adds a CSV. Stages it if the request holds much in memory.
    async fn add(&mut self, mut prepared: Prepared) -> Result<(), Error> {
        self.names += prepared.names();
        if self.names > NAMES {
            return Err(Error::TooManyNames { limit: NAMES });
        }
        self.held += prepared.weight();
        if self.held > HELD {
            self.held -= prepared.weight();
            prepared.stage().await?;
        }
        self.prepared.push(prepared);
        Ok(())
    }

    fn finish(self, advice: &'static str) -> Result<Vec<Prepared>, Error> {
        if self.prepared.is_empty() {
            Err(Error::NoCsv(advice))
        } else {
            Ok(self.prepared)
        }
    }
}

/// The media type of the body.
fn media_type(headers: &HeaderMap) -> Result<Option<MediaType>, Error> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(None);
    };
    // Negotiation has refused an invalid one.
    let read = MediaType::read(value.as_bytes());
    read.map(Some).map_err(|_| Error::UnsupportedMediaType {
        found: Some(text(value.as_bytes())),
        accepted: LISTS,
    })
}

fn refuse_name(name: Option<&str>, instead: &str) -> Result<(), Error> {
    match name {
        None => Ok(()),
        Some(name) => Err(Error::bad_parameter(
            "name",
            name,
            format_args!(
                "it only with a CSV (Content-Type: text/csv). In this body, {instead} is the name of a dataset"
            ),
        )),
    }
}

/// The name in `Content-Disposition: attachment; filename="people.csv"`; `filename*` takes precedence (RFC 6266 §4.3).
fn name_from_disposition(headers: &HeaderMap) -> Result<DatasetName, Error> {
    let value = headers.get(CONTENT_DISPOSITION).ok_or(Error::MissingName)?;
    let disposition = Disposition::read(value.as_bytes()).map_err(|flaw| {
        let (part, position) = flaw.excerpt(value.as_bytes());
        Error::BadDisposition {
            part,
            position,
            reason: flaw.fault,
        }
    })?;
    let filename = disposition.filename().ok_or(Error::MissingName)?;
    Ok(DatasetName::from_filename(filename)?)
}
