//! Type inference: the type and the bounds of one column of a raw block.
//!
//! Each type has a loop of its own, which the first text enters and the first text that doesn't fit leaves. If the values turn out to
//! be strings, the texts are read once more for their bounds.

use std::borrow::Cow;
use std::cell::Cell as Flag;

use super::{
    Bounds, ColumnType, Formats, ZoneMap, cell::Cell, counts::Texts, placeholder, span::Span,
    text_range::TextRange, value,
};

/// A value that is not of the type stated for its column, and its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub span: Span,
    pub stated: ColumnType,
}

/// Infers a column's zone map from its texts, whose values are written in these formats. If a type is stated, every non-null
/// value must be of that type.
pub(super) fn infer(
    texts: Texts<'_>,
    stated: Option<ColumnType>,
    formats: &Formats,
) -> Result<ZoneMap, Unfit> {
    if stated == Some(ColumnType::String) {
        return Ok(strings(texts));
    }
    let mut typed = Typed {
        cells: texts.cells(),
        formats,
        respelled: false,
        skip_placeholders: stated.is_none(),
        placeholders: 0,
    };
    let Inferred {
        bounds,
        kind,
        other,
    } = typed.column(stated);
    match (other, stated) {
        (Some(cell), Some(stated)) => Err(Unfit {
            span: cell.span(),
            stated,
        }),
        (Some(_), None) => Ok(strings(texts)),
        (None, _) => Ok(ZoneMap {
            nulls: texts.nulls,
            bounds: match typed.placeholders {
                0 => bounds,
                _ => strings(texts).bounds,
            },
            kind,
            placeholders: typed.placeholders,
            respelled: typed.respelled,
        }),
    }
}

/// The zone map of a string column.
fn strings(texts: Texts<'_>) -> ZoneMap {
    let bounds = TextRange::of(texts.cells()).map_or(Bounds::None, TextRange::into_bounds);
    let kind = (bounds != Bounds::None).then_some(ColumnType::String);
    ZoneMap {
        nulls: texts.nulls,
        bounds,
        kind,
        placeholders: 0,
        respelled: false,
    }
}

/// What a loop for one type found.
struct Inferred<'t> {
    bounds: Bounds,
    kind: Option<ColumnType>,
    /// The first value that is not of the type.
    other: Option<Cell<'t>>,
}

/// Reads a column while its values have one type.
struct Typed<'f, I> {
    cells: I,
    formats: &'f Formats,
    /// Whether any value is written otherwise than its canonical text.
    respelled: bool,
    /// Whether well-known placeholders are noted and skipped.
    skip_placeholders: bool,
    placeholders: u32,
}

/// Values with an order and extreme values.
trait Ordered: Copy + PartialOrd {
    const LOWEST: Self;
    const HIGHEST: Self;
}

impl Ordered for bool {
    const LOWEST: Self = false;
    const HIGHEST: Self = true;
}

impl Ordered for i32 {
    const LOWEST: Self = Self::MIN;
    const HIGHEST: Self = Self::MAX;
}

impl Ordered for i64 {
    const LOWEST: Self = Self::MIN;
    const HIGHEST: Self = Self::MAX;
}

impl Ordered for f64 {
    const LOWEST: Self = Self::NEG_INFINITY;
    const HIGHEST: Self = Self::INFINITY;
}

/// Least and greatest value; empty if the least is above the greatest.
#[derive(Debug, Clone, Copy)]
struct Range<V> {
    min: V,
    max: V,
}

impl<V: Ordered> Range<V> {
    const NOTHING: Self = Self {
        min: V::HIGHEST,
        max: V::LOWEST,
    };

    #[inline(always)]
    fn only(value: V) -> Self {
        Self {
            min: value,
            max: value,
        }
    }

    #[inline(always)]
    fn join(self, other: Self) -> Self {
        Self {
            min: if other.min < self.min {
                other.min
            } else {
                self.min
            },
            max: if other.max > self.max {
                other.max
            } else {
                self.max
            },
        }
    }

    fn bounds(self, bounds: impl Fn(V, V) -> Bounds) -> Bounds {
        if self.min > self.max {
            Bounds::None
        } else {
            bounds(self.min, self.max)
        }
    }
}

impl<'t, I: Iterator<Item = Cell<'t>> + Clone> Typed<'_, I> {
    fn column(&mut self, stated: Option<ColumnType>) -> Inferred<'t> {
        let Some(first) = self.first() else {
            return Inferred {
                bounds: Bounds::None,
                kind: None,
                other: None,
            };
        };
        let formats = self.formats;
        let (plain, leeway) = (formats.is_plain(), formats.leeway());
        let respelled = Flag::new(false);
        // The canonical text of a value. Without formats, all texts but those of booleans are canonical, or no values.
        let read = |cell: &Cell<'t>, kind| {
            if plain && kind != ColumnType::Boolean {
                return Some(Cow::Borrowed(cell.raw()));
            }
            let text = std::str::from_utf8(cell.raw()).ok()?;
            let canonical = formats.canonical(kind, text)?;
            respelled.set(respelled.get() || canonical != text);
            Some(match canonical {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            })
        };
        let kind = stated.unwrap_or_else(|| self.kind_of(&first));
        let inferred = match kind {
            ColumnType::Boolean => self.of_one_type(
                kind,
                |cell| value::boolean(&read(cell, kind)?).map(Range::only),
                |min, max| Bounds::Boolean { min, max },
            ),
            ColumnType::Integer | ColumnType::Number if formats.has_plain_numbers() => {
                self.numeric(kind, stated, Cell::integer, Cell::number)
            }
            ColumnType::Integer | ColumnType::Number => self.numeric(
                kind,
                stated,
                |cell| value::integer(&read(cell, ColumnType::Integer)?),
                |cell| value::number(&read(cell, ColumnType::Number)?),
            ),
            ColumnType::Date => self.of_one_type(
                kind,
                |cell| value::date(&read(cell, kind)?).map(Range::only),
                |min, max| Bounds::Date { min, max },
            ),
            ColumnType::Datetime => self.of_one_type(
                kind,
                |cell| {
                    let canonical = read(cell, kind)?;
                    let (min, max) = value::second_bounds(&canonical)?;
                    // Only what lacked a zone depends on its rules.
                    let leeway = match canonical {
                        Cow::Borrowed(_) => 0,
                        Cow::Owned(_) => leeway,
                    };
                    Some(Range {
                        min: min - leeway,
                        max: max + leeway,
                    })
                },
                |min, max| Bounds::Instant { min, max },
            ),
            ColumnType::String => Inferred {
                bounds: Bounds::None,
                kind: None,
                other: Some(first),
            },
        };
        self.respelled = respelled.get();
        inferred
    }

    fn kind_of(&self, cell: &Cell<'_>) -> ColumnType {
        match std::str::from_utf8(cell.raw()) {
            Ok(text) => self.formats.kind_of(text),
            Err(_) => ColumnType::String,
        }
    }

    /// The first value that counts for the type. It is not consumed.
    fn first(&mut self) -> Option<Cell<'t>> {
        let mut cells = self.cells.clone();
        let first = cells.find(|cell| !self.skips(cell));
        if first.is_none() {
            self.cells = cells;
        }
        first
    }

    fn of_one_type<V: Ordered>(
        &mut self,
        kind: ColumnType,
        read: impl FnMut(&Cell<'t>) -> Option<Range<V>>,
        bounds: impl Fn(V, V) -> Bounds,
    ) -> Inferred<'t> {
        let (range, other) = self.run(Range::NOTHING, read);
        Inferred {
            bounds: range.bounds(bounds),
            kind: Some(kind),
            other,
        }
    }

    /// Integers, which become numbers at the first value that is a number, unless they are stated to be integers.
    fn numeric(
        &mut self,
        kind: ColumnType,
        stated: Option<ColumnType>,
        integer: impl Fn(&Cell<'t>) -> Option<i64>,
        number: impl Fn(&Cell<'t>) -> Option<f64>,
    ) -> Inferred<'t> {
        let (integers, other) = self.run(Range::NOTHING, |cell| integer(cell).map(Range::only));
        let bounds = integers.bounds(|min, max| Bounds::Integer { min, max });
        let first = other.and_then(|cell| number(&cell));
        match first {
            Some(first) if stated != Some(ColumnType::Integer) => {
                let start = match bounds {
                    Bounds::Integer { min, max } => Range {
                        min: min as f64,
                        max: max as f64,
                    },
                    _ => Range::NOTHING,
                };
                let start = start.join(Range::only(first));
                let (range, other) = self.run(start, |cell| number(cell).map(Range::only));
                let bounds = range.bounds(|min, max| Bounds::Number { min, max });
                Inferred {
                    bounds,
                    kind: Some(ColumnType::Number),
                    other,
                }
            }
            _ => Inferred {
                bounds,
                kind: Some(kind),
                other,
            },
        }
    }

    /// Reads values until one doesn't fit. Returns the range of those that fit, and that one.
    #[inline(always)]
    fn run<V: Ordered>(
        &mut self,
        mut range: Range<V>,
        mut read: impl FnMut(&Cell<'t>) -> Option<Range<V>>,
    ) -> (Range<V>, Option<Cell<'t>>) {
        // A local copy stays in registers.
        let mut cells = self.cells.clone();
        let mut other = None;
        for cell in cells.by_ref() {
            if let Some(read) = read(&cell) {
                range = range.join(read);
            } else if !self.skips(&cell) {
                other = Some(cell);
                break;
            }
        }
        self.cells = cells;
        (range, other)
    }

    /// Whether to skip the value because it is a placeholder. Notes it.
    fn skips(&mut self, cell: &Cell<'t>) -> bool {
        match placeholder::bit(cell.raw()) {
            Some(bit) if self.skip_placeholders => {
                self.placeholders |= bit;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
