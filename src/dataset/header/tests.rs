use super::*;

fn named(cells: &[&str]) -> Vec<String> {
    names(cells.iter().map(ToString::to_string).collect())
}

#[test]
fn names_are_kept_as_they_are_written() {
    assert_eq!(
        named(&["id", " Name ", "größe", "ID"]),
        ["id", " Name ", "größe", "ID"]
    );
}

#[test]
fn an_empty_name_becomes_its_place_and_a_repeated_one_gets_a_number() {
    assert_eq!(named(&["", "a", ""]), ["column_1", "a", "column_3"]);
    assert_eq!(named(&["a", "a", "a"]), ["a", "a_2", "a_3"]);
}

#[test]
fn a_made_name_never_takes_a_written_one() {
    assert_eq!(named(&["a", "a", "a_2"]), ["a", "a_3", "a_2"]);
    assert_eq!(
        named(&["a_2", "a", "a", "a_2"]),
        ["a_2", "a", "a_3", "a_2_2"]
    );
    assert_eq!(named(&["column_2", ""]), ["column_2", "column_2_2"]);
    assert_eq!(
        named(&["", "column_1", "column_1"]),
        ["column_1_2", "column_1", "column_1_3"]
    );
    assert_eq!(
        named(&["", "column_1_2", "column_1"]),
        ["column_1_3", "column_1_2", "column_1"]
    );
}

#[test]
fn thousands_of_equal_names_are_told_apart() {
    let names = named(&vec!["x"; 4096]);
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), 4096);
    assert_eq!(names[4095], "x_4096");
}

#[test]
fn a_stated_type_finds_its_column_and_the_last_one_holds() {
    let columns = ["a".to_owned(), "b".to_owned()];
    let of = |types| UploadOptions {
        types,
        ..UploadOptions::default()
    };
    let types = [
        ("b".to_owned(), ColumnType::Date),
        ("b".to_owned(), ColumnType::String),
    ];
    assert_eq!(
        stated(&of(types.to_vec()), &columns).unwrap(),
        [None, Some(ColumnType::String)]
    );
    let error = stated(&of(vec![("c".to_owned(), ColumnType::Date)]), &columns).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a type is stated for the column \"c\", which doesn't exist; the columns are a, b"
    );
}
