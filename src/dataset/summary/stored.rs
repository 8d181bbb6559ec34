//! A summary as it is stored: a byte for the encoding, then postcard, packed.

use datasketches::frequencies::FrequentItemsSketch;
use datasketches::hll::HllSketch;
use datasketches::kll::KllSketch;
use serde::{Deserialize, Serialize};

use super::column::ColumnSketch;
use super::counted::CountedText;
use super::extremes::Extremes;
use super::rest::{Rest, Sum};
use super::{CorruptSummary, SketchSizes, Summary};
use crate::counts::hash;
use crate::{ColumnType, Formats};

/// The encoding that is written.
const ENCODING: u8 = 1;
/// How hard to pack: an upload waits for it.
const LEVEL: i32 = 1;
/// Bytes that no summary reaches unpacked.
const MOST: usize = 256 << 20;

#[derive(Serialize, Deserialize)]
struct StoredSummary<'c> {
    rows: u64,
    #[serde(borrow)]
    columns: Vec<StoredColumn<'c>>,
}

#[derive(Serialize, Deserialize)]
struct StoredColumn<'c> {
    nulls: u64,
    values: u64,
    #[serde(borrow)]
    known: Vec<StoredText<'c>>,
    rest: Option<StoredRest>,
}

#[derive(Serialize, Deserialize)]
struct StoredText<'c> {
    text: &'c str,
    count: u64,
    /// The hash of the whole text, if `text` is truncated.
    hash: Option<u64>,
}

/// The sketches are in the formats that all of Apache DataSketches read.
#[derive(Serialize, Deserialize)]
struct StoredRest {
    distinct: Vec<u8>,
    frequent: Vec<u8>,
    uncounted: u64,
    spread: Vec<u8>,
    integers: i128,
    numbers: f64,
    placed: Option<(ColumnType, Extremes)>,
    texts: Option<Extremes>,
}

impl Summary {
    /// The summary as it is stored.
    pub fn encode(&self) -> Vec<u8> {
        let stored = StoredSummary {
            rows: self.rows,
            columns: self.columns.iter().map(StoredColumn::of).collect(),
        };
        let plain = postcard::to_stdvec(&stored).expect("a summary is plain data");
        let mut packed = vec![ENCODING];
        packed.extend(zstd::bulk::compress(&plain, LEVEL).expect("memory takes it"));
        packed
    }

    /// Decodes a stored summary of `columns` columns whose values are written in these formats.
    ///
    /// # Errors
    /// [`CorruptSummary`] if it is damaged, or written by a later release.
    pub fn decode(
        stored: &[u8],
        columns: usize,
        formats: &Formats,
    ) -> Result<Self, CorruptSummary> {
        let Some((&ENCODING, packed)) = stored.split_first() else {
            return Err(CorruptSummary);
        };
        let size = zstd::bulk::Decompressor::upper_bound(packed).unwrap_or(MOST);
        let plain = zstd::bulk::decompress(packed, size.min(MOST)).map_err(|_| CorruptSummary)?;
        let stored: StoredSummary<'_> = postcard::from_bytes(&plain).map_err(|_| CorruptSummary)?;
        if stored.columns.len() != columns {
            return Err(CorruptSummary);
        }
        let read = stored.columns.into_iter().map(StoredColumn::read);
        Ok(Self {
            rows: stored.rows,
            columns: read.collect::<Result<_, _>>()?,
            sizes: SketchSizes::of(columns),
            formats: formats.clone(),
        })
    }
}

impl<'c> StoredColumn<'c> {
    fn of(column: &'c ColumnSketch) -> Self {
        Self {
            nulls: column.nulls,
            values: column.values,
            known: column.known().map(StoredText::of).collect(),
            rest: column.rest.as_deref().map(StoredRest::of),
        }
    }

    fn read(self) -> Result<ColumnSketch, CorruptSummary> {
        let mut column = ColumnSketch::default();
        column.nulls = self.nulls;
        column.values = self.values;
        column.rest = self.rest.map(StoredRest::read).transpose()?.map(Box::new);
        for known in self.known {
            column.insert(CountedText {
                hash: known.hash.unwrap_or_else(|| hash(known.text.as_bytes())),
                count: known.count,
                cut: known.hash.is_some(),
                text: known.text,
            });
        }
        Ok(column)
    }
}

impl<'c> StoredText<'c> {
    fn of(known: CountedText<'c>) -> Self {
        Self {
            text: known.text,
            count: known.count,
            hash: known.cut.then_some(known.hash),
        }
    }
}

impl StoredRest {
    fn of(rest: &Rest) -> Self {
        Self {
            distinct: rest.distinct.serialize(),
            frequent: rest.frequent.serialize(),
            uncounted: rest.uncounted,
            spread: rest.spread.serialize(),
            integers: rest.sum.integers,
            numbers: rest.sum.numbers,
            placed: rest.placed.clone(),
            texts: rest.texts.clone(),
        }
    }

    fn read(self) -> Result<Rest, CorruptSummary> {
        Ok(Rest {
            distinct: HllSketch::deserialize(&self.distinct).map_err(|_| CorruptSummary)?,
            frequent: FrequentItemsSketch::deserialize(&self.frequent)
                .map_err(|_| CorruptSummary)?,
            uncounted: self.uncounted,
            spread: KllSketch::deserialize(&self.spread).map_err(|_| CorruptSummary)?,
            sum: Sum {
                integers: self.integers,
                numbers: self.numbers,
            },
            placed: self.placed,
            texts: self.texts,
        })
    }
}
