use super::*;

fn refused(head: &[u8]) -> Option<CsvErrorKind> {
    check(head, false, false).err()
}

#[test]
fn what_is_no_csv_is_told_by_its_first_bytes() {
    for (head, what) in [
        (&b"PK\x03\x04....xl/workbook.xml"[..], "an xlsx file"),
        (b"PK\x03\x04....people.csv", "a zip file"),
        (b"\x1F\x8B\x08", "a gzip file"),
        (b"PAR1\x15", "a Parquet file"),
        (b"SQLite format 3\0", "a SQLite database"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\n <!DOCTYPE html><html>", "an HTML page"),
        (b"\xEF\xBB\xBF<?xml version=\"1.0\"?>", "an XML document"),
        (b"{\"a\": 1}\n{\"a\": 2}\n", "JSON"),
        (b"[ {\"a\": 1}]", "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer"),
    ] {
        let Some(CsvErrorKind::NotCsv { what: found, .. }) = refused(head) else {
            panic!("{what}");
        };
        assert!(found.starts_with(what), "{found}");
    }
    for csv in [
        &b"id,name\n1,Ann\n"[..],
        b"[id],[name]\n",
        b"<id>,<name>\n",
        b"{id},{name}\n",
        b"BZ,a\n",
        b"",
        b"a",
    ] {
        assert_eq!(refused(csv), None, "{csv:?}");
    }
}

#[test]
fn a_stated_delimiter_says_that_a_text_is_a_csv_and_never_that_a_zip_file_is() {
    assert!(check(b"{\"a\":1}\n", true, false).is_ok());
    assert!(check(b"PK\x03\x04", true, false).is_err());
}

#[test]
fn the_width_of_characters_is_told_by_their_zeros() {
    let wide = |text: &str, little: bool| -> Vec<u8> {
        let units = text.encode_utf16();
        units
            .flat_map(|unit| match little {
                true => unit.to_le_bytes(),
                false => unit.to_be_bytes(),
            })
            .collect()
    };
    let (le, be) = (
        wide("id,name\n1,Ann\n", true),
        wide("id,name\n1,Ann\n", false),
    );
    let label = |label| Some(CsvErrorKind::Utf16 { label });
    assert_eq!(refused(&le), label("utf-16le"));
    assert_eq!(refused(&be), label("utf-16be"));
    assert!(check(&le, false, true).is_ok() && check(&be, false, true).is_ok());
    let four: Vec<u8> = "id,name\n"
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    assert_eq!(refused(&four), Some(CsvErrorKind::Utf32));
    assert_eq!(
        check(b"a,b\n1,2\n", false, true),
        Err(CsvErrorKind::NotUtf16)
    );
    // A mark of UTF-16 speaks for itself.
    assert_eq!(refused(&[b"\xFF\xFE", &le[..]].concat()), None);
}
