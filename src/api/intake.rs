//! Receives CSVs from request bodies: one as `text/csv`, several as a multipart form or a JSON list.
//!
//! A body is read one frame at a time. Only a JSON list is held whole (`json`). Content codings are decoded first, and limits apply to
//! the decoded bytes. All memory is reserved from the budget first.

mod frames;
mod json;
mod multipart;
mod parameters;

use futures_util::StreamExt as _;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use mime::Mime;
use percent_encoding::percent_decode_str;

use super::call::Call;
use super::conditional;
use super::error::Error;
use super::query::Query;
use crate::dataset::{ColumnType, DatasetName, Delimiter, Separator, UploadOptions};
use crate::services::{Form, Prepared, Upload};
use crate::store::{Conditions, Write};
pub(super) use json::Item;

/// The media types that `POST /datasets` takes.
const LISTS: &[&str] = &[
    "text/csv",
    "text/tab-separated-values",
    "multipart/form-data",
    "application/json",
];
/// The media types that `PUT /datasets/{name}` and `POST /datasets/{name}/rows` take.
const SINGLES: &[&str] = &["text/csv", "text/tab-separated-values"];
/// The media type that `PATCH /client` takes.
const DOCUMENTS: &[&str] = &["application/json"];
/// The content codings of request bodies, as a value of `Accept-Encoding`.
pub(super) const CODINGS: &str = "gzip, zstd";
/// The most CSVs in one request.
pub(super) const MOST_CSVS: usize = 1000;
/// The most bytes of column names in one request. They are held until the response.
const NAMES: usize = 4 << 20;
/// The most packed bytes of finished CSVs that one request holds in memory until its commit.
const HELD: usize = 1 << 20;

/// Receives the CSVs of a `POST`, in any form. Nobody can read them before the commit.
pub async fn receive_list(call: &mut Call) -> Result<Vec<Prepared>, Error> {
    let mut query = call.query();
    let name = query.take("name")?;
    let options = csv_options(&mut query)?;
    query.finish()?;
    let Some(media_type) = media_type(&call.headers)? else {
        return Err(Error::UnsupportedMediaType {
            found: None,
            accepted: LISTS,
        });
    };
    match (media_type.type_().as_str(), media_type.subtype().as_str()) {
        _ if is_csv(&media_type) => {
            let name = match name {
                Some(name) => DatasetName::new(&name)?,
                None => name_from_disposition(&call.headers)?,
            };
            let form = form(name, Write::Create, options, Some(&media_type));
            Ok(vec![receive_csv(call, form).await?])
        }
        ("multipart", "form-data") => {
            refuse_name(name.as_deref(), "the file name of each part")?;
            multipart::receive(call, &media_type, options).await
        }
        ("application", _) if is_json(&media_type) => {
            refuse_name(name.as_deref(), "the member \"name\" of each item")?;
            json::receive(call, options).await
        }
        _ => Err(Error::UnsupportedMediaType {
            found: Some(media_type.essence_str().to_owned()),
            accepted: LISTS,
        }),
    }
}

/// Receives the one CSV of a `PUT`.
pub async fn receive_one(call: &mut Call, name: DatasetName) -> Result<Prepared, Error> {
    let mut query = call.query();
    let options = UploadOptions {
        allow_empty: parameters::allows_empty(&mut query)?,
        ..csv_options(&mut query)?
    };
    query.finish()?;
    let media_type = single(call)?;
    let mut form = form(name, Write::Put, options, media_type.as_ref());
    form.conditions = conditional::write(&call.headers)?;
    receive_csv(call, form).await
}

/// Receives the CSV of appended rows. It has the layout of the dataset's CSV, except for its charset and its header.
pub async fn receive_rows(call: &mut Call, name: DatasetName) -> Result<Prepared, Error> {
    let mut query = call.query();
    let options = UploadOptions {
        dialect: parameters::dialect(&mut query)?,
        ..UploadOptions::default()
    };
    query.finish()?;
    let media_type = single(call)?;
    let mut form = form(name, Write::Append, options, media_type.as_ref());
    form.conditions = conditional::write(&call.headers)?;
    receive_csv(call, form).await
}

/// The media type of a body with one CSV. Without `Content-Type`, it is `text/csv`.
fn single(call: &Call) -> Result<Option<Mime>, Error> {
    let media_type = media_type(&call.headers)?;
    match &media_type {
        Some(other) if !is_csv(other) => Err(Error::UnsupportedMediaType {
            found: Some(other.essence_str().to_owned()),
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
    if let Some(other) = media_type(&call.headers)?.filter(|media_type| !is_json(media_type)) {
        return Err(Error::UnsupportedMediaType {
            found: Some(other.essence_str().to_owned()),
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

/// The media type of the body. Negotiation has refused an invalid one.
fn media_type(headers: &HeaderMap) -> Result<Option<Mime>, Error> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    match text
        .parse::<Mime>()
        .or_else(|_| without_space(&text).parse())
    {
        Ok(media_type) => Ok(Some(media_type)),
        Err(_) => Err(Error::UnsupportedMediaType {
            found: Some(text.into_owned()),
            accepted: LISTS,
        }),
    }
}

/// The media type without white space and empty parameters, which RFC 9110 §5.6.6 allows and `mime` doesn't.
fn without_space(text: &str) -> String {
    let parts = text.split(';').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(";")
}

/// Whether it is `application/json`, or JSON of a version of Flash.
fn is_json(media_type: &Mime) -> bool {
    media_type.essence_str() == mime::APPLICATION_JSON.essence_str() || is_ours(media_type, "json")
}

/// Whether it is `text/csv`, another media type for CSVs, or CSV of a version of Flash.
fn is_csv(media_type: &Mime) -> bool {
    SINGLES.contains(&media_type.essence_str()) || is_ours(media_type, "csv")
}

/// Whether it is `application/vnd.flash.vN+suffix`.
fn is_ours(media_type: &Mime, suffix: &str) -> bool {
    let ours = media_type.subtype().as_str().starts_with("vnd.flash");
    ours && media_type.suffix().is_some_and(|found| found == suffix)
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

/// The options for the CSV in the query.
fn csv_options(query: &mut Query) -> Result<UploadOptions, Error> {
    let dialect = parameters::dialect(query)?;
    let nulls = query.take_all("null");
    let mut types = Vec::new();
    for (column, name) in query.take_prefixed("type.", "type.COLUMN") {
        match name.parse::<ColumnType>() {
            Ok(kind) => types.push((column, kind)),
            Err(error) => return Err(Error::bad_parameter(format!("type.{column}"), name, error)),
        }
    }
    Ok(UploadOptions {
        dialect,
        nulls,
        types,
        formats: parameters::formats(query)?,
        ..UploadOptions::default()
    })
}

/// Adds the options in the media type (RFC 4180 §3: `charset`, `header`).
fn form(
    name: DatasetName,
    write: Write,
    mut options: UploadOptions,
    media_type: Option<&Mime>,
) -> Form {
    let tabs = media_type.is_some_and(|media_type| media_type.subtype() == "tab-separated-values");
    if tabs && options.dialect.delimiter.is_none() {
        options.dialect.delimiter = Some(Separator::Usual(Delimiter::TAB));
    }
    if let Some(media_type) = media_type {
        options.charset = media_type
            .get_param(mime::CHARSET)
            .map(|charset| charset.as_str().to_owned());
        options.header_absent = media_type
            .get_param("header")
            .is_some_and(|header| header == "absent");
    }
    Form {
        name,
        write,
        conditions: Conditions::default(),
        options,
        media_type: if tabs { SINGLES[1] } else { SINGLES[0] },
    }
}

/// The name in `Content-Disposition: attachment; filename="people.csv"`; `filename*` takes precedence (RFC 6266 §4.3).
fn name_from_disposition(headers: &HeaderMap) -> Result<DatasetName, Error> {
    let value = headers.get(CONTENT_DISPOSITION).ok_or(Error::MissingName)?;
    let value = String::from_utf8_lossy(value.as_bytes());
    // The header has the syntax of a media type's parameters, so `mime` parses it with its quoting.
    let parameters = value
        .split_once(';')
        .map_or("", |(_, parameters)| parameters);
    let parsed = format!("a/b;{parameters}")
        .parse::<Mime>()
        .map_err(|_| Error::MissingName)?;
    let extended = parsed
        .get_param("filename*")
        .and_then(|value| extended_value(value.as_str()));
    let filename = match extended {
        Some(filename) => filename,
        None => parsed
            .get_param("filename")
            .ok_or(Error::MissingName)?
            .as_str()
            .to_owned(),
    };
    Ok(DatasetName::from_filename(&filename)?)
}

/// The value of `UTF-8''p%C3%A9ople.csv` (RFC 8187 §3.2). `None` for other charsets, which a recipient may ignore.
fn extended_value(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}
