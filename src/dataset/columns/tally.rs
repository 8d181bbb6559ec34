//! Adds up a row group for a query with aggregates.
//!
//! The key of a group is made of texts of dictionaries, so each row gets a small number that stands for its key. What has to be known of
//! each number is then added up over the rows by codes: how many rows there are, exact sums of integers, or the first rank of an order.
//! At the end, each group gets these results at once. Functions for which that is not exact get each different value of a group with the
//! number of its rows. So all results are those that the text gives, digit for digit.

use std::collections::HashMap;

use super::chunk::{Chunks, ColumnChunk, CorruptColumn};
use super::numbers::Numbers;
use super::selection::Selected;
use crate::aggregate::{Aggregate, Function, Groups, Plan, Refusal, short};
use crate::query::{Query, Term};
use crate::{ColumnType, Layout};

/// The rank of a null.
const NEVER: u16 = u16::MAX;

/// A row group, added up.
#[derive(Debug)]
pub struct Tally {
    /// For each number the parts of its key; empty numbers have some, too.
    keys: Vec<Vec<u8>>,
    /// How many rows each number has.
    rows: Vec<u32>,
    columns: Vec<Added>,
}

/// What was added up for one aggregate, by number.
#[derive(Debug)]
enum Added {
    Rows,
    /// How many values there are.
    Values(Vec<u32>),
    /// Sums in units of `10^-decimals`, and how many values there are.
    Totals(Vec<i64>, u32, Vec<u32>),
    /// The first rank, and the texts by rank.
    First(Vec<u16>, Vec<Box<str>>),
    /// The different values with how often they occur, in the order of their numbers; and where those of each number begin.
    Each(Vec<(Box<str>, u32)>, Vec<u32>),
}

/// What reads the values of a row group.
struct Reader<'a> {
    query: &'a Query,
    layout: &'a Layout,
    chunks: &'a Chunks,
}

impl Tally {
    /// Adds up the selected rows of a row group that has `rows` rows.
    ///
    /// # Errors
    /// [`CorruptColumn`] if a chunk is damaged or missing.
    pub fn new(
        query: &Query,
        layout: &Layout,
        plan: &Plan,
        chunks: &Chunks,
        (selected, rows): (&Selected, usize),
    ) -> Result<Self, CorruptColumn> {
        let reader = Reader {
            query,
            layout,
            chunks,
        };
        let numbers = reader.numbers(plan, selected, rows)?;
        let mut counted = vec![0; numbers.count + 1];
        for &number in &numbers.of_rows {
            counted[number as usize] += 1;
        }
        let columns = plan.aggregates.iter();
        let columns = columns.map(|aggregate| reader.added(aggregate, &numbers));
        let columns = columns.collect::<Result<_, _>>()?;
        counted.truncate(numbers.count);
        Ok(Self {
            keys: numbers.keys,
            rows: counted,
            columns,
        })
    }

    /// The numbers that have rows.
    pub fn numbers(&self) -> impl Iterator<Item = usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, rows)| **rows > 0)
            .map(|(number, _)| number)
    }

    /// Adds the rows of a number to a table.
    ///
    /// # Errors
    /// As [`Groups::group`] and [`Groups::add`]. With [`Refusal::Full`], nothing was added.
    pub fn add(&self, number: usize, groups: &mut Groups) -> Result<(), Refusal> {
        let group = groups.group(&self.keys[number])?;
        for (aggregate, added) in self.columns.iter().enumerate() {
            match added {
                Added::Rows => {
                    groups.add(group, aggregate, None, u64::from(self.rows[number]))?;
                }
                Added::Values(values) => {
                    // A value that is counted is not looked at.
                    groups.add(group, aggregate, Some(""), u64::from(values[number]))?;
                }
                Added::Totals(totals, decimals, values) => {
                    let total = (i128::from(totals[number]), *decimals);
                    groups.add_total(group, aggregate, total, u64::from(values[number]));
                }
                Added::First(firsts, texts) => {
                    let text = texts.get(usize::from(firsts[number]));
                    groups.add(group, aggregate, text.map(|text| &**text), 1)?;
                }
                Added::Each(values, begins) => {
                    let (begin, end) = (begins[number] as usize, begins[number + 1] as usize);
                    for (value, times) in &values[begin..end] {
                        groups.add(group, aggregate, Some(value), u64::from(*times))?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Reader<'_> {
    fn chunk(&self, column: usize) -> Result<&ColumnChunk, CorruptColumn> {
        let chunk = self.chunks.get(&column);
        chunk.map(|chunk| &**chunk).ok_or(CorruptColumn::Damaged)
    }

    /// The values of a column's codes; `None` for a null.
    fn values(&self, column: usize) -> Result<Vec<Option<Box<str>>>, CorruptColumn> {
        let texts = self.chunk(column)?.dictionary().iter();
        let values = texts.map(|text| {
            let value = self.query.value(self.layout, column, text.into());
            value.map(|value| value.into_owned().into_boxed_str())
        });
        Ok(values.collect())
    }

    fn numbers(
        &self,
        plan: &Plan,
        selected: &Selected,
        rows: usize,
    ) -> Result<Numbers, CorruptColumn> {
        let mut numbers = Numbers::new(rows);
        for key in &plan.keys {
            // Different codes may have the same key.
            let mut parts: Vec<Vec<u8>> = Vec::new();
            let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
            let values = self.values(key.column)?;
            let part_of = values.iter().map(|value| {
                let mut part = Vec::new();
                key.encode(value.as_deref(), &mut part);
                *known.entry(part).or_insert_with_key(|part| {
                    parts.push(part.clone());
                    parts.len() as u32 - 1
                })
            });
            let part_of: Vec<u32> = part_of.collect();
            numbers.divide(&self.chunk(key.column)?.codes()?, &part_of, &parts);
        }
        if let Selected::Rows(selected) = selected {
            let none = numbers.count as u32;
            for (number, selected) in numbers.of_rows.iter_mut().zip(selected) {
                *number = if *selected == 1 { *number } else { none };
            }
        }
        Ok(numbers)
    }

    fn added(&self, aggregate: &Aggregate, numbers: &Numbers) -> Result<Added, CorruptColumn> {
        let Some(column) = aggregate.column else {
            return Ok(Added::Rows);
        };
        let values = self.values(column)?;
        let codes = self.chunk(column)?.codes()?;
        let each = || {
            let (values, begins) = numbers.each(&codes, &values);
            Added::Each(values, begins)
        };
        match aggregate.function {
            Function::Count => Ok(Added::Values(numbers.counts(&codes, &values))),
            Function::Sum | Function::Avg => {
                let Some((summands, decimals)) = summands(&values) else {
                    return Ok(each());
                };
                let mut totals = vec![0_i64; numbers.count + 1];
                for (number, code) in numbers.of_rows.iter().zip(&codes) {
                    totals[*number as usize] += summands[usize::from(*code)];
                }
                let counts = numbers.counts(&codes, &values);
                Ok(Added::Totals(totals, decimals, counts))
            }
            Function::Min | Function::Max => {
                let greatest = aggregate.function == Function::Max;
                match ranks(aggregate.kind, greatest, &values) {
                    Some((ranks, texts)) => {
                        let mut firsts = vec![NEVER; numbers.count + 1];
                        for (number, code) in numbers.of_rows.iter().zip(&codes) {
                            let first = &mut firsts[*number as usize];
                            *first = (*first).min(ranks[usize::from(*code)]);
                        }
                        Ok(Added::First(firsts, texts))
                    }
                    None => Ok(each()),
                }
            }
            Function::Distinct | Function::Median => Ok(each()),
        }
    }
}

/// The values as integers in units of `10^-decimals`, nulls as 0; `None` if the sum of a row group might not fit an `i64`.
fn summands(values: &[Option<Box<str>>]) -> Option<(Vec<i64>, u32)> {
    /// A row group has fewer than 2^20 rows.
    const MOST: u64 = 1 << 42;
    let parsed = values.iter().map(|value| match value {
        Some(value) => short(value.as_bytes()),
        None => Some((0, 0)),
    });
    let parsed = parsed.collect::<Option<Vec<(i64, u32)>>>()?;
    let decimals = parsed.iter().map(|(_, decimals)| *decimals).max();
    let decimals = decimals.unwrap_or(0);
    let summand = |(mantissa, of): (i64, u32)| {
        let summand = mantissa.checked_mul(10_i64.checked_pow(decimals - of)?)?;
        (summand.unsigned_abs() <= MOST).then_some(summand)
    };
    let summands = parsed
        .into_iter()
        .map(summand)
        .collect::<Option<Vec<_>>>()?;
    Some((summands, decimals))
}

/// For each value its rank, the least or the greatest first, and the texts by rank; `None` if equal values may have different texts.
fn ranks(
    kind: ColumnType,
    greatest: bool,
    values: &[Option<Box<str>>],
) -> Option<(Vec<u16>, Vec<Box<str>>)> {
    if matches!(kind, ColumnType::Number | ColumnType::Datetime) {
        return None;
    }
    let term = Term {
        column: 0,
        kind,
        descending: greatest,
        nulls_first: false,
    };
    let mut sorted: Vec<(u16, &str)> = (0..)
        .zip(values)
        .filter_map(|(code, value)| Some((code, value.as_deref()?)))
        .collect();
    match kind {
        ColumnType::String if greatest => sorted.sort_by(|(_, a), (_, b)| b.cmp(a)),
        ColumnType::String => sorted.sort_by_key(|(_, text)| *text),
        // These keys tell all different values apart. Of equal ones, the shortest text counts.
        _ => sorted.sort_by_cached_key(|(_, value)| {
            (term.abbreviated_key(Some(value)), value.len(), *value)
        }),
    }
    let mut ranks = vec![NEVER; values.len()];
    for (rank, (code, _)) in (0..).zip(&sorted) {
        ranks[usize::from(*code)] = rank;
    }
    let texts = sorted.iter().map(|(_, text)| (*text).into());
    Some((ranks, texts.collect()))
}
