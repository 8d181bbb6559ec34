//! What changed between two revisions of a dataset, in version 2.

mod csv;
mod kind;
mod lines;
mod representation;

use std::sync::Arc;

use http::StatusCode;
use http::header::ETAG;
use serde_json::json;
use serde_json::value::RawValue;

use super::{examples, row_objects, rows as rows_of};
use crate::api::as_of::Wanted;
use crate::api::call::Call;
use crate::api::conditional;
use crate::api::description::{Answer, Content, Description, Parameter, Schema, reading};
use crate::api::disposition;
use crate::api::error::Error;
use crate::api::query::Query;
use crate::api::reply::Reply;
use crate::api::rows::CsvCells;
use crate::dataset::difference::{Comparison, Side, Table};
use crate::dataset::query::list_of_names;
use crate::dataset::schema_version;
use crate::services::readers;
use crate::services::search::difference::{Difference, Repeated};
use crate::store::Dataset;
use crate::versioning::Format;
use lines::Forms;
use representation::{ChangedRows, ChangedSchema, Changes};

/// How many names of columns an error lists.
const LISTED: usize = 20;

/// The parameters of a request.
struct Asked {
    from: i64,
    to: Option<i64>,
    key: Option<Vec<String>>,
    cells: CsvCells,
}

impl Asked {
    fn take(mut query: Query, format: Format) -> Result<Self, Error> {
        let from = revision(&mut query, "from")?;
        let from = from.ok_or_else(|| Error::bad_parameter("from", "", OLDER))?;
        let to = revision(&mut query, "to")?;
        let key = query.take("key")?;
        let key = key.map(|key| {
            let names = list_of_names(&key);
            names.map_err(|reason| {
                let expected = format!("columns, separated by commas: {reason}");
                Error::bad_parameter("key", key, expected)
            })
        });
        let asked = Self {
            from,
            to,
            key: key.transpose()?,
            cells: rows_of::cells(&mut query, format)?,
        };
        query.finish()?;
        Ok(asked)
    }
}

const OLDER: &str = "the number of the older revision, from 1 on";

/// The number of a revision.
fn revision(query: &mut Query, name: &'static str) -> Result<Option<i64>, Error> {
    let expected = "the number of a revision, from 1 on";
    match query.take_parsed::<i64>(name, expected)? {
        Some(number) if number < 1 => Err(Error::bad_parameter(name, number.to_string(), expected)),
        revision => Ok(revision),
    }
}

/// `GET /datasets/{name}/changes?from=&to=&key=`: how many rows changed, or as CSV and NDJSON the rows.
pub(super) async fn get_changes(call: Call) -> Result<Reply, Error> {
    let format = call.choice.format;
    let asked = Asked::take(call.query()?, format)?;
    let (from, to) = revisions(&call, &asked).await?;
    let tag = conditional::weak_tag_of_both(&from, &to, call.release(), format);
    let comparison = comparison(&from, &to, asked.key.as_deref()).map_err(|expected| {
        let key = asked.key.as_deref().unwrap_or_default().join(",");
        Error::bad_parameter("key", key, expected)
    })?;
    let named = readers::named(&to, comparison.key_places(Side::To));
    let tell = |reply: Reply| Reply {
        read: Some(to.id()),
        named: named.clone(),
        ..reply.telling_of(&to)
    };
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(tell(reply));
    }
    let found = Difference::find(&call.services, &from, &to, comparison);
    let difference = match Box::pin(found).await? {
        Ok(difference) => difference,
        Err(repeated) => {
            let key = asked.key.as_deref().unwrap_or_default();
            return Err(not_unique(&repeated, &from, &to, key));
        }
    };
    let reply = match format {
        Format::Csv | Format::Ndjson => {
            let forms = Forms {
                from,
                to: Arc::clone(&to),
                format,
                cells: asked.cells,
            };
            let body = lines::body(&call.services, forms, difference).await?;
            let name = format_args!("{}-changes", to.name).to_string();
            disposition::of_lines(Reply::body(StatusCode::OK, body), &name, format)
        }
        _ => Reply::json(
            StatusCode::OK,
            &Changes {
                name: to.name.as_str(),
                from: from.revision,
                to: to.revision,
                schema: schema(&from, &to).await?,
                key: asked.key.as_deref(),
                rows: ChangedRows::new(&difference.counts, asked.key.is_some()),
            },
        ),
    };
    Ok(tell(reply.with(ETAG, tag)))
}

/// What changed about the columns. Many columns are compared on a blocking thread.
async fn schema(from: &Arc<Dataset>, to: &Arc<Dataset>) -> Result<ChangedSchema, Error> {
    const FEW: usize = 256;
    let (before, after) = (Arc::clone(&from.columns), Arc::clone(&to.columns));
    let few = before.len() + after.len() <= FEW;
    let compare = move || schema_version::changes(&before, &after);
    let changes = match few {
        true => compare(),
        false => {
            let comparing = tokio::task::spawn_blocking(compare);
            comparing.await.map_err(|_| Error::Worker)?
        }
    };
    Ok(ChangedSchema {
        from: from.schema.to_string(),
        to: to.schema.to_string(),
        changes,
    })
}

/// The two revisions.
async fn revisions(call: &Call, asked: &Asked) -> Result<(Arc<Dataset>, Arc<Dataset>), Error> {
    let gone = |error| match error {
        Error::RevisionGone { name, revision } => Error::ComparedGone { name, revision },
        other => other,
    };
    let is_older = |to: i64| {
        let expected = format_args!("a revision that is older than {to}, the one of to");
        match asked.from < to {
            true => Ok(()),
            false => Err(Error::bad_parameter(
                "from",
                asked.from.to_string(),
                expected,
            )),
        }
    };
    asked.to.map(is_older).transpose()?;
    let newer = asked.to.map_or(Wanted::Newest, Wanted::Revision);
    let to = call.dataset_as_of(newer).await.map_err(gone)?.dataset;
    is_older(to.revision)?;
    let older = Wanted::Revision(asked.from);
    let from = call.dataset_as_of(older).await.map_err(gone)?.dataset;
    // Between the two look-ups, the dataset may have been deleted and created again.
    match from.id() == to.id() {
        true => Ok((from, to)),
        false => Err(Error::ComparedGone {
            name: to.name.to_string(),
            revision: asked.from,
        }),
    }
}

/// How the rows are compared, or what the key may be instead.
fn comparison(from: &Dataset, to: &Dataset, key: Option<&[String]>) -> Result<Comparison, String> {
    let table = |dataset: &Dataset| Table {
        columns: Arc::clone(&dataset.columns),
        layout: Arc::clone(&dataset.layout),
    };
    Comparison::new(table(from), table(to), key).map_err(|bad| {
        let more = bad.columns.len().saturating_sub(LISTED);
        let mut listed = bad.columns;
        listed.truncate(LISTED);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let listed = listed.join(", ");
        format!("columns that both revisions have, each once: {listed}{more}")
    })
}

/// The error for a key that is not unique, with the two rows.
fn not_unique(
    repeated: &Repeated,
    from: &Arc<Dataset>,
    to: &Arc<Dataset>,
    key: &[String],
) -> Error {
    let dataset = match repeated.side {
        Side::From => from,
        Side::To => to,
    };
    let layout = &dataset.layout;
    let mut rows: Vec<Box<RawValue>> = Vec::new();
    for batch in &repeated.rows {
        let columns = layout.columns.len();
        let mut records = batch.text.records(0, layout.delimiter, columns);
        let mut fields = Vec::new();
        for start in &batch.starts {
            records.seek(*start as usize);
            records.next_into(&mut fields);
            rows.extend(row_objects::short_object(dataset, &fields));
        }
    }
    Error::KeyNotUnique {
        key: key.join(", "),
        revision: dataset.revision,
        rows,
    }
}

pub(super) fn describe() -> Description {
    let revision = json!({ "type": "integer", "format": "int64", "minimum": 1 });
    let mut from = Parameter::query("from", "The older revision.", &revision);
    from.object["required"] = true.into();
    let mut parameters = vec![
        Parameter::name(),
        from,
        Parameter::query(
            "to",
            "The newer revision. The default is the newest one.",
            &revision,
        ),
        Parameter::query(
            "key",
            "Columns that identify a row, separated by commas, with double quotes around a name that needs them. Rows with the same key and other \
             values count as changed. Both revisions must have them, and no two rows of a revision may have the same values in them.",
            &json!({ "type": "string" }),
        ),
        Parameter::safe(),
    ];
    parameters.extend(Parameter::conditions());
    let mut refusals = reading();
    refusals.push(StatusCode::CONFLICT);
    Description {
        summary: "Compare two revisions",
        details: "How many rows were removed, added and changed. CSV and NDJSON have these rows, each with what happened to it. The order of rows doesn't count. \
                  Rows are compared by the values of the columns that both revisions have. Without `key`, a row that changed is one that was removed and one that \
                  was added.",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "What changed.")
                .tagged()
                .of_dataset()
                .file_name()
                .json(Schema::of::<Changes<'_>>().example(examples::changes()))
                .content(
                    Content::Negotiated(Format::Csv),
                    Schema::text().example(examples::CHANGES_CSV),
                )
                .content(
                    Content::Negotiated(Format::Ndjson),
                    Schema::text().example(examples::CHANGES_NDJSON),
                ),
            Answer::not_modified().of_dataset(),
        ],
        refusals,
        ..Description::default()
    }
}
