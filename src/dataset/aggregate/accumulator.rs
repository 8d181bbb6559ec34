//! What is known so far of one function of one group.

use hashbrown::HashTable;
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::extreme::Extreme;
use super::function::Function;
use super::plan::Aggregate;
use super::refusal::Refusal;
use super::sum::Sum;
use super::{quotient, values};
use crate::{ColumnType, value};

/// An accumulator.
#[derive(Debug)]
pub(super) enum Accumulator {
    Count(u64),
    Distinct(HashTable<Mark>),
    Least(Option<Extreme>),
    Greatest(Option<Extreme>),
    Sum(Sum, u64),
    /// How often each value occurs.
    Values(HashTable<(u64, u64)>),
}

/// Stands for a value: a short one is in it, of a long one it has the digest.
type Mark = [u8; 16];
/// Bytes of an entry of a hash table beside its value, with what stays empty.
const SPARE: usize = 2;

impl Accumulator {
    pub(super) fn new(function: Function) -> Self {
        match function {
            Function::Count => Self::Count(0),
            Function::Distinct => Self::Distinct(HashTable::new()),
            Function::Min => Self::Least(None),
            Function::Max => Self::Greatest(None),
            Function::Sum | Function::Avg => Self::Sum(Sum::default(), 0),
            Function::Median => Self::Values(HashTable::new()),
        }
    }

    /// Adds a value that occurs so many times. Returns how many bytes it takes more.
    #[inline]
    pub(super) fn add(
        &mut self,
        kind: ColumnType,
        value: &str,
        times: u64,
        seed: u64,
    ) -> Result<usize, Refusal> {
        match self {
            Self::Count(count) => *count += times,
            Self::Sum(sum, count) => {
                let before = sum.bytes();
                sum.add(value, times)?;
                *count += times;
                return Ok(sum.bytes().saturating_sub(before));
            }
            Self::Least(extreme) => return Ok(offer(extreme, kind, false, value)),
            Self::Greatest(extreme) => return Ok(offer(extreme, kind, true, value)),
            Self::Distinct(marks) => {
                let mark = mark(&values::normal(kind, value));
                return Ok(insert(marks, mark, seed));
            }
            Self::Values(values) => {
                let number = match value::integer(value.as_bytes()) {
                    Some(integer) => integer as f64,
                    None => value::number(value.as_bytes()).unwrap_or_default(),
                };
                let number = number.clamp(f64::MIN, f64::MAX);
                return Ok(occur(values, sortable(number), times, seed));
            }
        }
        Ok(0)
    }

    /// Adds so many values whose sum is known. Returns how many bytes it takes more.
    pub(super) fn add_total(&mut self, total: i128, decimals: u32, times: u64) -> usize {
        let Self::Sum(sum, count) = self else {
            return 0;
        };
        let before = sum.bytes();
        sum.add_total(total, decimals);
        *count += times;
        sum.bytes().saturating_sub(before)
    }

    /// Counts rows.
    #[inline]
    pub(super) fn count(&mut self, times: u64) {
        if let Self::Count(count) = self {
            *count += times;
        }
    }

    /// Adds what another accumulator of the same function has. Returns how many bytes it takes more.
    pub(super) fn merge(&mut self, other: Self, kind: ColumnType, seed: u64) -> usize {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => *count += more,
            (Self::Sum(sum, count), Self::Sum(other, more)) => {
                let before = sum.bytes();
                sum.merge(other);
                *count += more;
                return sum.bytes().saturating_sub(before);
            }
            (Self::Least(extreme), Self::Least(Some(other))) => {
                return offer(extreme, kind, false, other.text());
            }
            (Self::Greatest(extreme), Self::Greatest(Some(other))) => {
                return offer(extreme, kind, true, other.text());
            }
            (Self::Distinct(marks), Self::Distinct(others)) => {
                let others = others.into_iter();
                return others.map(|mark| insert(marks, mark, seed)).sum();
            }
            (Self::Values(values), Self::Values(others)) => {
                let others = others.into_iter();
                let more = others.map(|(number, times)| occur(values, number, times, seed));
                return more.sum();
            }
            // Nothing was added to the other.
            _ => {}
        }
        0
    }

    /// The result; `None`: a null.
    pub(super) fn result(&self, aggregate: &Aggregate) -> Option<String> {
        match self {
            Self::Count(count) => Some(count.to_string()),
            Self::Distinct(marks) => Some(marks.len().to_string()),
            Self::Least(extreme) | Self::Greatest(extreme) => {
                extreme.as_ref().map(|extreme| extreme.text().to_owned())
            }
            Self::Sum(_, 0) => None,
            Self::Sum(sum, _) if aggregate.function == Function::Sum => {
                Some(sum.digits().to_string())
            }
            Self::Sum(sum, count) => {
                let short = sum.near();
                let short =
                    short.and_then(|(near, decimals)| quotient::short(near, decimals, *count));
                Some(match short {
                    Some(average) => quotient::text(average),
                    None => quotient::long(&sum.digits(), *count),
                })
            }
            Self::Values(values) => median(values).map(quotient::text),
        }
    }
}

fn offer(extreme: &mut Option<Extreme>, kind: ColumnType, greatest: bool, value: &str) -> usize {
    match extreme {
        Some(extreme) => {
            let before = extreme.text().len();
            extreme.offer(kind, greatest, value);
            extreme.text().len().saturating_sub(before)
        }
        None => {
            *extreme = Some(Extreme::new(kind, value));
            value.len()
        }
    }
}

fn mark(value: &str) -> Mark {
    let mut mark = [0; 16];
    let bytes = value.as_bytes();
    match mark.get_mut(1..=bytes.len()) {
        Some(place) => {
            place.copy_from_slice(bytes);
            mark[0] = bytes.len() as u8;
        }
        None => {
            mark.copy_from_slice(&Sha256::digest(bytes)[..16]);
            mark[0] = u8::MAX;
        }
    }
    mark
}

fn insert(marks: &mut HashTable<Mark>, mark: Mark, seed: u64) -> usize {
    let hash = |mark: &Mark| xxh3_64_with_seed(mark, seed);
    match marks.entry(hash(&mark), |known| *known == mark, hash) {
        hashbrown::hash_table::Entry::Occupied(_) => 0,
        hashbrown::hash_table::Entry::Vacant(place) => {
            place.insert(mark);
            size_of::<Mark>() * SPARE
        }
    }
}

fn occur(values: &mut HashTable<(u64, u64)>, number: u64, times: u64, seed: u64) -> usize {
    let hash = |(number, _): &(u64, u64)| xxh3_64_with_seed(&number.to_le_bytes(), seed);
    let hashed = hash(&(number, 0));
    match values.entry(hashed, |(known, _)| *known == number, hash) {
        hashbrown::hash_table::Entry::Occupied(mut entry) => {
            entry.get_mut().1 += times;
            0
        }
        hashbrown::hash_table::Entry::Vacant(place) => {
            place.insert((number, times));
            size_of::<(u64, u64)>() * SPARE
        }
    }
}

/// Bits that order like the numbers.
fn sortable(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    match bits >> 63 {
        1 => !bits,
        _ => bits | 1 << 63,
    }
}

fn number(sortable: u64) -> f64 {
    f64::from_bits(match sortable >> 63 {
        1 => sortable ^ 1 << 63,
        _ => !sortable,
    })
}

fn median(values: &HashTable<(u64, u64)>) -> Option<f64> {
    let mut sorted: Vec<(u64, u64)> = values.iter().copied().collect();
    sorted.sort_unstable();
    let count: u64 = sorted.iter().map(|(_, times)| times).sum();
    let at = |place: u64| {
        let mut passed = 0;
        let found = sorted.iter().find(|(_, times)| {
            passed += times;
            passed > place
        });
        found.map(|(value, _)| number(*value))
    };
    let last = count.checked_sub(1)?;
    Some(f64::midpoint(at(last / 2)?, at(count / 2)?))
}
