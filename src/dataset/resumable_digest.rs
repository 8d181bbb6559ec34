//! The digest of a text that can grow.
//!
//! SHA-256 can't continue from the digest of a text's beginning, but from its inner state there. That state is stored, so that an
//! append costs what is appended, however long the text is.

use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

/// The first byte of the stored form. The state is in the format of sha2 0.11: a release of it with another format needs
/// another encoding.
const ENCODING: u8 = 1;
/// Bytes of the stored form before the state: encoding, length of the text, and whether its last line is open.
const HEAD: usize = 1 + 8 + 1;
/// Bytes of the checksum at the end.
const CHECK: usize = 8;

/// A stored digest that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored digest is damaged, or was written by a later release")]
pub struct CorruptDigest;

/// The digest of a text to which more may be added.
#[derive(Debug, Clone, Default)]
pub struct ResumableDigest {
    sha256: Sha256,
    bytes: u64,
    open_line: bool,
}

impl ResumableDigest {
    /// The digest of an empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the text's next bytes.
    pub fn absorb(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        self.open_line = *last != b'\n';
    }

    /// Length of the text in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the last line lacks its line feed, so that an append would continue it.
    pub fn open_line(&self) -> bool {
        self.open_line
    }

    /// SHA-256 of the text.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }

    /// The stored form: a byte for the encoding, the length (little-endian), 1 if the last line is open, the state, and a checksum of
    /// all that (xxh3-64, little-endian). Without the checksum, any bytes would pass as a state.
    pub fn encode(&self) -> Vec<u8> {
        let mut stored = vec![ENCODING];
        stored.extend_from_slice(&self.bytes.to_le_bytes());
        stored.push(u8::from(self.open_line));
        stored.extend_from_slice(&self.sha256.serialize());
        let check = xxh3_64(&stored);
        stored.extend_from_slice(&check.to_le_bytes());
        stored
    }

    /// Decodes a stored digest.
    ///
    /// # Errors
    /// [`CorruptDigest`] if it is damaged, or written by a later release.
    pub fn decode(stored: &[u8]) -> Result<Self, CorruptDigest> {
        let (rest, check) = stored.split_last_chunk::<CHECK>().ok_or(CorruptDigest)?;
        if xxh3_64(rest).to_le_bytes() != *check {
            return Err(CorruptDigest);
        }
        let (head, state) = rest.split_first_chunk::<HEAD>().ok_or(CorruptDigest)?;
        let [ENCODING, bytes @ .., open_line] = *head else {
            return Err(CorruptDigest);
        };
        let state = SerializedState::<Sha256>::try_from(state).map_err(|_| CorruptDigest)?;
        Ok(Self {
            sha256: Sha256::deserialize(&state).map_err(|_| CorruptDigest)?,
            bytes: u64::from_le_bytes(bytes),
            open_line: open_line != 0,
        })
    }
}

#[cfg(test)]
mod tests;
