//! The header of a file in a stated dialect.

use std::sync::Arc;

use super::fields::{Fields, Found};
use super::plain::push_record;
use super::{Stage, Translator};
use crate::ingest::Purpose;
use crate::{CsvError, Layout, push_csv_field};

impl Translator {
    /// The layout of a file without a header, from its first record.
    pub(super) fn generated(
        &self,
        fields: &Fields,
        purpose: &mut Purpose,
    ) -> Result<Arc<Layout>, CsvError> {
        let delimiter = self.delimiter;
        let mut record = Vec::new();
        push_record(&mut record, fields, fields.len(), delimiter.byte());
        let layout = purpose.layout(&record, 0, delimiter, &self.limits);
        layout.map_err(|error| self.on_this_line(error))
    }

    /// Writes the header, now that its records and the units are there.
    pub(super) fn end_header(
        &mut self,
        text: &[u8],
        purpose: &mut Purpose,
    ) -> Result<(), CsvError> {
        let Stage::Header(records) = &mut self.stage else {
            return Ok(());
        };
        let mut names = std::mem::take(records);
        let units = names.split_off(names.len().min(self.dialect.header_rows()));
        let mut names = joined(names, true);
        if self.dialect.ragged().cut {
            while names.len() > 1 && names.last().is_some_and(String::is_empty) {
                names.pop();
            }
        }
        if self.dialect.ragged().widen {
            let columns = purpose.columns().unwrap_or_else(|| self.widest(text));
            names.resize(columns.max(names.len()), String::new());
        }
        let mut units = joined(units, false);
        units.truncate(names.len());
        purpose.set_units(units);
        let delimiter = self.delimiter;
        let mut header = Vec::new();
        for (place, name) in names.iter().enumerate() {
            if place > 0 {
                header.push(delimiter.byte());
            }
            let (name, alone) = (name.as_bytes(), names.len() == 1);
            push_csv_field(name, delimiter.byte(), alone, &mut header);
        }
        header.push(b'\n');
        let layout = purpose.layout(&header, 0, delimiter, &self.limits);
        let layout = layout.map_err(|error| self.on_this_line(error))?;
        self.out.extend_from_slice(&header);
        self.stage = Stage::Rows(layout);
        Ok(())
    }

    /// The most fields that a row has, as far as the text goes.
    fn widest(&self, text: &[u8]) -> usize {
        let mut fields = Fields::default();
        let (mut at, mut widest) = (self.at, 0);
        while at < text.len() {
            match self.grammar.record(text, at, false, &mut fields) {
                Found::Record { next, .. } => at = next,
                Found::Incomplete | Found::Fault(..) => break,
            }
            widest = widest.max(fields.len());
        }
        widest
    }

    /// An error in the header or the first record, on the line that was read last.
    fn on_this_line(&self, error: CsvError) -> CsvError {
        CsvError {
            line: error.line.map(|_| self.line.saturating_sub(1).max(1)),
            column: None,
            ..error
        }
    }
}

/// The cells of several records, joined by a space. With `carried`, an empty cell takes the text to its left, but not in the last
/// record.
fn joined(mut records: Vec<Vec<String>>, carried: bool) -> Vec<String> {
    if records.len() < 2 {
        return records.pop().unwrap_or_default();
    }
    let columns = records.iter().map(Vec::len).max().unwrap_or(0);
    let last = records.len().saturating_sub(1);
    let mut cells = vec![String::new(); columns];
    for (number, record) in records.into_iter().enumerate() {
        let mut before = String::new();
        for (place, joined) in cells.iter_mut().enumerate() {
            let cell = record
                .get(place)
                .map(|cell| cell.trim())
                .unwrap_or_default();
            let text = match cell.is_empty() && carried && number < last {
                true => before.as_str(),
                false => cell,
            };
            if !text.is_empty() && !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(text);
            if !cell.is_empty() {
                before = cell.to_owned();
            }
        }
    }
    cells
}
