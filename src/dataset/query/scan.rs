//! Looking through the text of one chunk for the rows that match.
//!
//! Most rows do not match, and most texts need not be taken apart to see that: where a filter holds only for rows that
//! contain a certain text, that text is looked for, and only the rows around it are read.

use std::ops::ControlFlow;

use memchr::{memchr, memmem::Finder, memrchr};

use super::Query;
use super::filter::{Comparison, Test};
use crate::dataset::{ColumnType, Field, Layout, Records};

/// Looks for the rows that a query wants.
pub struct Scan<'q> {
    query: &'q Query,
    layout: &'q Layout,
    needle: Option<Finder<'static>>,
}

/// A row that was found.
pub struct Row<'f, 't> {
    /// Where it begins, in bytes of the text.
    pub at: usize,
    /// Its fields.
    pub fields: &'f [Field<'t>],
}

impl<'q> Scan<'q> {
    /// A look for what `query` wants in texts of this layout.
    pub fn new(query: &'q Query, layout: &'q Layout) -> Self {
        Self {
            query,
            layout,
            needle: needle(query, layout),
        }
    }

    /// Gives the rows that match to `found`, in order, as long as it goes on. The text is a chunk's; `from` is where a row
    /// begins in it.
    pub fn rows<'t>(
        &self,
        text: &'t str,
        from: usize,
        mut found: impl FnMut(Row<'_, 't>) -> ControlFlow<()>,
    ) {
        let rest = text.get(from..).unwrap_or_default();
        let quoted = memchr(b'"', rest.as_bytes()).is_some();
        match &self.needle {
            // A line end within quotes is none, and what is written with quotes may not be written as it is.
            Some(needle) if !quoted => self.around(needle, rest, from, &mut found),
            _ => self.all(rest, from, &mut found),
        }
    }

    fn all<'t>(
        &self,
        rest: &'t str,
        from: usize,
        found: &mut impl FnMut(Row<'_, 't>) -> ControlFlow<()>,
    ) {
        let columns = self.layout.columns.len();
        let mut records = Records::new(rest, self.layout.delimiter, columns);
        let mut fields = Vec::with_capacity(columns);
        while records.next_into(&mut fields) {
            if self.holds(&fields) {
                let row = Row {
                    at: from + fields.first().map_or(0, Field::start),
                    fields: &fields,
                };
                if found(row).is_break() {
                    return;
                }
            }
        }
    }

    fn around<'t>(
        &self,
        needle: &Finder<'_>,
        rest: &'t str,
        from: usize,
        found: &mut impl FnMut(Row<'_, 't>) -> ControlFlow<()>,
    ) {
        let columns = self.layout.columns.len();
        let bytes = rest.as_bytes();
        let mut fields = Vec::with_capacity(columns);
        let mut at = 0;
        while let Some(hit) = needle.find(&bytes[at..]) {
            let hit = at + hit;
            let begin = memrchr(b'\n', &bytes[..hit]).map_or(0, |end| end + 1);
            let end = memchr(b'\n', &bytes[hit..]).map_or(bytes.len(), |end| hit + end + 1);
            let mut records = Records::new(&rest[begin..end], self.layout.delimiter, columns);
            if records.next_into(&mut fields) && self.holds(&fields) {
                let row = Row {
                    at: from + begin,
                    fields: &fields,
                };
                if found(row).is_break() {
                    return;
                }
            }
            at = end;
        }
    }

    #[inline]
    fn holds(&self, fields: &[Field<'_>]) -> bool {
        self.query.filters.iter().all(|filter| {
            let Some(field) = fields.get(filter.column()) else {
                return false;
            };
            let text = field.text();
            filter.holds((!self.layout.is_null(&text)).then_some(&text))
        })
    }
}

/// A text without which no row can match, where there are no quotes; with the delimiters around a whole field, which
/// leaves fewer places to look at.
fn needle(query: &Query, layout: &Layout) -> Option<Finder<'static>> {
    /// A text as short as this is found in many rows that do not match.
    const SHORTEST: usize = 3;
    let last = layout.columns.len().saturating_sub(1);
    let needles = query.filters.iter().filter(|filter| !filter.negated);
    let needles = needles.filter_map(|filter| match &filter.test {
        Test::Compare(Comparison::Equal, operand) => {
            // What may be written in several ways can't be looked for.
            let mut text = match filter.kind {
                ColumnType::String | ColumnType::Integer | ColumnType::Boolean => operand.text()?,
                ColumnType::Number | ColumnType::Date | ColumnType::Datetime => return None,
            };
            if filter.column() > 0 {
                text.insert(0, layout.delimiter);
            }
            if filter.column() < last {
                text.push(layout.delimiter);
            }
            Some(text)
        }
        Test::Like(pattern) => pattern.literal().map(<[u8]>::to_vec),
        _ => None,
    });
    needles
        .filter(|needle| needle.len() >= SHORTEST && !needle.contains(&b'\n'))
        .max_by_key(Vec::len)
        .map(|needle| Finder::new(&needle).into_owned())
}
