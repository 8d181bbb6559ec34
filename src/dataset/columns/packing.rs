//! Packs codes into as few bits as their number needs.
//!
//! Codes are packed in blocks of 1024: 16 rows of 64 lanes, as FastLanes does. A lane's 16 codes follow each other in the bits of
//! `width` words, and the words of all lanes lie side by side. So the same shift applies to 64 codes at once, which compilers turn
//! into vector instructions.

const LANES: usize = 64;
const ROWS: usize = 16;
/// Codes that are packed together.
const BLOCK: usize = LANES * ROWS;
/// Bytes of a word of each lane.
const WORDS: usize = LANES * 2;

/// How many bits codes below `count` need.
pub(super) fn width(count: usize) -> usize {
    (usize::BITS - count.saturating_sub(1).leading_zeros()) as usize
}

/// How many bytes `rows` codes of that width take.
pub(super) fn packed_bytes(rows: usize, width: usize) -> usize {
    rows.div_ceil(BLOCK) * width * WORDS
}

/// Packs codes of at most 16 bits.
pub(super) fn pack(codes: &[u16], width: usize) -> Vec<u8> {
    let mut packed = Vec::with_capacity(packed_bytes(codes.len(), width));
    for block in codes.chunks(BLOCK) {
        let mut words = vec![[0_u16; LANES]; width];
        for (row, codes) in block.chunks(LANES).enumerate() {
            let (word, shift) = (row * width / 16, row * width % 16);
            for (lane, &code) in codes.iter().enumerate() {
                let bits = u32::from(code) << shift;
                if width > 0 {
                    words[word][lane] |= (bits & 0xffff) as u16;
                }
                if shift + width > 16 {
                    words[word + 1][lane] |= (bits >> 16) as u16;
                }
            }
        }
        packed.extend(words.iter().flatten().flat_map(|word| word.to_le_bytes()));
    }
    packed
}

/// Unpacks `rows` codes; `None` if there are fewer bytes.
pub(super) fn unpack(packed: &[u8], width: usize, rows: usize) -> Option<Vec<u16>> {
    if width > 16 || packed.len() != packed_bytes(rows, width) {
        return None;
    }
    let mut codes = vec![0; rows.next_multiple_of(BLOCK)];
    if width > 0 {
        let blocks = codes.chunks_exact_mut(BLOCK);
        for (codes, packed) in blocks.zip(packed.chunks_exact(width * WORDS)) {
            unpack_block(packed, width, codes);
        }
    }
    codes.truncate(rows);
    Some(codes)
}

fn unpack_block(packed: &[u8], width: usize, codes: &mut [u16]) {
    let mask = ((1_u32 << width) - 1) as u16;
    for (row, codes) in codes.chunks_exact_mut(LANES).enumerate() {
        let (word, shift) = (row * width / 16, row * width % 16);
        let low = words(packed, word);
        if shift + width <= 16 {
            for (code, low) in codes.iter_mut().zip(low) {
                *code = (low >> shift) & mask;
            }
        } else {
            let high = words(packed, word + 1);
            for ((code, low), high) in codes.iter_mut().zip(low).zip(high) {
                *code = ((low >> shift) | (high << (16 - shift))) & mask;
            }
        }
    }
}

/// A word of each lane.
fn words(packed: &[u8], word: usize) -> impl Iterator<Item = u16> {
    let bytes = &packed[word * WORDS..(word + 1) * WORDS];
    let words = bytes.chunks_exact(2);
    words.map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

/// Codes as bytes: first the low byte of each, then the high byte of each if any code needs it.
pub(super) fn split(codes: &[u16], width: usize) -> Vec<u8> {
    let low = codes.iter().map(|code| (code & 0xff) as u8);
    let high = codes.iter().map(|code| (code >> 8) as u8);
    match width > 8 {
        true => low.chain(high).collect(),
        false => low.collect(),
    }
}

/// How many bytes [`split`] makes.
pub(super) fn split_bytes(rows: usize, width: usize) -> usize {
    if width > 8 { 2 * rows } else { rows }
}

/// The codes that [`split`] was given.
pub(super) fn join(split: &[u8], rows: usize) -> Vec<u16> {
    let (low, high) = split.split_at(rows.min(split.len()));
    match high.is_empty() {
        true => low.iter().map(|low| u16::from(*low)).collect(),
        false => {
            let pairs = low.iter().zip(high);
            pairs
                .map(|(low, high)| u16::from_le_bytes([*low, *high]))
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_every_width_and_number_are_packed_and_unpacked() {
        for count in [1, 2, 3, 5, 17, 256, 257, 1000, 4096, 30_000, 65_535] {
            let width = width(count);
            assert!(1 << width >= count && (width == 0 || 1 << (width - 1) < count));
            for rows in [0, 1, 63, 64, 1023, 1024, 1025, 70_000] {
                let code = |row: usize| ((row * 40_503 + row / 7) % count) as u16;
                let codes: Vec<u16> = (0..rows).map(code).collect();
                let packed = pack(&codes, width);
                assert_eq!(packed.len(), packed_bytes(rows, width));
                assert!(unpack(&packed, width, rows).unwrap() == codes);
                let bytes = split(&codes, width);
                assert_eq!(bytes.len(), split_bytes(rows, width));
                assert!(join(&bytes, rows) == codes);
            }
        }
    }

    #[test]
    fn too_few_bytes_are_not_unpacked() {
        let packed = pack(&[1, 2, 3], 2);
        assert!(unpack(&packed[1..], 2, 3).is_none());
        assert!(unpack(&packed, 2, 2000).is_none());
        assert!(unpack(&packed, 17, 3).is_none());
    }
}
