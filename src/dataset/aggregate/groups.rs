//! A table of groups.

use std::sync::Arc;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::accumulator::Accumulator;
use super::key;
use super::plan::{Plan, Source};
use super::refusal::Refusal;

/// Bytes of a group beside its key and accumulators.
const GROUP: usize = 32;

/// A table of groups.
#[derive(Debug)]
pub struct Groups {
    plan: Arc<Plan>,
    /// Most groups.
    most: usize,
    /// Bytes that it may take.
    allowance: usize,
    /// Bytes that it takes, about.
    bytes: usize,
    index: HashTable<u32>,
    hashes: Vec<u64>,
    /// All keys, one after the other, and where each ends.
    keys: Vec<u8>,
    ends: Vec<usize>,
    /// For each group its accumulators.
    accumulators: Vec<Accumulator>,
}

impl Groups {
    /// An empty table for at most so many groups, which may take `allowance` bytes.
    pub fn new(plan: &Arc<Plan>, most: usize, allowance: usize) -> Self {
        Self {
            plan: Arc::clone(plan),
            most,
            allowance,
            bytes: 0,
            index: HashTable::new(),
            hashes: Vec::new(),
            keys: Vec::new(),
            ends: Vec::new(),
            accumulators: Vec::new(),
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes that it takes, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The index of the group with that key, which [`Key::encode`](super::Key::encode) has written for each key of the plan. It is added if
    /// it is new.
    ///
    /// # Errors
    /// [`Refusal::Full`], or [`Refusal::TooManyGroups`]. Then nothing was added.
    #[inline]
    pub fn group(&mut self, key: &[u8]) -> Result<usize, Refusal> {
        if self.bytes > self.allowance {
            return Err(Refusal::Full);
        }
        let hash = xxh3_64_with_seed(key, self.plan.seed);
        let same = |&group: &u32| self.hashes[group as usize] == hash && self.key(group) == key;
        match self.index.find(hash, same) {
            Some(group) => Ok(*group as usize),
            None => self.add_group(key, hash),
        }
    }

    fn add_group(&mut self, key: &[u8], hash: u64) -> Result<usize, Refusal> {
        let group = self.ends.len();
        if group >= self.most.min(u32::MAX as usize) {
            return Err(Refusal::TooManyGroups);
        }
        let hashes = &self.hashes;
        (self.index).insert_unique(hash, group as u32, |group| hashes[*group as usize]);
        self.hashes.push(hash);
        self.keys.extend_from_slice(key);
        self.ends.push(self.keys.len());
        let aggregates = self.plan.aggregates.iter();
        (self.accumulators).extend(aggregates.map(|one| Accumulator::new(one.function)));
        let accumulators = self.plan.aggregates.len() * size_of::<Accumulator>();
        self.bytes += key.len() + accumulators + GROUP;
        Ok(group)
    }

    /// Adds a value, which occurs so many times, to the aggregate of a group. A null is none, but `count()` of rows counts it.
    ///
    /// # Errors
    /// [`Refusal::TooLong`]
    #[inline]
    pub fn add(
        &mut self,
        group: usize,
        aggregate: usize,
        value: Option<&str>,
        times: u64,
    ) -> Result<(), Refusal> {
        let of = &self.plan.aggregates[aggregate];
        let accumulator = &mut self.accumulators[group * self.plan.aggregates.len() + aggregate];
        match (of.column, value) {
            (None, _) => accumulator.count(times),
            (Some(_), Some(value)) => {
                self.bytes += accumulator.add(of.kind, value, times, self.plan.seed)?;
            }
            (Some(_), None) => {}
        }
        Ok(())
    }

    /// Adds several values to the sum of a group: their sum in units of `10^-decimals`, and how many there are.
    pub fn add_total(
        &mut self,
        group: usize,
        aggregate: usize,
        (total, decimals): (i128, u32),
        times: u64,
    ) {
        let place = group * self.plan.aggregates.len() + aggregate;
        self.bytes += self.accumulators[place].add_total(total, decimals, times);
    }

    /// Adds the groups of another table of the same plan, whatever the allowance is.
    ///
    /// # Errors
    /// [`Refusal::TooManyGroups`]
    pub fn merge(&mut self, mut other: Self) -> Result<(), Refusal> {
        let plan = Arc::clone(&self.plan);
        let each = plan.aggregates.len();
        self.allowance = usize::MAX;
        let mut accumulators = std::mem::take(&mut other.accumulators).into_iter();
        for group in 0..other.len() {
            let mine = self.group(other.key(group as u32))?;
            let places = &mut self.accumulators[mine * each..(mine + 1) * each];
            for (place, aggregate) in places.iter_mut().zip(&plan.aggregates) {
                let Some(theirs) = accumulators.next() else {
                    break;
                };
                self.bytes += place.merge(theirs, aggregate.kind, plan.seed);
            }
        }
        Ok(())
    }

    /// Its groups, in a table that takes them over; this one is empty then.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let empty = Self::new(&self.plan, self.most, self.allowance);
        std::mem::replace(self, empty)
    }

    /// Adds the group of all rows if there are no keys: it exists also if there are no rows.
    pub fn complete(&mut self) {
        if self.plan.keys.is_empty() && self.is_empty() {
            // A table of one group is not too large.
            let _ = self.group(&[]);
        }
    }

    /// Calls `cell` with each value of a group, in the order of the outputs; `None` for a null.
    pub fn row(&self, group: usize, mut cell: impl FnMut(Option<&str>)) {
        let parts: Vec<_> = key::parts(self.key(group as u32)).collect();
        let each = self.plan.aggregates.len();
        for output in &self.plan.outputs {
            match output.source {
                Source::Key(at) => cell(parts.get(at).copied().flatten()),
                Source::Aggregate(at) => {
                    let accumulator = &self.accumulators[group * each + at];
                    cell(accumulator.result(&self.plan.aggregates[at]).as_deref());
                }
            }
        }
    }

    fn key(&self, group: u32) -> &[u8] {
        let group = group as usize;
        let begin = group.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.keys[begin..self.ends[group]]
    }
}
