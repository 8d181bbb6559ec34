use std::sync::Arc;

use super::*;
use crate::{Ingest, Limits, UploadOptions};

/// The hints about a file, read with raw blocks of that size.
fn read(text: &str, options: &UploadOptions, block_bytes: usize) -> Vec<String> {
    let limits = Limits {
        block_bytes,
        ..Limits::default()
    };
    let mut ingest = Ingest::new(options.clone(), limits).unwrap();
    let mut raw_blocks = Vec::new();
    ingest.push(text.as_bytes(), &mut raw_blocks).unwrap();
    ingest.finish(&mut raw_blocks).unwrap();
    let mut profile = Profile::new(Arc::clone(ingest.layout().unwrap()));
    let mut observed = Observed::default();
    for raw_block in &raw_blocks {
        let analysis = raw_block.analyse().unwrap();
        profile.absorb(&analysis);
        observed.absorb(&analysis);
    }
    let mut hints = ingest.take_hints();
    hints.extend(observed.hints(&profile, true));
    hints
}

fn with(text: &str, options: &UploadOptions) -> Vec<String> {
    let whole = read(text, options, 1 << 20);
    assert_eq!(read(text, options, 1), whole, "{text:?}");
    whole
}

fn of(text: &str) -> Vec<String> {
    with(text, &UploadOptions::default())
}

#[test]
fn placeholders_that_alone_widen_a_type_are_told_together() {
    for (text, hint) in [
        ("a,b\n1,x\nNA,x\n2,x\n", "a would be integer with null=NA"),
        (
            "a,b\n1,x\nNA,x\n2.5,x\nNA,x\n",
            "a would be number with null=NA",
        ),
        (
            "a,b\n1,x\nNA,x\n-,x\n",
            "a would be integer with null=NA&null=-",
        ),
        (
            "b\n2024-01-01\nmissing\n",
            "b would be date with null=missing",
        ),
    ] {
        assert_eq!(of(text), [hint]);
    }
    for text in [
        "a,b\nNA,x\nNA,x\n",
        "a,b\n1,x\nNA,x\ntrue,x\n",
        "a,b\n1,x\n2,x\n",
    ] {
        assert!(of(text).is_empty(), "{:?}", of(text));
    }
}

#[test]
fn nothing_is_told_about_what_was_stated() {
    let options = UploadOptions {
        types: vec![("a".to_owned(), ColumnType::String)],
        ..UploadOptions::default()
    };
    assert!(with("a\n1\nNA\n", &options).is_empty());
    let options = UploadOptions {
        nulls: vec!["NA".into()],
        ..UploadOptions::default()
    };
    assert_eq!(
        with("a\n1\nNA\n-\n", &options),
        ["a would be integer with null=-"]
    );
}

#[test]
fn one_value_that_keeps_a_column_from_a_narrower_type_is_told_with_its_line() {
    for (text, name, value, line) in [
        (
            "T;M\n;[K]\n2020;0.3\n2021;0.4\n",
            "M would be number",
            "[K]",
            2,
        ),
        ("id,v\n1,2\nid,v\n3,4\n", "id would be integer", "id", 3),
        (
            "d,v\n2026-01-01,5\n2026-01-02,6\nTotal,11\n",
            "d would be date",
            "Total",
            4,
        ),
    ] {
        let hints = of(text);
        let told = format!("{name} but for {value:?} in line {line};");
        let parameter = match line {
            2 => "units=1",
            3 => "bad_rows=set-aside",
            _ => "skip_last=1",
        };
        let all = |hint: &String| hint.starts_with(&told) && hint.contains(parameter);
        assert!(hints.iter().any(all), "{hints:?}");
    }
    assert!(of("a\n1\nx\ny\n").is_empty());
}

#[test]
fn formats_that_would_give_a_narrower_type_are_told() {
    for (text, hint) in [
        (
            "x;y\n1,5;2,75\n",
            "x would be number with decimal=, or decimal=,&thousands=.",
        ),
        (
            "x;y\n1.234,5;1\n",
            "x would be number with decimal=,&thousands=.",
        ),
        ("d\n31.12.2026\n", "d would be date with dates=dmy"),
        (
            "d\n01/02/2026\n",
            "d would be date with dates=dmy or dates=mdy",
        ),
        (
            "t\n2026-01-01 12:00:00\n",
            "t would be datetime with datetimes=local",
        ),
    ] {
        let hints = of(text);
        assert!(
            hints.iter().any(|found| found == hint),
            "{text:?} {hints:?}"
        );
    }
}

#[test]
fn oddities_of_the_file_are_told_with_the_parameter_that_would_change_them() {
    for (text, hint) in [
        ("Expenses,,\nDate,Who,Sum\n2026-01-01,x,5\n", "skip=1"),
        ("Water,,\nTotal,Per head,Sum\n1,2,3\n", "header_rows=2"),
        ("id,n,\n1,x,\n", "ragged=cut"),
        ("\"id,name\"\n\"1,Ann\"\n", "quote=lines"),
        ("1,2\n3,4\n", "header=absent"),
        ("a::b\n1::2\n", "delimiter=::"),
        ("a b\n1   2\n", "delimiter=space"),
        ("a::b\n1::2\n", "delimiter=::"),
        ("a b\n1   2\n", "delimiter=space"),
        ("id, name\n1,x\n", "trim=both"),
        ("i\u{200B}d,name\n1,x\n", "can't be seen"),
        ("id\n9007199254740993\n", "type.id=string"),
        (
            "a,b\n,\n1,2\n,\n",
            "2 rows have no value, the first in line 2; state comment=,",
        ),
        ("a,b,c\n1,x\"y, z\"\n", "quote=strict"),
    ] {
        let hints = of(text);
        assert!(
            hints.iter().any(|found| found.contains(hint)),
            "{text:?} {hints:?}"
        );
    }
    assert!(of("id,name\n9007199254740991,\"say \"\"x\"\"\"\n").is_empty());
}

#[test]
fn a_type_that_changed_is_told() {
    let column = |kind| Column {
        name: "a".to_owned(),
        kind,
        nullable: false,
        unit: None,
        respelled: false,
    };
    let changed = changed_types(
        &[column(ColumnType::Integer)],
        &[column(ColumnType::String)],
    );
    assert_eq!(
        changed,
        [
            "the type of a changed from integer to string; state type.a=integer to refuse values that don't fit"
        ]
    );
    assert!(changed_types(&[], &[column(ColumnType::String)]).is_empty());
}
