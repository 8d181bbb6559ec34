//! Rows in version 2: all of them, or what a query finds.

mod parameters;
mod partial;
mod query_method;

use std::fmt::Display;
use std::sync::Arc;

use http::StatusCode;
use http::header::ETAG;
use tokio::time::Instant;

use super::{VERSION, metadata, pages, representation};
use crate::api::as_of::{self, AsOf};
use crate::api::call::Call;
use crate::api::error::Error;
use crate::api::query::{Query, SCHEMA};
use crate::api::reply::Reply;
use crate::api::request::{ACCEPT_QUERY, FORM};
use crate::api::rows::{self, CsvCells, Form, Made, Memory, Shown, Span, Values};
use crate::api::{conditional, cursor, disposition, found};
use crate::dataset;
use crate::dataset::DatasetName;
use crate::dataset::query::Fingerprint;
use crate::services::search::Search;
use crate::services::{PageKey, readers};
use crate::store::Dataset;
use crate::versioning::Format;
pub(super) use parameters::cells;
use parameters::{EXACT, asked, is_counted, resolve, written};
use query_method::Sent;
pub(super) use query_method::query_rows;

/// The path behind that of the dataset.
const RESOURCE: &str = "/rows";
/// The purpose of the cursors of this list.
const LIST: &str = "rows";
/// The most rows of a page.
const LONGEST: u64 = 10_000;

/// The position in a cursor of this list: the numbers of dataset and revision, a row, the query, and a hash of the dataset's name. In the
/// order of the file, the row is the next one. In another order, it is the last one of the page.
type Position = (i64, i64, u64, Option<Fingerprint>, u32);
/// The same without the hash, as servers of earlier releases write it.
type OlderPosition = (i64, i64, u64, Option<Fingerprint>);

/// A request for rows.
struct Wanted {
    dataset: Arc<Dataset>,
    query: Arc<dataset::Query>,
    /// The deadline for finding the rows of a page.
    deadline: Instant,
    /// The row in the cursor.
    from: Option<u64>,
    limit: u64,
    format: Format,
    cells: CsvCells,
    /// Whether a page has the number of all rows that the query finds.
    is_counted: bool,
}

/// `GET /datasets/{name}/rows`: a page of the rows that the query finds, or all of them as CSV or NDJSON without a limit.
pub(super) async fn list_rows(call: Call) -> Result<Reply, Error> {
    let query = call.query()?;
    answered(&call, query, None).await
}

/// The path of a dataset's rows.
fn list_path(name: impl Display) -> String {
    format!("/datasets/{name}{RESOURCE}")
}

/// The answer to a query, which a `QUERY` has sent in its body.
async fn answered(call: &Call, mut query: Query, sent: Option<Sent>) -> Result<Reply, Error> {
    let format = call.choice.format;
    let limit = match format {
        Format::Json | Format::Csvm | Format::Html => {
            query.take_number("limit", 1..=LONGEST, 100)?
        }
        Format::Csv | Format::Ndjson => query.take_number("limit", 1..=u64::MAX, u64::MAX)?,
    };
    let cursor = query.take_filled("cursor")?;
    let wanted_revision = as_of::Wanted::take(&mut query)?;
    let cells = cells(&mut query, format)?;
    let is_counted = is_counted(&mut query, format)?;
    let asked = Arc::new(asked(query)?);
    let deadline = Instant::now() + call.services.settings.timeouts.query_timeout;
    let (as_of, from) = start(call, cursor.as_deref(), wanted_revision).await?;
    let dataset = Arc::clone(&as_of.dataset);
    let query = resolve(&asked, &dataset).await?;
    if from.is_some_and(|(_, of)| of != query.fingerprint()) {
        return Err(Error::CursorOfOtherQuery);
    }
    let tag = call.tag(&dataset);
    let tag = sent.as_ref().map_or(tag.clone(), |sent| sent.tag(&tag));
    let named = readers::named(&dataset, query.named());
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(Reply {
            named,
            ..as_of.tell(call, reply.with(ACCEPT_QUERY, FORM), RESOURCE)
        });
    }
    let path = list_path(&dataset.name);
    let wanted = Wanted {
        dataset,
        query,
        deadline,
        from: from.map(|(row, _)| row),
        limit,
        format,
        cells,
        is_counted,
    };
    let ((body, next), memory) = wanted.answer(call).await?;
    let reply = match format {
        Format::Csv | Format::Ndjson => wanted.export(call, body, &tag).await?,
        Format::Json | Format::Csvm | Format::Html => Reply::body(StatusCode::OK, body),
    };
    let reply = reply.with(ETAG, tag).with(ACCEPT_QUERY, FORM);
    let mut written = written(&asked, cells);
    written.extend(is_counted.then(|| ("count".to_owned(), EXACT)));
    let reply = match sent {
        Some(sent) => {
            let reply = sent.located(call, reply, wanted.dataset.name.as_str());
            pages::linked_if_short(call, reply, &path, limit, next.as_deref(), &written)
        }
        None => pages::linked_as(call, reply, &path, limit, next.as_deref(), &written),
    };
    let mut reply = as_of.tell(call, reply, RESOURCE);
    reply.named = named;
    let reply = disposition::of_rows(reply, &wanted.dataset.name, format);
    let reply = match wanted.is_page() {
        // Clients that read pages look for the next one in `Link`, and some take any link for it.
        true => reply,
        // The metadata describe the columns of the dataset.
        false if wanted.query.grouped.is_some() => reply,
        false => metadata::linked(reply, call, &wanted.dataset.name),
    };
    Ok(memory.of(reply, wanted.dataset))
}

/// A hash that tells names apart.
fn hash(name: &DatasetName) -> u32 {
    xxhash_rust::xxh3::xxh3_64(name.to_string().as_bytes()) as u32
}

/// The revision to read, and the row to begin with: those of the cursor, or else the requested revision from its beginning.
async fn start(
    call: &Call,
    cursor: Option<&str>,
    wanted: as_of::Wanted,
) -> Result<(AsOf, Option<(u64, Option<Fingerprint>)>), Error> {
    let Some(cursor) = cursor else {
        return Ok((call.dataset_as_of(wanted).await?, None));
    };
    let key = call.services.store.cursor_key()?;
    let (id, of, row, query, name) = match cursor::open::<Position>(key, LIST, cursor) {
        Ok((id, of, row, query, name)) => (id, of, row, query, Some(name)),
        Err(_) => {
            let (id, of, row, query) = cursor::open::<OlderPosition>(key, LIST, cursor)?;
            (id, of, row, query, None)
        }
    };
    let other = |name, value: String, own: String| {
        let expected = format_args!("{own}, which the cursor belongs to, or leave one of them out");
        Err(Error::bad_parameter(name, value, expected))
    };
    if let as_of::Wanted::Revision(revision) = wanted
        && revision != of
    {
        return other("revision", revision.to_string(), of.to_string());
    }
    let newest = call.dataset().await?;
    if name.is_some_and(|name| name != hash(&newest.name)) {
        return Err(Error::CursorOfOtherDataset);
    }
    if id != newest.id() {
        return Err(Error::RevisionGone {
            name: newest.name.to_string(),
            revision: of,
        });
    }
    let as_of = call.dataset_as_of(as_of::Wanted::Revision(of)).await?;
    let own = as_of.dataset.schema.major;
    if let as_of::Wanted::Schema(major) = wanted
        && major != own
    {
        return other(SCHEMA, major.to_string(), own.to_string());
    }
    Ok((as_of, Some((row, query))))
}

impl Wanted {
    /// Whether it is a page of a list, and not all rows that the query finds.
    fn is_page(&self) -> bool {
        self.limit < u64::MAX || self.from.is_some()
    }

    /// A page, or a streamed list.
    async fn answer(&self, call: &Call) -> Result<Shown, Error> {
        match self.format {
            Format::Json | Format::Csvm | Format::Html => {
                rows::remembered(&call.services, self.key(), || self.make(call)).await
            }
            Format::Csv | Format::Ndjson => Ok((Box::pin(self.make(call)).await?, Memory::New)),
        }
    }

    async fn make(&self, call: &Call) -> Result<Made, Error> {
        match self.query.is_of_all_rows() {
            true => self.read(call).await,
            false if self.query.grouped.is_some() => self.groups(call).await,
            false => self.search(call).await,
        }
    }

    /// The groups of a query with aggregates. They are in the same order each time, so a cursor has the number of the next one.
    async fn groups(&self, call: &Call) -> Result<Made, Error> {
        let services = &call.services;
        let (dataset, query) = (&self.dataset, &self.query);
        let search = Search::begin(services, dataset, query, LONGEST, self.deadline).await?;
        let found = search.groups().await?;
        let first = self.from.unwrap_or(0);
        let end = first.saturating_add(self.limit);
        let next = self.cursor(call, (end < found.rows).then_some(end))?;
        let total = self.is_counted.then_some(found.rows);
        let groups = Arc::clone(&found.dataset);
        let form = self.form_of(&groups, None, next.as_deref(), total);
        let batches = found.batches(first, self.limit);
        let body = found::all(services, &groups, batches, self.limit, form).await?;
        Ok((body, next.filter(|_| self.limit <= LONGEST)))
    }

    /// All rows in the order of the file, and the cursor of the next page.
    async fn read(&self, call: &Call) -> Result<Made, Error> {
        let span = Span {
            dataset: Arc::clone(&self.dataset),
            first: self.from.unwrap_or(0),
            limit: self.limit,
        };
        let row = span.first.saturating_add(self.limit);
        let next = (row < self.dataset.rows).then_some(row);
        let next = self.cursor(call, next)?;
        let form = self.form(
            next.as_deref(),
            self.is_counted.then_some(self.dataset.rows),
        );
        let body = rows::all(&call.services, span, form).await?;
        Ok((body, next))
    }

    /// The rows that a query finds: a page with a cursor, or a streamed list.
    async fn search(&self, call: &Call) -> Result<Made, Error> {
        let services = &call.services;
        let (dataset, query) = (&self.dataset, &self.query);
        let search = Search::begin(services, dataset, query, self.limit, self.deadline).await?;
        if self.limit > LONGEST {
            let batches = search.all(self.from, self.limit);
            let body = found::all(
                services,
                &self.dataset,
                batches,
                self.limit,
                self.form(None, None),
            )
            .await?;
            return Ok((body, None));
        }
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let found = search.page(self.from, limit).await?;
        let total = match self.is_counted {
            true => Some(search.count().await?),
            false => None,
        };
        let next = self.cursor(call, found.next)?;
        let form = self.form(next.as_deref(), total);
        let body = found::all(services, &self.dataset, found.batches, self.limit, form).await?;
        Ok((body, next))
    }

    fn form(&self, next: Option<&str>, total: Option<u64>) -> Form {
        let select = self.query.select.as_deref();
        self.form_of(&self.dataset, select, next, total)
    }

    fn form_of(
        &self,
        dataset: &Arc<Dataset>,
        select: Option<&[usize]>,
        next: Option<&str>,
        total: Option<u64>,
    ) -> Form {
        match self.format {
            Format::Csv => rows::csv(dataset, select, self.cells, Values::Canonical),
            Format::Ndjson => representation::ndjson(dataset, select),
            Format::Json | Format::Csvm | Format::Html => {
                representation::page(dataset, select, next, total)
            }
        }
    }

    /// The cache key of a page.
    fn key(&self) -> PageKey {
        PageKey {
            made_by: self.dataset.made_by,
            query: self.query.fingerprint(),
            first: self.from,
            limit: u32::try_from(self.limit).unwrap_or(u32::MAX),
            is_counted: self.is_counted,
            version: VERSION.number,
        }
    }

    fn cursor(&self, call: &Call, row: Option<u64>) -> Result<Option<Arc<str>>, Error> {
        let Some(row) = row else { return Ok(None) };
        let fingerprint = self.query.fingerprint();
        let (dataset, revision) = (self.dataset.id(), self.dataset.revision);
        let name = hash(&self.dataset.name);
        let position: Position = (dataset, revision, row, fingerprint, name);
        let cursor = cursor::seal(call.services.store.cursor_key()?, LIST, &position)?;
        Ok(Some(cursor.into()))
    }
}
