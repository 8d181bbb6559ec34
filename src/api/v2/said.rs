//! What people say about a dataset and its columns, as a part of the dataset.

use serde::Serialize;
use utoipa::ToSchema;

use crate::dataset::{Column, ColumnType, Description};
use crate::store;

/// A column of a dataset.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Column)]
pub(super) struct ShownColumn<'a> {
    /// Its name, from the header.
    name: &'a str,
    /// Its type.
    #[serde(rename = "type")]
    kind: ColumnType,
    /// Whether any of its values is null.
    nullable: bool,
    /// Its unit, if the description or the file has one. That of the description counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    unit: Option<&'a str>,
    /// What its values are, as people say. Not in lists, and not in answers to a write.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    description: Option<&'a str>,
}

impl<'a> ShownColumn<'a> {
    pub(super) fn new(column: &'a Column, description: &'a Description) -> Self {
        Self {
            name: &column.name,
            kind: column.kind,
            nullable: column.nullable,
            unit: description.unit(column),
            description: description.of(column),
        }
    }
}

/// The columns without what is said about them.
pub(super) fn columns(dataset: &store::Dataset) -> Vec<ShownColumn<'_>> {
    let columns = dataset.columns.iter().map(|column| ShownColumn {
        name: &column.name,
        kind: column.kind,
        nullable: column.nullable,
        unit: column.unit.as_deref(),
        description: None,
    });
    columns.collect()
}

/// What people say about a dataset.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = About)]
pub(super) struct About<'a> {
    /// A short title.
    #[schema(required = true)]
    title: Option<&'a str>,
    /// What the rows are, and how they came about.
    #[schema(required = true)]
    description: Option<&'a str>,
    /// The licence: a URL, a name of the SPDX list, or words.
    #[schema(required = true)]
    licence: Option<&'a str>,
    /// Where the data comes from: a URL or words.
    #[schema(required = true)]
    source: Option<&'a str>,
}

impl<'a> About<'a> {
    pub(super) fn of(said: &'a Description) -> Option<Self> {
        (!said.is_empty()).then_some(Self {
            title: said.title.as_deref(),
            description: said.description.as_deref(),
            licence: said.licence.as_deref(),
            source: said.source.as_deref(),
        })
    }
}
