//! What is known of a text's end, so that the text can be gone on with.
//!
//! The digest of a whole text cannot be had from the digest of its first part, but from the state that the digest was
//! in there. That state is kept, so that adding to a text costs what is added, however long the text is.

use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

/// The first byte of a stored tail; another way to store one gets another. The state is written as sha2 0.11 does:
/// a release of it that writes another state needs another encoding.
const ENCODING: u8 = 1;
/// Bytes of a stored tail before the digest's state: the encoding, the text's length, whether its last line is open.
const HEAD: usize = 1 + 8 + 1;
/// Bytes of the check at its end.
const CHECK: usize = 8;

/// A stored tail that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored end of the text is damaged, or of a later release")]
pub struct CorruptDigest;

/// The end of a text, of which more may come.
#[derive(Debug, Clone, Default)]
pub struct ResumableDigest {
    sha256: Sha256,
    bytes: u64,
    open_line: bool,
}

impl ResumableDigest {
    /// The end of a text of no bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on with the text's next bytes.
    pub fn absorb(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        self.open_line = *last != b'\n';
    }

    /// Bytes of the text.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the last line lacks its line feed, so that what is added would go on with it.
    pub fn open_line(&self) -> bool {
        self.open_line
    }

    /// SHA-256 of the text.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }

    /// The tail as it is stored: a byte for the encoding, the length (little-endian), 1 for an open line, the digest's
    /// state, and a check (xxh3-64, little-endian) of all that, because any bytes are the state of some digest.
    pub fn encode(&self) -> Vec<u8> {
        let mut stored = vec![ENCODING];
        stored.extend_from_slice(&self.bytes.to_le_bytes());
        stored.push(u8::from(self.open_line));
        stored.extend_from_slice(&self.sha256.serialize());
        let check = xxh3_64(&stored);
        stored.extend_from_slice(&check.to_le_bytes());
        stored
    }

    /// The tail that was stored so.
    ///
    /// # Errors
    /// [`CorruptDigest`] when it was not, or by a later release.
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
