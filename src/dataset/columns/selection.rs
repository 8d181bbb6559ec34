//! Which rows of a row group a query finds.

use super::chunk::{Chunks, ColumnChunk, CorruptColumn};
use crate::Layout;
use crate::query::{Condition, Filter, Query, Stop};

/// Rows of a row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    /// All rows.
    All,
    /// No row.
    None,
    /// For each row 1 if it is one of them, else 0.
    Rows(Vec<u8>),
}

/// The rows of a row group that pass the filters and conditions of a query. `chunks` has the chunks of all columns that they name.
///
/// # Errors
/// [`CorruptColumn`] if a chunk is damaged or missing. Then the text has the answer.
pub fn select(
    query: &Query,
    layout: &Layout,
    chunks: &Chunks,
    stop: &Stop,
) -> Result<Selected, CorruptColumn> {
    let looker = Looker {
        query,
        layout,
        chunks,
        stop,
    };
    // The dictionaries alone often tell that no row passes.
    let mut passes = Vec::with_capacity(query.filters.len());
    for filter in &query.filters {
        match looker.passes(filter)? {
            Passes::None => return Ok(Selected::None),
            Passes::All => {}
            some => passes.push((filter.column(), some)),
        }
    }
    let mut selected = Selected::All;
    for (column, passes) in passes {
        selected = selected.and(looker.rows(column, &passes)?);
        if selected.is_empty() {
            return Ok(Selected::None);
        }
    }
    for condition in &query.conditions {
        selected = selected.and(looker.condition(condition)?);
        if selected.is_empty() {
            return Ok(Selected::None);
        }
    }
    Ok(selected)
}

/// The codes that pass a filter.
#[derive(Debug, PartialEq, Eq)]
enum Passes {
    All,
    None,
    /// The codes from one up to another, both included.
    Range(u16, u16),
    /// For each code 1 if it passes, else 0.
    Some(Vec<u8>),
}

struct Looker<'a> {
    query: &'a Query,
    layout: &'a Layout,
    chunks: &'a Chunks,
    stop: &'a Stop,
}

impl Looker<'_> {
    fn chunk(&self, column: usize) -> Result<&ColumnChunk, CorruptColumn> {
        let chunk = self.chunks.get(&column);
        chunk.map(|chunk| &**chunk).ok_or(CorruptColumn::Damaged)
    }

    /// Looks at each text of the column once.
    fn passes(&self, filter: &Filter) -> Result<Passes, CorruptColumn> {
        let column = filter.column();
        let texts = self.chunk(column)?.dictionary().iter();
        // Once the work is to stop, nobody asks for the result.
        let passes: Vec<u8> = texts
            .take_while(|_| !self.stop.is_set())
            .map(|text| {
                let value = self.query.value(self.layout, column, text.into());
                u8::from(filter.holds(value.as_deref(), self.stop))
            })
            .collect();
        Ok(Passes::of(passes))
    }

    fn condition(&self, condition: &Condition) -> Result<Selected, CorruptColumn> {
        Ok(match condition {
            Condition::Is(filter) => {
                let passes = self.passes(filter)?;
                self.rows(filter.column(), &passes)?
            }
            Condition::All(conditions) => {
                let mut selected = Selected::All;
                for one in conditions {
                    selected = selected.and(self.condition(one)?);
                }
                selected
            }
            Condition::Any(conditions) => {
                let mut selected = Selected::None;
                for one in conditions {
                    selected = selected.or(self.condition(one)?);
                }
                selected
            }
        })
    }

    fn rows(&self, column: usize, passes: &Passes) -> Result<Selected, CorruptColumn> {
        let codes = match passes {
            Passes::All => return Ok(Selected::All),
            Passes::None => return Ok(Selected::None),
            Passes::Range(..) | Passes::Some(_) => self.chunk(column)?.codes()?,
        };
        Ok(Selected::Rows(match passes {
            Passes::Range(from, to) => {
                let most = to - from;
                let within = |code: &u16| u8::from(code.wrapping_sub(*from) <= most);
                codes.iter().map(within).collect()
            }
            Passes::Some(passes) => {
                let passes = |code: &u16| passes.get(usize::from(*code)).copied();
                codes.iter().map(|code| passes(code).unwrap_or(0)).collect()
            }
            Passes::All | Passes::None => Vec::new(),
        }))
    }
}

impl Passes {
    fn of(passes: Vec<u8>) -> Self {
        let passing = |passes: &u8| *passes == 1;
        let (Some(from), Some(to)) = (
            passes.iter().position(passing),
            passes.iter().rposition(passing),
        ) else {
            return Self::None;
        };
        match passes[from..=to].iter().all(passing) {
            true if to - from + 1 == passes.len() => Self::All,
            // Codes are of 16 bits.
            true => Self::Range(from as u16, to as u16),
            false => Self::Some(passes),
        }
    }
}

impl Selected {
    /// How many of `rows` rows are selected.
    pub fn count(&self, rows: usize) -> usize {
        match self {
            Self::All => rows,
            Self::None => 0,
            // Short sums of bytes are added by vector instructions.
            Self::Rows(selected) => selected
                .chunks(255)
                .map(|some| usize::from(some.iter().sum::<u8>()))
                .sum(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::All => false,
            Self::None => true,
            Self::Rows(rows) => !rows.contains(&1),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, other) | (other, Self::All) => other,
            (Self::Rows(mut rows), Self::Rows(others)) => {
                let pairs = rows.iter_mut().zip(&others);
                pairs.for_each(|(row, other)| *row &= other);
                Self::Rows(rows)
            }
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, other) | (other, Self::None) => other,
            (Self::Rows(mut rows), Self::Rows(others)) => {
                let pairs = rows.iter_mut().zip(&others);
                pairs.for_each(|(row, other)| *row |= other);
                Self::Rows(rows)
            }
        }
    }

    /// For each block, of which `blocks` has the numbers of rows, whether any of its rows is selected.
    pub fn blocks(&self, blocks: &[u32]) -> Vec<bool> {
        match self {
            Self::All => blocks.iter().map(|rows| *rows > 0).collect(),
            Self::None => vec![false; blocks.len()],
            Self::Rows(selected) => {
                let mut rest = &selected[..];
                let block = |rows: &u32| {
                    let (block, behind) = rest.split_at((*rows as usize).min(rest.len()));
                    rest = behind;
                    block.contains(&1)
                };
                blocks.iter().map(block).collect()
            }
        }
    }
}
