use super::*;

#[test]
fn a_delimiter_is_written_as_itself_and_a_tab_also_by_name() {
    for (text, byte) in [
        (",", b','),
        (";", b';'),
        ("|", b'|'),
        ("\t", b'\t'),
        ("\\t", b'\t'),
        ("tab", b'\t'),
    ] {
        assert_eq!(text.parse::<Delimiter>().unwrap().byte(), byte);
    }
    for text in ["", ",,", "x", "\"", "\n"] {
        assert!(text.parse::<Delimiter>().is_err(), "{text:?}");
    }
    assert_eq!(Delimiter::TAB.to_string().parse(), Ok(Delimiter::TAB));
}

#[test]
fn limits_leave_room_for_the_offsets_of_a_raw_block() {
    let limits = Limits {
        max_columns: 0,
        max_header: 0,
        max_record: usize::MAX,
        block_bytes: usize::MAX,
    }
    .clamped();
    assert_eq!(limits.max_columns, 1);
    assert!(limits.max_record + limits.block_bytes < 1 << 31);
    assert_eq!(Limits::default().clamped(), Limits::default());
}

#[test]
fn a_field_is_null_when_it_is_empty_or_named_a_null() {
    let layout = Layout {
        delimiter: b',',
        header: true,
        columns: vec![],
        nulls: vec!["NA".into()],
        stated: vec![],
        units: vec![],
        dialect: Dialect::default(),
        formats: Formats::default(),
    };
    assert!(layout.is_null("") && layout.is_null("NA"));
    assert!(!layout.is_null("na") && !layout.is_null(" "));
}
