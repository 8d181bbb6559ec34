//! Cursors: positions in lists. They are signed, so a list accepts only its own.
//!
//! A cursor is `base64url(payload ‖ tag)`; the tag is the first 10 bytes of HMAC-SHA-256 over the purpose and the
//! payload, under a key that all servers of one store share.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::error::Error;

const TAG: usize = 10;
/// The most characters of a cursor. Longer ones are refused.
const LONGEST: usize = 512;

/// A cursor for `position` in the list that `purpose` names.
pub fn seal(key: &[u8; 32], purpose: &str, position: &impl Serialize) -> Result<String, Error> {
    let mut bytes = postcard::to_stdvec(position).map_err(|_| Error::Worker)?;
    let tag = mac(key, purpose, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&tag[..TAG]);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The position in a cursor of that list.
pub fn open<T: DeserializeOwned>(key: &[u8; 32], purpose: &str, cursor: &str) -> Result<T, Error> {
    if cursor.len() > LONGEST {
        return Err(Error::BadCursor);
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .map_err(|_| Error::BadCursor)?;
    let (payload, tag) = bytes
        .split_at_checked(bytes.len().saturating_sub(TAG))
        .ok_or(Error::BadCursor)?;
    mac(key, purpose, payload)
        .verify_truncated_left(tag)
        .map_err(|_| Error::BadCursor)?;
    if tag.len() != TAG {
        return Err(Error::BadCursor);
    }
    postcard::from_bytes(payload).map_err(|_| Error::BadCursor)
}

fn mac(key: &[u8; 32], purpose: &str, payload: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(payload);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn a_cursor_reads_back_what_it_was_made_of() {
        let cursor = seal(&KEY, "rows", &(1_i64, 2_i64, 3_u64)).unwrap();
        assert_eq!(
            open::<(i64, i64, u64)>(&KEY, "rows", &cursor).unwrap(),
            (1, 2, 3)
        );
    }

    #[test]
    fn a_cursor_changed_in_any_byte_or_of_another_list_or_key_is_refused() {
        let cursor = seal(&KEY, "rows", &(1_i64, 2_i64, 3_u64)).unwrap();
        for position in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[position] = if changed[position] == b'A' {
                b'B'
            } else {
                b'A'
            };
            let changed = String::from_utf8(changed).unwrap();
            assert!(
                open::<(i64, i64, u64)>(&KEY, "rows", &changed).is_err(),
                "{changed}"
            );
        }
        assert!(open::<(i64, i64, u64)>(&KEY, "datasets", &cursor).is_err());
        assert!(open::<(i64, i64, u64)>(&[8; 32], "rows", &cursor).is_err());
        for nonsense in ["", "A", "====", "ü", &"A".repeat(10_000)] {
            assert!(
                open::<(i64, i64, u64)>(&KEY, "rows", nonsense).is_err(),
                "{nonsense}"
            );
        }
    }
}
