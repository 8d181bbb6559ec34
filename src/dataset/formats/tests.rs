use super::*;

fn formats(stated: &str) -> Formats {
    let mut formats = Formats::default();
    for (name, value) in stated.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "decimal" => formats.decimal = Some(value.parse().unwrap()),
            "thousands" => formats.thousands = Some(value.parse().unwrap()),
            "dates" => formats.dates = Some(value.parse().unwrap()),
            "datetimes" => formats.datetimes = Some(value.parse().unwrap()),
            _ => formats.zone = Some(value.parse().unwrap()),
        }
    }
    assert_eq!(formats.check(), Ok(()));
    formats
}

#[track_caller]
fn reads(stated: &str, kind: ColumnType, texts: &[(&str, &str)]) {
    let formats = formats(stated);
    for (text, canonical) in texts {
        let read = formats.canonical(kind, text);
        let wanted = (!canonical.is_empty()).then_some(*canonical);
        assert_eq!(read.as_deref(), wanted, "{text} with {stated}");
        if let Some(canonical) = read {
            assert!(kind.accepts(&canonical), "{canonical} is not canonical");
        }
    }
}

#[test]
fn numbers_are_read_with_the_separators_that_are_stated_and_keep_their_digits() {
    use ColumnType::Number;
    let german = [
        ("1.234,5", "1234.5"),
        ("1234,50", "1234.50"),
        ("-1.234.567,00", "-1234567.00"),
        ("1.234", "1234"),
        ("0,5", "0.5"),
        ("-0,5", "-0.5"),
        ("12", "12"),
        ("1,5e3", "1.5e3"),
        ("1.234e-2", "1234e-2"),
        ("1.5", ""),
        ("1.23", ""),
        ("12.34.567", ""),
        ("1234.567", ""),
        ("1.234.56", ""),
        (".234", ""),
        ("1..234", ""),
        ("1.234.", ""),
        ("1,234.5", ""),
        ("1,5,5", ""),
        (",5", ""),
        ("5,", ""),
        ("+1,5", ""),
        ("007", ""),
        ("0.123", ""),
        ("00,5", ""),
        ("1.234 ", ""),
        ("-", ""),
        ("", ""),
        ("x", ""),
    ];
    reads("decimal=,&thousands=.", Number, &german);
    let comma = [("1,5", "1.5"), ("1.5", ""), ("1.234", ""), ("7", "7")];
    reads("decimal=,", Number, &comma);
    let english = [("1,234.5", "1234.5"), ("1.5", "1.5"), ("1,5", "")];
    reads("thousands=,", Number, &english);
    let swiss = [
        ("1'234.5", "1234.5"),
        ("1\u{2019}234", "1234"),
        ("1,234", ""),
    ];
    reads("thousands='", Number, &swiss);
    let french = [
        ("1 234,5", "1234.5"),
        ("1\u{A0}234\u{202F}567", "1234567"),
        (" 234", ""),
        ("1  234", ""),
    ];
    reads("decimal=,&thousands=space", Number, &french);
    reads("thousands=_", Number, &[("1_000", "1000"), ("1_00", "")]);
    reads("", Number, &[("1.5", "1.5"), ("1,5", ""), ("1_000", "")]);
    reads("decimal=.", Number, &[("1.5", "1.5"), ("1,5", "")]);
}

#[test]
fn an_integer_has_no_decimals_and_fits_64_bits() {
    let texts = [
        ("1.234", "1234"),
        ("-9.223.372.036.854.775.808", "-9223372036854775808"),
        ("9.223.372.036.854.775.808", ""),
        ("1.234,0", ""),
        ("-0", ""),
    ];
    reads("decimal=,&thousands=.", ColumnType::Integer, &texts);
}

#[test]
fn a_separator_has_one_meaning() {
    for (decimal, thousands, right) in [
        (Some(Decimal::Comma), Thousands::Comma, false),
        (Some(Decimal::Comma), Thousands::Point, true),
        (None, Thousands::Point, false),
        (None, Thousands::Comma, true),
        (Some(Decimal::Point), Thousands::Space, true),
    ] {
        let formats = Formats {
            decimal,
            thousands: Some(thousands),
            ..Formats::default()
        };
        assert_eq!(formats.check().is_ok(), right, "{formats:?}");
    }
}

#[test]
fn dates_are_read_in_the_order_that_is_stated_and_as_iso_8601() {
    use ColumnType::Date;
    let german = [
        ("31.12.2026", "2026-12-31"),
        ("31/12/2026", "2026-12-31"),
        ("31-12-2026", "2026-12-31"),
        ("1.2.2026", "2026-02-01"),
        ("2026-12-31", "2026-12-31"),
        ("29.02.2024", "2024-02-29"),
        ("29.02.2026", ""),
        ("12/31/2026", ""),
        ("31.12.26", ""),
        ("31.12/2026", ""),
        ("031.12.2026", ""),
        ("31.12.2026.", ""),
        ("31.12.02026", ""),
        ("+1.2.2026", ""),
        ("31 12 2026", ""),
        ("..", ""),
        ("", ""),
    ];
    reads("dates=dmy", Date, &german);
    reads(
        "dates=mdy",
        Date,
        &[("12/31/2026", "2026-12-31"), ("31/12/2026", "")],
    );
    let years_first = [
        ("2026/1/2", "2026-01-02"),
        ("2026.12.31", "2026-12-31"),
        ("2026-1-2", "2026-01-02"),
        ("20261231", ""),
    ];
    reads("dates=ymd", Date, &years_first);
    reads(
        "",
        Date,
        &[("2026-12-31", "2026-12-31"), ("31.12.2026", "")],
    );
}

#[test]
fn datetimes_without_a_zone_get_the_offset_that_their_zone_has_then() {
    use ColumnType::Datetime;
    let rome = [
        ("2026-01-01T12:00:00", "2026-01-01T12:00:00+01:00"),
        ("2026-07-01 12:00:00", "2026-07-01T12:00:00+02:00"),
        ("2026-07-01 12:00:00.1230", "2026-07-01T12:00:00.1230+02:00"),
        ("2026-07-01 12:00", "2026-07-01T12:00:00+02:00"),
        ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"),
        ("2026-07-01 12:00:00+05:30", "2026-07-01T12:00:00+05:30"),
        // Skipped on 2026-03-29, and twice on 2026-10-25: the offset from before the change.
        ("2026-03-29 02:30:00", "2026-03-29T02:30:00+01:00"),
        ("2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00"),
        // Rome was 49 minutes and 56 seconds ahead then.
        ("1866-01-01 00:00:00.5", "1865-12-31T23:10:04.5Z"),
        ("0000-01-01 00:00:00", ""),
        ("2026-02-30 12:00:00", ""),
        ("2026-07-01 24:00:00", ""),
        ("2026-07-01 12:60", ""),
        ("2026-07-01 12:00:00 ", ""),
        ("2026-07-01 12:00:00.", ""),
        ("2026-07-01 12:00.5", ""),
        ("2026-07-01  12:00", ""),
        ("2026-07-01 1:00", ""),
        ("2026-07-01", ""),
        ("12:00", ""),
        ("x y", ""),
        ("é é", ""),
    ];
    reads("zone=Europe/Rome", Datetime, &rome);
    let offset = [("2026-01-01 12:00", "2026-01-01T12:00:00-03:30")];
    reads("zone=-03:30", Datetime, &offset);
    reads("zone=europe/rome", Datetime, &rome[..2]);
    reads(
        "datetimes=local",
        Datetime,
        &[("2026-01-01 12:00", "2026-01-01T12:00:00Z")],
    );
    let with_dates = [
        ("31.12.2026 12:00", "2026-12-31T12:00:00Z"),
        ("1/2/2026T08:30:15.5", "2026-02-01T08:30:15.5Z"),
        ("2026-12-31 12:00", "2026-12-31T12:00:00Z"),
    ];
    reads("dates=dmy&zone=UTC", Datetime, &with_dates);
    reads(
        "dates=dmy",
        Datetime,
        &[("31.12.2026 12:00", ""), ("2026-12-31 12:00", "")],
    );
}

#[test]
fn a_leap_second_is_one_where_its_zone_has_it() {
    let rome = [
        ("2017-01-01 00:59:60", "2017-01-01T00:59:60+01:00"),
        ("2017-01-01 00:59:60.5", "2017-01-01T00:59:60.5+01:00"),
        ("2016-12-31 23:59:60", ""),
    ];
    reads("zone=Europe/Rome", ColumnType::Datetime, &rome);
}

#[test]
fn booleans_are_read_as_spreadsheets_write_them() {
    let texts = [
        ("TRUE", "true"),
        ("True", "true"),
        ("true", "true"),
        ("FALSE", "false"),
        ("False", "false"),
        ("false", "false"),
        ("tRUE", ""),
        ("T", ""),
        ("yes", ""),
        ("1", ""),
    ];
    reads("", ColumnType::Boolean, &texts);
}

#[test]
fn a_text_has_the_narrowest_type_that_the_formats_give_it() {
    let all = formats("decimal=,&thousands=.&dates=dmy&zone=Europe/Rome");
    for (text, kind) in [
        ("TRUE", ColumnType::Boolean),
        ("1.234", ColumnType::Integer),
        ("1,5", ColumnType::Number),
        ("1.2.2026", ColumnType::Date),
        ("1.2.2026 12:00", ColumnType::Datetime),
        ("1.5", ColumnType::String),
    ] {
        assert_eq!(all.kind_of(text), kind, "{text}");
        let owned = Cow::Owned(text.to_owned());
        assert_eq!(all.read(kind, owned), all.read(kind, text.into()), "{text}");
    }
}

#[test]
fn what_is_not_a_choice_is_refused_with_the_choices() {
    let refused = |error: UnknownFormat| error.to_string();
    assert_eq!(
        refused("x".parse::<Decimal>().unwrap_err()),
        "\"x\" isn't a separator of decimals: choose one of . and ,"
    );
    assert!(
        refused("".parse::<Thousands>().unwrap_err()).ends_with("choose one of . , ' _ and space")
    );
    assert!(
        refused("DMY".parse::<DateOrder>().unwrap_err())
            .ends_with("choose one of dmy, mdy and ymd")
    );
    assert!(refused("utc".parse::<Datetimes>().unwrap_err()).ends_with("choose local"));
    for zone in [
        "Rome", "", "+2", "+24:00", "+02:60", "02:00", "+0a:00", "GMT+2",
    ] {
        assert!(zone.parse::<Zone>().is_err(), "{zone}");
    }
}

#[test]
fn formats_are_written_as_they_are_stated() {
    for text in [".", ",", "'", "_", "space"] {
        assert_eq!(text.parse::<Thousands>().unwrap().to_string(), text);
    }
    for text in ["dmy", "mdy", "ymd"] {
        assert_eq!(text.parse::<DateOrder>().unwrap().to_string(), text);
    }
    for text in [".", ","] {
        assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
    }
    for text in ["Europe/Rome", "UTC", "+02:00", "-03:30"] {
        assert_eq!(text.parse::<Zone>().unwrap().to_string(), text);
    }
    assert_eq!("local".parse::<Datetimes>().unwrap().to_string(), "local");
}
