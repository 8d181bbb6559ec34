//! Uploads by forms, for browsers without JavaScript. With it, a page sends files to the API itself.

use std::fmt;

use askama::Template;
use futures_util::StreamExt as _;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http::{Method, StatusCode};
use http_body::Frame as BodyFrame;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use serde::Deserialize;
use serde_json::Value;
use sync_wrapper::SyncStream;

use super::inner::InnerBody;
use super::problem::Problem;
use super::reader::Reader;
use super::sent::{Robots, fixed, page};
use super::table::Dataset;
use super::text::{Frame, counted};
use super::view::View;
use super::visit::Visit;
use crate::api::intake::{self, FormFile};
use crate::api::reply::{Reply, StreamError};
use crate::dataset::Column;

/// What was made of an upload.
#[derive(Deserialize)]
struct Created {
    data: Vec<Made>,
}

#[derive(Deserialize)]
struct Made {
    name: String,
    row_count: u64,
    columns: Vec<Column>,
    #[serde(default)]
    hints: Vec<String>,
    /// How the columns differ from those before.
    #[serde(default)]
    changes: Vec<Change>,
    /// Who read the dataset lately, if a dry run would change its columns.
    #[serde(default)]
    used_by: Vec<Reader>,
}

#[derive(Deserialize)]
struct Change {
    column: String,
    what: String,
    from: Option<Value>,
    to: Option<Value>,
    breaking: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, what, .. } = self;
        write!(f, "{column}: {what}")?;
        let shown = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, " from {} to {}", shown(from), shown(to))?,
            (Some(from), None) => write!(f, ", was {}", shown(from))?,
            (None, Some(to)) => write!(f, ", {}", shown(to))?,
            (None, None) => {}
        }
        match self.breaking {
            true => f.write_str(" (breaks clients that read it)"),
            false => Ok(()),
        }
    }
}

impl Made {
    fn size(&self) -> String {
        let columns = counted(self.columns.len() as u64, "column");
        format!("{}, {columns}", counted(self.row_count, "row"))
    }
}

#[derive(Template)]
#[template(path = "uploaded.html")]
struct Uploaded<'a> {
    frame: Frame<'a>,
    title: &'a str,
    made: Vec<Made>,
}

#[derive(Template)]
#[template(path = "replace.html")]
struct ReplaceForm<'a> {
    frame: Frame<'a>,
    dataset: &'a Dataset,
    rows: String,
}

/// `POST /explore/-/upload`: passes a form with files on to the API.
pub(super) async fn received(visit: &Visit, body: InnerBody) -> Result<Reply, Problem> {
    let mut headers = HeaderMap::new();
    if let Some(content_type) = visit.headers.get(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, content_type.clone());
    }
    let extensions = visit.extensions.clone();
    let to = (Method::POST, "/datasets");
    let answer = visit.api.write(to, headers, body, extensions).await;
    let created: Created = answer.success()?.read_as()?;
    Ok(uploaded("Uploaded", created.data))
}

fn uploaded(title: &str, made: Vec<Made>) -> Reply {
    let full = format!("{title} · Flash");
    let uploaded = Uploaded {
        frame: Frame::titled(&full),
        title,
        made,
    };
    page(StatusCode::OK, &uploaded, Robots::NoIndex)
}

/// `GET /explore/{name}/replace`.
pub(super) async fn form(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let dataset = Dataset::load(visit, name, &View::default()).await?;
    let title = format!("Replace {name} · Flash");
    let form = ReplaceForm {
        frame: Frame::titled(&title),
        rows: counted(dataset.row_count, "row"),
        dataset: &dataset,
    };
    Ok(page(StatusCode::OK, &form, Robots::NoIndex))
}

/// `POST /explore/{name}/replace`: sends the file of a form to the API, as the dataset's new revision. With `dry_run=true`, nothing is stored.
pub(super) async fn replaced(visit: &Visit, name: &str, body: InnerBody) -> Result<Reply, Problem> {
    let parts = BodyStream::new(body)
        .filter_map(|frame| async move { frame.map(|frame| frame.into_data().ok()).transpose() });
    let form = intake::form_file(&visit.headers, parts).await?;
    let FormFile { packing, content } = form;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, fixed("text/csv"));
    if let Some(packing) = packing {
        headers.insert(CONTENT_ENCODING, fixed(packing));
    }
    let content = content.map(|part| part.map(BodyFrame::data).map_err(StreamError::from));
    let body = BodyExt::boxed(StreamBody::new(SyncStream::new(content)));
    // A name that no dataset can have is refused by the API.
    let name = super::text::path_part(name);
    let is_dry = visit.parameter("dry_run").as_deref() == Some("true");
    let (query, title) = match is_dry {
        true => ("?dry_run=true", "What would be made"),
        false => ("", "Replaced"),
    };
    let target = format!("/datasets/{name}{query}");
    let extensions = visit.extensions.clone();
    let to = (Method::PUT, target.as_str());
    let answer = visit.api.write(to, headers, body, extensions).await;
    let made: Made = answer.success()?.read_as()?;
    Ok(uploaded(title, vec![made]))
}
