//! Ingesting an upload: takes bytes in slices of any size, and returns raw blocks of whole records.
//!
//! Holds at most one raw block and one record, however large the upload is. The raw blocks don't depend on how the bytes were
//! divided.

use std::sync::Arc;

use super::{
    CsvError, CsvErrorKind, Delimiter, Layout, Limits, RawBlock, UploadOptions,
    bad_row::BadRow,
    charset::{self, CharsetDecoder, Stopped},
    detect::{self, Reason, SAMPLE},
    dialect::{Dialect, Separator},
    hints,
    preamble::{FirstRecord, Preamble},
    raw_block::Context,
    record_splitter::RecordSplitter,
    signature,
    translator::Translator,
};
pub(crate) use purpose::Purpose;

mod purpose;

/// Bytes that are scanned at a time when a record's end is expected soon.
const STEP: usize = 1 << 10;
/// Bytes at the beginning that are taken at a time. What follows the first record is copied once more.
const PREAMBLE_STEP: usize = 4 << 10;
/// Most bytes to allocate for a raw block in advance.
const MOST_CAPACITY: usize = 1 << 20;
/// What DOS wrote at the end of a text.
const END_OF_TEXT: u8 = 0x1A;

/// Divides an upload into raw blocks.
///
/// After an error the upload is lost: drop the raw blocks that it returned, and push nothing more.
pub struct Ingest {
    /// The first bytes, until there are enough to tell what they are.
    head: Option<Vec<u8>>,
    /// The charset label that was stated, or that was found.
    charset: Option<String>,
    source: CharsetDecoder,
    stage: Stage,
    dialect: Dialect,
    assembly: Assembly,
    hints: Vec<String>,
}

/// How far the text is known.
enum Stage {
    /// The sample, until it is complete.
    Opening(Vec<u8>),
    /// The text is stored as it is.
    Plain,
    /// The text is stored as the CSV that it means.
    Translated(Box<Translator>),
}

impl Ingest {
    /// Begins an upload.
    ///
    /// # Errors
    /// [`CsvErrorKind::UnknownCharset`] if the options name an unknown charset.
    pub fn new(options: UploadOptions, limits: Limits) -> Result<Self, CsvError> {
        let (charset, dialect) = (options.charset.clone(), options.dialect.clone());
        Self::of(charset, dialect, Purpose::dataset(options), limits)
    }

    /// Begins an upload of rows for a dataset with this layout.
    ///
    /// Of the options, only the dialect, the charset and the absence of a header count; if there is a header, it has to be the
    /// dataset's. The raw blocks hold rows only, so that they can follow the dataset's blocks, and the last one ends with a line
    /// end, so that others can follow it. If there are no rows, there are no raw blocks.
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
            dialect,
            ..
        } = options;
        let rows = Purpose::Rows {
            layout,
            header_absent,
            begun: false,
        };
        Self::of(charset, dialect, rows, limits)
    }

    fn of(
        charset: Option<String>,
        dialect: Dialect,
        purpose: Purpose,
        limits: Limits,
    ) -> Result<Self, CsvError> {
        let charset = charset.map(|label| charset::known_label(&label));
        let stated = charset
            .as_deref()
            .filter(|label| !charset::is_detected(label));
        let source = CharsetDecoder::new(stated)?;
        Ok(Self {
            head: Some(Vec::new()),
            charset,
            source,
            stage: Stage::Opening(Vec::new()),
            dialect,
            assembly: Assembly::new(purpose, limits),
            hints: Vec::new(),
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
        let Self {
            stage,
            dialect,
            assembly,
            hints,
            ..
        } = self;
        stage.end(dialect, assembly, hints, out)?;
        self.assembly.finish(out)
    }

    /// How the text is to be read; known once the first record is complete.
    pub fn layout(&self) -> Option<&Arc<Layout>> {
        self.assembly.body.as_ref().map(|(layout, _)| layout)
    }

    /// Bytes of the text that are not in a raw block yet, including an unfinished record.
    pub fn open_bytes(&self) -> usize {
        let held = match &self.stage {
            Stage::Opening(sample) => sample.len(),
            Stage::Plain => 0,
            Stage::Translated(translator) => translator.held(),
        };
        self.assembly.text.len() + held
    }

    /// Whether the raw blocks' text differs from the upload, because the upload is not UTF-8 or has another form; `None` until
    /// the beginning is known.
    pub fn transcoded(&self) -> Option<bool> {
        match &self.stage {
            Stage::Opening(_) => None,
            Stage::Plain => Some(self.source.transcodes()),
            Stage::Translated(_) => Some(true),
        }
    }

    /// The label of the charset: that which was stated or found, or what follows from the byte-order mark.
    pub fn charset(&self) -> &str {
        let marked = if self.source.transcodes() {
            "utf-16"
        } else {
            "utf-8"
        };
        self.charset.as_deref().unwrap_or(marked)
    }

    /// Rows that were set aside since the last call.
    pub fn take_bad_rows(&mut self) -> Vec<BadRow> {
        match &mut self.stage {
            Stage::Translated(translator) => translator.take_bad_rows(),
            Stage::Opening(_) | Stage::Plain => Vec::new(),
        }
    }

    /// What the beginning of the file shows that its sender may not know.
    pub fn take_hints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.hints)
    }

    fn feed(&mut self, bytes: &[u8], last: bool, out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
        let Some(head) = &mut self.head else {
            return self.decode(bytes, last, out);
        };
        let detects = self.charset.as_deref().is_some_and(charset::is_detected);
        let wanted = if detects { SAMPLE } else { signature::HEAD };
        let (more, rest) = bytes.split_at(bytes.len().min(wanted - head.len()));
        head.extend_from_slice(more);
        if head.len() < wanted && !last {
            return Ok(());
        }
        let head = self.head.take().unwrap_or_default();
        self.check_head(&head, last && rest.is_empty(), detects)?;
        self.decode(&head, last && rest.is_empty(), out)?;
        match rest {
            [] => Ok(()),
            rest => self.decode(rest, last, out),
        }
    }

    /// Checks that the first bytes are text, and finds their charset if that is asked for.
    fn check_head(&mut self, head: &[u8], whole: bool, detects: bool) -> Result<(), CsvError> {
        if detects {
            let (label, sure) = charset::detect(head, whole);
            let certainty = if sure { "sure" } else { "not sure" };
            self.hints.push(format!(
                "charset=detect took {label} and is {certainty}; state charset={label} if it is right, or another one"
            ));
            self.source = CharsetDecoder::new(Some(label))?;
            self.charset = Some(label.to_owned());
        }
        let stated = !matches!(self.dialect.delimiter, None | Some(Separator::Detected));
        let wide = self.charset.as_deref().is_some_and(charset::is_utf16);
        let start = head.get(..signature::HEAD).unwrap_or(head);
        signature::check(start, stated, wide).map_err(CsvError::whole)
    }

    fn decode(
        &mut self,
        bytes: &[u8],
        last: bool,
        out: &mut Vec<RawBlock>,
    ) -> Result<(), CsvError> {
        let Self {
            source,
            stage,
            dialect,
            assembly,
            hints,
            ..
        } = self;
        source
            .feed(bytes, last, |text| {
                stage.take(text, dialect, assembly, hints, out)
            })
            .map_err(|stopped| match stopped {
                Stopped::Csv(error) => error,
                Stopped::Malformed(malformed) => {
                    let kind = CsvErrorKind::InvalidText {
                        charset: malformed.charset.into(),
                        offset: malformed.offset,
                    };
                    match stage {
                        Stage::Opening(sample) => CsvError::at(kind, sample, sample.len(), 1),
                        Stage::Plain => assembly.error_at(kind, assembly.text.len()),
                        Stage::Translated(translator) => translator.error_at_end(kind),
                    }
                }
            })
    }
}

impl Stage {
    /// Takes the next text.
    fn take(
        &mut self,
        text: &[u8],
        dialect: &Dialect,
        assembly: &mut Assembly,
        hints: &mut Vec<String>,
        out: &mut Vec<RawBlock>,
    ) -> Result<(), CsvError> {
        match self {
            Self::Plain => assembly.take(text, out),
            Self::Translated(translator) => translated(translator, text, false, assembly, out),
            Self::Opening(sample) => {
                let (more, rest) = text.split_at(text.len().min(SAMPLE - sample.len()));
                sample.extend_from_slice(more);
                if sample.len() < SAMPLE {
                    return Ok(());
                }
                let sample = std::mem::take(sample);
                self.decide(&sample, false, dialect, assembly, hints, out)?;
                self.take(rest, dialect, assembly, hints, out)
            }
        }
    }

    /// Ends the text.
    fn end(
        &mut self,
        dialect: &Dialect,
        assembly: &mut Assembly,
        hints: &mut Vec<String>,
        out: &mut Vec<RawBlock>,
    ) -> Result<(), CsvError> {
        if let Self::Opening(sample) = self {
            let sample = std::mem::take(sample);
            self.decide(&sample, true, dialect, assembly, hints, out)?;
        }
        match self {
            Self::Translated(translator) => translated(translator, &[], true, assembly, out),
            Self::Opening(_) | Self::Plain => Ok(()),
        }
    }

    /// Decides how the text is to be read, by its beginning.
    fn decide(
        &mut self,
        sample: &[u8],
        whole: bool,
        dialect: &Dialect,
        assembly: &mut Assembly,
        hints: &mut Vec<String>,
        out: &mut Vec<RawBlock>,
    ) -> Result<(), CsvError> {
        let purpose = &assembly.purpose;
        let known = match &dialect.delimiter {
            Some(Separator::Usual(delimiter)) => {
                let kept = purpose.keeps_delimiter();
                Some((*delimiter, if kept { Reason::Kept } else { Reason::Stated }))
            }
            Some(Separator::Text(_) | Separator::Blanks) => {
                Some((purpose.stored_delimiter(Delimiter::COMMA), Reason::Stated))
            }
            Some(Separator::Detected) => None,
            None => purpose
                .has_delimiter()
                .map(|delimiter| (delimiter, Reason::Dataset)),
        };
        let detected = detect::detect(sample, whole, dialect, known)?;
        hints.extend(hints::of_beginning(
            sample,
            whole,
            dialect,
            &detected,
            purpose.has_header(),
        ));
        let stored = purpose.stored_delimiter(detected.delimiter);
        let as_it_is =
            dialect.is_stored_as_it_is() && !detected.returns && stored == detected.delimiter;
        assembly.context = Arc::new(Context {
            max_record: assembly.limits.max_record,
            null_bytes: dialect.keeps_null_bytes(),
            detected: Some(detected.clone()),
            in_file: as_it_is,
        });
        if as_it_is {
            assembly.preamble = Preamble::new(detected.start, stored);
            *self = Self::Plain;
            return assembly.take(sample, out);
        }
        assembly.preamble = Preamble::new(0, stored);
        let translator = Translator::new(dialect.clone(), detected, stored, assembly.limits);
        *self = Self::Translated(Box::new(translator));
        match self {
            Self::Translated(translator) => translated(translator, sample, false, assembly, out),
            Self::Opening(_) | Self::Plain => Ok(()),
        }
    }
}

/// Translates the next text, and divides what it means into raw blocks.
fn translated(
    translator: &mut Translator,
    text: &[u8],
    last: bool,
    assembly: &mut Assembly,
    out: &mut Vec<RawBlock>,
) -> Result<(), CsvError> {
    let meaning = translator.take(text, last, &mut assembly.purpose)?;
    let outcome = assembly.take(&meaning, out);
    translator.reuse(meaning);
    outcome
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
    /// What raw blocks have to know to tell mistakes.
    context: Arc<Context>,
}

impl Assembly {
    fn new(purpose: Purpose, limits: Limits) -> Self {
        Self {
            purpose,
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

    fn take(&mut self, mut text: &[u8], out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
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

    fn finish(&mut self, out: &mut Vec<RawBlock>) -> Result<(), CsvError> {
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

    fn error_at(&self, kind: CsvErrorKind, at: usize) -> CsvError {
        CsvError::at(kind, &self.text, at, self.first_line)
    }
}

#[cfg(test)]
mod tests;
