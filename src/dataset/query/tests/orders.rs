//! Orders, of values of any length.

use super::*;

#[test]
fn an_order_is_total_with_nulls_last_or_first_and_ties_by_row() {
    let people = people();
    for (query, expected) in [
        ("order=id.desc", "6 5 4 3 2 1"),
        ("order=name", "1 2 5 4 3 6"),
        ("order=name.desc", "3 6 4 5 2 1"),
        ("order=name.desc.nullslast", "4 5 2 1 3 6"),
        ("order=name.nullsfirst", "3 6 1 2 5 4"),
        ("order=score.asc", "6 1 2 5 4 3"),
        ("order=score.desc", "3 4 5 1 2 6"),
        ("order=seen", "5 1 2 4 3 6"),
        ("order=ok,id.desc", "6 2 4 1 5 3"),
        ("order=\"order\".desc,id", "3 5 6 2 1 4"),
        ("order=born.desc&ok=eq.true", "4 1"),
    ] {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        for limit in [1, 2, 100] {
            for budget in [0, 300, 1 << 20] {
                let found = people.first(query, limit, budget);
                assert_eq!(found, expected, "{query} {limit} {budget}");
            }
        }
    }
}

#[test]
fn values_that_are_alike_for_long_are_ordered_like_others() {
    use ColumnType::{Number, String};
    let mut state = 15_u64;
    let mut below = move |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound).unwrap()
    };
    for round in 0..6 {
        // Texts that differ from each other at several positions, and numbers that do; equal ones too.
        let mut texts = vec!["7".repeat(9000)];
        while texts.len() < 25 {
            let from = texts[below(texts.len() as u64)].clone();
            let at =
                [0, 3, 4095, 4096, 4097, 5000, 8191, 8192, 8999, 9000][below(10)].min(from.len());
            let mut text = from[..at].to_owned();
            text.push_str(["", "1", "9", "70"][below(4)]);
            match below(3) {
                0 => {}
                1 => text.push_str(&from[at..]),
                _ => text.push_str(&"5".repeat(6000)),
            }
            texts.push(text);
        }
        let sign = |n: usize| if n.is_multiple_of(3) { "-" } else { "" };
        let rows: Vec<(usize, &str, std::string::String)> = texts
            .iter()
            .enumerate()
            .map(|(n, text)| (n, &**text, format!("{}1{text}.5", sign(n))))
            .collect();
        let text: std::string::String = rows
            .iter()
            .map(|(n, text, number)| format!("{n},{text},{number},{}\n", n % 2))
            .collect();
        let table = table(
            &[
                ("n", Number),
                ("text", String),
                ("number", Number),
                ("odd", Number),
            ],
            &["x"],
            &text,
        );
        let sorted = |order: &dyn Fn(usize, usize) -> std::cmp::Ordering| {
            let mut numbers: Vec<usize> = (0..rows.len()).collect();
            numbers.sort_by(|a, b| order(*a, *b));
            let numbers = numbers.iter().map(usize::to_string);
            numbers.collect::<Vec<_>>()
        };
        // An empty text is a null, and so comes last.
        let text = |n: usize| (rows[n].1.is_empty(), rows[n].1);
        let number =
            |a: usize, b: usize| decimal::compare(rows[a].2.as_bytes(), rows[b].2.as_bytes());
        let by_text = sorted(&|a, b| text(a).cmp(&text(b)));
        let by_text_down = sorted(&|a, b| text(b).cmp(&text(a)));
        let by_number = sorted(&|a, b| number(a, b));
        let by_both = sorted(&|a, b| {
            (a % 2)
                .cmp(&(b % 2))
                .then(text(b).cmp(&text(a)))
                .then(number(a, b))
        });
        for (limit, budget) in [(100, 16 << 20), (7, 16 << 20), (1, 16 << 20), (100, 20_000)] {
            let first = |query: &str| table.first(query, limit, budget);
            assert_eq!(first("order=text"), by_text, "{round} {limit}");
            assert_eq!(first("order=text.desc"), by_text_down, "{round} {limit}");
            assert_eq!(first("order=number"), by_number, "{round} {limit}");
            let both = first("order=odd,text.desc,number");
            assert_eq!(both, by_both, "{round} {limit}");
        }
    }
}

#[test]
fn many_long_values_that_are_equal_are_ordered_in_one_pass() {
    let long = "x".repeat(100_000);
    let rows: String = (0..30).map(|n| format!("{n},{long}\n")).collect();
    let columns = [("n", ColumnType::Integer), ("long", ColumnType::String)];
    let table = table(&columns, &[], &rows);
    let query = table.resolve("order=long").unwrap();
    // Far fewer bytes than the values have.
    let mut top = TopK::new(Arc::clone(&query.order), None, None, 100, 200_000);
    Scan::new(&query, &table.layout).rows(&table.text, 0, |row| {
        let abbreviated = query.order[0].abbreviated_key(row.value(1).as_deref());
        top.take(
            abbreviated,
            |column| row.value(column),
            0,
            u32::try_from(row.at).unwrap(),
        );
        ControlFlow::Continue(())
    });
    let first = top.finish();
    assert!(first.unsure.is_none() && !first.more);
    assert_eq!(first.rows.len(), 30);
    assert!(first.rows.is_sorted_by_key(|row| row.at));
}

#[test]
fn bytes_that_stand_for_numbers_order_like_them() {
    let mut texts: Vec<String> = Vec::new();
    for digits in [
        "0",
        "1",
        "10",
        "1.5",
        "15",
        "1.55",
        "0.15",
        "0.0015",
        "9",
        "99",
        "1e5",
        "1e-5",
        "1e400",
        "1.0000000000000000001",
        "9007199254740993",
        "9007199254740992",
        "1.500",
        "100e-2",
        "0e7",
    ] {
        texts.extend([digits.to_owned(), format!("-{digits}")]);
    }
    for a in &texts {
        for b in &texts {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            let ordering = decimal::sortable(a).cmp(&decimal::sortable(b));
            assert_eq!(ordering, decimal::compare(a, b));
        }
    }
}

#[test]
fn numbers_compare_exactly_however_they_are_written() {
    let ordered = [
        "-1e400",
        "-9223372036854775809",
        "-9223372036854775808",
        "-1.5",
        "-1e-400",
        "0",
        "1e-400",
        "0.1",
        "0.1000000000000000055511151231257827",
        "0.2",
        "1",
        "1.0000000000000000001",
        "10",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993.1",
        "9223372036854775807",
        "1e19",
        "1e400",
        "2e400",
    ];
    for (a, less) in ordered.iter().enumerate() {
        for (b, more) in ordered.iter().enumerate() {
            assert_eq!(
                decimal::compare(less.as_bytes(), more.as_bytes()),
                a.cmp(&b),
                "{less} {more}"
            );
            let filter = operand::Operand::read(ColumnType::Number, more).unwrap();
            assert_eq!(
                filter.compare(less.as_bytes()),
                Some(a.cmp(&b)),
                "{less} {more}"
            );
        }
    }
    for (same, other) in [
        ("0", "-0.00e7"),
        ("100", "1e2"),
        ("1.50", "15e-1"),
        ("0.0001", "1E-4"),
        ("-12", "-1.2e+1"),
    ] {
        assert!(
            decimal::compare(same.as_bytes(), other.as_bytes()).is_eq(),
            "{same} {other}"
        );
    }
    for (text, integer) in [
        ("5", Some(5)),
        ("5.0", Some(5)),
        ("5e3", Some(5000)),
        ("-9.223372036854775808e18", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("0.5", None),
        ("5.1", None),
        ("0e9", Some(0)),
        ("1e19", None),
        ("12345678901234567890123e-22", None),
    ] {
        assert_eq!(decimal::integer(text.as_bytes()), integer, "{text}");
    }
}
