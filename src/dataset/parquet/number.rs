//! Numbers as digits and a power of ten, for DECIMAL columns.

/// The most digits of a DECIMAL that all readers take.
pub(super) const MOST_DIGITS: u32 = 38;
/// Numbers with a larger exponent are not looked at: they don't fit.
const LARGEST_EXPONENT: i64 = 1000;

/// A JSON number: its digits, and how many of them are before the point.
struct Digits<'t> {
    negative: bool,
    whole: &'t [u8],
    decimals: &'t [u8],
    /// Where the point is among the digits. It may be before or after all of them.
    point: i64,
}

/// The digits that a number needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needed {
    /// Before the point.
    pub whole: u32,
    /// After the point, as it is written.
    pub written: u32,
    /// After the point, without zeros at the end.
    pub least: u32,
}

impl Needed {
    /// What a JSON number needs; `None`: more than any DECIMAL has.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let digits = Digits::of(text)?;
        let count = |count: i64| u32::try_from(count.max(0)).ok();
        let length = i64::try_from(digits.length()).ok()?;
        let is_digit = |byte: &u8| *byte != b'0';
        let written = count(length - digits.point)?;
        let Some(first) = digits.all().position(|byte| is_digit(&byte)) else {
            return Some(Self {
                written,
                ..Self::default()
            });
        };
        let zeros = digits
            .decimals
            .iter()
            .rev()
            .chain(digits.whole.iter().rev());
        let zeros = zeros.take_while(|byte| !is_digit(byte)).count();
        let needed = Self {
            whole: count(digits.point - i64::try_from(first).ok()?)?,
            written,
            least: count(length - i64::try_from(zeros).ok()? - digits.point)?,
        };
        (needed.whole.saturating_add(needed.least) <= MOST_DIGITS).then_some(needed)
    }

    /// What both need.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            whole: self.whole.max(other.whole),
            written: self.written.max(other.written),
            least: self.least.max(other.least),
        }
    }

    /// Precision and scale of a DECIMAL for it; `None`: none has enough digits.
    pub(super) fn decimal(self) -> Option<(u32, u32)> {
        let fits = |scale: u32| {
            let precision = self.whole.checked_add(scale)?.max(1);
            (precision <= MOST_DIGITS).then_some((precision, scale))
        };
        fits(self.written).or_else(|| fits(self.least))
    }
}

/// The number times ten to the power of `scale`; `None`: it needs more digits.
pub(super) fn unscaled(text: &[u8], scale: u32) -> Option<i128> {
    let digits = Digits::of(text)?;
    let end = digits.point + i64::from(scale);
    let mut all = digits.all();
    let mut value = 0_i128;
    for _ in 0..end.max(0) {
        let digit = i128::from(all.next().unwrap_or(b'0') - b'0');
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    let rest = all.any(|byte| byte != b'0');
    let value = if digits.negative { -value } else { value };
    (!rest).then_some(value)
}

impl<'t> Digits<'t> {
    fn of(text: &'t [u8]) -> Option<Self> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let e = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = text.split_at(e.unwrap_or(text.len()));
        let exponent = match exponent.get(1..) {
            None | Some([]) => 0,
            Some(digits) => std::str::from_utf8(digits).ok()?.parse::<i64>().ok()?,
        };
        let point = mantissa.iter().position(|&byte| byte == b'.');
        let (whole, decimals) = mantissa.split_at(point.unwrap_or(mantissa.len()));
        (exponent.abs() <= LARGEST_EXPONENT).then_some(Self {
            negative,
            whole,
            decimals: decimals.get(1..).unwrap_or_default(),
            point: i64::try_from(whole.len()).ok()? + exponent,
        })
    }

    fn all(&self) -> impl Iterator<Item = u8> {
        self.whole.iter().chain(self.decimals).copied()
    }

    fn length(&self) -> usize {
        self.whole.len() + self.decimals.len()
    }
}
