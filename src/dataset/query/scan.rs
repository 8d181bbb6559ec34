//! Scanning the text of one block for matching rows.
//!
//! Most rows don't match, and most need not be tokenized to see that: if a filter requires the row to contain some text, the scan
//! searches for that text and reads only the rows around it.

use std::borrow::Cow;
use std::ops::ControlFlow;

use memchr::{memchr, memmem::Finder, memrchr};

use super::filter::{Comparison, Test};
use super::{Condition, Filter, Query, Stop};
use crate::column_projection::ColumnProjection;
use crate::{BlockText, ColumnType, Field, Layout, Records};

/// Finds the rows that a query matches.
pub struct Scan<'q> {
    layout: &'q Layout,
    /// Indexes of the columns that are read, in ascending order.
    places: Vec<usize>,
    /// The filters, grouped by column, each with the index of its column in `places`.
    filters: Vec<(usize, &'q Filter)>,
    conditions: &'q [Condition],
    /// For each of `places` the type of its values if they may be written otherwise than their canonical texts; empty if
    /// there is no such column.
    respelled: Vec<Option<ColumnType>>,
    needle: Option<Finder<'static>>,
    stop: Stop,
}

/// A row that was found.
#[derive(Clone, Copy)]
pub struct Row<'f, 't> {
    /// Where it begins, in bytes of the text.
    pub at: usize,
    places: &'f [usize],
    respelled: &'f [Option<ColumnType>],
    fields: &'f [Field<'t>],
    layout: &'f Layout,
}

/// Called with each row that matches.
trait OnRow<'t>: FnMut(Row<'_, 't>) -> ControlFlow<()> {}

impl<'t, F: FnMut(Row<'_, 't>) -> ControlFlow<()>> OnRow<'t> for F {}

impl<'t> Row<'_, 't> {
    /// The canonical text of the value in a column that the query uses; `None` for a null.
    #[inline]
    pub fn value(&self, column: usize) -> Option<Cow<'t, str>> {
        self.value_in(self.places.binary_search(&column).ok()?)
    }

    #[inline]
    fn value_in(&self, slot: usize) -> Option<Cow<'t, str>> {
        let text = self.fields.get(slot)?.text();
        if self.layout.is_null(&text) {
            return None;
        }
        match self.respelled.get(slot) {
            Some(Some(kind)) => Some(self.layout.formats.read(*kind, text)),
            _ => Some(text),
        }
    }
}

impl<'q> Scan<'q> {
    /// A scan for `query` in texts of this layout.
    pub fn new(query: &'q Query, layout: &'q Layout) -> Self {
        let mut places: Vec<_> = query.read_columns().collect();
        places.sort_unstable();
        places.dedup();
        Self {
            layout,
            filters: by_column(query, &places),
            conditions: &query.conditions,
            respelled: match query.respelled.is_empty() {
                true => Vec::new(),
                false => places.iter().map(|place| query.respelled(*place)).collect(),
            },
            places,
            needle: needle(query, layout),
            stop: Stop::default(),
        }
    }

    /// The same scan, until `stop` is set. Then it ends without looking further.
    #[must_use]
    pub fn until(self, stop: &Stop) -> Self {
        Self {
            stop: stop.clone(),
            ..self
        }
    }

    /// Calls `found` with each matching row, in order, until it breaks. `from` is where a row begins in the text.
    pub fn rows<'t>(
        &self,
        text: &'t BlockText,
        from: usize,
        mut found: impl FnMut(Row<'_, 't>) -> ControlFlow<()>,
    ) {
        let all = ColumnProjection::new(text, from, self.layout.delimiter, &self.places);
        match (all, &self.needle) {
            // This is right only without quotes: line ends inside quotes end no record, and a quoted value may be written differently.
            (Some(_), Some(needle)) => self.around(needle, text, from, &mut found),
            (Some(records), None) => self.projected(records, &mut found),
            (None, _) => self.all(text, from, &mut found),
        }
    }

    fn projected<'t>(&self, mut records: ColumnProjection<'t, '_>, found: &mut impl OnRow<'t>) {
        let mut fields = Vec::with_capacity(self.places.len());
        while let Some(at) = records.next_into(&mut fields) {
            let row = self.row(at, &fields);
            if self.holds(row) && found(row).is_break() || self.stop.is_set() {
                return;
            }
        }
    }

    fn all<'t>(&self, text: &'t BlockText, from: usize, found: &mut impl OnRow<'t>) {
        let columns = self.layout.columns.len();
        let mut records = Records::new(text, self.layout.delimiter, columns);
        records.seek(from);
        let (mut all, mut fields) = (Vec::with_capacity(columns), Vec::new());
        while records.next_into(&mut all) {
            fields.clear();
            fields.extend(self.places.iter().filter_map(|place| all.get(*place)));
            let row = self.row(all.first().map_or(0, Field::start), &fields);
            if self.holds(row) && found(row).is_break() || self.stop.is_set() {
                return;
            }
        }
    }

    fn around<'t>(
        &self,
        needle: &Finder<'_>,
        text: &'t BlockText,
        from: usize,
        found: &mut impl OnRow<'t>,
    ) {
        let bytes = text.as_bytes();
        let mut fields = Vec::with_capacity(self.places.len());
        let mut at = from.min(bytes.len());
        while let Some(hit) = needle.find(&bytes[at..]) {
            let hit = at + hit;
            let begin = memrchr(b'\n', &bytes[at..hit]).map_or(at, |end| at + end + 1);
            at = memchr(b'\n', &bytes[hit..]).map_or(bytes.len(), |end| hit + end + 1);
            let records = ColumnProjection::new(text, begin, self.layout.delimiter, &self.places);
            if records
                .and_then(|mut records| records.next_into(&mut fields))
                .is_some()
            {
                let row = self.row(begin, &fields);
                if self.holds(row) && found(row).is_break() || self.stop.is_set() {
                    return;
                }
            }
        }
    }

    #[inline]
    fn row<'r, 't>(&'r self, at: usize, fields: &'r [Field<'t>]) -> Row<'r, 't> {
        Row {
            at,
            places: &self.places,
            respelled: &self.respelled,
            fields,
            layout: self.layout,
        }
    }

    /// Whether a row passes all filters and conditions. A field is read once for all filters of its column.
    #[inline]
    fn holds(&self, row: Row<'_, '_>) -> bool {
        let mut read: Option<(usize, Option<Cow<'_, str>>)> = None;
        for &(slot, filter) in &self.filters {
            let value = match read.take() {
                Some((of, value)) if of == slot => value,
                _ => row.value_in(slot),
            };
            if !filter.holds(value.as_deref(), &self.stop) || self.stop.is_set() {
                return false;
            }
            read = Some((slot, value));
        }
        let mut test = |filter: &Filter| {
            let value = row.value(filter.column());
            filter.holds(value.as_deref(), &self.stop)
        };
        (self.conditions.iter()).all(|condition| condition.holds(&mut test)) && !self.stop.is_set()
    }
}

/// The filters of a query, grouped by column, in the order in which the query names the columns. `places` has the columns in
/// ascending order.
fn by_column<'q>(query: &'q Query, places: &[usize]) -> Vec<(usize, &'q Filter)> {
    let mut first = vec![usize::MAX; places.len()];
    let mut filters: Vec<_> = query
        .filters
        .iter()
        .enumerate()
        .filter_map(|(number, filter)| {
            let slot = places.binary_search(&filter.column()).ok()?;
            first[slot] = first[slot].min(number);
            Some((slot, filter))
        })
        .collect();
    filters.sort_by_key(|(slot, _)| first[*slot]);
    filters
}

/// A text that every matching row contains, if there are no quotes. If it is a whole field, the delimiters around it are included,
/// which leaves fewer false hits.
fn needle(query: &Query, layout: &Layout) -> Option<Finder<'static>> {
    /// A shorter text is found in many rows that don't match.
    const SHORTEST: usize = 3;
    let last = layout.columns.len().saturating_sub(1);
    let needles = query
        .filters
        .iter()
        .filter(|filter| !filter.negated && query.respelled(filter.column()).is_none());
    let needles = needles.filter_map(|filter| match &filter.test {
        Test::Compare(Comparison::Equal, operand) => {
            // A value that may be written in several ways can't be searched for.
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
