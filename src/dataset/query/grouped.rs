//! The rows of groups: which of them a query wants, in which order, as a text.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Condition, Filter, Stop, Term, sort_key};
use crate::aggregate::{Groups, Plan};
use crate::dialect::Dialect;
use crate::{BlockText, Column, Formats, Layout, push_csv_field};

/// What a query with aggregates wants of the groups.
#[derive(Debug)]
pub struct Grouped {
    /// What is computed.
    pub plan: Arc<Plan>,
    /// The columns of the result.
    pub columns: Arc<[Column]>,
    /// Filters of the result's columns; a group has to pass all of them.
    pub(super) filters: Vec<Filter>,
    /// Conditions that must hold, too.
    pub(super) conditions: Vec<Condition>,
    /// The order of the groups. No two of them are equal by it.
    pub order: Vec<Term>,
}

/// The groups that were found, as rows of a text.
#[derive(Debug)]
pub struct GroupRows {
    /// The rows, in the order of the query.
    pub text: BlockText,
    /// Where each of them begins.
    pub starts: Vec<u32>,
}

/// The values of all groups. One text has them, so that there is no allocation for each.
struct Cells {
    columns: usize,
    text: String,
    /// For each value where it ends in the text, twice, and 1 more for a value; a null is none.
    ends: Vec<u32>,
}

impl Cells {
    fn of(groups: &Groups, columns: usize, stop: &Stop) -> Self {
        let mut cells = Self {
            columns,
            text: String::new(),
            ends: Vec::with_capacity(groups.len() * columns),
        };
        for group in 0..groups.len() {
            if stop.is_set() {
                break;
            }
            groups.row(group, |cell| {
                cells.text.push_str(cell.unwrap_or_default());
                // The texts of a query have less than 2^31 bytes.
                (cells.ends).push((cells.text.len() as u32) << 1 | u32::from(cell.is_some()));
            });
        }
        cells
    }

    fn rows(&self) -> usize {
        self.ends.len() / self.columns.max(1)
    }

    fn get(&self, row: usize, column: usize) -> Option<&str> {
        let at = row * self.columns + column;
        let end = |at: usize| (self.ends[at] >> 1) as usize;
        let begin = at.checked_sub(1).map_or(0, end);
        (self.ends[at] & 1 == 1).then(|| &self.text[begin..end(at)])
    }
}

impl Grouped {
    /// The layout of [`GroupRows::text`].
    pub fn layout(&self) -> Layout {
        let names = self.columns.iter().map(|column| column.name.clone());
        Layout {
            delimiter: b',',
            header: false,
            columns: names.collect(),
            nulls: Vec::new(),
            stated: vec![None; self.columns.len()],
            units: Vec::new(),
            dialect: Dialect::default(),
            formats: Formats::default(),
        }
    }

    /// Bytes that [`rows`](Self::rows) takes beside a table of so many groups, about.
    pub fn bytes_for(&self, groups: usize) -> usize {
        /// Of a group, and of each of its values.
        const EACH: [usize; 2] = [24, 16];
        groups.saturating_mul(EACH[0] + EACH[1] * self.columns.len())
    }

    /// The groups that pass the filters, in order. Once `stop` is set, the result means nothing.
    pub fn rows(&self, mut groups: Groups, stop: &Stop) -> GroupRows {
        groups.complete();
        let cells = Cells::of(&groups, self.columns.len(), stop);
        drop(groups);
        let passes = |row: &u32| !stop.is_set() && self.passes(&cells, *row as usize, stop);
        // A table has fewer than 2^32 groups.
        let rows = (0..cells.rows() as u32).filter(passes);
        let Some(first) = self.order.first() else {
            return self.written(&cells, rows.map(|row| row as usize));
        };
        let key = |row: u32| first.abbreviated_key(cells.get(row as usize, first.column));
        let mut rows: Vec<_> = rows.map(|row| (key(row), row)).collect();
        rows.sort_unstable_by(|(a, one), (b, other)| {
            a.cmp(b)
                .then_with(|| self.compare(&cells, *one as usize, *other as usize))
        });
        self.written(&cells, rows.into_iter().map(|(_, row)| row as usize))
    }

    fn passes(&self, cells: &Cells, row: usize, stop: &Stop) -> bool {
        let mut holds = |filter: &Filter| filter.holds(cells.get(row, filter.column()), stop);
        self.filters.iter().all(&mut holds)
            && (self.conditions.iter()).all(|condition| condition.holds(&mut holds))
    }

    fn compare(&self, cells: &Cells, one: usize, other: usize) -> Ordering {
        let differ = self.order.iter().find_map(|term| {
            let values = [one, other].map(|row| cells.get(row, term.column));
            let ordering = sort_key::compare(term, values);
            ordering.is_ne().then_some(ordering)
        });
        differ.unwrap_or(Ordering::Equal)
    }

    fn written(&self, cells: &Cells, rows: impl Iterator<Item = usize>) -> GroupRows {
        let alone = cells.columns == 1;
        let mut text = Vec::new();
        let mut starts = Vec::new();
        for row in rows {
            // The memory of a query is less than 2^32 bytes.
            starts.push(text.len() as u32);
            for column in 0..cells.columns {
                if column > 0 {
                    text.push(b',');
                }
                let cell = cells.get(row, column).unwrap_or_default();
                push_csv_field(cell.as_bytes(), b',', alone, &mut text);
            }
            text.push(b'\n');
        }
        // It is made of texts.
        let text = String::from_utf8(text).unwrap_or_default();
        GroupRows {
            text: BlockText::new(text, cells.columns),
            starts,
        }
    }
}
