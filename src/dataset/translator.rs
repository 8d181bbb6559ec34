//! The translator writes a file of a stated dialect as the CSV that it means.
//!
//! What comes out has the form of RFC 4180, so that no other stage knows dialects, and reading is as fast as ever. It is the one
//! place that knows the lines of such a file: it finds all mistakes in its records itself.

mod fields;
mod header;
mod plain;
mod rows;
mod sample;

use std::sync::Arc;

use super::advice::{self, Place};
use super::bad_row::BadRow;
use super::detect::Detected;
use super::dialect::Dialect;
use super::ingest::Purpose;
use super::marks::END_OF_TEXT;
use super::{CsvError, CsvErrorKind, Delimiter, Layout, Limits};
use fields::{Fields, Found, Grammar, line_after};
pub(crate) use sample::first_records;

/// Translates a text that comes in slices of any size.
pub(crate) struct Translator {
    dialect: Dialect,
    detected: Detected,
    /// What is written between fields.
    delimiter: Delimiter,
    grammar: Grammar,
    limits: Limits,
    /// The text that is not translated yet.
    text: Vec<u8>,
    /// Where the next line or record begins in it, in which line of the file, and in which byte of the text.
    at: usize,
    line: u64,
    offset: u64,
    /// Below this length, the text can't have the end of the record.
    wanted: usize,
    stage: Stage,
    /// Empty lines above the first record. In a single column without a header, they are rows.
    empty_lines: usize,
    fields: Fields,
    bad_rows: Vec<BadRow>,
    set_aside: usize,
    out: Vec<u8>,
}

enum Stage {
    /// So many lines are still to be skipped.
    Skipping(usize),
    /// The records of the header and of the units so far.
    Header(Vec<Vec<String>>),
    Rows(Arc<Layout>),
}

impl Translator {
    /// A translator for a text of which `detected` was found. It writes `delimiter` between fields.
    pub(crate) fn new(
        dialect: Dialect,
        detected: Detected,
        delimiter: Delimiter,
        limits: Limits,
    ) -> Self {
        Self {
            grammar: Grammar::new(&dialect, detected.delimiter.byte(), detected.returns),
            stage: Stage::Skipping(dialect.skip()),
            dialect,
            detected,
            delimiter,
            limits,
            text: Vec::new(),
            at: 0,
            line: 1,
            offset: 0,
            wanted: 0,
            empty_lines: 0,
            fields: Fields::default(),
            bad_rows: Vec::new(),
            set_aside: 0,
            out: Vec::new(),
        }
    }

    /// The rows that were set aside since the last call.
    pub(crate) fn take_bad_rows(&mut self) -> Vec<BadRow> {
        std::mem::take(&mut self.bad_rows)
    }

    /// Bytes that it holds.
    pub(crate) fn held(&self) -> usize {
        self.text.len()
    }

    /// Takes the next part of the text; `last` if nothing follows. Returns what it means.
    pub(crate) fn take(
        &mut self,
        text: &[u8],
        last: bool,
        purpose: &mut Purpose,
    ) -> Result<Vec<u8>, CsvError> {
        self.begin(text);
        if last && self.text.last() == Some(&END_OF_TEXT) {
            self.text.pop();
        }
        let end = self.visible(last)?;
        let text = std::mem::take(&mut self.text);
        let outcome = self.translate(&text[..end], last, purpose);
        self.text = text;
        outcome?;
        self.text.drain(..self.at);
        self.at = 0;
        Ok(std::mem::take(&mut self.out))
    }

    /// Takes back what [`take`](Self::take) returned, so that the next call need not allocate.
    pub(crate) fn reuse(&mut self, mut out: Vec<u8>) {
        out.clear();
        self.out = out;
    }

    /// An error at the end of the text so far.
    pub(crate) fn error_at_end(&self, kind: CsvErrorKind) -> CsvError {
        CsvError::at(kind, &self.text, self.text.len(), self.line)
    }

    /// Adds to the text. What comes before the table's text is passed over.
    fn begin(&mut self, text: &[u8]) {
        let first = self.offset == 0 && self.text.is_empty();
        self.text.extend_from_slice(text);
        if first && self.text.len() >= self.detected.start {
            let start = std::mem::take(&mut self.detected.start);
            let end = self.grammar.line_end();
            let lines = memchr::memchr_iter(end, &self.text[..start]).count();
            self.text.drain(..start);
            self.line += lines as u64;
            self.offset += start as u64;
            // They are lines above the table, too.
            if let Stage::Skipping(left) = &mut self.stage {
                *left = left.saturating_sub(lines);
            }
        }
    }

    /// How much of the text may be translated: the last lines may be those that are to be left out.
    fn visible(&self, last: bool) -> Result<usize, CsvError> {
        let mut left = self.dialect.skip_last();
        let mut end = self.text.len();
        let line_end = self.grammar.line_end();
        while left > 0 && end > self.at {
            let line = self.text[self.at..end]
                .strip_suffix(&[line_end])
                .unwrap_or(&self.text[self.at..end]);
            let start = self.at + memchr::memrchr(line_end, line).map_or(0, |at| at + 1);
            left -= usize::from(!self.text[start..end].trim_ascii().is_empty());
            end = start;
        }
        if !last && self.text.len() - end > self.limits.max_record {
            let kind = CsvErrorKind::RecordTooLong {
                limit: self.limits.max_record,
            };
            return Err(CsvError::on(kind, self.line));
        }
        Ok(end)
    }

    fn translate(
        &mut self,
        text: &[u8],
        last: bool,
        purpose: &mut Purpose,
    ) -> Result<(), CsvError> {
        while self.at < text.len() {
            if let Stage::Skipping(left @ 1..) = self.stage {
                if !self.pass_line(text, last) {
                    return Ok(());
                }
                self.stage = Stage::Skipping(left - 1);
                continue;
            }
            if let Stage::Skipping(_) = self.stage {
                self.stage = Stage::Header(Vec::new());
            }
            let rest = &text[self.at..];
            if let Some(comment) = self.dialect.comment() {
                if rest.starts_with(comment.as_bytes()) {
                    if !self.pass_line(text, last) {
                        return self.check_open(text, last);
                    }
                    continue;
                }
                if !last && comment.as_bytes().starts_with(rest) {
                    return Ok(());
                }
            }
            if !last && rest.len() < self.wanted {
                return Ok(());
            }
            let mut fields = std::mem::take(&mut self.fields);
            let found = self.grammar.record(text, self.at, last, &mut fields);
            let outcome = match found {
                Found::Record { next, empty } => self
                    .read(text, next, empty, &fields, purpose)
                    .map(|()| true),
                Found::Fault(at, kind) => self.misfit(text, at, kind, last),
                Found::Incomplete => {
                    self.wanted = rest.len() * 2;
                    self.check_open(text, last).map(|()| false)
                }
            };
            self.fields = fields;
            if !outcome? {
                return Ok(());
            }
        }
        if last {
            self.end(purpose)?;
        }
        Ok(())
    }

    /// Checks that the unfinished record, or line, is not too long.
    fn check_open(&mut self, text: &[u8], last: bool) -> Result<(), CsvError> {
        let limit = self.limits.max_record;
        if text.len() - self.at <= limit {
            return Ok(());
        }
        let kind = CsvErrorKind::RecordTooLong { limit };
        self.misfit(text, self.at, kind, last).map(drop)
    }

    /// Goes to the next line, if its beginning is there.
    fn pass_line(&mut self, text: &[u8], last: bool) -> bool {
        match line_after(text, self.at, self.grammar.line_end()) {
            Some(next) => self.pass(text, next),
            None if last => self.pass(text, text.len()),
            None => return false,
        }
        true
    }

    fn pass(&mut self, text: &[u8], next: usize) {
        let passed = &text[self.at..next];
        self.line += memchr::memchr_iter(self.grammar.line_end(), passed).count() as u64;
        self.offset += passed.len() as u64;
        self.at = next;
        self.wanted = 0;
    }

    /// Takes a record that ends before `next`.
    fn read(
        &mut self,
        text: &[u8],
        next: usize,
        empty: bool,
        fields: &Fields,
        purpose: &mut Purpose,
    ) -> Result<(), CsvError> {
        let record = &text[self.at..next];
        if let Err(error) = std::str::from_utf8(record) {
            let at = error.valid_up_to();
            let kind = CsvErrorKind::InvalidText {
                charset: "UTF-8".into(),
                offset: self.offset + at as u64,
            };
            return Err(self.error_at(kind, text, self.at + at));
        }
        let limit = self.limits.max_record;
        if record.len() > limit {
            let kind = CsvErrorKind::RecordTooLong { limit };
            return self.misfit(text, self.at, kind, true).map(drop);
        }
        if !self.dialect.keeps_null_bytes()
            && let Some(at) = memchr::memchr(0, record)
        {
            let kind = CsvErrorKind::NullCharacter;
            return self.misfit(text, self.at + at, kind, true).map(drop);
        }
        match &mut self.stage {
            Stage::Skipping(_) => {}
            Stage::Header(_) if empty => self.empty_lines += 1,
            Stage::Header(records) if !purpose.has_header() => {
                debug_assert!(records.is_empty());
                let layout = self.generated(fields, purpose)?;
                if layout.columns.len() == 1 {
                    self.push_empty_lines();
                }
                self.stage = Stage::Rows(layout);
                return self.read(text, next, empty, fields, purpose);
            }
            Stage::Header(records) => {
                records.push(fields.to_texts());
                if records.len() == self.dialect.header_rows() + self.dialect.units() {
                    self.pass(text, next);
                    return self.end_header(text, purpose);
                }
            }
            Stage::Rows(layout) => {
                let layout = Arc::clone(layout);
                return self.row(text, next, empty, fields, &layout);
            }
        }
        self.pass(text, next);
        Ok(())
    }

    fn push_empty_lines(&mut self) {
        let lines = std::mem::take(&mut self.empty_lines);
        self.out.resize(self.out.len() + lines, b'\n');
    }

    /// The end of the text.
    fn end(&mut self, purpose: &mut Purpose) -> Result<(), CsvError> {
        match &self.stage {
            Stage::Header(records) if !records.is_empty() => self.end_header(b"", purpose),
            Stage::Header(_) if purpose.takes_empty_lines() => {
                self.push_empty_lines();
                Ok(())
            }
            Stage::Skipping(_) | Stage::Header(_) | Stage::Rows(_) => Ok(()),
        }
    }

    fn error_at(&self, kind: CsvErrorKind, text: &[u8], at: usize) -> CsvError {
        let place = Place {
            text,
            record: self.at,
            at,
            quote: self.dialect.quote(),
        };
        let record = &text[self.at..];
        let error = CsvError::at(kind, record, at - self.at, self.line);
        advice::advised(error, &place, &self.detected)
    }
}

#[cfg(test)]
mod tests;
