//! `Content-Transfer-Encoding` of a part (RFC 2045 §6), undone as the part comes. RFC 7578 §4.7 deprecates it, and some
//! clients send it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::HeaderMap;

use crate::api::error::Error;
use crate::api::intake::frames::Frames;
use crate::api::intake::hex;

/// The header.
const CONTENT_TRANSFER_ENCODING: &str = "content-transfer-encoding";
/// White space that may stand in a row: more than any line may be long (RFC 5322 §2.1.1).
const LINE: usize = 998;
/// Base64 with or without the padding at its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The content of a part, decoded as its headers say.
pub(super) fn decoded(headers: &HeaderMap, content: Frames) -> Result<Frames, Error> {
    let Some(value) = headers.get(CONTENT_TRANSFER_ENCODING) else {
        return Ok(content);
    };
    let value = String::from_utf8_lossy(value.as_bytes());
    let mut decoder = match value.trim().to_ascii_lowercase().as_str() {
        "7bit" | "8bit" | "binary" => return Ok(content),
        "base64" => Decoder::Base64(Base64::default()),
        "quoted-printable" => Decoder::Quoted(Quoted::default()),
        _ => {
            return Err(Error::BadMultipart(format!(
                "Content-Transfer-Encoding {value:?} isn't supported; send the file as it is, or in base64 or quoted-printable"
            )));
        }
    };
    let frames = content.map_ok(Some).chain(stream::iter([Ok(None)]));
    Ok(Box::pin(frames.map(move |frame| {
        let decoded = match frame? {
            Some(frame) => decoder.feed(&frame),
            None => decoder.end(),
        };
        let decoded = decoded.map_err(|wrong| Error::BadMultipart(wrong.to_owned()))?;
        Ok(Bytes::from(decoded))
    })))
}

enum Decoder {
    Base64(Base64),
    Quoted(Quoted),
}

impl Decoder {
    fn feed(&mut self, bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
        match self {
            Self::Base64(decoder) => decoder.feed(bytes),
            Self::Quoted(decoder) => decoder.feed(bytes),
        }
    }

    fn end(&mut self) -> Result<Vec<u8>, &'static str> {
        match self {
            Self::Base64(decoder) => decoder.end(),
            Self::Quoted(decoder) => decoder.end(),
        }
    }
}

/// Base64 (RFC 2045 §6.8), four digits at a time.
#[derive(Default)]
struct Base64 {
    /// Digits of a group that isn't complete.
    held: Vec<u8>,
    padded: bool,
}

impl Base64 {
    const WRONG: &'static str = "its part isn't valid base64; send the file as it is";

    fn feed(&mut self, bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
        let digits = bytes.iter().filter(|byte| !b" \t\r\n".contains(byte));
        self.held.extend(digits);
        let whole = self.held.len() / 4 * 4;
        let rest = self.held.split_off(whole);
        let groups = std::mem::replace(&mut self.held, rest);
        self.decode(&groups)
    }

    fn end(&mut self) -> Result<Vec<u8>, &'static str> {
        let rest = std::mem::take(&mut self.held);
        self.decode(&rest)
    }

    fn decode(&mut self, groups: &[u8]) -> Result<Vec<u8>, &'static str> {
        if self.padded && !groups.is_empty() {
            return Err(Self::WRONG);
        }
        self.padded |= groups.ends_with(b"=");
        BASE64.decode(groups).map_err(|_| Self::WRONG)
    }
}

/// Quoted-printable (RFC 2045 §6.7).
#[derive(Default)]
struct Quoted {
    state: State,
    /// White space that is dropped if the line ends after it.
    space: Vec<u8>,
}

#[derive(Default)]
enum State {
    #[default]
    Text,
    /// After `=`.
    Escape,
    /// After `=` and one digit.
    Digit(u8),
    /// After `=` at the end of a line, with perhaps some white space.
    SoftBreak,
}

impl Quoted {
    const WRONG: &'static str = "its part isn't valid quoted-printable; send the file as it is";

    fn feed(&mut self, bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut text = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            self.state = match (&self.state, byte) {
                (State::Text, b'=') => {
                    text.append(&mut self.space);
                    State::Escape
                }
                (State::Text, b' ' | b'\t') => {
                    if self.space.len() == LINE {
                        return Err(Self::WRONG);
                    }
                    self.space.push(byte);
                    State::Text
                }
                (State::Text, _) => {
                    if matches!(byte, b'\r' | b'\n') {
                        self.space.clear();
                    }
                    text.append(&mut self.space);
                    text.push(byte);
                    State::Text
                }
                (State::Escape | State::SoftBreak, b'\n') => State::Text,
                (State::Escape | State::SoftBreak, b' ' | b'\t' | b'\r') => State::SoftBreak,
                (State::Escape, digit) => State::Digit(digit),
                (State::Digit(high), low) => {
                    text.push(hex::pair(*high, low).ok_or(Self::WRONG)?);
                    State::Text
                }
                (State::SoftBreak, _) => return Err(Self::WRONG),
            };
        }
        Ok(text)
    }

    fn end(&mut self) -> Result<Vec<u8>, &'static str> {
        match self.state {
            State::Digit(_) => Err(Self::WRONG),
            State::Text | State::Escape | State::SoftBreak => Ok(Vec::new()),
        }
    }
}
