use super::*;

#[test]
fn types_are_named_alike_in_text_and_in_json() {
    for kind in ColumnType::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
    }
    assert_eq!(
        "int".parse::<ColumnType>().unwrap_err().to_string(),
        "\"int\" isn't a column type; choose boolean, integer, number, date, datetime or string"
    );
}

#[test]
fn a_column_says_name_type_and_nullable() {
    let column = Column {
        name: "id".into(),
        kind: ColumnType::Integer,
        nullable: true,
        unit: None,
        respelled: false,
    };
    let json = r#"{"name":"id","type":"integer","nullable":true}"#;
    assert_eq!(serde_json::to_string(&column).unwrap(), json);
    assert_eq!(serde_json::from_str::<Column>(json).unwrap(), column);
}

#[test]
fn the_join_does_not_depend_on_order_or_grouping() {
    for a in ColumnType::ALL {
        assert_eq!(a.join(a), a);
        for b in ColumnType::ALL {
            assert_eq!(a.join(b), b.join(a));
            for c in ColumnType::ALL {
                assert_eq!(a.join(b).join(c), a.join(b.join(c)));
            }
        }
    }
    assert_eq!(
        ColumnType::Integer.join(ColumnType::Number),
        ColumnType::Number
    );
    assert_eq!(
        ColumnType::Date.join(ColumnType::Datetime),
        ColumnType::String
    );
}

#[test]
fn a_text_has_the_narrowest_type_that_takes_it() {
    for (text, kind) in [
        ("true", ColumnType::Boolean),
        ("1", ColumnType::Integer),
        ("-0", ColumnType::Number),
        ("1e3", ColumnType::Number),
        ("2024-02-29", ColumnType::Date),
        ("2024-02-29T00:00:00Z", ColumnType::Datetime),
        ("007", ColumnType::String),
        ("", ColumnType::String),
    ] {
        assert_eq!(ColumnType::of(text), kind, "{text}");
        assert!(kind.accepts(text) && ColumnType::String.accepts(text));
    }
    assert!(ColumnType::Number.accepts("1") && !ColumnType::Integer.accepts("1.5"));
}
