//! What a request states about a CSV: in the query for all CSVs of the request, and in the media type of each.

use super::media_type::MediaType;
use super::parameters;
use crate::api::error::Error;
use crate::api::query::Query;
use crate::dataset::{
    ColumnType, DatasetName, Delimiter, SchemaChanges, Separator, UploadOptions, same_charset,
};
use crate::services::Form;
use crate::store::{Conditions, Write};

/// The media types that a source is kept with.
const COMMAS: &str = "text/csv";
const TABS: &str = "text/tab-separated-values";
/// What `header` may say.
const HEADER: &str = "present or absent";

/// What the query states.
#[derive(Debug, Clone, Default)]
pub(super) struct Stated {
    options: UploadOptions,
    header_absent: Option<bool>,
    /// How much the write may change the schema of the dataset, if that is less than the dataset allows.
    schema_changes: SchemaChanges,
    /// Whether to do all but keep it.
    pub(super) dry_run: bool,
}

impl Stated {
    /// Takes all that a new CSV may be read with.
    pub(super) fn take(query: &mut Query) -> Result<Self, Error> {
        let mut stated = Self::take_for_rows(query)?;
        stated.options.dropped_formats = parameters::dropped_formats(query);
        stated.options.formats = parameters::formats(query)?;
        stated.options.nulls = query.take_all("null");
        for (column, name) in query.take_prefixed("type.", "type.COLUMN") {
            stated.add_type(column, &name)?;
        }
        Ok(stated)
    }

    /// Takes all that a CSV may be read with which replaces another.
    pub(super) fn take_to_replace(query: &mut Query) -> Result<Self, Error> {
        let mut stated = Self::take(query)?;
        stated.options.allow_empty = parameters::allows_empty(query)?;
        stated.take_of_write(query)?;
        Ok(stated)
    }

    /// Takes what rows to be appended may be read with. The rest is as it was for the dataset.
    pub(super) fn take_for_rows(query: &mut Query) -> Result<Self, Error> {
        let mut stated = Self::default();
        stated.options.dialect = parameters::dialect(query)?;
        stated.options.charset = query.take("charset")?;
        if let Some(header) = query.take("header")? {
            stated.header_absent = Some(is_absent(&header)?);
        }
        Ok(stated)
    }

    /// Takes what rows that are appended may be read with, and what the write may do.
    pub(super) fn take_to_append(query: &mut Query) -> Result<Self, Error> {
        let mut stated = Self::take_for_rows(query)?;
        stated.take_of_write(query)?;
        Ok(stated)
    }

    fn take_of_write(&mut self, query: &mut Query) -> Result<(), Error> {
        let expected = SchemaChanges::CHOICES;
        let stated = query.take_parsed("schema_changes", expected)?;
        self.schema_changes = stated.unwrap_or_default();
        self.dry_run = parameters::is_dry_run(query)?;
        Ok(())
    }

    fn add_type(&mut self, column: String, name: &str) -> Result<(), Error> {
        let parameter = || format!("type.{column}");
        let Ok(kind) = name.parse::<ColumnType>() else {
            return Err(Error::bad_parameter(parameter(), name, ColumnType::CHOICES));
        };
        let types = &mut self.options.types;
        match types.iter().find(|(earlier, _)| *earlier == column) {
            None => types.push((column, kind)),
            Some((_, earlier)) if *earlier == kind => {}
            Some((_, earlier)) => return Err(contradiction(parameter(), name, earlier.as_str())),
        }
        Ok(())
    }

    /// Adds what the CSV's media type says (RFC 4180 §3: `charset`, `header`).
    pub(super) fn form(
        &self,
        name: DatasetName,
        write: Write,
        media_type: Option<&MediaType>,
    ) -> Result<Form, Error> {
        let mut options = self.options.clone();
        let tabs = media_type.is_some_and(MediaType::is_tabs);
        // Rows to be appended have the delimiter of the dataset, unless the query states another.
        if tabs && write != Write::Append && options.dialect.delimiter.is_none() {
            options.dialect.delimiter = Some(Separator::Usual(Delimiter::TAB));
        }
        let parameter = |name| media_type.and_then(|media_type| media_type.parameter(name));
        if let Some(charset) = parameter("charset") {
            match &options.charset {
                Some(other) if !same_charset(other, charset) => {
                    return Err(contradiction("charset", other, charset));
                }
                _ => options.charset = Some(charset.to_owned()),
            }
        }
        let mut header_absent = self.header_absent;
        if let Some(header) = parameter("header") {
            let absent = is_absent(header)?;
            if header_absent.is_some_and(|other| other != absent) {
                let other = if absent { "present" } else { "absent" };
                return Err(contradiction("header", other, header));
            }
            header_absent = Some(absent);
        }
        options.header_absent = header_absent.unwrap_or(false);
        Ok(Form {
            name,
            write,
            schema_changes: self.schema_changes,
            dry_run: self.dry_run,
            conditions: Conditions::default(),
            options,
            media_type: if tabs { TABS } else { COMMAS },
        })
    }
}

/// Whether `header` says that the first line is a row.
fn is_absent(header: &str) -> Result<bool, Error> {
    match header.to_ascii_lowercase().as_str() {
        "absent" | "no" | "none" | "false" => Ok(true),
        "present" | "yes" | "true" => Ok(false),
        _ => Err(Error::bad_parameter("header", header, HEADER)),
    }
}

/// Two values for one parameter.
fn contradiction(name: impl Into<String>, value: &str, other: &str) -> Error {
    Error::bad_parameter(
        name,
        value,
        format_args!("it once, because the request also says {other:?}"),
    )
}
