//! What a table of groups refuses.

/// A sum may have digits from `10^-FARTHEST` to `10^FARTHEST`.
pub(super) const FARTHEST: i64 = 5000;

/// Why a table takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has used up its allowance of memory. Merge it into another table, and go on with an empty one.
    #[error("the table is full")]
    Full,
    /// There are more groups than a query may have.
    #[error("there are too many groups")]
    TooManyGroups,
    /// A sum would have too many digits.
    #[error(
        "a sum would have more than {} digits before or after its point",
        FARTHEST
    )]
    TooLong,
}
