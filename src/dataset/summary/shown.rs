//! How a summary shows values and errors.

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// A boolean or a number, as it is written.
    Plain(String),
    /// A number that was computed.
    Number(f64),
    /// Any other.
    Text(String),
}

/// An error bound in ten-thousandths, rounded up.
pub(super) fn rounded(error: f64) -> f64 {
    (error * 1e4).ceil() / 1e4
}
