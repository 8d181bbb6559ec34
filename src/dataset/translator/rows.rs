//! The rows of a file in a stated dialect. Those that don't fit are set aside, or the file is refused.

use super::fields::{Fields, line_after};
use super::plain::push_record;
use super::{Stage, Translator};
use crate::bad_row::BadRow;
use crate::error::shortened;
use crate::{CsvError, CsvErrorKind, Layout};

impl Translator {
    pub(super) fn row(
        &mut self,
        text: &[u8],
        next: usize,
        empty: bool,
        fields: &Fields,
        layout: &Layout,
    ) -> Result<(), CsvError> {
        let columns = layout.columns.len();
        if empty && columns != 1 {
            self.pass(text, next);
            return Ok(());
        }
        let ragged = self.dialect.ragged();
        let found = fields.len();
        let extra = (columns..found).all(|place| fields.get(place).is_some_and(<[u8]>::is_empty));
        let fits = match found {
            _ if found == columns => true,
            _ if found < columns => ragged.pad,
            _ => ragged.cut && extra,
        };
        if !fits {
            let kind = CsvErrorKind::WrongFieldCount {
                expected: columns,
                found,
            };
            return self.misfit_of(text, self.at, next, kind);
        }
        if let Some(kind) = unfit(fields, layout) {
            return self.misfit_of(text, self.at, next, kind);
        }
        push_record(&mut self.out, fields, columns, layout.delimiter);
        self.pass(text, next);
        Ok(())
    }

    /// A record can't be read from `at` on: its first line is set aside, or the file is refused. Returns `false` if the end of
    /// that line has to come first.
    ///
    /// The lines below are read again. A quote that could open a field there would have closed the one that is open, so no text is
    /// read more than twice.
    pub(super) fn misfit(
        &mut self,
        text: &[u8],
        at: usize,
        kind: CsvErrorKind,
        last: bool,
    ) -> Result<bool, CsvError> {
        // A header that can't be read can't be set aside.
        if !matches!(self.stage, Stage::Rows(_)) || !self.dialect.sets_aside() {
            return Err(self.error_at(kind, text, at));
        }
        let next = line_after(text, self.at, self.grammar.line_end());
        let open = text.len() - self.at;
        match next.or(last.then_some(text.len())) {
            Some(next) => self.misfit_of(text, at, next, kind).map(|()| true),
            None if open <= self.limits.max_record => {
                self.wanted = open * 2;
                Ok(false)
            }
            None => Err(self.error_at(kind, text, at)),
        }
    }

    /// The record that ends before `next` doesn't fit: it is set aside, or the file is refused.
    fn misfit_of(
        &mut self,
        text: &[u8],
        at: usize,
        next: usize,
        kind: CsvErrorKind,
    ) -> Result<(), CsvError> {
        if !self.dialect.sets_aside() {
            return Err(self.error_at(kind, text, at));
        }
        let limit = self.dialect.bad_rows_max();
        if self.set_aside == limit {
            let first = Box::new(kind);
            return Err(self.error_at(CsvErrorKind::TooManyBadRows { limit, first }, text, at));
        }
        self.set_aside += 1;
        let record = String::from_utf8_lossy(&text[self.at..next]);
        self.bad_rows.push(BadRow {
            line: self.line,
            reason: kind.to_string(),
            text: record.trim_end_matches(['\r', '\n']).to_owned(),
        });
        self.pass(text, next);
        Ok(())
    }
}

/// The first value that is not of its column's stated type.
fn unfit(fields: &Fields, layout: &Layout) -> Option<CsvErrorKind> {
    for (place, stated) in layout.stated.iter().enumerate() {
        let Some(stated) = *stated else { continue };
        let text = fields.get(place).unwrap_or_default();
        // The record was checked.
        let text = std::str::from_utf8(text).unwrap_or_default();
        if !layout.is_null(text) && !layout.accepts(stated, text) {
            return Some(CsvErrorKind::UnfitValue {
                name: layout.columns[place].clone().into(),
                stated,
                value: shortened(text).into(),
            });
        }
    }
    None
}
