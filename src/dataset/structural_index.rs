//! The structural index: a bit for each byte of a text that has a meaning in CSV. These are delimiters, quotes, carriage returns
//! and line feeds.
//!
//! The index is computed 64 bytes at a time, as in simdjson. The compiler turns the comparison of a group into vector
//! instructions; after that, going to the next structural byte costs no look at the bytes between.

const GROUP: usize = 64;

/// The structural bytes of a text, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StructuralIndex<'t> {
    text: &'t [u8],
    delimiter: u8,
    /// Where the group begins that `left` is about.
    group: usize,
    /// The structural bytes of that group that are still to come.
    left: u64,
}

impl<'t> StructuralIndex<'t> {
    /// The structural bytes of `text` from `from` on.
    pub(crate) fn new(text: &'t [u8], delimiter: u8, from: usize) -> Self {
        let group = from - from % GROUP;
        let mut index = Self {
            text,
            delimiter,
            group,
            left: 0,
        };
        index.left = index.find() & (u64::MAX << (from % GROUP));
        index
    }

    /// The text.
    pub(crate) fn text(&self) -> &'t [u8] {
        self.text
    }

    /// The delimiter between fields.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The position of the next structural byte.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            if self.text.len() - self.group <= GROUP {
                return None;
            }
            self.group += GROUP;
            self.left = self.find();
        }
        let at = self.group + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some(at)
    }

    /// Skips `passed` structural bytes; the position of the one after them.
    #[inline(always)]
    pub(crate) fn nth(&mut self, mut passed: usize) -> Option<usize> {
        loop {
            let here = self.left.count_ones() as usize;
            if passed < here {
                (0..passed).for_each(|_| self.left &= self.left - 1);
                return self.next();
            }
            passed -= here;
            self.left = 0;
            if self.text.len() - self.group <= GROUP {
                return None;
            }
            self.group += GROUP;
            self.left = self.find();
        }
    }

    /// The bits of the group.
    #[inline(always)]
    fn find(&self) -> u64 {
        match self.text.get(self.group..).and_then(<[u8]>::first_chunk) {
            Some(group) => structural_mask(group, self.delimiter),
            None => structural_mask_of_last(self.text, self.group, self.delimiter),
        }
    }
}

/// The bits of the last group, which may be shorter than the others.
#[inline(never)]
fn structural_mask_of_last(text: &[u8], group: usize, delimiter: u8) -> u64 {
    let rest = text.get(group..).unwrap_or_default();
    let mut padded = [0; GROUP];
    padded[..rest.len()].copy_from_slice(rest);
    structural_mask(&padded, delimiter)
}

/// One bit per byte; the first byte has the lowest bit.
#[inline(always)]
fn structural_mask(group: &[u8; GROUP], delimiter: u8) -> u64 {
    /// Moves the lowest bit of each byte of a word into the highest byte, in order.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut found = [0_u8; GROUP];
    for (found, &byte) in found.iter_mut().zip(group) {
        *found = u8::from((byte == delimiter) | (byte == b'\n') | (byte == b'"') | (byte == b'\r'));
    }
    let (words, _) = found.as_chunks::<8>();
    let mut mask = 0;
    for (place, word) in words.iter().enumerate() {
        mask |= (u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56) << (place * 8);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], from: usize) -> Vec<usize> {
        let mut index = StructuralIndex::new(text, b',', from);
        std::iter::from_fn(|| index.next()).collect()
    }

    #[test]
    fn every_pattern_of_eight_bytes_is_found_where_it_is() {
        for pattern in 0..=255_u8 {
            for at in [0, 8, 56, 60, 120] {
                let mut text = vec![b'x'; 130];
                (0..8)
                    .filter(|bit| pattern >> bit & 1 == 1)
                    .for_each(|bit| text[at + bit] = b",\n\"\r"[bit % 4]);
                let expected: Vec<usize> = (0..8)
                    .filter(|bit| pattern >> bit & 1 == 1)
                    .map(|bit| at + bit)
                    .collect();
                assert_eq!(all(&text, 0), expected);
            }
        }
    }

    #[test]
    fn no_other_byte_is_structural_and_none_is_found_outside_the_text() {
        for length in 0..200 {
            let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let expected: Vec<usize> = [10, 13, 34, 44]
                .into_iter()
                .filter(|&at| at < length)
                .collect();
            for from in 0..=length {
                let after: Vec<usize> = expected.iter().copied().filter(|&at| at >= from).collect();
                assert_eq!(all(&text, from), after, "{length} {from}");
            }
        }
    }
}
