//! The values of one column of a raw block.

use super::{
    record::unquoted_prefix,
    span::{ColumnSpans, Span},
    value,
};

/// A non-null value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'t> {
    /// The raw block's text.
    text: &'t [u8],
    /// Where the value is in it.
    span: Span,
    /// The first eight bytes from there on, the first one lowest, whether they are the value's or not.
    loaded: u64,
}

/// The texts that mean "no value", besides the empty one.
#[derive(Debug)]
pub(crate) struct Nulls<'n> {
    texts: Vec<(u64, &'n [u8])>,
    /// The bytes that such a text begins with: few values do, so most need no closer look.
    firsts: [bool; 256],
}

impl<'n> Nulls<'n> {
    pub(crate) fn new(texts: &'n [String]) -> Self {
        let word = |text: &[u8]| masked(load(text, 0), text.len());
        let mut firsts = [false; 256];
        for first in texts.iter().filter_map(|text| text.bytes().next()) {
            firsts[usize::from(first)] = true;
        }
        Self {
            texts: texts
                .iter()
                .map(|text| (word(text.as_bytes()), text.as_bytes()))
                .collect(),
            firsts,
        }
    }

    #[inline(always)]
    fn hold(&self, cell: Cell<'_>) -> bool {
        let [first, ..] = cell.loaded.to_le_bytes();
        self.firsts[usize::from(first)] && self.hold_any(cell)
    }

    fn hold_any(&self, cell: Cell<'_>) -> bool {
        if cell.doubled() {
            return self.texts.iter().any(|(_, text)| cell.is(text));
        }
        let word = masked(cell.loaded, cell.length());
        self.texts
            .iter()
            .any(|(first, text)| *first == word && *text == cell.raw())
    }
}

/// Goes through the non-null values of a column and counts the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells<'t> {
    text: &'t [u8],
    spans: ColumnSpans<'t>,
    nulls: &'t Nulls<'t>,
    passed: u32,
}

impl<'t> Cells<'t> {
    pub(crate) fn new(text: &'t [u8], spans: ColumnSpans<'t>, nulls: &'t Nulls<'t>) -> Self {
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
            let cell = Cell::new(self.text, span);
            if cell.length() == 0 || self.nulls.hold(cell) {
                self.passed += 1;
            } else {
                return Some(cell);
            }
        }
    }
}

/// The eight bytes at `start`, the first one lowest; zeros where the text ends before.
#[inline(always)]
fn load(text: &[u8], start: usize) -> u64 {
    match text.get(start..start + 8).and_then(<[u8]>::first_chunk) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => load_last(text, start),
    }
}

#[cold]
fn load_last(text: &[u8], start: usize) -> u64 {
    let rest = text.get(start..).unwrap_or_default();
    rest.iter()
        .rev()
        .fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// The word with zeros after its first `length` bytes.
#[inline(always)]
fn masked(word: u64, length: usize) -> u64 {
    if length < 8 {
        word & ((1 << (length * 8)) - 1)
    } else {
        word
    }
}

/// What no two texts of fewer than eight bytes have in common: the bytes, the first one lowest, and their number in the
/// highest byte; `None`: it has more.
#[inline(always)]
pub(crate) fn short(text: &[u8]) -> Option<u64> {
    short_of(load(text, 0), text.len())
}

/// The same of a text of `length` bytes, of which `loaded` begins with all.
#[inline(always)]
fn short_of(loaded: u64, length: usize) -> Option<u64> {
    (length < 8).then(|| masked(loaded, length) | (length as u64) << 56)
}

impl<'t> Cell<'t> {
    /// The value with this span of a raw block's text.
    #[inline(always)]
    pub(crate) fn new(text: &'t [u8], span: Span) -> Self {
        Self {
            text,
            span,
            loaded: load(text, span.start()),
        }
    }

    /// Where the value is in the raw block's text.
    #[inline(always)]
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// The text, in which quotes may be doubled.
    #[inline(always)]
    pub(crate) fn raw(&self) -> &'t [u8] {
        &self.text[self.span.start()..self.span.end()]
    }

    /// Whether there are doubled quotes in the text.
    #[inline(always)]
    pub(crate) fn doubled(&self) -> bool {
        self.span.doubled()
    }

    #[inline(always)]
    fn length(&self) -> usize {
        self.span.end() - self.span.start()
    }

    /// The first eight bytes as a number that orders like the text, as far as it goes.
    #[inline(always)]
    pub(crate) fn key(&self) -> u64 {
        masked(self.loaded, self.length()).swap_bytes()
    }

    /// The text as [`short`] encodes it; also `None` if it has doubled quotes.
    #[inline(always)]
    pub(crate) fn short(&self) -> Option<u64> {
        short_of(self.loaded, self.length()).filter(|_| !self.doubled())
    }

    /// The value as an integer.
    #[inline(always)]
    pub(crate) fn integer(&self) -> Option<i64> {
        if self.length() <= 8 {
            short_integer(self.loaded, self.length())
        } else {
            value::integer(self.raw())
        }
    }

    /// The value as a number.
    #[inline(always)]
    pub(crate) fn number(&self) -> Option<f64> {
        match self.integer() {
            Some(integer) => Some(integer as f64),
            None => value::number(self.raw()),
        }
    }

    /// Whether the value is this text.
    fn is(&self, text: &[u8]) -> bool {
        if !self.doubled() {
            return self.raw() == text;
        }
        // Never more of a huge value than it takes to tell.
        let start: Vec<u8> = unquoted_prefix(self.raw()).take(text.len() + 1).collect();
        start == text
    }
}

/// The integer that the first `length` bytes write, at most eight, all at once.
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
    // The digits, right-aligned: the last one highest, zeros before the first; whatever came after is shifted out.
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
