//! Writes plain CSV (RFC 4180).

use super::fields::Fields;
use crate::push_csv_field;

/// Writes a record of `columns` fields; those that it lacks are empty. A single field that is empty gets quotes: without them it
/// would be an empty line.
pub(super) fn push_record(out: &mut Vec<u8>, fields: &Fields, columns: usize, delimiter: u8) {
    for place in 0..columns {
        if place > 0 {
            out.push(delimiter);
        }
        let field = fields.get(place).unwrap_or_default();
        push_csv_field(field, delimiter, columns == 1, out);
    }
    out.push(b'\n');
}
