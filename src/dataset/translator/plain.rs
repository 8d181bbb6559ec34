//! Writes plain CSV (RFC 4180).

use super::fields::Fields;

/// Writes a record of `columns` fields; those that it lacks are empty. A single field that is empty gets quotes: without them it
/// would be an empty line.
pub(super) fn push_record(out: &mut Vec<u8>, fields: &Fields, columns: usize, delimiter: u8) {
    for place in 0..columns {
        if place > 0 {
            out.push(delimiter);
        }
        let field = fields.get(place).unwrap_or_default();
        push_field(out, field, delimiter, columns == 1);
    }
    out.push(b'\n');
}

/// Writes a field, in quotes where it needs them. `always` gives them to an empty one too.
pub(super) fn push_field(out: &mut Vec<u8>, field: &[u8], delimiter: u8, always: bool) {
    let special = |byte: &u8| matches!(*byte, b'"' | b'\n' | b'\r') || *byte == delimiter;
    let quoted = field.iter().any(special) || always && field.is_empty();
    if !quoted {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for &byte in field {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
