//! What is known of a row group as a whole.

use serde::{Deserialize, Serialize};

/// The version of the encoding that this release writes.
const ENCODING: u8 = 1;

/// Rows of an upload segment whose columns are stored together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroup {
    /// Number of its first row in the segment, from 0.
    pub first_row: u64,
    /// How many rows each of its blocks has.
    pub blocks: Box<[u32]>,
    /// Indexes of the columns that have a chunk, in ascending order.
    pub coded: Box<[u32]>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    blocks: Vec<u32>,
    coded: Vec<u32>,
}

impl RowGroup {
    /// Number of its rows.
    pub fn rows(&self) -> u64 {
        self.blocks.iter().map(|rows| u64::from(*rows)).sum()
    }

    /// Whether all of these columns have a chunk.
    pub fn has(&self, columns: &[usize]) -> bool {
        columns.iter().all(|column| {
            let column = u32::try_from(*column);
            column.is_ok_and(|column| self.coded.binary_search(&column).is_ok())
        })
    }

    /// The stored form: one byte for the encoding, then postcard.
    pub fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            blocks: self.blocks.to_vec(),
            coded: self.coded.to_vec(),
        };
        postcard::to_extend(&stored, vec![ENCODING]).expect("row groups are made of numbers")
    }

    /// Reads the stored form of the row group that begins at that row; `None` if the bytes are something else.
    pub fn decode(first_row: u64, bytes: &[u8]) -> Option<Self> {
        let (&ENCODING, rest) = bytes.split_first()? else {
            return None;
        };
        let Stored { blocks, coded } = postcard::from_bytes(rest).ok()?;
        coded.is_sorted().then_some(Self {
            first_row,
            blocks: blocks.into(),
            coded: coded.into(),
        })
    }
}
