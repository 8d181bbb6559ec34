//! Encoded words of MIME (RFC 2047), such as `=?utf-8?B?ZG9ubsOpZXMuY3N2?=`, which .NET writes into file names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

/// The text with its encoded words decoded. What is no valid encoded word stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let mut whole = String::new();
    let mut after_word = false;
    for (at, part) in text.split(' ').enumerate() {
        let word = word(part);
        // White space between two encoded words is not part of the text (RFC 2047 §6.2).
        if at > 0 && !(after_word && word.is_some()) {
            whole.push(' ');
        }
        after_word = word.is_some();
        whole.push_str(word.as_deref().unwrap_or(part));
    }
    whole
}

/// What one encoded word says.
fn word(text: &str) -> Option<String> {
    let inside = text.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut parts = inside.split('?');
    let (charset, encoding, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    // RFC 2231 §5 allows a language after the charset.
    let charset = charset.split('*').next()?;
    let charset = Encoding::for_label_no_replacement(charset.as_bytes())?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(encoded).ok()?,
        "Q" | "q" => quoted(encoded.as_bytes())?,
        _ => return None,
    };
    let text = charset.decode_without_bom_handling_and_without_replacement(&bytes)?;
    Some(text.into_owned())
}

/// The encoding "Q" (RFC 2047 §4.2).
fn quoted(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => super::super::hex::pair(rest.next()?, rest.next()?)?,
            other => other,
        });
    }
    Some(bytes)
}
