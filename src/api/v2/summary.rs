//! Summaries of columns in version 2.

use std::sync::Arc;

use http::StatusCode;
use http::header::ETAG;
use serde::{Serialize, Serializer};
use serde_json::json;
use serde_json::value::RawValue;

use super::datasets::as_asked;
use crate::api::call::Call;
use crate::api::conditional;
use crate::api::description::Schema;
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::dataset::ColumnType;
use crate::dataset::summary::{ColumnSummary, Frequent, Histogram, Shown};
use crate::services::summary::summarise;
use crate::store::Dataset;

/// `GET /datasets/{name}/summary?revision=&schema=`: the summaries of the columns.
pub(super) async fn get_summary(call: Call) -> Result<Reply, Error> {
    let as_of = as_asked(&call).await?;
    let dataset = Arc::clone(&as_of.dataset);
    let tag = conditional::weak_tag(&dataset, call.release(), call.choice.format);
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(as_of.tell(&call, reply, RESOURCE));
    }
    let columns = summarise(&call.services, &dataset).await?;
    let few = columns.len() <= FEW;
    let reply = move || Reply::json(StatusCode::OK, &Summary::new(&dataset, &columns));
    let reply = match few {
        true => reply(),
        false => {
            let rendering = tokio::task::spawn_blocking(reply);
            rendering.await.map_err(|_| Error::Worker)?
        }
    };
    Ok(as_of.tell(&call, reply.with(ETAG, tag), RESOURCE))
}

/// The path behind that of the dataset.
const RESOURCE: &str = "/summary";
/// The summaries of so many columns are rendered on a thread of the runtime.
const FEW: usize = 64;

#[derive(Serialize)]
struct Summary<'a> {
    name: &'a str,
    revision: i64,
    row_count: u64,
    columns: Vec<Column<'a>>,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: ColumnType,
    count: u64,
    nulls: u64,
    distinct: Distinct,
    least: Option<Value<'a>>,
    greatest: Option<Value<'a>>,
    mean: Option<f64>,
    histogram: Option<Bins<'a>>,
    frequent: Option<MostFrequent<'a>>,
}

#[derive(Serialize)]
struct Distinct {
    estimate: u64,
    error: f64,
}

#[derive(Serialize)]
struct Bins<'a> {
    edges: Vec<Value<'a>>,
    counts: &'a [u64],
    error: f64,
}

#[derive(Serialize)]
struct MostFrequent<'a> {
    values: Vec<Counted<'a>>,
    error: u64,
}

#[derive(Serialize)]
struct Counted<'a> {
    value: Value<'a>,
    count: u64,
}

/// A value in its type. A number keeps its digits.
struct Value<'a>(&'a Shown);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Shown::Plain(plain) => RawValue::from_string(plain.clone())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Shown::Number(number) => serializer.serialize_f64(*number),
            Shown::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'a> Summary<'a> {
    fn new(dataset: &'a Dataset, columns: &'a [ColumnSummary]) -> Self {
        Self {
            name: dataset.name.as_str(),
            revision: dataset.revision,
            row_count: dataset.rows,
            columns: columns.iter().map(Column::new).collect(),
        }
    }
}

impl<'a> Column<'a> {
    fn new(of: &'a ColumnSummary) -> Self {
        Self {
            name: &of.column.name,
            kind: of.column.kind,
            count: of.values,
            nulls: of.nulls,
            distinct: Distinct {
                estimate: of.distinct.estimate,
                error: of.distinct.error,
            },
            least: of.least.as_ref().map(Value),
            greatest: of.greatest.as_ref().map(Value),
            mean: of.mean,
            histogram: of.histogram.as_ref().map(Bins::new),
            frequent: of.frequent.as_ref().map(MostFrequent::new),
        }
    }
}

impl<'a> Bins<'a> {
    fn new(of: &'a Histogram) -> Self {
        Self {
            edges: of.edges.iter().map(Value).collect(),
            counts: &of.counts,
            error: of.error,
        }
    }
}

impl<'a> MostFrequent<'a> {
    fn new(of: &'a Frequent) -> Self {
        let counted = |(value, count): &'a (Shown, u64)| Counted {
            value: Value(value),
            count: *count,
        };
        Self {
            values: of.values.iter().map(counted).collect(),
            error: of.error,
        }
    }
}

/// The schema of a summary.
pub(super) fn schema() -> Schema {
    let count = |meaning: &str| json!({ "type": "integer", "minimum": 0, "description": meaning });
    let share = |meaning: &str| json!({ "type": "number", "minimum": 0, "description": meaning });
    let value = |meaning: &str| json!({ "type": ["boolean", "number", "string", "null"], "description": meaning });
    let distinct = json!({
        "type": "object",
        "description": "The number of distinct values in the column.",
        "properties": {
            "estimate": count("The estimated number."),
            "error": share("The relative error of the estimate, at 95 % confidence. 0 means that it is exact."),
        },
        "required": ["estimate", "error"],
    });
    let histogram = json!({
        "type": ["object", "null"],
        "description": "The distribution of numbers and times; null for other types, and if there is no value.",
        "properties": {
            "edges": {
                "type": "array",
                "description": "Where bins begin, and where the last one ends. A value at an edge is in the bin that begins there; a value at the last edge is in the last bin.",
                "items": value("A number, a date or a datetime."),
            },
            "counts": {
                "type": "array",
                "description": "The number of values in each bin.",
                "items": count("Values."),
            },
            "error": share("The error of a count, as a share of all values, at 99 % confidence. 0 means that the counts are exact."),
        },
        "required": ["edges", "counts", "error"],
    });
    let counted = json!({
        "type": "object",
        "properties": {
            "value": value("The value."),
            "count": count("How often it occurs, at least."),
        },
        "required": ["value", "count"],
    });
    let frequent = json!({
        "type": ["object", "null"],
        "description": "The most frequent values; null for numbers and times with too many distinct values.",
        "properties": {
            "values": { "type": "array", "maxItems": 10, "items": counted },
            "error": count("How much more often a value may occur, listed or not. 0 means that the counts are exact."),
        },
        "required": ["values", "error"],
    });
    let column = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "type": { "type": "string", "enum": ColumnType::ALL },
            "count": count("The number of values that are not null."),
            "nulls": count("The number of nulls."),
            "distinct": distinct,
            "least": value("The least value in the order of the type; null if there is none. A text of more than 64 bytes is cut, and ends in `…`."),
            "greatest": value("The greatest value, in the same form."),
            "mean": { "type": ["number", "null"], "description": "The mean of numbers." },
            "histogram": histogram,
            "frequent": frequent,
        },
        "required": ["name", "type", "count", "nulls", "distinct", "least", "greatest", "mean", "histogram", "frequent"],
    });
    let column = Schema::written(column).called("ColumnSummary");
    let mut summary = Schema::written(json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "revision": { "type": "integer", "minimum": 1 },
            "row_count": count("The number of rows in the revision."),
            "columns": { "type": "array", "items": column.value },
        },
        "required": ["name", "revision", "row_count", "columns"],
    }))
    .called("Summary");
    summary.named.extend(column.named);
    summary
}
