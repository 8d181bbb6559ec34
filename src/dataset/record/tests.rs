use super::*;

fn read(text: &str, columns: usize) -> Vec<Vec<String>> {
    let mut records = Records::new(text, b',', columns);
    let (mut fields, mut rows) = (Vec::new(), Vec::new());
    while records.next_into(&mut fields) {
        rows.push(
            fields
                .iter()
                .map(|field| field.text().into_owned())
                .collect(),
        );
    }
    assert_eq!(records.position(), text.len());
    rows
}

#[test]
fn quotes_are_taken_off_and_doubled_ones_made_single() {
    assert_eq!(
        read(
            "1,\"Ada\"\n2,\"say \"\"hi\"\"\"\n\"3\",\"a,b\nc\"\n5\" pipe,\"\"\n",
            2
        ),
        [
            ["1", "Ada"],
            ["2", "say \"hi\""],
            ["3", "a,b\nc"],
            ["5\" pipe", ""]
        ]
    );
}

#[test]
fn line_ends_may_be_of_both_kinds_and_the_last_one_absent() {
    assert_eq!(
        read("a,b\r\n\"c\",\"d\"\r\ne,", 2),
        [["a", "b"], ["c", "d"], ["e", ""]]
    );
    assert_eq!(read("a,b\n\"c\",\"d\"", 2), [["a", "b"], ["c", "d"]]);
    assert!(read("", 2).is_empty());
}

#[test]
fn an_empty_line_is_a_record_only_where_there_is_one_column() {
    assert_eq!(read("\na,b\n\r\n\nc,d\n\n", 2), [["a", "b"], ["c", "d"]]);
    assert_eq!(read("\na\n\"\"\n\r\n", 1), [[""], ["a"], [""], [""]]);
}

#[test]
fn a_field_knows_its_raw_text_and_whether_it_is_empty() {
    let mut fields = Vec::new();
    assert!(Records::new("\"a\"\"b\",\"\",,x\n", b',', 4).next_into(&mut fields));
    let raw: Vec<_> = fields.iter().map(Field::raw).collect();
    assert_eq!(raw, ["\"a\"\"b\"", "\"\"", "", "x"]);
    assert_eq!(
        fields.iter().map(Field::is_empty).collect::<Vec<_>>(),
        [false, true, true, false]
    );
    assert!(matches!(fields[3].text(), Cow::Borrowed("x")));
}

#[test]
fn skipping_passes_over_the_records_that_reading_gives() {
    for (text, delimiter, columns) in [
        ("a,b\nc,d\n\n\r\ne,f", b',', 2),
        ("\n\na\n\n", b',', 1),
        ("\"a\n\",b\n\"c\"\"\n\",\"\n\"\r\n\n5\",6\"\n", b',', 2),
        ("\t\n \t \n\t", b'\t', 2),
        ("", b',', 2),
    ] {
        let mut fields = Vec::new();
        let mut positions = vec![0];
        let mut all = Records::new(text, delimiter, columns);
        while all.next_into(&mut fields) {
            positions.push(all.position());
        }
        let rows = positions.len() - 1;
        for skip in 0..rows + 2 {
            let mut records = Records::new(text, delimiter, columns);
            assert_eq!(records.skip(skip), skip.min(rows), "{text:?}");
            if skip < rows {
                assert!(records.next_into(&mut fields));
                assert_eq!(records.position(), positions[skip + 1], "{text:?}");
            }
            assert_eq!(records.skip(usize::MAX), rows.saturating_sub(skip + 1));
            assert!(!records.next_into(&mut fields) && fields.is_empty());
        }
    }
}

#[test]
fn a_text_that_was_never_checked_is_read_as_far_as_it_goes() {
    for text in ["a,\"b\nc", "\"a\"b,c\nd,e\n", "a\rb,c\n"] {
        let mut fields = Vec::new();
        let mut records = Records::new(text, b',', 2);
        while records.next_into(&mut fields) {}
        assert_eq!(records.position(), text.len());
    }
}
