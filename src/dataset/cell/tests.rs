use super::*;
use crate::span::tokenize;

/// What the cells of a one-column text are to `read`.
fn cells<T>(text: &str, nulls: &[&str], read: impl Fn(Cell<'_>) -> T) -> (Vec<T>, u32) {
    let nulls: Vec<String> = nulls.iter().map(ToString::to_string).collect();
    let nulls = Nulls::new(&nulls);
    let (spans, wrong) = tokenize(text.as_bytes(), 0, b',', 1, usize::MAX);
    assert_eq!(wrong, None);
    let mut cells = Cells::new(text.as_bytes(), spans.column(0), &nulls);
    let read = cells.by_ref().map(read).collect();
    (read, cells.nulls())
}

#[test]
fn an_integer_read_at_once_is_the_one_read_digit_by_digit() {
    let alphabet = b"0123456789-+. /:\x7F\xFF";
    let mut random = 0x1234_5678_9ABC_DEF1_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize % below
    };
    for round in 0..200_000 {
        let text: Vec<u8> = (0..next(9))
            .map(|_| alphabet[next(if round % 2 == 0 { 11 } else { alphabet.len() })])
            .collect();
        let mut padded = text.clone();
        padded.resize(8, b'7');
        let word = u64::from_le_bytes(padded.try_into().unwrap());
        assert_eq!(
            short_integer(word, text.len()),
            value::integer(&text),
            "{text:?}"
        );
    }
}

#[test]
fn a_number_too_long_to_be_read_at_once_is_read_all_the_same() {
    let (values, _) = cells(
        "12345678\n123456789\n-12345678\n9223372036854775808\n1.5\n",
        &[],
        |cell| (cell.integer(), cell.number()),
    );
    assert_eq!(values[1].0, Some(123_456_789));
    assert_eq!(values[2].0, Some(-12_345_678));
    assert_eq!(values[3], (None, Some(9_223_372_036_854_775_808.0)));
    assert_eq!(values[4], (None, Some(1.5)));
}

#[test]
fn nulls_are_passed_and_counted_however_they_are_quoted() {
    let text = "NA\n\"NA\"\n\nNAN\n\"\"\nsay \"\"hi\"\"\n\"say \"\"hi\"\"\"\nmissing value\n";
    let (rest, nulls) = cells(text, &["NA", "say \"hi\"", "missing value"], |cell| {
        String::from_utf8(cell.raw().to_vec()).unwrap()
    });
    assert_eq!(
        (rest, nulls),
        (vec!["NAN".to_owned(), "say \"\"hi\"\"".to_owned()], 6)
    );
}

#[test]
fn keys_order_like_texts() {
    let (keys, _) = cells("\u{0}\nA\nAB\nABCDEFGH\nABCDEFGI\nB\né\n", &[], |cell| {
        cell.key()
    });
    assert!(keys.is_sorted());
    let (short, _) = cells("A\nA\u{0}\nABCDEFGH\n", &[], |cell| cell.short());
    assert!(short[0] != short[1] && short[2].is_none());
}
