//! The options of `flash import` and `flash push` that say how files are to be read: one for each parameter of an upload.

mod dialect;
mod formats;

use clap::Args;

use crate::dataset::formats::SameSeparator;
use crate::dataset::{ColumnType, Formats, UploadOptions};

use dialect::DialectOptions;
use formats::FormatSettings;

/// How the files are to be read.
#[derive(Args, Clone, Debug)]
pub(super) struct FormSettings {
    /// The form of the files
    #[command(flatten)]
    dialect: DialectOptions,
    /// A text that means "no value", like the empty field; may be repeated
    #[arg(long, value_name = "TEXT")]
    null: Vec<String>,
    /// The type of a column: boolean, integer, number, date, datetime or string; may be repeated
    #[arg(long = "type", value_name = "COLUMN=TYPE", value_parser = stated_type)]
    types: Vec<(String, ColumnType)>,
    /// The charset of the files, as the WHATWG Encoding Standard names it [default: UTF-8, or UTF-16 with a byte-order mark]
    #[arg(long, value_name = "CHARSET")]
    charset: Option<String>,
    /// The files have no header line; the columns are named column_1, column_2, …
    #[arg(long)]
    header_absent: bool,
    /// How values are written
    #[command(flatten)]
    formats: FormatSettings,
}

impl FormSettings {
    /// How values are written.
    ///
    /// # Errors
    /// [`SameSeparator`] if a number could be read in two ways.
    pub(super) fn formats(&self) -> Result<Formats, SameSeparator> {
        self.formats.formats()
    }

    /// The options of an upload; `tabs` says that the name of the file ends in .tsv.
    pub(super) fn options(&self, formats: &Formats, tabs: bool) -> UploadOptions {
        UploadOptions {
            dialect: self.dialect.of(tabs),
            header_absent: self.header_absent,
            charset: self.charset.clone(),
            nulls: self.null.clone(),
            types: self.types.clone(),
            formats: formats.clone(),
            ..UploadOptions::default()
        }
    }

    /// The parameters of an upload over HTTP.
    pub(super) fn parameters(&self, formats: &Formats) -> Vec<(String, String)> {
        let dialect = self.dialect.of(false).parameters();
        let fixed = dialect.into_iter().chain(formats.parameters());
        let mut parameters: Vec<_> = fixed
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let nulls = self.null.iter();
        parameters.extend(nulls.map(|text| ("null".to_owned(), text.clone())));
        let types = self.types.iter();
        parameters.extend(types.map(|(column, kind)| (format!("type.{column}"), kind.to_string())));
        if let Some(charset) = &self.charset {
            parameters.push(("charset".to_owned(), charset.clone()));
        }
        if self.header_absent {
            parameters.push(("header".to_owned(), "absent".to_owned()));
        }
        parameters
    }
}

fn stated_type(text: &str) -> Result<(String, ColumnType), String> {
    let refused = |why: String| format!("{text:?} isn't COLUMN=TYPE; {why}");
    let (column, kind) = text
        .rsplit_once('=')
        .ok_or_else(|| refused("write one such as zip=string".to_owned()))?;
    match kind.parse() {
        Ok(kind) => Ok((column.to_owned(), kind)),
        Err(error) => Err(refused(ToString::to_string(&error))),
    }
}
