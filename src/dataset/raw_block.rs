//! A raw block of an upload: whole records, and what they say about the columns.
//!
//! Analysing is a pure function of one raw block, so that raw blocks can be analysed on any threads in any order.

use std::sync::Arc;

use super::{
    Bloom, CsvError, CsvErrorKind, Layout, Summary, ZoneMap,
    cell::{Cells, Nulls},
    counts::{Counts, Texts},
    error::shortened,
    record::unquoted,
    span::{Spans, tokenize},
    survey::{Unfit, survey},
};

/// Rows of the smallest raw block that is worth knowing more of.
const FEWEST: u32 = 64;

/// Whole records of an upload, as they came.
#[derive(Debug, Clone)]
pub struct RawBlock {
    /// The text; those of all raw blocks, one after the other, are the decoded upload, or the rows of one that are added.
    pub text: Vec<u8>,
    /// Bytes before the first data record: byte-order mark and header. 0 in all raw blocks but a dataset's first.
    pub body_start: usize,
    /// The physical line of the file that the text begins in, from 1.
    pub first_line: u64,
    /// Where the text begins in the decoded upload.
    pub offset: u64,
    /// How the text is laid out.
    pub layout: Arc<Layout>,
    /// Bytes a record may have.
    pub(super) max_record: usize,
}

/// What a raw block holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Data records.
    pub rows: u32,
    /// What is known of each column's values.
    pub columns: Vec<ZoneMap>,
    /// Which texts some columns do not have, by their places.
    pub blooms: Vec<(u32, Bloom)>,
}

impl RawBlock {
    /// The texts of blocks that were stored one after the other, as one raw block, to be analysed and sealed anew.
    ///
    /// `body_start` is that of the first of them. A header that came without a line end got one from the rows that
    /// were added later; that is no row. All together must be shorter than 2^31 bytes. How long a record may be was
    /// decided when it came, and is not asked again.
    pub fn stored(text: Vec<u8>, body_start: usize, layout: Arc<Layout>) -> Self {
        let (before, body) = text.split_at(body_start.min(text.len()));
        let open_header = layout.header && !before.is_empty() && !before.ends_with(b"\n");
        let body_start = before.len() + usize::from(open_header && body.starts_with(b"\n"));
        Self {
            text,
            body_start,
            first_line: 1,
            offset: 0,
            layout,
            max_record: usize::MAX,
        }
    }

    /// Checks every record and surveys every column.
    ///
    /// # Errors
    /// The first thing that is wrong with the raw block, with its line and column.
    pub fn analyse(&self) -> Result<Analysis, CsvError> {
        self.analysed(None)
    }

    /// Checks every record and surveys every column, and adds the rows to a summary of its columns.
    ///
    /// # Errors
    /// As for [`analyse`](Self::analyse); the summary is of no use then.
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
        let (spans, fault) = tokenize(
            &self.text,
            self.body_start,
            self.layout.delimiter,
            self.layout.columns.len(),
            self.max_record,
        );
        // A value of a stated type may be wrong before the place where the CSV is.
        let analysis = self.columns(&spans, summary)?;
        match fault {
            Some((at, kind)) => Err(self.error_at(kind, at)),
            None => Ok(analysis),
        }
    }

    /// Surveys every column, makes filters of the texts of those where they are worth it, and adds all to the summary, where
    /// there is one.
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
        let mut first: Option<(usize, Unfit)> = None;
        for (place, number) in (0..self.layout.columns.len()).zip(0..) {
            let cells = Cells::new(&self.text, spans.column(place), &nulls);
            let texts = counts.of(&self.text, cells);
            let stated = self.layout.stated.get(place).copied().flatten();
            let zone_map = match survey(texts, stated) {
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
        })
    }

    fn unfit(&self, place: usize, unfit: Unfit) -> CsvError {
        let value = String::from_utf8_lossy(&self.text[unfit.span.start()..unfit.span.end()]);
        let kind = CsvErrorKind::UnfitValue {
            name: self.layout.columns[place].clone(),
            stated: unfit.stated,
            value: shortened(&if unfit.span.doubled() {
                unquoted(&value)
            } else {
                value.into_owned()
            }),
        };
        self.error_at(kind, unfit.span.start())
    }

    fn error_at(&self, kind: CsvErrorKind, at: usize) -> CsvError {
        CsvError::at(kind, &self.text, at, self.first_line)
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
