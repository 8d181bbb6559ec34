//! Assembles raw blocks from the text that is stored.

use std::sync::Arc;

use super::Purpose;
use crate::marks::END_OF_TEXT;
use crate::preamble::{FirstRecord, Preamble};
use crate::raw_block::Context;
use crate::record_splitter::RecordSplitter;
use crate::{CsvError, CsvErrorKind, Delimiter, Dialect, Layout, Limits, RawBlock};

/// Bytes that are scanned at a time when a record's end is expected soon.
const STEP: usize = 1 << 10;
/// Bytes at the beginning that are taken at a time. What follows the first record is copied once more.
const PREAMBLE_STEP: usize = 4 << 10;
/// Most bytes to allocate for a raw block in advance.
const MOST_CAPACITY: usize = 1 << 20;

/// Assembles raw blocks from decoded text.
pub(super) struct Assembly {
    pub(super) purpose: Purpose,
    /// What is stated about the form of the file.
    pub(super) dialect: Dialect,
    /// What the beginning of the file shows that its sender may not know.
    pub(super) hints: Vec<String>,
    pub(super) limits: Limits,
    pub(super) preamble: Preamble,
    /// Finds record boundaries, once the first record is complete.
    pub(super) body: Option<(Arc<Layout>, RecordSplitter)>,
    /// The text that is not in a raw block yet.
    pub(super) text: Vec<u8>,
    /// Where the first data record begins in it.
    pub(super) body_start: usize,
    /// The line of the file that it begins in.
    pub(super) first_line: u64,
    /// Where it begins in the decoded upload.
    pub(super) offset: u64,
    /// What raw blocks have to know to tell mistakes.
    pub(super) context: Arc<Context>,
}

impl Assembly {
    pub(super) fn new(purpose: Purpose, dialect: Dialect, limits: Limits) -> Self {
        Self {
            purpose,
            dialect,
            hints: Vec::new(),
            limits: limits.clamped(),
            preamble: Preamble::new(0, Delimiter::COMMA),
            body: None,
            text: Vec::new(),
            body_start: 0,
            first_line: 1,
            offset: 0,
            context: Arc::default(),
        }
    }

    pub(super) fn take(
        &mut self,
        mut text: &[u8],
        out: &mut Vec<RawBlock>,
    ) -> Result<(), CsvError> {
        while self.body.is_none() && !text.is_empty() {
            let (step, rest) = text.split_at(text.len().min(PREAMBLE_STEP));
            self.text.extend_from_slice(step);
            text = rest;
            match self.preamble.advance(&self.text, false) {
                Some(first) => self.begin(first, out)?,
                None => self.check_length(self.preamble.start())?,
            }
        }
        self.split(text, out)
    }

    /// Continues with the rows, now that the first record is complete.
    fn begin(&mut self, first: FirstRecord, out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        let rest = self.text.split_off(first.end);
        self.check_length(first.start)?;
        let (start, delimiter) = (first.start, first.delimiter);
        let layout = self
            .purpose
            .layout(&self.text, start, delimiter, &self.limits)?;
        let mut splitter = first.splitter;
        self.body_start = self
            .purpose
            .body_start(&self.text, self.preamble.text_start());
        if self.purpose.follows() {
            let kept = self.text.split_off(self.body_start);
            let before = std::mem::replace(&mut self.text, kept);
            self.body_start = 0;
            splitter.forget(before.len());
            self.pass(&before);
        }
        self.body = Some((layout, splitter));
        // If the line is still open, `finish` deals with it.
        if self.text.len() >= self.limits.block_bytes && self.text.ends_with(b"\n") {
            self.emit(out);
        }
        self.split(&rest, out)
    }

    /// Splits the text so far and `text` into raw blocks.
    fn split(&mut self, mut text: &[u8], out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        while let Some((_, splitter)) = &mut self.body
            && !text.is_empty()
        {
            let least = self.limits.block_bytes.saturating_sub(self.text.len());
            let step = &text[..least.max(STEP).min(text.len())];
            let boundary = splitter.scan(step, least);
            let record = splitter.record();
            let (taken, rest) = text.split_at(boundary.unwrap_or(step.len()));
            self.text.extend_from_slice(taken);
            text = rest;
            match boundary {
                Some(_) => self.emit(out),
                None => self.check_length(record)?,
            }
        }
        Ok(())
    }

    /// Makes a raw block of the text so far.
    fn emit(&mut self, out: &mut Vec<RawBlock>) {
        let Some((layout, splitter)) = &mut self.body else {
            return;
        };
        splitter.restart();
        let capacity = (self.text.len() + STEP).min(MOST_CAPACITY);
        let text = std::mem::replace(&mut self.text, Vec::with_capacity(capacity));
        if self.purpose.passes_over(&text) {
            return self.pass(&text);
        }
        let raw_block = RawBlock {
            text,
            body_start: std::mem::take(&mut self.body_start),
            first_line: self.first_line,
            offset: self.offset,
            layout: Arc::clone(layout),
            context: Arc::clone(&self.context),
        };
        self.pass(&raw_block.text);
        out.push(raw_block);
    }

    /// Moves the position in the file behind `text`.
    fn pass(&mut self, text: &[u8]) {
        self.first_line += memchr::memchr_iter(b'\n', text).count() as u64;
        self.offset += text.len() as u64;
    }

    pub(super) fn finish(&mut self, out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        let ended = self.text.last() == Some(&END_OF_TEXT) && !self.in_quotes();
        if ended {
            self.text.pop();
            // Its search for the first record may have passed the character.
            self.preamble = Preamble::new(self.preamble.text_start(), self.preamble.delimiter());
        }
        self.finish_records(out)?;
        // The character is kept for the source, as a raw block without rows.
        if ended && !self.purpose.follows() {
            self.text.push(END_OF_TEXT);
            self.body_start = 1;
            self.emit(out);
        }
        Ok(())
    }

    fn finish_records(&mut self, out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        if self.body.is_none() {
            let first = self
                .preamble
                .advance(&self.text, true)
                .or_else(|| self.empty_lines());
            match first {
                Some(first) => self.begin(first, out)?,
                None => return Err(CsvError::at(CsvErrorKind::Empty, b"", 0, 1)),
            }
        }
        let Some(&last) = self.text.last() else {
            return Ok(());
        };
        let in_quotes = self.in_quotes();
        // A line feed here would turn a stray carriage return into a line end.
        let open = in_quotes || self.purpose.follows() && last == b'\r';
        if self.purpose.follows() && !open && last != b'\n' {
            self.text.push(b'\n');
        }
        self.emit(out);
        match out.last() {
            // The analysis reports the open quote, or an earlier mistake.
            Some(raw_block) if open => raw_block.analyse().map(drop),
            _ => Ok(()),
        }
    }

    /// Whether the text so far ends inside a quoted field.
    fn in_quotes(&self) -> bool {
        let body = self.body.as_ref();
        body.is_some_and(|(_, splitter)| splitter.in_quotes())
    }

    /// The first record of a file of empty lines only, if these are rows.
    fn empty_lines(&self) -> Option<FirstRecord> {
        let delimiter = self.preamble.delimiter();
        let end = self.text.len();
        let start = self.preamble.text_start();
        let lines = end - self.purpose.body_start(&self.text, start).min(end);
        (self.purpose.takes_empty_lines() && lines > 0).then(|| FirstRecord {
            start: end,
            end,
            delimiter,
            splitter: RecordSplitter::new(delimiter.byte(), end),
        })
    }

    /// Checks that the unfinished record, which begins at `record`, is not too long.
    fn check_length(&self, record: usize) -> Result<(), CsvError> {
        let limit = self.limits.max_record;
        if self.text.len() - record <= limit && (self.body.is_some() || record <= limit) {
            return Ok(());
        }
        Err(self.error_at(CsvErrorKind::RecordTooLong { limit }, record))
    }

    pub(super) fn error_at(&self, kind: CsvErrorKind, at: usize) -> CsvError {
        CsvError::at(kind, &self.text, at, self.first_line)
    }
}
