//! The fields of a whole raw block, as spans of its text.
//!
//! The table of spans is filled record by record and read column by column: a loop over one column's values keeps its state in
//! registers and its branches predictable, which a loop over records can't.

use super::{
    CsvErrorKind,
    tokenizer::{Fault, Token, Tokenizer},
};

/// Where a field's text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    /// Its end; the highest bit says that there are doubled quotes in it.
    end: u32,
}

const DOUBLED: u32 = 1 << 31;

impl Span {
    fn new(token: Token) -> Self {
        // A raw block is shorter than 2^31 bytes: `Limits::clamped`.
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

/// The fields of a raw block's data records: as many for each record as there are columns.
#[derive(Debug)]
pub(crate) struct Spans {
    spans: Vec<Span>,
    columns: usize,
    rows: u32,
    /// The first quote inside an unquoted field.
    stray_quote: Option<usize>,
}

/// The fields of one column, in the order of the records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColumnSpans<'s> {
    spans: &'s [Span],
    at: usize,
    step: usize,
}

impl Spans {
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// The first quote inside an unquoted field.
    pub(crate) fn stray_quote(&self) -> Option<usize> {
        self.stray_quote
    }

    /// How many records have only empty fields, and where the first one begins.
    pub(crate) fn empty_rows(&self) -> Option<(u32, usize)> {
        let records = self.spans.chunks_exact(self.columns);
        let mut empty = records.filter(|row| row.iter().all(|span| span.start() == span.end()));
        let first = empty.next()?[0].start();
        Some((empty.count() as u32 + 1, first))
    }

    pub(crate) fn column(&self, place: usize) -> ColumnSpans<'_> {
        ColumnSpans {
            spans: &self.spans,
            at: place,
            step: self.columns,
        }
    }
}

impl Iterator for ColumnSpans<'_> {
    type Item = Span;

    #[inline(always)]
    fn next(&mut self) -> Option<Span> {
        let span = *self.spans.get(self.at)?;
        self.at += self.step;
        Some(span)
    }
}

/// A position, and the mistake there.
type Wrong = (usize, CsvErrorKind);

/// The fields of the data records of `text`, which begin at `from`, up to the first mistake.
pub(crate) fn tokenize(
    text: &[u8],
    from: usize,
    delimiter: u8,
    columns: usize,
    max_record: usize,
) -> (Spans, Option<Wrong>) {
    let body = text.get(from..).unwrap_or_default();
    if memchr::memchr(b'"', body).is_some() {
        table::<true>(text, from, delimiter, columns, max_record)
    } else {
        table::<false>(text, from, delimiter, columns, max_record)
    }
}

#[inline(never)]
fn table<const QUOTES: bool>(
    text: &[u8],
    from: usize,
    delimiter: u8,
    columns: usize,
    max_record: usize,
) -> (Spans, Option<Wrong>) {
    let columns = columns.max(1);
    let mut tokenizer = Tokenizer::new(text, delimiter, from);
    let mut spans = Vec::new();
    let (mut rows, mut filled, mut at) = (0, 0, from);
    let mut wrong = None;
    while at < text.len() {
        if spans.len() < filled + columns {
            let more = expected_records(rows, at - from, text.len() - at, columns);
            spans.resize(filled + more * columns, Span::default());
        }
        match record::<QUOTES>(&mut tokenizer, &mut spans[filled..filled + columns], at) {
            Ok(Record { next, .. }) if next - at > max_record => {
                wrong = Some((at, CsvErrorKind::RecordTooLong { limit: max_record }));
                break;
            }
            Ok(Record { next, empty }) => {
                at = next;
                if !empty {
                    rows += 1;
                    filled += columns;
                }
            }
            Err(found) => {
                wrong = Some(found);
                break;
            }
        }
    }
    spans.truncate(filled);
    // A raw block is shorter than 2^31 bytes, and each record has one at least.
    (
        Spans {
            spans,
            columns,
            rows: rows as u32,
            stray_quote: tokenizer.stray_quote(),
        },
        wrong,
    )
}

/// A record that was read.
struct Record {
    /// Where the next one begins.
    next: usize,
    /// Whether it is an empty line, which is not a record if there are several columns.
    empty: bool,
}

/// Reads the record that begins at `start` into `row`, which has one span per column.
#[inline(always)]
fn record<const QUOTES: bool>(
    tokenizer: &mut Tokenizer<'_>,
    row: &mut [Span],
    start: usize,
) -> Result<Record, Wrong> {
    let expected = row.len();
    let mut at = start;
    for (place, span) in row.iter_mut().enumerate() {
        let token = tokenizer.field::<QUOTES>(at).map_err(Fault::reported)?;
        if token.last != (place + 1 == expected) {
            return misfit(*tokenizer, token, at, place + 1, expected);
        }
        *span = Span::new(token);
        at = token.next;
    }
    Ok(Record {
        next: at,
        empty: false,
    })
}

/// The record does not end with its last column, but with or after `token`, its field number `found`, at `at`.
#[cold]
fn misfit(
    mut tokenizer: Tokenizer<'_>,
    mut token: Token,
    at: usize,
    mut found: usize,
    expected: usize,
) -> Result<Record, Wrong> {
    if found == 1 && token.last && token.end == at {
        return Ok(Record {
            next: token.next,
            empty: true,
        });
    }
    let place = if token.last {
        // After the closing quote, if there is one.
        token.end + usize::from(token.start > at)
    } else {
        token.next
    };
    while !token.last {
        token = tokenizer
            .field::<true>(token.next)
            .map_err(Fault::reported)?;
        found += 1;
    }
    Err((place, CsvErrorKind::WrongFieldCount { expected, found }))
}

/// How many more records to allocate spans for, after `records` records in `before` bytes, with `after` bytes left.
fn expected_records(records: usize, before: usize, after: usize, columns: usize) -> usize {
    /// Most spans to allocate at once, so that one short record among long ones does not take a lot of memory.
    const MOST: usize = 1 << 16;
    let likely = if records == 0 {
        1
    } else {
        after * records / before.max(1) + 2
    };
    likely.clamp(1, (MOST / columns).max(1))
}
