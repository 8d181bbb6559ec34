use super::*;

/// The text of `bytes`, fed `size` at a time, and whether it was transcoded.
fn text(label: Option<&str>, bytes: &[u8], size: usize) -> Result<(Vec<u8>, bool), Malformed> {
    let mut source = CharsetDecoder::new(label).unwrap();
    let mut text = Vec::new();
    for slice in bytes.chunks(size).chain([&[][..]]) {
        let last = slice.is_empty();
        let fed = source.feed(slice, last, |more| {
            text.extend_from_slice(more);
            Ok(())
        });
        if let Err(Stopped::Malformed(malformed)) = fed {
            return Err(malformed);
        }
    }
    Ok((text, source.transcodes()))
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

#[test]
fn utf_8_passes_unchanged_with_its_mark() {
    for label in [None, Some("utf-8"), Some("UTF8"), Some("windows-1252")] {
        for bytes in [&b"\xEF\xBB\xBFid\n"[..], b"\xEF\xBB\xBF"] {
            for size in 1..5 {
                assert_eq!(
                    text(label, bytes, size),
                    Ok((bytes.to_vec(), false)),
                    "{label:?}"
                );
            }
        }
    }
    assert_eq!(
        text(None, b"\xEF\xBB", 1),
        Ok((b"\xEF\xBB".to_vec(), false))
    );
    assert_eq!(text(None, b"", 1), Ok((vec![], false)));
}

#[test]
fn a_utf_16_mark_decides_where_no_charset_is_stated_or_it_leaves_the_order_open() {
    let content = "名前,größe\n𝄞,2\n";
    for little in [true, false] {
        let bytes = utf16(&format!("\u{FEFF}{content}"), little);
        for label in [None, Some("utf-16"), Some("utf-16le"), Some("utf-16be")] {
            for size in [1, 2, 3, 100] {
                assert_eq!(
                    text(label, &bytes, size),
                    Ok((content.as_bytes().to_vec(), true))
                );
            }
        }
    }
    assert_eq!(
        text(Some("utf-16be"), &utf16(content, false), 3),
        Ok((content.as_bytes().to_vec(), true))
    );
}

#[test]
fn a_stated_charset_is_decoded_as_a_stream() {
    let long = "é;ü€\n".repeat(10_000);
    let bytes: Vec<u8> = b"\xE9;\xFC\x80\n".repeat(10_000);
    for size in [1, 7, 8192, bytes.len()] {
        assert_eq!(
            text(Some("windows-1252"), &bytes, size),
            Ok((long.as_bytes().to_vec(), true))
        );
    }
    assert_eq!(
        text(Some("latin1"), b"\xFF\xFEa", 1),
        Ok(("ÿþa".as_bytes().to_vec(), true))
    );
}

#[test]
fn what_is_malformed_is_refused_at_its_first_byte() {
    for size in [1, 2, 3, 100] {
        let malformed = |charset, offset| Err(Malformed { charset, offset });
        assert_eq!(
            text(Some("shift_jis"), b"ab\x82\xA0\x82\n", size),
            malformed("Shift_JIS", 4)
        );
        assert_eq!(
            text(Some("euc-kr"), b"ab\xFF", size),
            malformed("EUC-KR", 2)
        );
        assert_eq!(
            text(Some("shift_jis"), b"ab\x82", size),
            malformed("Shift_JIS", 2)
        );
        assert_eq!(
            text(None, b"\xFF\xFEa\x00b", size),
            malformed("UTF-16LE", 4)
        );
    }
}

#[test]
fn a_charset_that_nobody_knows_is_refused_at_once() {
    for label in ["klingon", "", "iso-2022-kr"] {
        let error = CharsetDecoder::new(Some(label)).err().unwrap();
        assert!(
            matches!(error.kind, CsvErrorKind::UnknownCharset { .. }),
            "{label}"
        );
    }
}
