//! Writes fields of a CSV (RFC 4180 §2).

/// Appends a field, in quotes if it needs them.
pub fn push_csv_field(field: &[u8], delimiter: u8, alone: bool, out: &mut Vec<u8>) {
    if !needs_quotes(field, delimiter, alone) {
        return out.extend_from_slice(field);
    }
    out.push(b'"');
    push_doubled(field, out);
    out.push(b'"');
}

/// Whether a field has the delimiter, a quote or a line end, or is empty and `alone` in its record, which would be an empty line.
pub fn needs_quotes(field: &[u8], delimiter: u8, alone: bool) -> bool {
    let special = |byte: &u8| matches!(*byte, b'"' | b'\n' | b'\r') || *byte == delimiter;
    field.iter().any(special) || alone && field.is_empty()
}

/// Appends `text` with all quotes doubled, for a quoted field.
pub fn push_doubled(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
}
