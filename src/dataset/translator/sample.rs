//! The first records of a file in a stated dialect, for what is detected in its sample.

use super::fields::{Fields, Found, Grammar, line_after};
use crate::detect::Detected;
use crate::dialect::Dialect;

/// Records at the beginning of a text, the header first, without lines above it and comments.
pub(crate) fn first_records(
    sample: &[u8],
    whole: bool,
    dialect: &Dialect,
    detected: &Detected,
) -> Vec<Vec<String>> {
    const RECORDS: usize = 3;
    let grammar = Grammar::new(dialect, detected.delimiter.byte(), detected.returns);
    let mut at = detected.table;
    let mut records = Vec::new();
    let mut fields = Fields::default();
    while at < sample.len() && records.len() < RECORDS {
        let comment = dialect.comment().map(str::as_bytes);
        if comment.is_some_and(|comment| sample[at..].starts_with(comment)) {
            at = line_after(sample, at, grammar.line_end()).unwrap_or(sample.len());
            continue;
        }
        let Found::Record { next, empty } = grammar.record(sample, at, whole, &mut fields) else {
            break;
        };
        at = next;
        if !empty {
            records.push(fields.to_texts());
        }
    }
    records
}
