//! Exact sums of numbers of any length.

use super::refusal::{FARTHEST, Refusal};
use crate::decimal::{self, Digits};

/// A sum. It has no more digits than the numbers need.
#[derive(Debug, Default)]
pub(super) struct Sum {
    /// What was added, in units of `10^-decimals`, and is not in `rest`.
    near: i128,
    decimals: u32,
    /// What is too long for that.
    rest: Option<Box<Rest>>,
}

/// The positive and the negative numbers, added up apart.
#[derive(Debug, Default)]
struct Rest {
    positive: Limbs,
    negative: Limbs,
}

/// A number of any length: the sum of each limb times `10^(18 × (low + its index))`.
#[derive(Debug, Default)]
struct Limbs {
    low: i64,
    limbs: Vec<u64>,
}

/// Digits of a limb.
const LIMB: i64 = 18;
const BASE: u64 = 1_000_000_000_000_000_000;
impl Sum {
    /// Adds a JSON number so many times.
    #[inline]
    pub(super) fn add(&mut self, text: &str, times: u64) -> Result<(), Refusal> {
        match short(text.as_bytes()) {
            Some((mantissa, decimals)) => {
                self.add_near(i128::from(mantissa) * i128::from(times), decimals);
                Ok(())
            }
            None => self.add_long(text, times),
        }
    }

    /// Adds a number in units of `10^-decimals`.
    pub(super) fn add_total(&mut self, total: i128, decimals: u32) {
        self.add_near(total, decimals);
    }

    /// Adds what another sum has.
    pub(super) fn merge(&mut self, other: Self) {
        self.add_near(other.near, other.decimals);
        if let Some(rest) = other.rest {
            let mine = self.rest.get_or_insert_default();
            mine.positive
                .add(rest.positive.low, &rest.positive.limbs, 1);
            mine.negative
                .add(rest.negative.low, &rest.negative.limbs, 1);
        }
    }

    /// The sum.
    pub(super) fn digits(&self) -> Digits {
        let near = Digits::of(self.near, self.decimals);
        let Some(rest) = &self.rest else { return near };
        let mut both = Rest {
            positive: rest.positive.copy(),
            negative: rest.negative.copy(),
        };
        both.take(self.near, self.decimals);
        let (negative, mut most, least) = match both.positive.is_less(&both.negative) {
            true => (true, both.negative, both.positive),
            false => (false, both.positive, both.negative),
        };
        most.subtract(&least);
        let mut digits = String::new();
        for limb in most.limbs.iter().rev() {
            digits.push_str(&format!("{limb:018}"));
        }
        let exponent = digits.len() as i64 + most.low * LIMB;
        Digits::new(negative, digits.into_bytes(), exponent)
    }

    /// The number if it is a fraction with these short parts: numerator, and decimals.
    pub(super) fn near(&self) -> Option<(i128, u32)> {
        self.rest.is_none().then_some((self.near, self.decimals))
    }

    /// Bytes on the heap, about.
    pub(super) fn bytes(&self) -> usize {
        let limbs = |limbs: &Limbs| limbs.limbs.capacity() * size_of::<u64>();
        self.rest.as_ref().map_or(0, |rest| {
            size_of::<Rest>() + limbs(&rest.positive) + limbs(&rest.negative)
        })
    }

    #[inline]
    fn add_near(&mut self, product: i128, decimals: u32) {
        if let Some((sum, decimals)) = self.with(product, decimals) {
            (self.near, self.decimals) = (sum, decimals);
            return;
        }
        let rest = self.rest.get_or_insert_default();
        rest.take(self.near, self.decimals);
        (self.near, self.decimals) = (product, decimals);
    }

    #[inline]
    fn with(&self, product: i128, decimals: u32) -> Option<(i128, u32)> {
        let most = decimals.max(self.decimals);
        let near = match most - self.decimals {
            0 => self.near,
            more => self.near.checked_mul(10_i128.checked_pow(more)?)?,
        };
        let product = match most - decimals {
            0 => product,
            more => product.checked_mul(10_i128.checked_pow(more)?)?,
        };
        Some((near.checked_add(product)?, most))
    }

    #[cold]
    fn add_long(&mut self, text: &str, times: u64) -> Result<(), Refusal> {
        let digits = decimal::digits(text).ok_or(Refusal::TooLong)?;
        let lowest = digits.exponent - digits.digits.len() as i64;
        if digits.digits.is_empty() {
            return Ok(());
        }
        if digits.exponent > FARTHEST || lowest < -FARTHEST {
            return Err(Refusal::TooLong);
        }
        let rest = self.rest.get_or_insert_default();
        rest.side(digits.negative)
            .add_digits(&digits.digits, lowest, times);
        Ok(())
    }
}

impl Rest {
    fn side(&mut self, negative: bool) -> &mut Limbs {
        match negative {
            true => &mut self.negative,
            false => &mut self.positive,
        }
    }

    fn take(&mut self, near: i128, decimals: u32) {
        let digits = near.unsigned_abs().to_string().into_bytes();
        self.side(near < 0)
            .add_digits(&digits, -i64::from(decimals), 1);
    }
}

impl Limbs {
    fn copy(&self) -> Self {
        Self {
            low: self.low,
            limbs: self.limbs.clone(),
        }
    }

    /// Adds decimal digits, of which the last one counts `10^lowest`, so many times.
    fn add_digits(&mut self, digits: &[u8], lowest: i64, times: u64) {
        let (low, zeros) = (lowest.div_euclid(LIMB), lowest.rem_euclid(LIMB) as usize);
        let shifted = [digits, &vec![b'0'; zeros]].concat();
        let limb = |digits: &[u8]| {
            let digits = digits.iter();
            digits.fold(0, |limb, digit| limb * 10 + u64::from(digit - b'0'))
        };
        let limbs: Vec<_> = shifted.rchunks(LIMB as usize).map(limb).collect();
        self.add(low, &limbs, times);
    }

    fn add(&mut self, low: i64, limbs: &[u64], times: u64) {
        if limbs.is_empty() {
            return;
        }
        if self.limbs.is_empty() {
            self.low = low;
        }
        if low < self.low {
            let more = (self.low - low) as usize;
            self.limbs.splice(0..0, std::iter::repeat_n(0, more));
            self.low = low;
        }
        let mut at = (low - self.low) as usize;
        let mut carry = 0_u128;
        let mut limbs = limbs.iter();
        loop {
            let next = limbs.next();
            if next.is_none() && carry == 0 {
                return;
            }
            if self.limbs.len() <= at {
                self.limbs.resize(at + 1, 0);
            }
            let product = u128::from(next.copied().unwrap_or(0)) * u128::from(times);
            let sum = product + u128::from(self.limbs[at]) + carry;
            self.limbs[at] = (sum % u128::from(BASE)) as u64;
            carry = sum / u128::from(BASE);
            at += 1;
        }
    }

    /// The limb that counts `10^(18 × place)`.
    fn limb(&self, place: i64) -> u64 {
        let at = usize::try_from(place - self.low).ok();
        at.and_then(|at| self.limbs.get(at)).copied().unwrap_or(0)
    }

    fn end(&self) -> i64 {
        self.low + self.limbs.len() as i64
    }

    fn is_less(&self, other: &Self) -> bool {
        let (low, end) = (self.low.min(other.low), self.end().max(other.end()));
        let mut places = (low..end).rev();
        let differs = places.find(|place| self.limb(*place) != other.limb(*place));
        differs.is_some_and(|place| self.limb(place) < other.limb(place))
    }

    /// Subtracts what is not greater.
    fn subtract(&mut self, least: &Self) {
        // This makes places for all limbs of the other.
        self.add(least.low, &vec![0; least.limbs.len()], 1);
        self.add(self.low, &[0], 1);
        let mut borrow = 0;
        for at in 0..self.limbs.len() {
            let take = least.limb(self.low + at as i64) + borrow;
            let limb = self.limbs[at];
            borrow = u64::from(limb < take);
            self.limbs[at] = limb + borrow * BASE - take;
        }
    }
}

/// A number of few digits, as its digits and how many of them are decimals.
#[inline]
pub(crate) fn short(text: &[u8]) -> Option<(i64, u32)> {
    /// Digits that fit an `i64` whatever they are.
    const FEW: usize = 18;
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if rest.len() > FEW {
        return None;
    }
    let (mut mantissa, mut decimals, mut point) = (0_i64, 0, 0);
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa * 10 + i64::from(digit);
            decimals += point;
        } else if *byte == b'.' {
            point = 1;
        } else {
            return None;
        }
    }
    Some((if negative { -mantissa } else { mantissa }, decimals))
}
