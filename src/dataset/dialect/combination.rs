//! Parameters of a dialect that exclude each other.

use super::{Dialect, Separator};

/// Parameters that exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCombination(&'static str);

impl BadCombination {
    /// A number could be read in two ways.
    pub(super) const SEPARATORS: Self = Self(
        "decimal and thousands have the same character, one of them maybe from an upload before; state both, such as decimal=.&thousands=none",
    );
}

impl Dialect {
    /// Checks that the parameters have a meaning together.
    ///
    /// # Errors
    /// [`BadCombination`] if two of them exclude each other.
    pub fn check(&self, header_absent: bool) -> Result<(), BadCombination> {
        let refused = |why| Err(BadCombination(why));
        let quote = self.quote().byte().map(char::from);
        let delimiter = match &self.delimiter {
            Some(Separator::Usual(delimiter)) => char::from(delimiter.byte()).to_string(),
            Some(Separator::Text(text)) => text.clone(),
            Some(Separator::Blanks) => " \t".to_owned(),
            Some(Separator::Detected) | None => String::new(),
        };
        if quote.is_some_and(|quote| delimiter.contains(quote)) {
            return refused(
                "delimiter and quote have the same character; state another for one of them",
            );
        }
        if let Some(escape) = self.escape() {
            if Some(escape) == quote {
                return refused(
                    "escape and quote are the same character; leave escape out, since a doubled quote means one quote anyway",
                );
            }
            if delimiter.contains(escape) {
                return refused(
                    "delimiter and escape have the same character; state another for one of them",
                );
            }
        }
        if header_absent && (self.header_rows.is_some_and(|rows| rows > 1) || self.units() > 0) {
            return refused(
                "header=absent goes with neither header_rows nor units: these are parts of a header",
            );
        }
        if header_absent && self.ragged().widen {
            return refused(
                "header=absent doesn't go with ragged=widen, which is for a header that is too short; state ragged=pad",
            );
        }
        if self.bad_rows_max.is_some() && !self.sets_aside() {
            return refused("bad_rows_max needs bad_rows=set-aside");
        }
        Ok(())
    }
}
