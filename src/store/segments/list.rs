//! The segment list: the upload segments that a revision reads, in order.
//!
//! A revision that was uploaded whole reads one segment. An append adds a segment and shares the others. Compaction replaces several
//! small segments by one with the same rows and bytes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::store::units::from_db;

/// The first byte of a stored list: the version of its encoding.
const ENCODING: u8 = 1;

/// The id of an upload segment: the blocks that one upload, or a compaction, wrote or is writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId {
    /// The dataset's number.
    pub dataset: i64,
    /// The segment's number. No other segment of the dataset has it.
    pub number: i64,
}

/// An upload segment, and its place in a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Its id.
    pub id: SegmentId,
    /// Number of its first row in the revision, from 0.
    pub first_row: u64,
    /// Number of its rows.
    pub rows: u64,
    /// Offset of its text in the revision's text.
    pub first_byte: u64,
    /// Length of its text. If an earlier release wrote the revision and stored its source apart, the length of the source.
    pub bytes: u64,
    /// Offset in the segment at which the text begins.
    pub start: u64,
}

impl Segment {
    /// The offset in the segment of the byte at offset `byte` of the revision's text.
    pub(crate) fn byte_in_segment(&self, byte: u64) -> u64 {
        byte - self.first_byte + self.start
    }
}

/// A segment as it is stored. Its place follows from the segments before it.
#[derive(Serialize, Deserialize)]
struct Stored {
    number: i64,
    rows: u64,
    bytes: u64,
    start: u64,
}

/// The segments of a revision, in order. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentList(Arc<[Segment]>);

impl SegmentList {
    /// A whole segment alone.
    pub(crate) fn whole(id: SegmentId, rows: u64, bytes: u64) -> Self {
        Self::place(id.dataset, [(id.number, rows, bytes, 0)])
    }

    /// The list of a stored revision: the stored one, or else the revision's own segment alone. `None`: it can't be read.
    pub(crate) fn of(own: SegmentId, rows: i64, bytes: i64, stored: Option<&[u8]>) -> Option<Self> {
        match stored {
            Some(stored) => Self::decode(own.dataset, stored),
            None => Some(Self::whole(own, from_db(rows), from_db(bytes))),
        }
    }

    fn place(dataset: i64, parts: impl IntoIterator<Item = (i64, u64, u64, u64)>) -> Self {
        let (mut first_row, mut first_byte) = (0, 0);
        let placed = parts.into_iter().map(|(number, rows, bytes, start)| {
            let segment = Segment {
                id: SegmentId { dataset, number },
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

    /// The stored form: one byte for the encoding, then postcard.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let stored: Vec<Stored> = self
            .0
            .iter()
            .map(|segment| Stored {
                number: segment.id.number,
                rows: segment.rows,
                bytes: segment.bytes,
                start: segment.start,
            })
            .collect();
        postcard::to_extend(&stored, vec![ENCODING]).expect("segments are made of numbers")
    }

    /// Reads the stored form.
    fn decode(dataset: i64, stored: &[u8]) -> Option<Self> {
        let (&ENCODING, rest) = stored.split_first()? else {
            return None;
        };
        let parts: Vec<Stored> = postcard::from_bytes(rest).ok()?;
        let parts = parts
            .into_iter()
            .map(|part| (part.number, part.rows, part.bytes, part.start));
        let segments = Self::place(dataset, parts);
        (!segments.0.is_empty()).then_some(segments)
    }

    /// The list with one more segment at its end.
    pub(crate) fn and(&self, number: i64, rows: u64, bytes: u64, start: u64) -> Self {
        self.replace(self.0.len()..self.0.len(), (number, rows, bytes, start))
    }

    /// The list with one segment, which has the same text, instead of those of `range`.
    pub(crate) fn replace(&self, range: std::ops::Range<usize>, by: (i64, u64, u64, u64)) -> Self {
        let part = |segment: &Segment| {
            (
                segment.id.number,
                segment.rows,
                segment.bytes,
                segment.start,
            )
        };
        let before = self.0[..range.start].iter().map(part);
        let after = self.0[range.end..].iter().map(part);
        let dataset = self.0.first().map_or(0, |segment| segment.id.dataset);
        Self::place(dataset, before.chain([by]).chain(after))
    }

    /// The segment that has row `row`.
    pub fn at_row(&self, row: u64) -> Option<&Segment> {
        let after = self.0.partition_point(|segment| segment.first_row <= row);
        self.0[..after]
            .iter()
            .rev()
            .find(|segment| segment.rows > 0)
            .filter(|segment| row < segment.first_row + segment.rows)
    }

    /// The segment that has byte `byte` of the text.
    pub(crate) fn at_byte(&self, byte: u64) -> Option<&Segment> {
        let after = self.0.partition_point(|segment| segment.first_byte <= byte);
        self.0[..after]
            .iter()
            .rev()
            .find(|segment| segment.bytes > 0)
    }

    /// All segments.
    pub fn iter(&self) -> std::slice::Iter<'_, Segment> {
        self.0.iter()
    }

    /// How many segments there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments() -> SegmentList {
        let segment = SegmentId {
            dataset: 7,
            number: 1,
        };
        SegmentList::whole(segment, 10, 100)
            .and(2, 0, 1, 1)
            .and(3, 5, 50, 1)
    }

    #[test]
    fn rows_and_bytes_are_found_in_the_segment_that_has_them() {
        let segments = segments();
        let number = |found: Option<&Segment>| found.map(|segment| segment.id.number);
        assert_eq!(number(segments.at_row(0)), Some(1));
        assert_eq!(number(segments.at_row(9)), Some(1));
        assert_eq!(number(segments.at_row(10)), Some(3));
        assert_eq!(number(segments.at_row(14)), Some(3));
        assert_eq!(number(segments.at_row(15)), None);
        assert_eq!(number(segments.at_byte(99)), Some(1));
        assert_eq!(number(segments.at_byte(100)), Some(2));
        assert_eq!(number(segments.at_byte(101)), Some(3));
        assert_eq!(segments.at_byte(101).unwrap().byte_in_segment(103), 3);
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
    fn replacing_segments_by_one_moves_no_row_and_no_byte() {
        let segments = segments().and(4, 2, 20, 0);
        let fewer = segments.replace(1..3, (9, 5, 51, 0));
        assert_eq!(fewer.len(), 3);
        assert_eq!(fewer.at_row(15), segments.at_row(15));
        assert_eq!(fewer.at_byte(151), segments.at_byte(151));
        assert_eq!(fewer.at_row(12).unwrap().id.number, 9);
    }
}
