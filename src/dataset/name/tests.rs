use super::*;

fn from(filename: &str) -> String {
    DatasetName::from_filename(filename).unwrap().to_string()
}

#[test]
fn a_name_is_lower_case_letters_digits_underscores_and_hyphens() {
    for name in ["a", "0", "people", "a_b-c", "9-", &"a".repeat(63)] {
        assert_eq!(DatasetName::new(name).unwrap().as_str(), name);
    }
    for name in [
        "",
        "A",
        "-a",
        "_a",
        "a.b",
        "a b",
        "é",
        "a\n",
        &"a".repeat(64),
    ] {
        assert!(
            matches!(DatasetName::new(name), Err(NameError::Invalid(_))),
            "{name:?}"
        );
    }
}

#[test]
fn a_filename_becomes_a_name() {
    assert_eq!(from("people.csv"), "people");
    assert_eq!(from("/home/ada/People.CSV"), "people");
    assert_eq!(
        from(r"C:\Users\Ada\Sales 2024 (final).csv"),
        "sales-2024-final"
    );
    assert_eq!(from("Übersicht Q1 (final).csv"), "ubersicht-q1-final");
    assert_eq!(
        from("Sales Q1 (final) – Übersicht.csv"),
        "sales-q1-final-ubersicht"
    );
    assert_eq!(from("Straße_Ærø Łódź Đà İı.csv"), "strasse_aero-lodz-da-ii");
    assert_eq!(from("e\u{301}te\u{301} ﬁn.csv"), "ete-fin");
    assert_eq!(from("a--b - c-.csv"), "a-b-c");
    assert_eq!(from("people.csv.gz"), "people");
    assert_eq!(from("People.TSV.ZST"), "people");
    assert_eq!(from(&format!("{} y.csv", "x".repeat(62))), "x".repeat(62));
    assert_eq!(from("archive.tar.gz"), "archive-tar");
    assert_eq!(from("__Ünder_score.csv"), "under_score");
    assert_eq!(from("no_extension"), "no_extension");
    assert_eq!(from(&format!("{}.csv", "x".repeat(100))), "x".repeat(63));
    assert_eq!(from("Kelvin\u{212A}.csv"), "kelvink");
}

#[test]
fn a_filename_without_a_letter_or_digit_is_refused() {
    for filename in ["", ".csv", "---.csv", "日本.csv", "dir/", "a\\"] {
        assert!(
            matches!(
                DatasetName::from_filename(filename),
                Err(NameError::NothingLeft(_))
            ),
            "{filename:?}"
        );
    }
}

#[test]
fn a_name_that_is_not_one_cannot_be_deserialised() {
    assert_eq!(
        serde_json::from_str::<DatasetName>("\"ok\"")
            .unwrap()
            .as_str(),
        "ok"
    );
    assert!(serde_json::from_str::<DatasetName>("\"Not ok\"").is_err());
    assert_eq!(
        serde_json::to_string(&DatasetName::new("ok").unwrap()).unwrap(),
        "\"ok\""
    );
}
