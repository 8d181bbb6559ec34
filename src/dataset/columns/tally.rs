//! Adds up a row group for a query with aggregates.
//!
//! The key of a group is made of texts of dictionaries, so each row gets a small number that stands for its key. What has to be known of
//! each number is then added up over the rows by codes: how many rows there are, exact sums of integers, or the first rank of an order.
//! At the end, each group gets these results at once. Functions for which that is not exact get each different value of a group with the
//! number of its rows. So all results are those that the text gives, digit for digit.

use std::collections::HashMap;

use super::chunk::{Chunks, ColumnChunk, CorruptColumn};
use super::selection::Selected;
use crate::dataset::aggregate::{Aggregate, Function, Groups, Plan, Refusal, short};
use crate::dataset::query::{Query, Term};
use crate::dataset::{ColumnType, Layout};

/// Most numbers of keys that need not be made dense.
const SPARSE: usize = 1 << 16;
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

/// A number for each row, below `count`. Rows that are not selected have the number `count`.
struct Numbers {
    of_rows: Vec<u32>,
    count: usize,
    keys: Vec<Vec<u8>>,
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
        let mut numbers = Numbers {
            of_rows: vec![0; rows],
            count: 1,
            keys: vec![Vec::new()],
        };
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
        match aggregate.function {
            Function::Count => Ok(Added::Values(numbers.counts(&codes, &values))),
            Function::Sum | Function::Avg => {
                let Some((summands, decimals)) = summands(&values) else {
                    return Ok(numbers.each(&codes, values));
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
                    None => Ok(numbers.each(&codes, values)),
                }
            }
            Function::Distinct | Function::Median => Ok(numbers.each(&codes, values)),
        }
    }
}

impl Numbers {
    /// Divides each number by the parts of one more column.
    fn divide(&mut self, codes: &[u16], part_of: &[u32], parts: &[Vec<u8>]) {
        let each = parts.len().max(1);
        let joined = |number: usize| {
            let mut key = self.keys[number / each].clone();
            key.extend_from_slice(&parts[number % each]);
            key
        };
        let product = self.count * each;
        if product <= SPARSE {
            for (number, code) in self.of_rows.iter_mut().zip(codes) {
                *number = *number * each as u32 + part_of[usize::from(*code)];
            }
            self.keys = match parts.is_empty() {
                true => Vec::new(),
                false => (0..product).map(joined).collect(),
            };
            self.count = self.keys.len();
            return;
        }
        let mut dense: HashMap<u64, u32> = HashMap::new();
        let mut sparse = Vec::new();
        for (number, code) in self.of_rows.iter_mut().zip(codes) {
            let wide = u64::from(*number) * each as u64 + u64::from(part_of[usize::from(*code)]);
            *number = *dense.entry(wide).or_insert_with(|| {
                sparse.push(wide as usize);
                sparse.len() as u32 - 1
            });
        }
        self.keys = sparse.into_iter().map(joined).collect();
        self.count = self.keys.len();
    }

    /// How many values each number has.
    fn counts(&self, codes: &[u16], values: &[Option<Box<str>>]) -> Vec<u32> {
        let is_value: Vec<u32> = values
            .iter()
            .map(|value| u32::from(value.is_some()))
            .collect();
        let mut counts = vec![0; self.count + 1];
        for (number, code) in self.of_rows.iter().zip(codes) {
            counts[*number as usize] += is_value[usize::from(*code)];
        }
        counts
    }

    /// The different values of each number.
    fn each(&self, codes: &[u16], values: Vec<Option<Box<str>>>) -> Added {
        let pairs = self.of_rows.iter().zip(codes);
        let pairs = pairs.filter(|(number, code)| {
            (**number as usize) < self.count && values[usize::from(**code)].is_some()
        });
        let pairs = pairs.map(|(number, code)| u64::from(*number) << 16 | u64::from(*code));
        let mut pairs: Vec<u64> = pairs.collect();
        pairs.sort_unstable();
        let mut found = Vec::new();
        let mut begins = Vec::with_capacity(self.count + 1);
        for run in pairs.chunk_by(|a, b| a == b) {
            let (number, code) = ((run[0] >> 16) as usize, (run[0] & 0xffff) as usize);
            while begins.len() <= number {
                begins.push(found.len() as u32);
            }
            if let Some(value) = &values[code] {
                found.push((value.clone(), run.len() as u32));
            }
        }
        begins.resize(self.count + 1, found.len() as u32);
        Added::Each(found, begins)
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
        ColumnType::String => sorted.sort_by(|(_, a), (_, b)| a.cmp(b)),
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
