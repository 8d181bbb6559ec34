//! Ingesting an upload: takes bytes in slices of any size, and returns raw blocks of whole records.
//!
//! Holds at most one raw block and one record, however large the upload is. The raw blocks don't depend on how the bytes were
//! divided.

use std::sync::Arc;

use super::{
    CsvError, CsvErrorKind, Layout, Limits, RawBlock, UploadOptions,
    charset::{CharsetDecoder, Stopped},
    preamble::{FirstRecord, Preamble},
    record_splitter::RecordSplitter,
};
use purpose::Purpose;

mod purpose;

/// Bytes that are scanned at a time when a record's end is expected soon.
const STEP: usize = 1 << 10;
/// Bytes at the beginning that are taken at a time. What follows the first record is copied once more.
const PREAMBLE_STEP: usize = 4 << 10;
/// Most bytes to allocate for a raw block in advance.
const MOST_CAPACITY: usize = 1 << 20;

/// Divides an upload into raw blocks.
///
/// After an error the upload is lost: drop the raw blocks that it returned, and push nothing more.
pub struct Ingest {
    source: CharsetDecoder,
    assembly: Assembly,
}

impl Ingest {
    /// Begins an upload.
    ///
    /// # Errors
    /// [`CsvErrorKind::UnknownCharset`] if the options name an unknown charset.
    pub fn new(options: UploadOptions, limits: Limits) -> Result<Self, CsvError> {
        let source = CharsetDecoder::new(options.charset.as_deref())?;
        Ok(Self {
            source,
            assembly: Assembly::new(Purpose::Dataset(options), limits),
        })
    }

    /// Begins an upload of rows for a dataset with this layout.
    ///
    /// Of the options, only the charset and the absence of a header count; if there is a header, it has to be the dataset's. The
    /// raw blocks hold rows only, so that they can follow the dataset's blocks, and the last one ends with a line end, so that
    /// others can follow it. If there are no rows, there are no raw blocks.
    ///
    /// # Errors
    /// [`CsvErrorKind::UnknownCharset`] if the options name an unknown charset.
    pub fn appending(
        layout: Arc<Layout>,
        options: UploadOptions,
        limits: Limits,
    ) -> Result<Self, CsvError> {
        let UploadOptions {
            charset,
            header_absent,
            ..
        } = options;
        let source = CharsetDecoder::new(charset.as_deref())?;
        let rows = Purpose::Rows {
            layout,
            header_absent,
            begun: false,
        };
        Ok(Self {
            source,
            assembly: Assembly::new(rows, limits),
        })
    }

    /// Takes the next bytes of the upload. Adds complete raw blocks to `out`.
    ///
    /// # Errors
    /// Mistakes in the beginning of the file, in its charset, or in a record's length. [`RawBlock::analyse`] checks the records
    /// themselves.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        self.feed(bytes, false, out)
    }

    /// Ends the upload. Adds the last raw block to `out`.
    ///
    /// # Errors
    /// As for [`push`](Self::push); also if there is no record at all, or a quote is never closed.
    pub fn finish(&mut self, out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        self.feed(&[], true, out)?;
        self.assembly.finish(out)
    }

    /// How the text is to be read; known once the first record is complete.
    pub fn layout(&self) -> Option<&Arc<Layout>> {
        self.assembly.body.as_ref().map(|(layout, _)| layout)
    }

    /// Bytes of the text that are not in a raw block yet, including an unfinished record.
    pub fn open_bytes(&self) -> usize {
        self.assembly.text.len()
    }

    /// Whether the raw blocks' text differs from the upload, because the upload is not UTF-8.
    pub fn transcoded(&self) -> bool {
        self.source.transcodes()
    }

    fn feed(&mut self, bytes: &[u8], last: bool, out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        let Self { source, assembly } = self;
        source
            .feed(bytes, last, |text| assembly.take(text, out))
            .map_err(|stopped| match stopped {
                Stopped::Csv(error) => error,
                Stopped::Malformed(malformed) => {
                    let kind = CsvErrorKind::InvalidText {
                        charset: malformed.charset.into(),
                        offset: malformed.offset,
                    };
                    assembly.error_at(kind, assembly.text.len())
                }
            })
    }
}

/// Assembles raw blocks from decoded text.
struct Assembly {
    purpose: Purpose,
    limits: Limits,
    preamble: Preamble,
    /// Finds record boundaries, once the first record is complete.
    body: Option<(Arc<Layout>, RecordSplitter)>,
    /// The text that is not in a raw block yet.
    text: Vec<u8>,
    /// Where the first data record begins in it.
    body_start: usize,
    /// The line of the file that it begins in.
    first_line: u64,
    /// Where it begins in the decoded upload.
    offset: u64,
}

impl Assembly {
    fn new(purpose: Purpose, limits: Limits) -> Self {
        Self {
            purpose,
            limits: limits.clamped(),
            preamble: Preamble::new(),
            body: None,
            text: Vec::new(),
            body_start: 0,
            first_line: 1,
            offset: 0,
        }
    }

    fn take(&mut self, mut text: &[u8], out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        while self.body.is_none() && !text.is_empty() {
            let (step, rest) = text.split_at(text.len().min(PREAMBLE_STEP));
            self.text.extend_from_slice(step);
            text = rest;
            match self
                .preamble
                .advance(&self.text, false, self.purpose.delimiter())
            {
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
        let layout = self.purpose.layout(&self.text, &first, &self.limits)?;
        let mut splitter = first.splitter;
        self.body_start = self.purpose.body_start(&self.text);
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
            max_record: self.limits.max_record,
        };
        self.pass(&raw_block.text);
        out.push(raw_block);
    }

    /// Moves the position in the file behind `text`.
    fn pass(&mut self, text: &[u8]) {
        self.first_line += memchr::memchr_iter(b'\n', text).count() as u64;
        self.offset += text.len() as u64;
    }

    fn finish(&mut self, out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        if self.body.is_none() {
            let first = self
                .preamble
                .advance(&self.text, true, self.purpose.delimiter())
                .or_else(|| self.empty_lines());
            match first {
                Some(first) => self.begin(first, out)?,
                None => return Err(CsvError::at(CsvErrorKind::Empty, b"", 0, 1)),
            }
        }
        let Some(&last) = self.text.last() else {
            return Ok(());
        };
        let in_quotes = self
            .body
            .as_ref()
            .is_some_and(|(_, splitter)| splitter.in_quotes());
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

    /// The first record of a file of empty lines only, if these are rows.
    fn empty_lines(&self) -> Option<FirstRecord> {
        let delimiter = self.purpose.delimiter()?;
        let end = self.text.len();
        let lines = end - self.purpose.body_start(&self.text).min(end);
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

    fn error_at(&self, kind: CsvErrorKind, at: usize) -> CsvError {
        CsvError::at(kind, &self.text, at, self.first_line)
    }
}

#[cfg(test)]
mod tests;
