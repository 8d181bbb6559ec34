//! Which columns of two revisions are compared, and how.

use std::collections::HashMap;
use std::sync::Arc;

use super::Side;
use super::digest::{Compared, Digester};
use crate::{Column, ColumnType, Layout};

/// The columns of a revision, and how its text is read.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its columns.
    pub columns: Arc<[Column]>,
    /// How its text is read.
    pub layout: Arc<Layout>,
}

/// The key has no column, one twice, or one that is not in both revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadKey {
    /// The columns that both have, in the order of the newer one.
    pub columns: Vec<String>,
}

/// How the rows of two revisions are compared.
///
/// Columns are the same if their names are. Those that only one of the revisions has are not compared. If no column is in both, all rows
/// differ.
#[derive(Debug)]
pub struct Comparison {
    tables: [Table; 2],
    /// The columns of the key; empty: there is none.
    key: Vec<Pair>,
    /// The other columns that both have.
    rest: Vec<Pair>,
}

/// A column that both revisions have.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// Its index in each of them.
    places: [usize; 2],
    /// The type that its values are compared as; `None`: its texts are compared, because the types have too little in common.
    kind: Option<ColumnType>,
}

impl Comparison {
    /// Compares the rows of two revisions. With a key, rows that have the same values in these columns are the same row.
    ///
    /// # Errors
    /// [`BadKey`] if the key is not a list of different columns that both revisions have.
    pub fn new(from: Table, to: Table, key: Option<&[String]>) -> Result<Self, BadKey> {
        let names = from.columns.iter().enumerate();
        let names: HashMap<&str, usize> = names.map(|(at, column)| (&*column.name, at)).collect();
        let mut rest = Vec::new();
        for (place, column) in to.columns.iter().enumerate() {
            if let Some(&before) = names.get(&*column.name) {
                rest.push(Pair {
                    places: [before, place],
                    kind: common(from.columns[before].kind, column.kind),
                });
            }
        }
        let name = |pair: &Pair| to.columns[pair.places[1]].name.clone();
        let columns = || rest.iter().map(name).collect();
        if key.is_some_and(<[String]>::is_empty) {
            return Err(BadKey { columns: columns() });
        }
        let mut of_key = Vec::new();
        for wanted in key.unwrap_or_default() {
            let found = rest.iter().position(|pair| name(pair) == *wanted);
            match found.filter(|at| !of_key.contains(at)) {
                Some(at) => of_key.push(at),
                None => return Err(BadKey { columns: columns() }),
            }
        }
        let key = of_key.iter().map(|at| rest[*at]).collect();
        let is_in_key = |at: &usize| of_key.contains(at);
        let others = (0..rest.len()).filter(|at| !is_in_key(at));
        let rest = others.map(|at| rest[at]).collect();
        Ok(Self {
            tables: [from, to],
            key,
            rest,
        })
    }

    /// Whether there is a key.
    pub fn has_key(&self) -> bool {
        !self.key.is_empty()
    }

    /// The indexes of the key's columns in a revision.
    pub fn key_places(&self, side: Side) -> impl Iterator<Item = usize> {
        self.key.iter().map(move |pair| pair.places[side as usize])
    }

    /// The columns and the layout of a revision.
    pub fn table(&self, side: Side) -> &Table {
        &self.tables[side as usize]
    }

    /// Makes the digests of one revision's rows. Both revisions need the same seed.
    pub fn digester(&self, side: Side, seed: u64) -> Digester {
        let table = self.table(side);
        let compared = |pairs: &[Pair]| -> Vec<Compared> {
            let compared = pairs.iter().map(|pair| {
                let place = pair.places[side as usize];
                Compared {
                    place,
                    kind: pair.kind,
                    respelled: table.columns[place]
                        .respelled
                        .then_some(table.columns[place].kind),
                }
            });
            compared.collect()
        };
        // Rows without a common column are never equal.
        let alone = self.key.is_empty() && self.rest.is_empty();
        let alone = alone.then_some(side as u8);
        let (key, rest) = (compared(&self.key), compared(&self.rest));
        Digester::new(key, rest, alone, Arc::clone(&table.layout), seed)
    }
}

/// The type that values of both types are compared as; `None`: only their texts can be compared.
fn common(a: ColumnType, b: ColumnType) -> Option<ColumnType> {
    match a.join(b) {
        ColumnType::String if a != b => None,
        kind => Some(kind),
    }
}
