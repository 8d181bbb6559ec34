//! From the uploaded bytes to UTF-8 text.
//!
//! UTF-8 passes through unchanged and unchecked; the analysis checks it, on any thread. Other charsets are decoded as a stream, in
//! little memory. Malformed bytes are an error, never a replacement character.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::marks::UTF8_BOM;
use super::{CsvError, CsvErrorKind};

/// What a label names.
#[derive(Clone, Copy, PartialEq)]
enum Charset {
    /// The WHATWG Encoding Standard takes it for windows-1252, which would let any byte pass.
    Ascii,
    /// A charset of the WHATWG Encoding Standard.
    Whatwg(&'static Encoding),
}

impl Charset {
    /// The charset of a label and the label that others know it by, also if it is spelt in another way that is in use.
    fn named(label: &str) -> Option<(Self, String)> {
        let label = label.trim().to_ascii_lowercase();
        let spaced = label.replace('_', "-");
        let joined = spaced.replace('-', "");
        let alias = match joined.as_str() {
            "ascii" | "usascii" | "ansix3.41968" | "iso646us" => {
                return Some((Self::Ascii, ASCII.to_owned()));
            }
            "cp932" => "shift_jis",
            "cp936" | "ms936" => "gbk",
            "cp949" | "ms949" | "uhc" => "euc-kr",
            "cp950" | "ms950" => "big5",
            "cp65001" => "utf-8",
            "latin9" => "iso-8859-15",
            "maccyrillic" => "x-mac-cyrillic",
            "macroman" => "macintosh",
            "utf16be" => "utf-16be",
            "utf16le" => "utf-16le",
            "eucjp" => "euc-jp",
            "euckr" => "euc-kr",
            _ => "",
        };
        // `latin-1` is known as latin1, and `windows1252` as windows-1252.
        let digits = joined.find(|character: char| character.is_ascii_digit());
        let split = digits.map(|at| format!("{}-{}", &joined[..at], &joined[at..]));
        let spellings = [
            &label,
            &spaced,
            &joined,
            split.as_deref().unwrap_or(""),
            alias,
        ];
        spellings.into_iter().find_map(|label| {
            let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
            Some((Self::Whatwg(encoding), label.to_owned()))
        })
    }
}

/// The label of ASCII.
const ASCII: &str = "us-ascii";

/// The label that others know a charset by. An unknown one stays as it is.
pub(super) fn known_label(label: &str) -> String {
    Charset::named(label).map_or_else(|| label.to_owned(), |(_, label)| label)
}

/// Whether two labels name the same charset.
pub fn same_charset(one: &str, other: &str) -> bool {
    let charset = |label| Charset::named(label).map(|(charset, _)| charset);
    one.eq_ignore_ascii_case(other) || charset(one).is_some_and(|one| Some(one) == charset(other))
}

/// Bytes that are not valid in the charset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub charset: &'static str,
    /// The first bad byte, counted from 0 in the upload.
    pub offset: u64,
}

/// Why the text stopped.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The bytes are malformed.
    Malformed(Malformed),
    /// The text is malformed CSV.
    Csv(CsvError),
}

/// Turns uploaded bytes into UTF-8 text.
pub(crate) enum CharsetDecoder {
    /// The first bytes may yet be a byte-order mark.
    Undecided {
        stated: Option<&'static Encoding>,
        held: Vec<u8>,
    },
    /// The upload is its own text.
    Utf8,
    /// The same, if each of its bytes is ASCII.
    Ascii { consumed: u64 },
    /// The upload is decoded.
    Decoding {
        decoder: Box<Decoder>,
        consumed: u64,
    },
}

impl CharsetDecoder {
    /// The decoder for a charset label, or for none.
    pub(crate) fn new(label: Option<&str>) -> Result<Self, CsvError> {
        let known = |label: &str| {
            Charset::named(label).ok_or_else(|| {
                CsvError::whole(CsvErrorKind::UnknownCharset {
                    label: super::error::shortened(label),
                })
            })
        };
        let stated = match label.map(known).transpose()? {
            Some((Charset::Ascii, _)) => return Ok(Self::Ascii { consumed: 0 }),
            Some((Charset::Whatwg(encoding), _)) => Some(encoding),
            None => None,
        };
        Ok(Self::Undecided {
            stated,
            held: Vec::new(),
        })
    }

    /// Whether the text is not byte for byte the upload.
    pub(crate) fn transcodes(&self) -> bool {
        match self {
            Self::Undecided { stated, .. } => stated.is_some_and(|stated| stated != UTF_8),
            Self::Utf8 | Self::Ascii { .. } => false,
            Self::Decoding { .. } => true,
        }
    }

    /// Takes the next bytes, `last` when there are no more, and hands their text on.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        last: bool,
        mut text: impl FnMut(&[u8]) -> Result<(), CsvError>,
    ) -> Result<(), Stopped> {
        let Self::Undecided { stated, held } = self else {
            return self.decoded(bytes, last, &mut text);
        };
        // All that a byte-order mark could be, once it is there.
        let missing = UTF8_BOM.len().saturating_sub(held.len()).min(bytes.len());
        let (head, rest) = bytes.split_at(missing);
        held.extend_from_slice(head);
        let Some(encoding) = decide(held, *stated, last) else {
            return Ok(());
        };
        let held = std::mem::take(held);
        *self = if encoding == UTF_8 {
            Self::Utf8
        } else {
            Self::Decoding {
                decoder: Box::new(encoding.new_decoder_with_bom_removal()),
                consumed: 0,
            }
        };
        self.decoded(&held, last && rest.is_empty(), &mut text)?;
        if rest.is_empty() {
            Ok(())
        } else {
            self.decoded(rest, last, &mut text)
        }
    }

    fn decoded(
        &mut self,
        mut bytes: &[u8],
        last: bool,
        text: &mut impl FnMut(&[u8]) -> Result<(), CsvError>,
    ) -> Result<(), Stopped> {
        let (decoder, consumed) = match self {
            Self::Decoding { decoder, consumed } => (decoder, consumed),
            Self::Undecided { .. } | Self::Utf8 => return text(bytes).map_err(Stopped::Csv),
            Self::Ascii { consumed } => {
                let ascii = bytes.iter().take_while(|byte| byte.is_ascii()).count();
                *consumed += ascii as u64;
                text(&bytes[..ascii]).map_err(Stopped::Csv)?;
                if ascii < bytes.len() {
                    return Err(Stopped::Malformed(Malformed {
                        charset: ASCII,
                        offset: *consumed,
                    }));
                }
                return Ok(());
            }
        };
        let mut buffer = [0; 8 << 10];
        loop {
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(bytes, &mut buffer, last);
            *consumed += read as u64;
            text(&buffer[..written]).map_err(Stopped::Csv)?;
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => bytes = &bytes[read..],
                DecoderResult::Malformed(bad, after) => {
                    let offset = consumed.saturating_sub(u64::from(bad) + u64::from(after));
                    return Err(Stopped::Malformed(Malformed {
                        charset: decoder.encoding().name(),
                        offset,
                    }));
                }
            }
        }
    }
}

/// The label that asks Flash to find the charset.
const DETECTED: &str = "detect";

/// Whether a label asks Flash to find the charset.
pub(crate) fn is_detected(label: &str) -> bool {
    label.eq_ignore_ascii_case(DETECTED)
}

/// Whether a label is one of UTF-16.
pub(crate) fn is_utf16(label: &str) -> bool {
    let encoding = Encoding::for_label_no_replacement(label.as_bytes());
    encoding.is_some_and(|encoding| encoding == UTF_16LE || encoding == UTF_16BE)
}

/// The charset that a file which begins with `head` seems to have, and whether that is sure.
pub(crate) fn detect(head: &[u8], whole: bool) -> (&'static str, bool) {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return ("utf-8", true),
        [0xFF, 0xFE, ..] => return ("utf-16le", true),
        [0xFE, 0xFF, ..] => return ("utf-16be", true),
        _ => {}
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(head, whole);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    // Hardly anything else is valid UTF-8; all others are likely at best.
    (encoding.name(), encoding == UTF_8)
}

/// The encoding of an upload that begins with `head`; `None` when that takes another byte.
///
/// The mark of UTF-8 outweighs any label: read as another charset it would become part of the first column's name.
/// The marks of UTF-16 decide when the label is absent, or is UTF-16 and so leaves the byte order open.
fn decide(head: &[u8], stated: Option<&'static Encoding>, last: bool) -> Option<&'static Encoding> {
    let open = stated.is_none_or(|stated| stated == UTF_16LE || stated == UTF_16BE);
    match head {
        [0xEF, 0xBB, 0xBF, ..] => Some(UTF_8),
        [] | [0xEF] | [0xEF, 0xBB] if !last => None,
        [0xFE] | [0xFF] if open && !last => None,
        [0xFF, 0xFE, ..] if open => Some(UTF_16LE),
        [0xFE, 0xFF, ..] if open => Some(UTF_16BE),
        _ => Some(stated.unwrap_or(UTF_8)),
    }
}

#[cfg(test)]
mod tests;
