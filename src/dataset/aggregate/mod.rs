//! Aggregates: what `select=dest,n:count(),late:dep_delay.avg()` computes, without any reading.
//!
//! A [`Plan`] says which columns the groups are of (`keys`) and which functions are computed (`aggregates`). [`Groups`] is a table of
//! groups: it takes values, each with how often it occurs, and merges with other tables of the same plan. All functions give the same
//! result in whatever order and however often tables are merged, so blocks may be read in any order and on any thread.
//!
//! How a scan uses it, whether it reads texts or codes:
//!
//! ```text
//! let mut key = Vec::new();
//! for (number, of) in plan.keys.iter().enumerate() {
//!     of.encode(value_of(of.column), &mut key);   // canonical text, `None`: a null; the parts of a key may be encoded once per value and joined
//! }
//! let group = groups.group(&key)?;                 // its index in this table
//! for (number, aggregate) in plan.aggregates.iter().enumerate() {
//!     groups.add(group, number, value, times)?;    // `count()` has no column: its value is `None`
//! }
//! all.merge(groups)?;
//! ```
//!
//! Values are canonical texts, as [`Query::value`](super::Query::value) returns them. [`Refusal::Full`] says that a table has used up its
//! allowance: merge it into another one, and continue with an empty one.

mod accumulator;
mod extreme;
mod function;
mod groups;
mod key;
mod plan;
mod quotient;
mod refusal;
mod sum;
mod values;

pub use function::{Function, Period};
pub use groups::Groups;
pub use key::Key;
pub use plan::{Aggregate, Output, Plan, Source};
pub use refusal::Refusal;
pub(super) use sum::short;

#[cfg(test)]
mod tests;
