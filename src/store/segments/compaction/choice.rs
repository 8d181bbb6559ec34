//! Which segments compaction merges.

use std::ops::Range;

use crate::store::model::Dataset;
use crate::store::segments::list::SegmentList;

/// Compaction is due when a dataset ends with so many small segments.
const MANY: usize = 16;
/// The most bytes of text that compaction puts into one segment. Larger segments don't slow reads down, and copying one takes minutes.
const LARGEST: u64 = 256 << 20;
/// So many segments at the end are always compacted, whatever their sizes.
const LAST: usize = 8;

/// Whether compaction is due for the dataset.
pub(crate) fn is_due(dataset: &Dataset) -> bool {
    // Most datasets have few segments, so their sizes needn't be compared.
    dataset.segments.len() >= MANY && choose(&dataset.segments).is_some()
}

/// The segments to compact, if compaction is due.
pub(super) fn choose(segments: &SegmentList) -> Option<Range<usize>> {
    let sizes: Vec<u64> = segments.iter().map(|segment| segment.bytes).collect();
    let all = sizes.len();
    // The segments at the end that fit into one.
    let mut within = 0;
    let small = sizes
        .iter()
        .rev()
        .take_while(|size| {
            within += **size;
            within <= LARGEST
        })
        .count();
    if small < MANY {
        return None;
    }
    let mut first = all;
    let mut bytes = 0;
    while first > all - small && (all - first < LAST || sizes[first - 1] <= bytes * 2) {
        first -= 1;
        bytes += sizes[first];
    }
    Some(first..all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::segments::list::SegmentId;

    fn segments(sizes: &[u64]) -> SegmentList {
        let segment = SegmentId {
            dataset: 1,
            number: 0,
        };
        let mut all = SegmentList::whole(segment, 1, sizes[0]);
        for (number, &bytes) in (1..).zip(&sizes[1..]) {
            all = all.and(number, 1, bytes, 0);
        }
        all
    }

    #[test]
    fn small_segments_at_the_end_are_chosen_and_large_ones_before_them_are_not() {
        let mut sizes = vec![1 << 30];
        sizes.extend([20; 16]);
        assert_eq!(choose(&segments(&sizes)), Some(1..17));
        let equal = [10; 16];
        assert_eq!(choose(&segments(&equal)), Some(0..16));
    }

    #[test]
    fn few_segments_are_left_alone_and_so_are_those_one_may_not_hold() {
        assert_eq!(choose(&segments(&[10; MANY - 1])), None);
        // There are sixteen, but only four of them fit into one.
        assert_eq!(choose(&segments(&[LARGEST / 4; MANY])), None);
        let mut sizes = vec![LARGEST / 20; 40];
        let range = choose(&segments(&sizes)).unwrap();
        assert_eq!(range, 20..40);
        let bytes: u64 = sizes[range.clone()].iter().sum();
        assert!(bytes <= LARGEST);
        // The compacted segment is not compacted again when small ones follow.
        sizes.splice(range, [bytes]);
        sizes.extend([10; MANY]);
        assert_eq!(choose(&segments(&sizes)), Some(21..37));
    }

    #[test]
    fn a_row_is_copied_seldom_however_many_appends_come() {
        let mut sizes = vec![1_000_u64];
        let mut copied = 0;
        for _ in 0..10_000 {
            sizes.push(100);
            if let Some(range) = choose(&segments(&sizes)) {
                let bytes: u64 = sizes[range.clone()].iter().sum();
                copied += bytes;
                sizes.splice(range, [bytes]);
            }
            assert!(sizes.len() <= MANY + 1);
        }
        let appended = 10_000 * 100;
        assert!(copied < appended * 20, "{copied} of {appended}");
    }
}
