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

#[test]
fn a_charset_has_many_spellings() {
    for (spellings, name) in [
        (
            &[
                "latin1",
                "latin-1",
                "Latin_1",
                "iso8859_1",
                "iso-8859-1",
                "windows1252",
                "cp1252",
                "CP-1252",
            ][..],
            "windows-1252",
        ),
        (&["utf8", "UTF_8", "utf-8", "cp65001"], "utf-8"),
        (&["utf_16", "utf16", "utf-16-le", "UTF16LE"], "utf-16le"),
        (&["cp949", "uhc", "euc_kr", "euckr", "ms949"], "euc-kr"),
        (
            &["macroman", "mac-roman", "MacRoman", "macintosh"],
            "macintosh",
        ),
        (&["latin2", "latin-2"], "iso-8859-2"),
        (&["latin-9", "iso_8859_15"], "iso-8859-15"),
        (&["cp1251", "windows_1251", "windows1251"], "windows-1251"),
        (&["koi8_r", "koi8-r"], "koi8-r"),
        (
            &["ascii", "US-ASCII", "us_ascii", "ansi_x3.4-1968"],
            "us-ascii",
        ),
        (&["big5", "cp950"], "big5"),
        (&["gb18030", "GB-18030"], "gb18030"),
    ] {
        for spelling in spellings {
            assert!(same_charset(spelling, name), "{spelling}");
        }
    }
    for unknown in ["", "latin", "cp437", "utf-7", "iso-2022-kr", "x"] {
        assert!(CharsetDecoder::new(Some(unknown)).is_err(), "{unknown}");
    }
    assert!(!same_charset("ascii", "latin1"));
    assert_eq!(known_label(" latin1\n"), "latin1");
    assert_eq!(known_label("Latin-1"), "latin1");
    assert_eq!(known_label("utf_16"), "utf-16");
    assert_eq!(known_label("detect"), "detect");
    assert_eq!(known_label("cp949"), "euc-kr");
    assert_eq!(known_label("us_ascii"), "us-ascii");
}

#[test]
fn ascii_passes_unchanged_and_another_byte_is_malformed() {
    for size in 1..5 {
        let text = |bytes| text(Some("us-ascii"), bytes, size);
        assert_eq!(text(b"id\n1\n"), Ok((b"id\n1\n".to_vec(), false)));
        for (bytes, offset) in [(&b"id\nZ\xfcrich\n"[..], 4), (b"\xEF\xBB\xBFid\n", 0)] {
            let charset = "us-ascii";
            assert_eq!(text(bytes), Err(Malformed { charset, offset }));
        }
    }
}
