//! The segment list: which runs a revision reads, one after the other.
//!
//! A revision that was uploaded whole reads one run. Appending adds a segment, and shares those that were there.
//! Compaction puts several short ones together; the rows and bytes they stand for stay the same.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::store::units::from_db;

/// The first byte of stored segments; another way to store them gets another.
const ENCODING: u8 = 1;

/// A run of chunks: what one upload wrote, or is writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// The dataset's number.
    pub dataset: i64,
    /// The run's own number, which no other run of the dataset has.
    pub number: i64,
}

/// A part of a revision's text: one whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The run.
    pub run: Run,
    /// Number of its first row in the revision, from 0.
    pub first_row: u64,
    /// Number of its rows.
    pub rows: u64,
    /// Offset of its text in the revision's text.
    pub first_byte: u64,
    /// Length of its text. Of a revision whose source is kept apart and that an earlier release wrote, that of its source.
    pub bytes: u64,
    /// Offset in the run at which the text begins.
    pub start: u64,
}

impl Segment {
    /// The place in the run of a byte of the revision's text.
    pub(crate) fn byte_in_run(&self, byte: u64) -> u64 {
        byte - self.first_byte + self.start
    }
}

/// What is stored of a segment; where it begins follows from those before it.
#[derive(Serialize, Deserialize)]
struct Stored {
    run: i64,
    rows: u64,
    bytes: u64,
    start: u64,
}

/// The segments of one revision, in order; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentList(Arc<[Segment]>);

impl SegmentList {
    /// One run, from its beginning.
    pub(crate) fn whole(run: Run, rows: u64, bytes: u64) -> Self {
        Self::place(run.dataset, [(run.number, rows, bytes, 0)])
    }

    /// Those of a stored revision: the ones that are written down, or its own run alone. `None`: they can't be read.
    pub(crate) fn of(run: Run, rows: i64, bytes: i64, stored: Option<&[u8]>) -> Option<Self> {
        match stored {
            Some(stored) => Self::decode(run.dataset, stored),
            None => Some(Self::whole(run, from_db(rows), from_db(bytes))),
        }
    }

    fn place(dataset: i64, parts: impl IntoIterator<Item = (i64, u64, u64, u64)>) -> Self {
        let (mut first_row, mut first_byte) = (0, 0);
        let placed = parts.into_iter().map(|(number, rows, bytes, start)| {
            let segment = Segment {
                run: Run { dataset, number },
                first_row,
                rows,
                first_byte,
                bytes,
                start,
            };
            first_row += rows;
            first_byte += bytes;
            segment
        });
        Self(placed.collect())
    }

    /// As they are stored: a byte for the encoding, then postcard.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let stored: Vec<Stored> = self
            .0
            .iter()
            .map(|segment| Stored {
                run: segment.run.number,
                rows: segment.rows,
                bytes: segment.bytes,
                start: segment.start,
            })
            .collect();
        postcard::to_extend(&stored, vec![ENCODING]).expect("segments are made of numbers")
    }

    /// What was stored so.
    fn decode(dataset: i64, stored: &[u8]) -> Option<Self> {
        let (&ENCODING, rest) = stored.split_first()? else {
            return None;
        };
        let parts: Vec<Stored> = postcard::from_bytes(rest).ok()?;
        let parts = parts
            .into_iter()
            .map(|part| (part.run, part.rows, part.bytes, part.start));
        let segments = Self::place(dataset, parts);
        (!segments.0.is_empty()).then_some(segments)
    }

    /// These and one more run behind them.
    pub(crate) fn and(&self, number: i64, rows: u64, bytes: u64, start: u64) -> Self {
        self.replace(self.0.len()..self.0.len(), (number, rows, bytes, start))
    }

    /// The same text with the segments of `range` put together in one run.
    pub(crate) fn replace(&self, range: std::ops::Range<usize>, by: (i64, u64, u64, u64)) -> Self {
        let part = |segment: &Segment| {
            (
                segment.run.number,
                segment.rows,
                segment.bytes,
                segment.start,
            )
        };
        let before = self.0[..range.start].iter().map(part);
        let after = self.0[range.end..].iter().map(part);
        let dataset = self.0.first().map_or(0, |segment| segment.run.dataset);
        Self::place(dataset, before.chain([by]).chain(after))
    }

    /// The segment that holds row `row`.
    pub fn at_row(&self, row: u64) -> Option<&Segment> {
        let after = self.0.partition_point(|segment| segment.first_row <= row);
        self.0[..after]
            .iter()
            .rev()
            .find(|segment| segment.rows > 0)
            .filter(|segment| row < segment.first_row + segment.rows)
    }

    /// The segment that holds byte `byte` of the text.
    pub(crate) fn at_byte(&self, byte: u64) -> Option<&Segment> {
        let after = self.0.partition_point(|segment| segment.first_byte <= byte);
        self.0[..after]
            .iter()
            .rev()
            .find(|segment| segment.bytes > 0)
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Segment> {
        self.0.iter()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments() -> SegmentList {
        let run = Run {
            dataset: 7,
            number: 1,
        };
        SegmentList::whole(run, 10, 100)
            .and(2, 0, 1, 1)
            .and(3, 5, 50, 1)
    }

    #[test]
    fn rows_and_bytes_are_found_in_the_segment_that_holds_them() {
        let segments = segments();
        let run = |found: Option<&Segment>| found.map(|segment| segment.run.number);
        assert_eq!(run(segments.at_row(0)), Some(1));
        assert_eq!(run(segments.at_row(9)), Some(1));
        assert_eq!(run(segments.at_row(10)), Some(3));
        assert_eq!(run(segments.at_row(14)), Some(3));
        assert_eq!(run(segments.at_row(15)), None);
        assert_eq!(run(segments.at_byte(99)), Some(1));
        assert_eq!(run(segments.at_byte(100)), Some(2));
        assert_eq!(run(segments.at_byte(101)), Some(3));
        assert_eq!(segments.at_byte(101).unwrap().byte_in_run(103), 3);
    }

    #[test]
    fn segments_are_stored_and_read_back() {
        let segments = segments();
        assert_eq!(SegmentList::decode(7, &segments.encode()), Some(segments));
        assert_eq!(SegmentList::decode(7, &[]), None);
        assert_eq!(SegmentList::decode(7, &[9, 0]), None);
        assert_eq!(SegmentList::decode(7, &[ENCODING, 0]), None);
    }

    #[test]
    fn putting_segments_together_moves_no_row_and_no_byte() {
        let segments = segments().and(4, 2, 20, 0);
        let fewer = segments.replace(1..3, (9, 5, 51, 0));
        assert_eq!(fewer.len(), 3);
        assert_eq!(fewer.at_row(15), segments.at_row(15));
        assert_eq!(fewer.at_byte(151), segments.at_byte(151));
        assert_eq!(fewer.at_row(12).unwrap().run.number, 9);
    }
}
