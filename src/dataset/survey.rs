//! What the values of one column of one piece are: their type and their bounds.
//!
//! A loop of its own for each type, entered by the first value and left by the first that does not fit. Where the
//! values turn out to be strings after all, the column is gone through once more for the bounds of its texts.

use std::{iter::StepBy, slice};

pub(crate) use super::cell::Nulls;
use super::{
    Bounds, ColumnStats, ColumnType,
    cell::{Cell, Cells},
    placeholder,
    span::Span,
    text_range::TextRange,
    value,
};

/// A value that does not have the type stated for its column, and where its text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) stated: ColumnType,
}

/// Surveys a column; with a stated type, every non-null value must have it.
pub(crate) fn survey(
    text: &[u8],
    spans: StepBy<slice::Iter<'_, Span>>,
    nulls: &Nulls<'_>,
    stated: Option<ColumnType>,
) -> Result<ColumnStats, Unfit> {
    let cells = || Cells::new(text, spans.clone(), nulls);
    if stated == Some(ColumnType::String) {
        return Ok(strings(cells()));
    }
    let mut typed = Typed {
        cells: cells(),
        skip_placeholders: stated.is_none(),
        placeholders: 0,
    };
    let Found {
        bounds,
        kind,
        other,
    } = typed.column(stated);
    match (other, stated) {
        (Some(cell), Some(stated)) => Err(Unfit {
            start: cell.start,
            end: cell.start + cell.raw.len(),
            stated,
        }),
        (Some(_), None) => Ok(strings(cells())),
        (None, _) => {
            let (nulls, placeholders) = (typed.cells.nulls(), typed.placeholders);
            let bounds = if placeholders == 0 {
                bounds
            } else {
                strings(cells()).bounds
            };
            Ok(ColumnStats {
                nulls,
                bounds,
                kind,
                placeholders,
            })
        }
    }
}

/// A column of strings.
fn strings(mut cells: Cells<'_>) -> ColumnStats {
    let bounds = TextRange::of(&mut cells).map_or(Bounds::None, TextRange::into_bounds);
    let kind = (bounds != Bounds::None).then_some(ColumnType::String);
    ColumnStats {
        nulls: cells.nulls(),
        bounds,
        kind,
        placeholders: 0,
    }
}

/// What was found of a column of some type.
struct Found<'t> {
    bounds: Bounds,
    kind: Option<ColumnType>,
    /// The first value that is not of that type.
    other: Option<Cell<'t>>,
}

/// Goes through a column for as long as its values have one type.
struct Typed<'t> {
    cells: Cells<'t>,
    /// Whether well-known placeholders are noted and skipped.
    skip_placeholders: bool,
    placeholders: u32,
}

/// Least and greatest.
type Range<V> = (V, V);

impl<'t> Typed<'t> {
    fn column(&mut self, stated: Option<ColumnType>) -> Found<'t> {
        let Some(first) = self.first() else {
            return Found {
                bounds: Bounds::None,
                kind: None,
                other: None,
            };
        };
        let kind = stated.unwrap_or_else(|| ColumnType::of_bytes(first.raw));
        match kind {
            ColumnType::Boolean => self.of_one_type(
                kind,
                first,
                |cell| value::boolean(cell.raw).map(only),
                |(min, max)| Bounds::Boolean { min, max },
            ),
            ColumnType::Integer | ColumnType::Number => self.numeric(kind, first, stated),
            ColumnType::Date => self.of_one_type(
                kind,
                first,
                |cell| value::date(cell.raw).map(only),
                |(min, max)| Bounds::Date { min, max },
            ),
            ColumnType::Datetime => self.of_one_type(
                kind,
                first,
                |cell| value::second_bounds(cell.raw),
                |(min, max)| Bounds::Instant { min, max },
            ),
            ColumnType::String => Found {
                bounds: Bounds::None,
                kind: None,
                other: Some(first),
            },
        }
    }

    /// The first value that counts for the type.
    fn first(&mut self) -> Option<Cell<'t>> {
        loop {
            let cell = self.cells.next()?;
            if !self.skips(&cell) {
                return Some(cell);
            }
        }
    }

    fn of_one_type<V: Copy + PartialOrd>(
        &mut self,
        kind: ColumnType,
        first: Cell<'t>,
        read: impl Fn(&Cell<'t>) -> Option<Range<V>>,
        bounds: impl Fn(Range<V>) -> Bounds,
    ) -> Found<'t> {
        let (range, other) = self.run(first, None, read);
        Found {
            bounds: range.map_or(Bounds::None, bounds),
            kind: Some(kind),
            other,
        }
    }

    /// Integers, which become numbers at the first one that is, unless they are stated to be integers.
    fn numeric(
        &mut self,
        kind: ColumnType,
        first: Cell<'t>,
        stated: Option<ColumnType>,
    ) -> Found<'t> {
        let (integers, other) = self.run(first, None, |cell| cell.integer().map(only));
        let widens = stated != Some(ColumnType::Integer);
        match other {
            Some(cell) if widens && cell.number().is_some() => {
                let start = integers.map(|(min, max)| (min as f64, max as f64));
                let (range, other) = self.run(cell, start, |cell| cell.number().map(only));
                let bounds = range.map_or(Bounds::None, |(min, max)| Bounds::Number { min, max });
                Found {
                    bounds,
                    kind: Some(ColumnType::Number),
                    other,
                }
            }
            other => {
                let bounds =
                    integers.map_or(Bounds::None, |(min, max)| Bounds::Integer { min, max });
                Found {
                    bounds,
                    kind: Some(kind),
                    other,
                }
            }
        }
    }

    /// Reads values from `cell` on; the range of those that could be read, and the first that could not.
    #[inline(always)]
    fn run<V: Copy + PartialOrd>(
        &mut self,
        mut cell: Cell<'t>,
        mut range: Option<Range<V>>,
        read: impl Fn(&Cell<'t>) -> Option<Range<V>>,
    ) -> (Option<Range<V>>, Option<Cell<'t>>) {
        loop {
            match (read(&cell), range) {
                (Some((low, high)), Some((min, max))) => {
                    range = Some((
                        if low < min { low } else { min },
                        if high > max { high } else { max },
                    ));
                }
                (Some(read), None) => range = Some(read),
                (None, _) if self.skips(&cell) => {}
                (None, _) => return (range, Some(cell)),
            }
            match self.cells.next() {
                Some(next) => cell = next,
                None => return (range, None),
            }
        }
    }

    /// Whether the value is a placeholder, and only noted as one.
    #[inline(never)]
    fn skips(&mut self, cell: &Cell<'t>) -> bool {
        match placeholder::bit(cell.raw) {
            Some(bit) if self.skip_placeholders => {
                self.placeholders |= bit;
                true
            }
            _ => false,
        }
    }
}

fn only<V: Copy>(value: V) -> Range<V> {
    (value, value)
}

#[cfg(test)]
mod tests;
