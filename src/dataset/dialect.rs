//! How a CSV is written, as far as its sender says so, and what reading it back needs to know.
//!
//! A [`Layout`] is all that reading a stored text needs besides the text: it is written once per upload and kept.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ColumnType, Formats};

mod combination;
mod defaults;
mod stated;
mod values;

pub use combination::BadCombination;
pub use stated::{BadParameter, Dialect, PARAMETERS};
pub(super) use values::is_blank;
pub use values::{Quote, Ragged, Separator};

/// The byte between two fields: one of `,` `;` tab `|`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delimiter(u8);

/// A text that is not a delimiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} isn't a delimiter; choose ',', ';', 'tab' or '|'")]
pub struct UnknownDelimiter(
    /// What was given.
    pub String,
);

impl Delimiter {
    /// `,`
    pub const COMMA: Self = Self(b',');
    /// `;`
    pub const SEMICOLON: Self = Self(b';');
    /// Tab.
    pub const TAB: Self = Self(b'\t');
    /// `|`
    pub const PIPE: Self = Self(b'|');

    /// Every delimiter, in the order in which a tie between them is decided.
    pub const ALL: [Self; 4] = [Self::COMMA, Self::SEMICOLON, Self::TAB, Self::PIPE];

    /// The byte itself.
    pub fn byte(self) -> u8 {
        self.0
    }
}

impl FromStr for Delimiter {
    type Err = UnknownDelimiter;

    /// Takes the character itself; for a tab also `tab` and `\t`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "," => Ok(Self::COMMA),
            ";" => Ok(Self::SEMICOLON),
            "|" => Ok(Self::PIPE),
            "\t" | "\\t" | "tab" => Ok(Self::TAB),
            _ => Err(UnknownDelimiter(text.to_owned())),
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TAB => f.write_str("tab"),
            Self(byte) => write!(f, "{}", char::from(byte)),
        }
    }
}

/// What the sender states about a CSV. The default states nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadOptions {
    /// The form of the file; what it doesn't say, the beginning of the file decides.
    pub dialect: Dialect,
    /// Whether the delimiter is that of the dataset so far, and not stated for this file.
    pub kept_delimiter: bool,
    /// The first record is data, and the columns are named `column_1`, `column_2`, …
    pub header_absent: bool,
    /// A label of the WHATWG Encoding Standard, or `detect`; without it, UTF-8, or UTF-16 where its byte-order mark is there.
    pub charset: Option<String>,
    /// Texts that mean "no value", besides the empty field.
    pub nulls: Vec<String>,
    /// Types that columns must have, by name. The last one stated for a name holds.
    pub types: Vec<(String, ColumnType)>,
    /// Types that the dataset's columns have had to have so far; for a name that is not among the columns, they don't matter.
    pub kept_types: Vec<(String, ColumnType)>,
    /// How numbers, dates and datetimes are written.
    pub formats: Formats,
    /// Parameters of formats that the dataset has had so far and shall not keep.
    pub dropped_formats: Vec<&'static str>,
    /// Whether an upload without rows may replace rows.
    pub allow_empty: bool,
}

impl UploadOptions {
    /// Checks that what is stated has a meaning together, with what is kept.
    ///
    /// # Errors
    /// [`BadCombination`] if two parameters exclude each other.
    pub fn check(&self) -> Result<(), BadCombination> {
        self.dialect.check(self.header_absent)?;
        self.formats.check().map_err(|_| BadCombination::SEPARATORS)
    }

    /// The same options, and for what they don't state those of the dataset that the upload replaces or extends. Rows alone, for
    /// a dataset whose file had a header, have neither a header nor lines around the table.
    #[must_use]
    pub fn or_kept(mut self, kept: &Layout) -> Self {
        self.kept_delimiter = self.dialect.delimiter.is_none();
        self.dialect = match self.header_absent && kept.header {
            true => self.dialect.or(&kept.dialect.clone().of_rows()),
            false => self.dialect.or(&kept.dialect),
        };
        let dropped = self.dropped_formats.iter();
        let formats = dropped.fold(kept.formats.clone(), |formats, name| formats.without(name));
        self.formats = self.formats.or(&formats);
        if self.nulls.is_empty() {
            self.nulls.clone_from(&kept.nulls);
        }
        let types = kept.columns.iter().zip(&kept.stated);
        self.kept_types = types
            .filter_map(|(name, stated)| Some((name.clone(), (*stated)?)))
            .collect();
        self
    }
}

/// How much a CSV may ask of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Columns a dataset may have.
    pub max_columns: usize,
    /// Bytes the header line may have: the names of columns are held whole wherever a dataset is.
    pub max_header: usize,
    /// Bytes a record may have, its line end included. Nothing above 512 MiB takes effect.
    pub max_record: usize,
    /// Bytes after which a raw block ends at the next record boundary. Nothing above 512 MiB takes effect.
    pub block_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_columns: 4096,
            max_header: 1 << 20,
            max_record: 8 << 20,
            block_bytes: 64 << 10,
        }
    }
}

impl Limits {
    /// The most that a raw block's `u32` offsets can address: a full raw block and one more record stay below 2^31 bytes.
    const CEILING: usize = 512 << 20;

    /// The limits within what offsets can address.
    pub(super) fn clamped(self) -> Self {
        Self {
            max_columns: self.max_columns.max(1),
            max_header: self.max_header.max(1),
            max_record: self.max_record.clamp(1, Self::CEILING),
            block_bytes: self.block_bytes.clamp(1, Self::CEILING),
        }
    }
}

/// What reading a stored text needs to know about how it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The byte between two fields.
    pub delimiter: u8,
    /// Whether the first record names the columns.
    pub header: bool,
    /// The columns' names, each one once.
    pub columns: Vec<String>,
    /// Texts that mean "no value", besides the empty field.
    pub nulls: Vec<String>,
    /// The type stated for each column, if any; as many as there are columns.
    pub stated: Vec<Option<ColumnType>>,
    /// The columns' units, if the file has them; there may be fewer than columns. A profile stores them beside the rest.
    #[serde(skip)]
    pub units: Vec<String>,
    /// What was stated about the form of the file. Later uploads keep it. A profile stores it beside the rest.
    #[serde(skip)]
    pub dialect: Dialect,
    /// How numbers, dates and datetimes are written. A profile stores them beside the rest of the layout.
    #[serde(skip)]
    pub formats: Formats,
}

impl Layout {
    /// The delimiter.
    pub(super) fn delimited_by(&self) -> Delimiter {
        Delimiter(self.delimiter)
    }

    /// Whether a text is a value of this type.
    pub(super) fn accepts(&self, kind: ColumnType, text: &str) -> bool {
        self.formats.canonical(kind, text).is_some()
    }

    /// Whether a field's text means "no value".
    pub fn is_null(&self, text: &str) -> bool {
        text.is_empty() || self.nulls.iter().any(|null| null == text)
    }
}

#[cfg(test)]
mod tests;
