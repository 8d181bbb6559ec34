//! Bloom filters: a search for one value of a column skips most blocks that don't have it.
//!
//! A filter holds the values of one column in one block, unquoted. Only columns have one in which the bounds rule out little and
//! equality is often asked for: strings, and integers that are far apart. Filters are stored with their blocks, so the hash
//! functions never change: the bits of a value are `h1 + i × h2` for each `i`, where `h1` and `h2` are the halves of its xxh3-64.

use xxhash_rust::xxh3::xxh3_64;

/// The first byte of stored filters. A new encoding gets another one.
const ENCODING: u8 = 1;
/// Bits per value.
const PROBES: u32 = 5;
/// Bits reserved per value at first.
const BITS_PER_TEXT: usize = 8;
/// A filter is too full to be folded further if more than one bit in this many is set.
const FULL: u32 = 3;
/// Bits of the largest filter.
const MOST_BITS: usize = 1 << 20;

/// A set of texts. It may report a text that was not added, but never misses one that was. The number of bits is a power of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bloom {
    words: Box<[u64]>,
}

/// Stored filters that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the stored filters are damaged, or were written by a later release")]
pub struct CorruptBlooms;

impl Bloom {
    /// A filter for this many texts.
    pub(super) fn with_capacity(texts: usize) -> Self {
        let bits = (texts * BITS_PER_TEXT)
            .next_power_of_two()
            .clamp(64, MOST_BITS);
        Self {
            words: vec![0; bits / 64].into(),
        }
    }

    /// Adds a text.
    #[inline]
    pub(super) fn insert(&mut self, text: &[u8]) {
        let hash = hash(text);
        for probe in 0..PROBES {
            let (word, bit) = place(hash, probe, self.words.len());
            self.words[word] |= bit;
        }
    }

    /// The same set in as few bits as possible. A filter can be folded in half, because the low bits of a hash choose the bit.
    pub(super) fn folded(mut self) -> Self {
        while self.words.len() > 1 {
            let (low, high) = self.words.split_at(self.words.len() / 2);
            let folded: Box<[u64]> = low.iter().zip(high).map(|(a, b)| a | b).collect();
            let set: u32 = folded.iter().map(|word| word.count_ones()).sum();
            if set > folded.len() as u32 * 64 / FULL {
                break;
            }
            self.words = folded;
        }
        self
    }

    /// Whether the text may have been added; `false` is certain.
    pub fn may_have(&self, text: &[u8]) -> bool {
        self.may_have_hash(hash(text))
    }

    /// The same for a text with that [`hash`], so that several filters can be asked with one hash.
    pub fn may_have_hash(&self, hash: u64) -> bool {
        (0..PROBES).all(|probe| {
            let (word, bit) = place(hash, probe, self.words.len());
            self.words.get(word).is_none_or(|word| word & bit != 0)
        })
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        size_of_val::<[u64]>(&self.words)
    }
}

/// The hash from which a text's bits are derived.
pub fn hash(text: &[u8]) -> u64 {
    xxh3_64(text)
}

/// The position of one of a text's bits, in a filter of `words` words, which is a power of two.
#[inline]
fn place(hash: u64, probe: u32, words: usize) -> (usize, u64) {
    let (first, second) = (hash as u32, (hash >> 32) as u32 | 1);
    let bit = first.wrapping_add(probe.wrapping_mul(second)) as usize;
    ((bit / 64) & words.wrapping_sub(1), 1 << (bit % 64))
}

/// The stored form of filters, each with the index of its column; empty if there are none.
pub(super) fn encode(blooms: &[(u32, Bloom)]) -> Vec<u8> {
    if blooms.is_empty() {
        return Vec::new();
    }
    let mut stored = vec![ENCODING];
    for (column, bloom) in blooms {
        stored.extend_from_slice(&column.to_le_bytes());
        stored.extend_from_slice(&(bloom.words.len() as u32).to_le_bytes());
        stored.extend(bloom.words.iter().flat_map(|word| word.to_le_bytes()));
    }
    stored
}

/// The filters of some columns, given by their indexes in ascending order. A column without a filter gets `None`.
///
/// # Errors
/// [`CorruptBlooms`] if the bytes are damaged, or written by a later release.
pub fn decode(stored: &[u8], columns: &[usize]) -> Result<Vec<Option<Bloom>>, CorruptBlooms> {
    let mut decoded = vec![None; columns.len()];
    let mut rest = match stored.split_first() {
        None => return Ok(decoded),
        Some((&ENCODING, rest)) => rest,
        Some(_) => return Err(CorruptBlooms),
    };
    while !rest.is_empty() {
        let (head, body) = rest.split_first_chunk::<8>().ok_or(CorruptBlooms)?;
        let [c1, c2, c3, c4, w1, w2, w3, w4] = *head;
        let found = u32::from_le_bytes([c1, c2, c3, c4]);
        let words = u32::from_le_bytes([w1, w2, w3, w4]) as usize;
        let bytes = words.checked_mul(8).filter(|_| words.is_power_of_two());
        let split = bytes.and_then(|bytes| body.split_at_checked(bytes));
        let (bits, behind) = split.ok_or(CorruptBlooms)?;
        let place = usize::try_from(found).map(|found| columns.binary_search(&found));
        if let Ok(Ok(place)) = place {
            let (words, _) = bits.as_chunks::<8>();
            let words = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
            decoded[place] = Some(Bloom { words });
        }
        rest = behind;
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(from: usize, to: usize) -> impl Iterator<Item = Vec<u8>> {
        (from..to).map(|n| format!("N{n}").into_bytes())
    }

    fn of(count: usize, capacity: usize) -> Bloom {
        let mut bloom = Bloom::with_capacity(capacity);
        texts(0, count).for_each(|text| bloom.insert(&text));
        bloom.folded()
    }

    #[test]
    fn what_was_added_is_there_and_most_of_the_rest_is_not() {
        for (count, capacity) in [
            (1, 1),
            (1, 1000),
            (16, 700),
            (550, 700),
            (700, 700),
            (40_000, 40_000),
        ] {
            let bloom = of(count, capacity);
            assert!(texts(0, count).all(|text| bloom.may_have(&text)));
            let wrong = texts(100_000, 110_000)
                .filter(|text| bloom.may_have(text))
                .count();
            assert!(wrong < 500, "{count} in {capacity}: {wrong} of 10,000");
            assert!(
                bloom.bytes() <= count * 4 + 16,
                "{count}: {} bytes",
                bloom.bytes()
            );
        }
    }

    #[test]
    fn a_filter_of_more_texts_than_its_capacity_lets_all_through() {
        let bloom = of(2_000_000, 2_000_000);
        assert!(
            texts(0, 2_000_000)
                .step_by(999)
                .all(|text| bloom.may_have(&text))
        );
        assert_eq!(bloom.bytes(), MOST_BITS / 8);
    }

    #[test]
    fn filters_are_stored_and_read_back() {
        let blooms = [(0, of(3, 9)), (7, of(100, 100))];
        let stored = encode(&blooms);
        let [first, second] = blooms.clone().map(|(_, bloom)| Some(bloom));
        for (columns, wanted) in [
            (&[0][..], vec![first.clone()]),
            (&[7], vec![second.clone()]),
            (&[3], vec![None]),
            (&[0, 3, 7, 9], vec![first, None, second, None]),
            (&[], vec![]),
        ] {
            assert_eq!(decode(&stored, columns).unwrap(), wanted);
        }
        assert_eq!(decode(&[], &[0, 1]).unwrap(), [None, None]);
        assert!(encode(&[]).is_empty());
        for cut in 1..stored.len() {
            assert!(
                decode(&stored[..cut], &[8]).is_err() || cut == 1 || cut == 9 + blooms[0].1.bytes()
            );
        }
        assert!(decode(&[9, 0], &[0]).is_err());
        assert!(decode(&[1, 0, 0, 0, 0, 3, 0, 0, 0], &[0]).is_err());
    }

    #[test]
    fn what_filters_are_made_of_does_not_change() {
        let mut bloom = Bloom::with_capacity(8);
        bloom.insert(b"N14228");
        assert_eq!(
            encode(&[(2, bloom)]),
            [1, 2, 0, 0, 0, 1, 0, 0, 0, 2, 4, 0, 0, 64, 128, 0, 1]
        );
    }
}
