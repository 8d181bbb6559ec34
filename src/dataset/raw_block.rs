//! Raw blocks: whole records of an upload, and their analysis.
//!
//! Analysing is a pure function of one raw block, so raw blocks can be analysed on any thread, in any order.

mod causes;

use std::sync::Arc;

pub use causes::{Causes, Lines as ChangedLines};

use super::{
    Bloom, ColumnType, CsvError, CsvErrorKind, Layout, Summary, ZoneMap,
    advice::{self, Place},
    cell::{Cells, Nulls},
    counts::{Counts, Texts},
    detect::Detected,
    dialect::Quote,
    error::shortened,
    marks::END_OF_TEXT,
    record::unquoted,
    span::{Spans, tokenize},
    suspect::Suspect,
    type_inference::{Unfit, infer},
};

/// A raw block with fewer rows gets no Bloom filters.
const FEWEST: u32 = 64;

/// Whole records of an upload, as they came.
#[derive(Debug, Clone)]
pub struct RawBlock {
    /// The text. The texts of all raw blocks, one after the other, are the decoded upload, or its rows if they are appended.
    pub text: Vec<u8>,
    /// Bytes before the first data record: byte-order mark and header. 0 in all raw blocks except a dataset's first.
    pub body_start: usize,
    /// The physical line of the file that the text begins in, from 1.
    pub first_line: u64,
    /// Where the text begins in the decoded upload.
    pub offset: u64,
    /// How the text is to be read.
    pub layout: Arc<Layout>,
    /// What telling a mistake needs to know.
    pub(super) context: Arc<Context>,
}

/// What telling a mistake needs to know.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// How many bytes a record may have.
    pub max_record: usize,
    /// Whether U+0000 is an ordinary character.
    pub null_bytes: bool,
    /// What the beginning of the file showed.
    pub detected: Option<Detected>,
    /// Whether the text is that of the file, so that its lines are.
    pub in_file: bool,
}

/// The context of texts that were checked.
impl Default for Context {
    fn default() -> Self {
        Self {
            max_record: usize::MAX,
            null_bytes: true,
            detected: None,
            in_file: false,
        }
    }
}

/// The result of analysing a raw block.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Data records.
    pub rows: u32,
    /// Each column's zone map.
    pub columns: Vec<ZoneMap>,
    /// Bloom filters, each with the index of its column.
    pub blooms: Vec<(u32, Bloom)>,
    /// What the sender may not know. Nothing of it is stored.
    pub oddities: Oddities,
}

/// What is odd about a raw block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Columns of strings that may be meant otherwise, each with its index.
    pub(super) suspects: Vec<(u32, Suspect)>,
    /// Records without any value, and the line of the first one.
    pub(super) empty: Option<(u32, Option<u64>)>,
    /// The line of the first quote inside an unquoted field.
    pub(super) stray_quote: Option<u64>,
}

impl RawBlock {
    /// The texts of stored blocks, one after the other, as one raw block, to be analysed and packed again.
    ///
    /// `body_start` is that of the first block. A header that came without a line end got one from rows that were appended later;
    /// that line end is not a row. The texts together must be shorter than 2^31 bytes. The length of records is not checked
    /// again.
    pub fn stored(text: Vec<u8>, body_start: usize, layout: Arc<Layout>) -> Self {
        let (before, body) = text.split_at(body_start.min(text.len()));
        // The character that ends a text is followed by the line end too.
        let open = match before.last() {
            Some(&last) => last == END_OF_TEXT || layout.header && last != b'\n',
            None => false,
        };
        let body_start = before.len() + usize::from(open && body.starts_with(b"\n"));
        Self {
            text,
            body_start,
            first_line: 1,
            offset: 0,
            layout,
            context: Arc::default(),
        }
    }

    /// Checks every record and analyses every column.
    ///
    /// # Errors
    /// The first mistake in the raw block, with its line and column.
    pub fn analyse(&self) -> Result<Analysis, CsvError> {
        self.analysed(None)
    }

    /// Checks every record, analyses every column, and adds the rows to `summary`.
    ///
    /// # Errors
    /// As for [`analyse`](Self::analyse). Afterwards the summary is useless.
    pub fn analyse_into(&self, summary: &mut Summary) -> Result<Analysis, CsvError> {
        self.analysed(Some(summary))
    }

    fn analysed(&self, summary: Option<&mut Summary>) -> Result<Analysis, CsvError> {
        if let Err(error) = std::str::from_utf8(&self.text) {
            let at = error.valid_up_to();
            let offset = self.offset + at as u64;
            return Err(self.error_at(
                CsvErrorKind::InvalidText {
                    charset: "UTF-8".into(),
                    offset,
                },
                at,
            ));
        }
        if !self.context.null_bytes
            && let Some(at) = memchr::memchr(0, &self.text)
        {
            return Err(self.error_at(CsvErrorKind::NullCharacter, at));
        }
        let (spans, fault) = tokenize(
            &self.text,
            self.body_start,
            self.layout.delimiter,
            self.layout.columns.len(),
            self.context.max_record,
        );
        // A value of the wrong type may come before the place where the CSV is malformed.
        let mut analysis = self.columns(&spans, summary)?;
        if let Some((at, kind)) = fault {
            return Err(self.error_at(kind, at));
        }
        if self.context.detected.is_some() {
            let in_all = analysis.columns.iter().map(|column| column.nulls).min();
            let empty = match in_all {
                Some(1..) => spans.empty_rows(),
                _ => None,
            };
            analysis.oddities.empty = empty.map(|(rows, first)| (rows, self.line_of(first)));
            let quote = spans.stray_quote().filter(|_| self.context.in_file);
            analysis.oddities.stray_quote = quote.and_then(|at| self.line_of(at));
        }
        Ok(analysis)
    }

    /// The line of the file that a byte is in, if the text is that of the file.
    fn line_of(&self, at: usize) -> Option<u64> {
        let line = || super::error::position(&self.text, at, self.first_line).0;
        self.context.in_file.then(line)
    }

    /// Analyses every column: its zone map, a Bloom filter if that is worthwhile, and its part of the summary, if there is one.
    fn columns(
        &self,
        spans: &Spans,
        mut summary: Option<&mut Summary>,
    ) -> Result<Analysis, CsvError> {
        let nulls = Nulls::new(&self.layout.nulls);
        let rows = spans.rows();
        let mut counts = Counts::new(rows);
        let mut columns = Vec::with_capacity(self.layout.columns.len());
        let mut blooms = Vec::new();
        let mut oddities = Oddities::default();
        let mut first: Option<(usize, Unfit)> = None;
        for (place, number) in (0..self.layout.columns.len()).zip(0..) {
            let cells = Cells::new(&self.text, spans.column(place), &nulls);
            let texts = counts.of(&self.text, cells);
            let stated = self.layout.stated.get(place).copied().flatten();
            let zone_map = match infer(texts, stated, &self.layout.formats) {
                Ok(zone_map) => zone_map,
                Err(unfit) => {
                    if first.is_none_or(|(_, first)| unfit.span.start() < first.span.start()) {
                        first = Some((place, unfit));
                    }
                    continue;
                }
            };
            if rows >= FEWEST && zone_map.is_worth_a_bloom(rows) {
                blooms.push((number, bloom_of(texts, rows as usize)));
            }
            let unstated = stated.is_none() && self.context.detected.is_some();
            if unstated && zone_map.kind == Some(ColumnType::String) {
                let line = |at| self.line_of(at);
                let suspect = Suspect::of(&texts.cells(), &self.layout.formats, line);
                oddities.suspects.push((number, suspect));
            }
            if let Some(summary) = &mut summary {
                summary.add_column(place, texts, zone_map.kind);
            }
            columns.push(zone_map);
        }
        if let Some((place, unfit)) = first {
            return Err(self.unfit(place, unfit));
        }
        if let Some(summary) = summary {
            summary.add_rows(rows);
        }
        Ok(Analysis {
            rows,
            columns,
            blooms,
            oddities,
        })
    }

    fn unfit(&self, place: usize, unfit: Unfit) -> CsvError {
        let value = String::from_utf8_lossy(&self.text[unfit.span.start()..unfit.span.end()]);
        let kind = CsvErrorKind::UnfitValue {
            name: self.layout.columns[place].clone().into(),
            stated: unfit.stated,
            value: shortened(&if unfit.span.doubled() {
                unquoted(&value)
            } else {
                value.into_owned()
            })
            .into(),
        };
        self.error_at(kind, unfit.span.start())
    }

    fn error_at(&self, kind: CsvErrorKind, at: usize) -> CsvError {
        let error = CsvError::at(kind, &self.text, at, self.first_line);
        let Some(detected) = &self.context.detected else {
            return error;
        };
        let before = &self.text[..at.min(self.text.len())];
        let before = match at == self.text.len() {
            // The record ends with the text, maybe with its line end.
            true => before.trim_ascii_end(),
            false => before,
        };
        let place = Place {
            text: &self.text,
            record: memchr::memrchr(b'\n', before).map_or(0, |at| at + 1),
            at,
            quote: Quote::With('"'),
        };
        advice::advised(error, &place, detected)
    }
}

fn bloom_of(texts: Texts<'_>, rows: usize) -> Bloom {
    let mut bloom = Bloom::with_capacity(rows);
    let each = texts.counted.iter().map(|one| one.text(texts.of));
    each.for_each(|text| bloom.insert(&text));
    bloom.folded()
}

#[cfg(test)]
mod tests;
