//! Request bodies that hold CSVs: one as `text/csv`, several as a multipart form or a JSON list.
//!
//! A body is read a frame at a time and handed on; only a JSON list is held whole (`json`). Whatever packing the client used
//! is undone first, and limits count what comes out. All that is held is taken from the memory budget first.

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
use crate::dataset::{ColumnType, DatasetName, Delimiter, UploadOptions};
use crate::services::{Form, Prepared, Upload};
use crate::store::{Conditions, Write};
pub(super) use json::Item;

/// What `POST /datasets` takes.
const LISTS: &[&str] = &[
    "text/csv",
    "text/tab-separated-values",
    "multipart/form-data",
    "application/json",
];
/// What `PUT /datasets/{name}` and `POST /datasets/{name}/rows` take.
const SINGLES: &[&str] = &["text/csv", "text/tab-separated-values"];
/// What `PATCH /client` takes.
const DOCUMENTS: &[&str] = &["application/json"];
/// How a body may be packed, in the words of `Accept-Encoding`.
pub(super) const CODINGS: &str = "gzip, zstd";
/// CSVs that one request may hold.
pub(super) const MOST_CSVS: usize = 1000;
/// Bytes that the names of all columns in one request may have: they are held until it is answered.
const NAMES: usize = 4 << 20;
/// Packed bytes of finished CSVs that one request may hold in memory until all of it is committed.
const HELD: usize = 1 << 20;

/// Receives the CSVs of a `POST`, whichever way they were sent. Nothing is visible until they are committed.
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
    let options = csv_options(&mut query)?;
    query.finish()?;
    let media_type = single(call)?;
    let mut form = form(name, Write::Put, options, media_type.as_ref());
    form.conditions = conditional::write(&call.headers)?;
    receive_csv(call, form).await
}

/// Receives the CSV of rows to be appended. How it is to be read, but for its charset and whether it has a header, is
/// what the dataset's own CSV was.
pub async fn receive_rows(call: &mut Call, name: DatasetName) -> Result<Prepared, Error> {
    call.query().finish()?;
    let media_type = single(call)?;
    let options = UploadOptions::default();
    let mut form = form(name, Write::Append, options, media_type.as_ref());
    form.conditions = conditional::write(&call.headers)?;
    receive_csv(call, form).await
}

/// The media type of a body that is one CSV. Without `Content-Type` it is taken for `text/csv`.
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

/// Bytes that a document may have which says what to do.
const DOCUMENT: u64 = 64 << 10;

/// Receives a small JSON document. One without `Content-Type` is taken for JSON.
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

/// The CSVs of one request, received and not yet committed.
#[derive(Default)]
struct List {
    prepared: Vec<Prepared>,
    held: usize,
    /// Bytes of the names of all columns.
    names: usize,
}

impl List {
    /// Refuses a name that this request has already, and a CSV too many.
    fn admit(&self, name: &DatasetName) -> Result<(), Error> {
        if self.prepared.len() == MOST_CSVS {
            return Err(Error::TooManyCsvs { limit: MOST_CSVS });
        }
        match self.prepared.iter().any(|earlier| earlier.name() == name) {
            true => Err(Error::RepeatedName(name.clone())),
            false => Ok(()),
        }
    }

    /// Adds a CSV, and moves it into the store already when much is held in memory.
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

/// The media type of the body; negotiation has refused one that can't be read.
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

/// The same media type without the white space and the empty parameters that RFC 9110 §5.6.6 allows and mime does not.
fn without_space(text: &str) -> String {
    let parts = text.split(';').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(";")
}

/// JSON under its own name or under one of ours.
fn is_json(media_type: &Mime) -> bool {
    media_type.essence_str() == mime::APPLICATION_JSON.essence_str() || is_ours(media_type, "json")
}

/// A CSV under one of its own names or under one of ours.
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

/// What the query says of the CSV.
fn csv_options(query: &mut Query) -> Result<UploadOptions, Error> {
    let delimiter = query.take_parsed::<Delimiter>("delimiter", "one of , ; | or tab")?;
    let nulls = query.take_all("null");
    let mut types = Vec::new();
    for (column, name) in query.take_prefixed("type.", "type.COLUMN") {
        match name.parse::<ColumnType>() {
            Ok(kind) => types.push((column, kind)),
            Err(error) => return Err(Error::bad_parameter(format!("type.{column}"), name, error)),
        }
    }
    Ok(UploadOptions {
        delimiter,
        nulls,
        types,
        formats: parameters::formats(query)?,
        ..UploadOptions::default()
    })
}

/// Adds what the media type says (RFC 4180 §3: `charset`, `header`).
fn form(
    name: DatasetName,
    write: Write,
    mut options: UploadOptions,
    media_type: Option<&Mime>,
) -> Form {
    let tabs = media_type.is_some_and(|media_type| media_type.subtype() == "tab-separated-values");
    if tabs && options.delimiter.is_none() {
        options.delimiter = Some(Delimiter::TAB);
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

/// The name in `Content-Disposition: attachment; filename="people.csv"`; `filename*` counts before it (RFC 6266 §4.3).
fn name_from_disposition(headers: &HeaderMap) -> Result<DatasetName, Error> {
    let value = headers.get(CONTENT_DISPOSITION).ok_or(Error::MissingName)?;
    let value = String::from_utf8_lossy(value.as_bytes());
    // The header has the shape of a media type's parameters, which mime reads with their quoting.
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

/// What `UTF-8''p%C3%A9ople.csv` says (RFC 8187 §3.2); `None` in another charset, which a recipient may ignore.
fn extended_value(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}
