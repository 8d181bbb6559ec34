//! Ingesting an upload: takes bytes in slices of any size, and returns raw blocks of whole records.
//!
//! Holds at most one raw block and one record, however large the upload is. The raw blocks don't depend on how the bytes were
//! divided.

use std::sync::Arc;

use super::{
    CsvError, CsvErrorKind, Layout, Limits, RawBlock, UploadOptions,
    bad_row::BadRow,
    charset::{self, CharsetDecoder, Stopped},
    detect::SAMPLE,
    dialect::{Dialect, Separator},
    signature,
};
use assembly::Assembly;
pub use purpose::Purpose;
use stage::Stage;

mod assembly;
mod purpose;
mod stage;

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
    assembly: Assembly,
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
            assembly: Assembly::new(purpose, dialect, limits),
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
        self.stage.end(&mut self.assembly, out)?;
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
        std::mem::take(&mut self.assembly.hints)
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
            self.assembly.hints.push(format!(
                "charset=detect took {label} and is {certainty}; state charset={label} if it is right, or another one"
            ));
            self.source = CharsetDecoder::new(Some(label))?;
            self.charset = Some(label.to_owned());
        }
        let stated = !matches!(
            self.assembly.dialect.delimiter,
            None | Some(Separator::Detected)
        );
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
            assembly,
            ..
        } = self;
        source
            .feed(bytes, last, |text| stage.take(text, assembly, out))
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

#[cfg(test)]
mod tests;
