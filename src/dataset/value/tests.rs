use super::*;

#[test]
fn an_integer_is_a_json_integer_that_fits_an_i64() {
    for value in [
        0,
        1,
        -1,
        7,
        42,
        -99_999_999,
        12_345_678,
        123_456_789,
        i64::MAX,
        i64::MIN,
    ] {
        assert_eq!(integer(value.to_string().as_bytes()), Some(value));
    }
    for text in [
        "",
        "-",
        "-0",
        "00",
        "007",
        "+1",
        "1.0",
        "1e3",
        " 1",
        "1 ",
        "１",
        "9223372036854775808",
    ] {
        assert_eq!(integer(text.as_bytes()), None, "{text}");
    }
    assert_eq!(integer(b"-9223372036854775809"), None);
    assert_eq!(integer("1".repeat(1 << 20).as_bytes()), None);
}

#[test]
fn a_number_is_exactly_what_json_calls_one() {
    let texts = [
        "0",
        "-0",
        "1",
        "-1",
        "10",
        "1.5",
        "-0.25",
        "1e3",
        "1E+3",
        "1e-3",
        "1.10",
        "0.1",
        "123456789012345.5",
        "1e400",
        "0.000000000000000000000000000001",
        "99999999999999999999",
        "3.14159265358979",
        "5e-324",
        "4.35",
        "40.639751",
        "",
        "-",
        "+1",
        ".5",
        "1.",
        "01",
        "00",
        "-01",
        "1e",
        "1e+",
        "1.e3",
        "NaN",
        "Infinity",
        "0x10",
        "1_000",
        "1,5",
        " 1",
        "1 ",
        "--1",
        "1-",
        "1..2",
        "1e3.5",
        "1e3e3",
        "١",
    ];
    for text in texts {
        let json = match text {
            "1e400" => Some(f64::INFINITY),
            " 1" | "1 " => None,
            _ => serde_json::from_str::<serde_json::Number>(text)
                .ok()
                .map(|_| text.parse().unwrap()),
        };
        assert_eq!(number(text.as_bytes()), json, "{text}");
    }
    assert!(number(b"-0").unwrap().is_sign_negative());
}

#[test]
fn short_numbers_are_rounded_as_the_standard_library_rounds_them() {
    let mut random = 88_172_645_463_325_252_u64;
    for _ in 0..20_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (whole, decimals) = (random % 10_000_000, random >> 40);
        let text = format!("{whole}.{decimals}");
        assert_eq!(
            number(text.as_bytes()),
            Some(text.parse().unwrap()),
            "{text}"
        );
    }
}

#[test]
fn a_boolean_is_spelt_as_json_python_or_a_spreadsheet_spells_it() {
    for (text, value) in [
        ("true", true),
        ("True", true),
        ("TRUE", true),
        ("false", false),
        ("False", false),
        ("FALSE", false),
    ] {
        assert_eq!(boolean(text.as_bytes()), Some(value));
    }
    for text in ["tRUE", "1", "yes", "t", "", "true "] {
        assert_eq!(boolean(text.as_bytes()), None);
    }
}

#[test]
fn a_date_is_a_day_of_the_calendar() {
    assert_eq!(date(b"1970-01-01"), Some(0));
    assert_eq!(date(b"2000-02-29"), Some(11_016));
    for text in [
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-01-00",
        "2024-04-31",
        "2024-1-01",
        "24-01-01",
        "2024/01/01",
        "2024-01-01 ",
        "+2024-01-01",
        "20240101",
        "2024-01-0a",
    ] {
        assert_eq!(date(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_datetime_is_a_moment_of_rfc_3339() {
    for (text, seconds, nanos) in [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1970-01-01t00:00:01z", 1, 0),
        ("1970-01-01T01:00:00+01:00", 0, 0),
        ("1969-12-31T23:30:00-00:30", 0, 0),
        ("1970-01-01T00:00:00.5Z", 0, 500_000_000),
        ("1970-01-01T00:00:00.1234567899Z", 0, 123_456_789),
        ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
        ("1990-12-31T23:59:60Z", 662_687_999, LEAP),
        (
            "1990-12-31T18:59:60.5-05:00",
            662_687_999,
            LEAP + 500_000_000,
        ),
        ("2026-02-28T23:59:60Z", 1_772_323_199, LEAP),
        ("2013-01-01T10:00:00Z", 1_357_034_400, 0),
        ("2013-01-01T10:00:00-00:00", 1_357_034_400, 0),
    ] {
        assert_eq!(
            instant(text.as_bytes()),
            Some(Instant { seconds, nanos }),
            "{text}"
        );
    }
    for text in [
        "2013-01-01 10:00:00Z",
        "2013-01-01T10:00:00",
        "2013-01-01T10:00Z",
        "2013-01-01T24:00:00Z",
        "2013-01-01T10:60:00Z",
        "2013-01-01T10:00:61Z",
        "2013-01-01T10:00:60Z",
        "2013-01-31T23:58:60Z",
        "2013-01-30T23:59:60Z",
        "2013-01-31T23:59:60+01:00",
        "2024-02-28T23:59:60Z",
        "2013-02-30T10:00:00Z",
        "2013-01-01T10:00:00.Z",
        "2013-01-01T10:00:00+1:00",
        "2013-01-01T10:00:00+24:00",
        "2013-01-01T10:00:00+01:60",
        "2013-01-01T10:00:00+0100",
        "2013-01-01T10:00:00ZZ",
        "2013-01-01T10:00:00,5Z",
        "2013-01-01",
        "2013-01-01T",
    ] {
        assert_eq!(instant(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn the_moments_are_those_that_jiff_reads() {
    for text in [
        "0001-01-01T00:00:00Z",
        "1600-02-29T12:34:56.789+05:30",
        "2038-01-19T03:14:08-11:59",
    ] {
        let theirs: jiff::Timestamp = text.parse().unwrap();
        let ours = instant(text.as_bytes()).unwrap();
        let nanos = i128::from(ours.seconds) * 1_000_000_000 + i128::from(ours.nanos);
        assert_eq!(nanos, theirs.as_nanosecond(), "{text}");
    }
}

#[test]
fn a_leap_second_is_the_last_moment_of_its_minute() {
    let moments = [
        "2016-12-31T23:59:59Z",
        "2016-12-31T23:59:59.999999999Z",
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:60.2Z",
        "2016-12-31T23:59:60.5Z",
        "2017-01-01T00:00:00Z",
        "2017-01-01T00:00:00.1Z",
    ];
    assert!(moments.is_sorted_by_key(|text| instant(text.as_bytes()).unwrap()));
}

#[test]
fn the_seconds_around_a_moment_hold_it() {
    assert_eq!(second_bounds(b"1970-01-01T00:00:05Z"), Some((5, 5)));
    assert_eq!(second_bounds(b"1970-01-01T00:00:05.000Z"), Some((5, 5)));
    assert_eq!(
        second_bounds(b"1970-01-01T00:00:05.0000000000001Z"),
        Some((5, 6))
    );
    assert_eq!(second_bounds(b"1969-12-31T23:59:59.9Z"), Some((-1, 0)));
    assert_eq!(second_bounds(b"1969-12-31T23:59:60Z"), Some((-1, 0)));
    assert_eq!(second_bounds(b"1969-12-31T23:59:60.5Z"), Some((-1, 0)));
}
