//! The weight of a range in `Accept`.

/// A quality in thousandths: 0 excludes, [`FULL`] is the default (RFC 9110 §12.4.2).
pub type Quality = u16;

/// The quality of what states none.
pub const FULL: Quality = 1000;

/// Reads a quality: `( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`, in thousandths
/// (RFC 9110 §12.4.2). The 0 may be missing before decimals: Java 8 to 18 sends `q=.2`.
#[must_use]
pub fn quality(value: &[u8]) -> Option<Quality> {
    let (whole, rest) = match value {
        [b'.', _, ..] => (b'0', value),
        _ => value.split_first().map(|(&whole, rest)| (whole, rest))?,
    };
    let decimals = match rest {
        [] => rest,
        [b'.', decimals @ ..] if decimals.len() <= 3 => decimals,
        _ => return None,
    };
    let weights: [Quality; 3] = [100, 10, 1];
    let fraction = decimals
        .iter()
        .zip(weights)
        .try_fold(0, |sum, (digit, weight)| {
            digit
                .is_ascii_digit()
                .then(|| sum + Quality::from(digit - b'0') * weight)
        })?;
    match (whole, fraction) {
        (b'0', fraction) => Some(fraction),
        (b'1', 0) => Some(FULL),
        _ => None,
    }
}
