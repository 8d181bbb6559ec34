//! Numbers that stand for the keys of groups, one for each row of a row group.

use std::collections::HashMap;

/// Most numbers of keys that need not be made dense.
const SPARSE: usize = 1 << 16;

/// A number for each row, below `count`. Rows that are not selected have the number `count`.
pub(super) struct Numbers {
    pub(super) of_rows: Vec<u32>,
    pub(super) count: usize,
    /// The key of each number; a number without rows has one, too.
    pub(super) keys: Vec<Vec<u8>>,
}

impl Numbers {
    /// All of so many rows have one number, whose key is empty.
    pub(super) fn new(rows: usize) -> Self {
        Self {
            of_rows: vec![0; rows],
            count: 1,
            keys: vec![Vec::new()],
        }
    }

    /// Divides each number by the parts of one more column.
    pub(super) fn divide(&mut self, codes: &[u16], part_of: &[u32], parts: &[Vec<u8>]) {
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
    pub(super) fn counts(&self, codes: &[u16], values: &[Option<Box<str>>]) -> Vec<u32> {
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

    /// The different values with how often they occur, in the order of their numbers; and where those of each number begin.
    pub(super) fn each(
        &self,
        codes: &[u16],
        values: &[Option<Box<str>>],
    ) -> (Vec<(Box<str>, u32)>, Vec<u32>) {
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
        (found, begins)
    }
}
