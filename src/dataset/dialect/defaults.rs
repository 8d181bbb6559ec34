//! What a dialect means, with the defaults for what is not stated.

use super::{Dialect, Quote, Ragged, Separator};

/// Rows that may be kept apart unless another number is stated.
const BAD_ROWS: usize = 1000;

impl Dialect {
    /// How fields are quoted.
    pub fn quote(&self) -> Quote {
        self.quote.unwrap_or(Quote::With('"'))
    }

    /// The character that takes the meaning from the one after it.
    pub fn escape(&self) -> Option<char> {
        self.escape.flatten()
    }

    /// The same as a byte: it is one of ASCII.
    pub(crate) fn escape_byte(&self) -> Option<u8> {
        self.escape().and_then(|escape| u8::try_from(escape).ok())
    }

    /// How comments begin.
    pub fn comment(&self) -> Option<&str> {
        self.comment
            .as_deref()
            .filter(|comment| !comment.is_empty())
    }

    /// Lines above the header.
    pub fn skip(&self) -> usize {
        self.skip.unwrap_or(0)
    }

    /// Lines below the last row.
    pub fn skip_last(&self) -> usize {
        self.skip_last.unwrap_or(0)
    }

    /// Records that the header has.
    pub fn header_rows(&self) -> usize {
        self.header_rows.unwrap_or(1)
    }

    /// Records under the header that have the columns' units.
    pub fn units(&self) -> usize {
        self.units.unwrap_or(0)
    }

    /// Whether blanks around fields go.
    pub fn trims(&self) -> bool {
        self.trim.unwrap_or(false)
    }

    /// What to do with rows of another length.
    pub fn ragged(&self) -> Ragged {
        self.ragged.unwrap_or_default()
    }

    /// Whether rows that don't fit are kept apart.
    pub fn sets_aside(&self) -> bool {
        self.set_aside.unwrap_or(false)
    }

    /// How many rows may be kept apart.
    pub fn bad_rows_max(&self) -> usize {
        self.bad_rows_max.unwrap_or(BAD_ROWS)
    }

    /// Whether U+0000 is an ordinary character.
    pub fn keeps_null_bytes(&self) -> bool {
        self.keep_null_bytes.unwrap_or(false)
    }

    /// Whether a file of this dialect has the form that is stored as it is.
    pub fn is_stored_as_it_is(&self) -> bool {
        matches!(
            self.delimiter,
            None | Some(Separator::Usual(_) | Separator::Detected)
        ) && self.quote() == Quote::With('"')
            && self.escape().is_none()
            && self.comment().is_none()
            && self.skip() == 0
            && self.skip_last() == 0
            && self.header_rows() == 1
            && self.units() == 0
            && !self.trims()
            && self.ragged() == Ragged::default()
            && !self.sets_aside()
    }
}
