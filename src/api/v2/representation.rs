//! The representations of version 2.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::readers::{self, UsedBy};
use super::reading::Reading;
use super::said::{About, ShownColumn, columns};
use crate::api::listing;
use crate::dataset::{BadRow, Column, ColumnChange, SchemaChanges, changed_types};
use crate::services::{BadRows, Prepared};
use crate::store;

/// A description of the API.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Root {
    pub name: &'static str,
    pub description: &'static str,
    /// The semantic version that answers.
    pub version: String,
    pub links: RootLinks,
}

/// Links to the resources. Replace `{name}` by a dataset's name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RootLinks {
    #[serde(rename = "self")]
    pub this: &'static str,
    pub datasets: &'static str,
    pub dataset: &'static str,
    pub rows: &'static str,
    pub summary: &'static str,
    pub revisions: &'static str,
    pub source: &'static str,
    pub bad_rows: &'static str,
    pub readers: &'static str,
    pub changes: &'static str,
    pub description: &'static str,
    pub versions: &'static str,
    pub openapi: String,
}

/// A dataset.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Dataset<'a> {
    name: &'a str,
    #[schema(minimum = 1)]
    revision: i64,
    /// The version of its schema: MAJOR grows with changes that may break a client that reads rows, MINOR with others.
    #[schema(pattern = "^[1-9][0-9]*\\.[0-9]+$")]
    schema: String,
    columns: Vec<ShownColumn<'a>>,
    row_count: u64,
    byte_count: u64,
    /// The SHA-256 of the source, in hexadecimal digits.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// The texts that mean "no value" in the source, beside the empty field.
    nulls: &'a [String],
    /// How much an upload may change the schema: `any`, `additive` (what breaks no client that reads rows) or `none`.
    schema_changes: SchemaChanges,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    links: Links,
    /// How to upload the dataset once more. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    reading: Option<Reading>,
    /// What people say about it (`PUT /datasets/{name}/description`); what they say about columns is there. Not in lists, and not in answers to a write.
    #[serde(rename = "description", skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    about: Option<About<'a>>,
    /// What the sender may not know, each with the parameter that would change it. Only in answers to a write.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    hints: Vec<String>,
    /// The rows that were set aside. Only in answers to a write.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    bad_rows: Option<SetAside>,
    /// What the write changed in the schema. Only in answers to a write that did.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    changes: &'a [ColumnChange],
    /// Who read the dataset lately. Only in answers to a dry run that would change the schema.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    used_by: Vec<UsedBy>,
    /// Always `true`: this is what the dataset would be, and nothing was stored. Only in answers to a dry run.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    dry_run: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// Rows that were set aside.
#[derive(Debug, Serialize, ToSchema)]
struct SetAside {
    count: u64,
    /// The first ten, with their texts shortened. `links.bad_rows` has all.
    first: Vec<BadRow>,
}

/// What is known about a write besides the dataset that it made.
#[derive(Clone)]
pub(super) struct Notes {
    hints: Vec<String>,
    bad_rows: BadRows,
    before: Option<Arc<[Column]>>,
}

impl Notes {
    /// Takes them from an upload that is about to be committed.
    pub(super) fn take(prepared: &mut Prepared) -> Self {
        Self {
            hints: std::mem::take(&mut prepared.hints),
            bad_rows: std::mem::take(&mut prepared.bad_rows),
            before: prepared.before.take(),
        }
    }
}

/// Links to the resources of a dataset.
#[derive(Debug, Serialize, ToSchema)]
struct Links {
    #[serde(rename = "self")]
    this: String,
    rows: String,
    summary: String,
    revisions: String,
    source: String,
    bad_rows: String,
    description: String,
}

impl<'a> Dataset<'a> {
    /// A dataset that a dry run would have made.
    pub(super) fn rehearsed(
        committed: &'a store::Committed,
        notes: &Notes,
        readers: &[store::Reader],
    ) -> Self {
        Self {
            used_by: readers::used_by(readers, &committed.changes),
            dry_run: true,
            ..Self::written(committed, notes)
        }
    }

    /// A dataset with how its source is read.
    pub(super) fn as_it_is(dataset: &'a store::Dataset) -> Self {
        Self {
            reading: Some(Reading::of(dataset)),
            ..Self::new(dataset)
        }
    }

    /// A dataset that a write made.
    pub(super) fn written(committed: &'a store::Committed, notes: &Notes) -> Self {
        let dataset = &committed.dataset;
        let mut hints = notes.hints.clone();
        if let Some(before) = &notes.before {
            hints.extend(changed_types(before, &dataset.columns));
        }
        let BadRows { count, first } = notes.bad_rows.clone();
        Self {
            hints,
            bad_rows: (count > 0).then_some(SetAside { count, first }),
            changes: &committed.changes,
            ..Self::as_it_is(dataset)
        }
    }

    fn new(dataset: &'a store::Dataset) -> Self {
        let this = format!("/datasets/{}", dataset.name);
        Self {
            name: dataset.name.as_str(),
            revision: dataset.revision,
            schema: dataset.schema.to_string(),
            columns: columns(dataset),
            row_count: dataset.rows,
            byte_count: dataset.bytes,
            sha256: hex(&dataset.sha256),
            nulls: &dataset.layout.nulls,
            schema_changes: dataset.schema_changes,
            created_at: dataset.created_at,
            updated_at: dataset.updated_at,
            links: Links {
                rows: format!("{this}/rows"),
                summary: format!("{this}/summary"),
                revisions: format!("{this}/revisions"),
                source: format!("{this}/source"),
                bad_rows: format!("{this}/bad-rows"),
                description: format!("{this}/description"),
                this,
            },
            reading: None,
            about: None,
            hints: Vec::new(),
            bad_rows: None,
            changes: &[],
            used_by: Vec::new(),
            dry_run: false,
        }
    }
}

/// How version 2 renders datasets.
pub(super) const DATASETS: listing::Form = listing::Form {
    without_columns: |dataset, _| {
        let dataset = Dataset {
            columns: Vec::new(),
            ..Dataset::new(dataset)
        };
        listing::json(&dataset)
    },
    ..DATASET
};

/// How a single dataset is written a part at a time.
pub(super) const DATASET: listing::Form = listing::Form {
    without_columns: |dataset, description| {
        let dataset = Dataset {
            columns: Vec::new(),
            about: About::of(description),
            ..Dataset::as_it_is(dataset)
        };
        listing::json(&dataset)
    },
    column: |column, description, out| {
        // Writing to memory can't fail.
        drop(serde_json::to_writer(
            out,
            &ShownColumn::new(column, description),
        ));
    },
};

/// The datasets that were created.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Created<'a> {
    pub data: Vec<Dataset<'a>>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A revision of a dataset.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Revision {
    #[schema(minimum = 1)]
    revision: i64,
    /// The version of its schema.
    #[schema(pattern = "^[1-9][0-9]*\\.[0-9]+$")]
    schema: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The client that made it; null for an anonymous caller.
    #[schema(required = true)]
    author: Option<String>,
    row_count: u64,
    byte_count: u64,
    /// The SHA-256 of the source, in hexadecimal digits.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
}

impl From<&store::Revision> for Revision {
    fn from(revision: &store::Revision) -> Self {
        Self {
            revision: revision.number,
            schema: revision.schema.to_string(),
            created_at: revision.created_at,
            author: revision.author.clone(),
            row_count: revision.rows,
            byte_count: revision.bytes,
            sha256: hex(&revision.sha256),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let pair = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(pair).collect()
}
