//! Texts that people write where a value is missing.
//!
//! They are ordinary strings here. But a column that is only kept from a narrower type by one of them deserves a hint,
//! and to give it exactly, each raw block notes which of them it met as one bit each.

/// The well-known texts. Their positions are stored as bits: append new ones, and change nothing.
const TEXTS: [&str; 32] = [
    "NA", "N/A", "n/a", "na", "#N/A", "NULL", "null", "Null", "None", "none", "nil", "NaN", "nan",
    r"\N", "-", "--", ".", "?", "missing", "unknown", "NONE", "NAN", "MISSING", "Missing",
    "UNKNOWN", "Unknown", "<NA>", "n.a.", "N.A.", "#NA", "#NULL!", "(null)",
];

const LONGEST: usize = 7;

/// The bit of a well-known text.
#[inline(never)]
pub(crate) fn bit(text: &[u8]) -> Option<u32> {
    if text.len() > LONGEST {
        return None;
    }
    TEXTS
        .iter()
        .position(|known| known.as_bytes() == text)
        .map(|place| 1 << place)
}

/// The texts of a set.
pub(crate) fn texts(set: u32) -> impl Iterator<Item = &'static str> {
    let places = TEXTS.iter().enumerate();
    places.filter_map(move |(place, text)| (set >> place & 1 == 1).then_some(*text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ColumnType;

    #[test]
    fn every_well_known_text_has_a_bit_of_its_own_and_is_a_string() {
        for (place, text) in TEXTS.iter().enumerate() {
            assert!(text.len() <= LONGEST);
            assert_eq!(bit(text.as_bytes()), Some(1 << place));
            assert!(texts(1 << place).eq([*text]));
            assert_eq!(ColumnType::of(text), ColumnType::String);
        }
        assert!(texts(3).eq(["NA", "N/A"]));
        assert_eq!((texts(0).next(), bit(b"x")), (None, None));
    }
}
