//! Rows that don't fit, on their way into the store: lines of JSON in blocks of their own.

use crate::dataset::{BadRow, block};
use crate::store::BadRowsBlock;

/// Bytes after which a block ends.
const BLOCK: usize = 64 << 10;
/// How many of the first rows the answer to the upload shows.
const SHOWN: usize = 10;
/// Characters that it shows of each.
const SHOWN_TEXT: usize = 200;

/// What the answer to an upload says about the rows that were set aside.
#[derive(Debug, Clone, Default)]
pub struct BadRows {
    /// How many there are.
    pub count: u64,
    /// The first of them, with their texts shortened.
    pub first: Vec<BadRow>,
}

/// Collects the rows of an upload that were set aside.
#[derive(Debug, Default)]
pub(super) struct BadRowsWriter {
    rows: BadRows,
    blocks: u64,
    lines: Vec<u8>,
}

impl BadRowsWriter {
    /// Adds rows; `last` if no more follow. Returns the blocks that are complete.
    pub(super) fn add(&mut self, rows: Vec<BadRow>, last: bool) -> Vec<BadRowsBlock> {
        let mut blocks = Vec::new();
        for row in rows {
            self.rows.count += 1;
            // Writing to memory can't fail.
            drop(serde_json::to_writer(&mut self.lines, &row));
            self.lines.push(b'\n');
            if self.rows.first.len() < SHOWN {
                let text = match row.text.char_indices().nth(SHOWN_TEXT) {
                    None => row.text,
                    Some((end, _)) => format!("{}…", &row.text[..end]),
                };
                self.rows.first.push(BadRow { text, ..row });
            }
            if self.lines.len() >= BLOCK {
                blocks.push(self.block());
            }
        }
        if last && !self.lines.is_empty() {
            blocks.push(self.block());
        }
        blocks
    }

    /// What there is in all.
    pub(super) fn into_rows(self) -> BadRows {
        self.rows
    }

    fn block(&mut self) -> BadRowsBlock {
        let lines = std::mem::take(&mut self.lines);
        let number = self.blocks;
        self.blocks += 1;
        BadRowsBlock {
            number,
            bytes: lines.len() as u64,
            digest: block::digest(&lines),
            data: block::compress(&lines),
        }
    }
}
