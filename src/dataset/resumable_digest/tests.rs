use super::*;

/// Absorbs the bytes in one go.
fn digest_of(text: &[u8]) -> ResumableDigest {
    let mut digest = ResumableDigest::new();
    digest.absorb(text);
    digest
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_text_stored_anywhere_and_gone_on_with_has_the_digest_of_the_whole() {
    let text: Vec<u8> = (0..300_u32)
        .map(|at| if at % 41 == 40 { b'\n' } else { at as u8 })
        .collect();
    for end in [0, 1, 55, 64, 119, 128, 300] {
        let whole = &text[..end];
        for split in 0..=end {
            let (first, second) = whole.split_at(split);
            let mut later = ResumableDigest::decode(&digest_of(first).encode()).unwrap();
            assert_eq!(later.sha256(), <[u8; 32]>::from(Sha256::digest(first)));
            later.absorb(second);
            assert_eq!(later.sha256(), <[u8; 32]>::from(Sha256::digest(whole)));
            assert_eq!(later.bytes(), end as u64);
            assert_eq!(
                later.encode(),
                digest_of(whole).encode(),
                "{split} of {end}"
            );
        }
    }
}

#[test]
fn a_line_is_open_until_its_line_feed_comes() {
    let mut digest = ResumableDigest::new();
    assert!(!digest.open_line());
    for (bytes, open) in [
        ("", false),
        ("a", true),
        ("", true),
        ("\r", true),
        ("\n", false),
        ("", false),
        ("b\nc", true),
        ("\n", false),
    ] {
        digest.absorb(bytes.as_bytes());
        assert_eq!(digest.open_line(), open, "{bytes:?}");
        assert_eq!(
            ResumableDigest::decode(&digest.encode())
                .unwrap()
                .open_line(),
            open
        );
    }
}

#[test]
fn a_digest_that_an_earlier_release_stored_can_be_continued() {
    let stored = concat!(
        "01060000000000000001",
        "67e6096a85ae67bb72f36e3c3af54fa57f520e518c68059babd9831f19cde05b",
        "0000000000000000",
        "0669640a310a3200000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "7f4ed3dd776a2468",
    );
    assert_eq!(hex(&digest_of(b"id\n1\n2").encode()), stored);
    let bytes: Vec<u8> = (0..stored.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&stored[at..at + 2], 16).unwrap())
        .collect();
    let mut later = ResumableDigest::decode(&bytes).unwrap();
    assert_eq!((later.bytes(), later.open_line()), (6, true));
    later.absorb(b"\n3\n");
    assert_eq!(hex(&later.sha256()), hex(&Sha256::digest(b"id\n1\n2\n3\n")));
}

#[test]
fn a_damaged_digest_is_refused_whatever_the_damage() {
    let stored = digest_of(b"id\n1\n").encode();
    for at in 0..stored.len() {
        let mut damaged = stored.clone();
        damaged[at] ^= 1;
        assert_eq!(
            ResumableDigest::decode(&damaged).unwrap_err(),
            CorruptDigest,
            "{at}"
        );
        assert_eq!(
            ResumableDigest::decode(&stored[..at]).unwrap_err(),
            CorruptDigest
        );
    }
}

#[test]
fn a_digest_of_another_encoding_or_length_is_refused_though_its_check_is_right() {
    let stored = digest_of(b"id\n1\n").encode();
    let checked = |mut bytes: Vec<u8>| {
        let check = xxh3_64(&bytes);
        bytes.extend_from_slice(&check.to_le_bytes());
        bytes
    };
    let plain = stored[..stored.len() - CHECK].to_vec();
    assert!(ResumableDigest::decode(&checked(plain.clone())).is_ok());
    let mut later = plain.clone();
    later[0] += 1;
    let longer = [plain.as_slice(), b"\0"].concat();
    let shorter = plain[..plain.len() - 1].to_vec();
    for other in [later, longer, shorter, vec![], vec![ENCODING]] {
        assert_eq!(
            ResumableDigest::decode(&checked(other)).unwrap_err(),
            CorruptDigest
        );
    }
}
