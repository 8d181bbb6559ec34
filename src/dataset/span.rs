//! The fields of a whole piece, as places in its text.
//!
//! The table of places is filled in one go, record by record, and read column by column: a loop over one column's
//! values keeps its state in registers and its branches predictable, which a loop over records cannot.

use std::{iter::StepBy, slice};

use super::{
    CsvErrorKind,
    token::{Token, Tokens},
};

/// Where a field's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    /// Its end; the highest bit says that there are doubled quotes in it.
    end: u32,
}

const DOUBLED: u32 = 1 << 31;

impl Span {
    fn new(token: Token) -> Self {
        // A piece is shorter than 2^31 bytes: `Limits::clamped`.
        let end = token.end as u32 | if token.doubled { DOUBLED } else { 0 };
        Self {
            start: token.start as u32,
            end,
        }
    }

    #[inline(always)]
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    #[inline(always)]
    pub(crate) fn end(self) -> usize {
        (self.end & !DOUBLED) as usize
    }

    #[inline(always)]
    pub(crate) fn doubled(self) -> bool {
        self.end & DOUBLED != 0
    }
}

/// The fields of a piece's data records: as many for each record as there are columns.
#[derive(Debug)]
pub(crate) struct Spans {
    spans: Vec<Span>,
    columns: usize,
    rows: u32,
}

impl Spans {
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// The fields of one column, in the order of the records.
    pub(crate) fn column(&self, place: usize) -> StepBy<slice::Iter<'_, Span>> {
        self.spans
            .get(place..)
            .unwrap_or_default()
            .iter()
            .step_by(self.columns)
    }
}

/// A byte, and what is wrong there.
type Wrong = (usize, CsvErrorKind);

/// The fields of the data records of `text`, which begin at `from`, up to the first thing that is wrong, if any.
pub(crate) fn tokenise(
    text: &[u8],
    from: usize,
    delimiter: u8,
    columns: usize,
    max_record: usize,
) -> (Spans, Option<Wrong>) {
    let mut table = Table {
        tokens: Tokens::new(text, delimiter, from),
        spans: Spans {
            spans: Vec::new(),
            columns: columns.max(1),
            rows: 0,
        },
    };
    let mut at = from;
    while at < text.len() {
        let start = at;
        let record = table.record(start).and_then(|next| match next - start {
            length if length > max_record => {
                Err((start, CsvErrorKind::RecordTooLong { limit: max_record }))
            }
            _ => Ok(next),
        });
        match record {
            Ok(next) => at = next,
            Err(wrong) => {
                table
                    .spans
                    .spans
                    .truncate(table.spans.rows as usize * columns);
                return (table.spans, Some(wrong));
            }
        }
        if start == from {
            table.reserve(text.len() - at, at - start);
        }
    }
    (table.spans, None)
}

struct Table<'t> {
    tokens: Tokens<'t>,
    spans: Spans,
}

impl Table<'_> {
    /// Adds the record that begins at `start`, unless it is an empty line; where the next one begins.
    #[inline(always)]
    fn record(&mut self, start: usize) -> Result<usize, Wrong> {
        let columns = self.spans.columns;
        let mut at = start;
        for found in 1..columns {
            let token = self.field(at)?;
            at = token.next;
            if token.last {
                if found == 1 && token.start == start && token.end == start {
                    self.spans.spans.pop();
                    return Ok(at);
                }
                return Err((
                    token.end,
                    CsvErrorKind::WrongFieldCount {
                        expected: columns,
                        found,
                    },
                ));
            }
        }
        let token = self.field(at)?;
        if !token.last {
            return Err(self.too_many(token.next));
        }
        self.spans.rows += 1;
        Ok(token.next)
    }

    #[inline(always)]
    fn field(&mut self, at: usize) -> Result<Token, Wrong> {
        let token = self
            .tokens
            .field(at)
            .map_err(super::token::Fault::reported)?;
        self.spans.spans.push(Span::new(token));
        Ok(token)
    }

    /// The record goes on at `extra`, where it should have ended.
    #[cold]
    fn too_many(&mut self, extra: usize) -> Wrong {
        let expected = self.spans.columns;
        let (mut at, mut found) = (extra, expected);
        loop {
            match self.tokens.field(at) {
                Err(fault) => return fault.reported(),
                Ok(token) => {
                    found += 1;
                    at = token.next;
                    if token.last {
                        return (extra, CsvErrorKind::WrongFieldCount { expected, found });
                    }
                }
            }
        }
    }

    /// Room for as many more records as `bytes` hold, if they are like the first one, of `record` bytes.
    fn reserve(&mut self, bytes: usize, record: usize) {
        const MOST: usize = 1 << 16;
        let records = bytes / record.max(1) + 1;
        self.spans
            .spans
            .reserve(records.saturating_mul(self.spans.columns).min(MOST));
    }
}
