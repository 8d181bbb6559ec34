//! `Content-Disposition` (RFC 6266 §4.1; for parts of forms RFC 7578 §4.2): the file name that a CSV came with.

mod encoded_words;

use percent_encoding::percent_decode;

use crate::versioning::{Cursor, Empty, Fault, Flaw, SPACE, unquoted};

/// What the header says, as far as a dataset needs it.
#[derive(Debug, Default)]
pub(super) struct Disposition {
    /// `name`: the field of the form.
    pub(super) field: Option<String>,
    filename: Option<String>,
    /// `filename*`, if its charset is known.
    extended: Option<String>,
}

impl Disposition {
    /// Reads the header. Unknown parameters are skipped.
    pub(super) fn read(value: &[u8]) -> Result<Self, Flaw> {
        let mut cursor = Cursor::new(value);
        cursor.skip(SPACE);
        let mut found = Self::default();
        cursor.name()?;
        cursor.parameters(0, Empty::Allowed, |name, value| {
            match name.to_ascii_lowercase().as_slice() {
                b"name" => set(&mut found.field, text(&unquoted(value))),
                b"filename" => set(
                    &mut found.filename,
                    encoded_words::decoded(&text(&file_name(value))),
                ),
                b"filename*" => match extended_value(value) {
                    Some(filename) => set(&mut found.extended, filename),
                    // A recipient ignores what it can't decode (RFC 6266 §4.3).
                    None => Ok(()),
                },
                _ => Ok(()),
            }
        })?;
        cursor.end(0)?;
        Ok(found)
    }

    /// The file name; `filename*` counts before `filename` (RFC 6266 §4.3).
    pub(super) fn filename(&self) -> Option<&str> {
        self.extended.as_deref().or(self.filename.as_deref())
    }
}

/// Takes a parameter that may be there once (RFC 6266 §4.1).
fn set(place: &mut Option<String>, value: String) -> Result<(), Fault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Fault::RepeatedParameter),
    }
}

/// The meaning of a raw `filename`. A path such as `"C:\people.csv"` is taken as it is: old browsers write paths without escapes.
fn file_name(value: &[u8]) -> Vec<u8> {
    match value {
        [b'"', drive, b':', b'\\', next, ..] if drive.is_ascii_alphabetic() && *next != b'\\' => {
            value[1..value.len() - 1].to_vec()
        }
        _ => unquoted(value),
    }
}

/// What `UTF-8''p%C3%A9ople.csv` says (RFC 8187 §3.2), if its charset is one that the RFC or its predecessor requires.
fn extended_value(value: &[u8]) -> Option<String> {
    // Quotes around it are not in the grammar, and some clients write them.
    let value = unquoted(value);
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode(text).collect();
    if charset.eq_ignore_ascii_case(b"utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case(b"iso-8859-1") {
        Some(latin_1(&bytes))
    } else {
        None
    }
}

/// Bytes of a header as text: UTF-8, else ISO 8859-1, which they were once (RFC 9110 §5.5).
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => latin_1(bytes),
    }
}

/// ISO 8859-1: the first 256 characters of Unicode.
fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
