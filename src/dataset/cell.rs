//! The values of one column of a piece.

use std::{iter::StepBy, slice};

use super::{record::unquoted_prefix, span::Span, value};

/// A non-null value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'t> {
    /// Where the text is in the piece's.
    pub(crate) start: usize,
    /// The text, in which quotes may be doubled.
    pub(crate) raw: &'t [u8],
    /// Whether they are.
    pub(crate) doubled: bool,
    /// The first eight bytes, the first one lowest; zero where the text is shorter.
    word: u64,
}

/// The texts that mean "no value", besides the empty one.
#[derive(Debug)]
pub(crate) struct Nulls<'n> {
    texts: Vec<(u64, &'n [u8])>,
}

impl<'n> Nulls<'n> {
    pub(crate) fn new(texts: &'n [String]) -> Self {
        Self {
            texts: texts
                .iter()
                .map(|text| (word(text.as_bytes(), 0, text.len()), text.as_bytes()))
                .collect(),
        }
    }

    #[inline(always)]
    fn hold(&self, cell: &Cell<'_>) -> bool {
        !self.texts.is_empty() && self.hold_any(cell)
    }

    fn hold_any(&self, cell: &Cell<'_>) -> bool {
        if cell.doubled {
            return self.texts.iter().any(|(_, text)| cell.is(text));
        }
        self.texts
            .iter()
            .any(|(word, text)| *word == cell.word && *text == cell.raw)
    }
}

/// Goes through the non-null values of a column and counts the others.
pub(crate) struct Cells<'t> {
    text: &'t [u8],
    spans: StepBy<slice::Iter<'t, Span>>,
    nulls: &'t Nulls<'t>,
    passed: u32,
}

impl<'t> Cells<'t> {
    pub(crate) fn new(
        text: &'t [u8],
        spans: StepBy<slice::Iter<'t, Span>>,
        nulls: &'t Nulls<'t>,
    ) -> Self {
        Self {
            text,
            spans,
            nulls,
            passed: 0,
        }
    }

    /// How many nulls it has passed.
    pub(crate) fn nulls(&self) -> u32 {
        self.passed
    }
}

impl<'t> Iterator for Cells<'t> {
    type Item = Cell<'t>;

    #[inline(always)]
    fn next(&mut self) -> Option<Cell<'t>> {
        loop {
            let span = self.spans.next()?;
            let (start, end) = (span.start(), span.end());
            let raw = &self.text[start..end];
            let cell = Cell {
                start,
                raw,
                doubled: span.doubled(),
                word: word(self.text, start, raw.len()),
            };
            if raw.is_empty() || self.nulls.hold(&cell) {
                self.passed += 1;
            } else {
                return Some(cell);
            }
        }
    }
}

/// The first eight bytes of the `length` bytes at `start`, the first one lowest, and zeros after them.
#[inline(always)]
fn word(text: &[u8], start: usize, length: usize) -> u64 {
    let word = match text.get(start..).and_then(<[u8]>::first_chunk) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => last_word(&text[start..]),
    };
    if length < 8 {
        word & ((1 << (length * 8)) - 1)
    } else {
        word
    }
}

#[cold]
fn last_word(rest: &[u8]) -> u64 {
    rest.iter()
        .rev()
        .fold(0, |word, &byte| word << 8 | u64::from(byte))
}

impl Cell<'_> {
    /// The first eight bytes as a number that orders like the text, as far as it goes.
    #[inline(always)]
    pub(crate) fn key(&self) -> u64 {
        self.word.swap_bytes()
    }

    /// The value as an integer.
    #[inline(always)]
    pub(crate) fn integer(&self) -> Option<i64> {
        if self.raw.len() <= 8 {
            short_integer(self.word, self.raw.len())
        } else {
            value::integer(self.raw)
        }
    }

    /// The value as a number.
    #[inline(always)]
    pub(crate) fn number(&self) -> Option<f64> {
        match self.integer() {
            Some(integer) => Some(integer as f64),
            None => value::number(self.raw),
        }
    }

    /// Whether the value is this text.
    fn is(&self, text: &[u8]) -> bool {
        if !self.doubled {
            return self.raw == text;
        }
        // Never more of a huge value than it takes to tell.
        let start: Vec<u8> = unquoted_prefix(self.raw).take(text.len() + 1).collect();
        start == text
    }
}

/// The integer that up to eight bytes write, all at once.
#[inline(always)]
fn short_integer(word: u64, length: usize) -> Option<i64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    /// Lifts a byte above 9 into its highest bit.
    const ABOVE_9: u64 = 0x7676_7676_7676_7676;
    let negative = word & 0xFF == u64::from(b'-');
    let sign = u32::from(negative);
    let length = length as u32 - sign;
    if length == 0 {
        return None;
    }
    let text = word >> (sign * 8);
    let leading_zero = text & 0xFF == u64::from(b'0');
    // The digits, right-aligned: the text's last byte highest, zeros before its first.
    let digits = (text ^ ZEROS) << (64 - length * 8);
    if (digits | digits.wrapping_add(ABOVE_9)) & HIGH != 0
        || leading_zero && (length > 1 || negative)
    {
        return None;
    }
    // Pairs, then fours, then all eight.
    let pairs = digits.wrapping_mul(10) + (digits >> 8);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let high = (pairs >> 16 & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    let value = (low.wrapping_add(high) >> 32) as i64;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests;
