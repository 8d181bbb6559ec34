use super::*;

/// Every record end, found through slices of `size` bytes.
fn ends(text: &str, size: usize) -> Vec<usize> {
    let mut splitter = RecordSplitter::new(b',', 0);
    let (mut ends, mut base) = (Vec::new(), 0);
    for slice in text.as_bytes().chunks(size) {
        let mut from = 0;
        while let Some(end) = splitter.scan(&slice[from..], 0) {
            from += end;
            ends.push(base + from);
        }
        base += slice.len();
    }
    ends
}

#[test]
fn a_record_ends_at_a_line_feed_outside_quotes_however_the_text_is_sliced() {
    for (text, expected) in [
        ("a,b\nc,d\n", vec![4, 8]),
        ("a,b", vec![]),
        ("\"a\nb\",c\nd", vec![8]),
        ("\"a\"\"\nb\"\nc\n", vec![8, 10]),
        ("\"\"\n\"\"\"\n\"\n", vec![3, 9]),
        ("5\" pipe,6\"\nx\n", vec![11, 13]),
        ("a,\"\n\",\"\n\"\n", vec![10]),
        ("a\"\n\"b\n\"\n", vec![3, 8]),
        ("\r\n\n\r\n", vec![2, 3, 5]),
        ("a,b\n\"x\"\r\n\"y\"\r\n", vec![4, 9, 14]),
    ] {
        for size in 1..=text.len() {
            assert_eq!(ends(text, size), expected, "{text:?} by {size}");
        }
    }
}

#[test]
fn the_first_boundary_at_or_after_the_least_is_taken() {
    let text = b"aa\nbb\n\"c\n\"\ndd\n";
    for (least, end) in [
        (0, 3),
        (3, 3),
        (4, 6),
        (6, 6),
        (7, 11),
        (11, 11),
        (12, 14),
        (14, 14),
    ] {
        assert_eq!(
            RecordSplitter::new(b',', 0).scan(text, least),
            Some(end),
            "{least}"
        );
    }
    assert_eq!(RecordSplitter::new(b',', 0).scan(text, 15), None);
}

#[test]
fn the_record_in_progress_is_known() {
    for (text, record, in_quotes) in [
        ("aa\nbb\ncc", 6, false),
        ("aa\n\"b\nc", 3, true),
        ("aa\n\"b\nc\"", 3, false),
        ("a\n", 2, false),
        ("", 0, false),
    ] {
        let mut splitter = RecordSplitter::new(b',', 0);
        assert_eq!(splitter.scan(text.as_bytes(), 100), None);
        assert_eq!(
            (splitter.record(), splitter.in_quotes()),
            (record, in_quotes),
            "{text:?}"
        );
    }
}
