use super::*;
use crate::{Ingest, Limits, UploadOptions};

/// The profile of a CSV whose raw blocks are of at least `block_bytes`.
fn profile(text: &str, options: UploadOptions, block_bytes: usize) -> Profile {
    let mut ingest = Ingest::new(
        options,
        Limits {
            block_bytes,
            ..Limits::default()
        },
    )
    .unwrap();
    let mut out = Vec::new();
    ingest.push(text.as_bytes(), &mut out).unwrap();
    ingest.finish(&mut out).unwrap();
    let mut profile = Profile::new(Arc::clone(ingest.layout().unwrap()));
    // The order in which raw blocks come does not matter.
    out.iter()
        .rev()
        .for_each(|raw_block| profile.absorb(&raw_block.analyse().unwrap()));
    profile
}

fn columns(text: &str, options: UploadOptions) -> Vec<(ColumnType, bool)> {
    let whole = profile(text, options.clone(), 1 << 20);
    assert_eq!(profile(text, options, 1), whole);
    whole
        .columns()
        .into_iter()
        .map(|column| (column.kind, column.nullable))
        .collect()
}

fn stating(name: &str, kind: ColumnType) -> UploadOptions {
    UploadOptions {
        types: vec![(name.into(), kind)],
        ..UploadOptions::default()
    }
}

#[test]
fn a_type_holds_for_the_whole_column_or_not_at_all() {
    let text = "i,n,b,d,s\n1,1,true,2024-01-01,007\n2,2.5,false,2024-01-02,1\n,,,,x\n";
    assert_eq!(
        columns(text, UploadOptions::default()),
        [
            (ColumnType::Integer, true),
            (ColumnType::Number, true),
            (ColumnType::Boolean, true),
            (ColumnType::Date, true),
            (ColumnType::String, false)
        ]
    );
    assert_eq!(
        columns("a\n1\n 1\n", UploadOptions::default()),
        [(ColumnType::String, false)]
    );
    assert_eq!(
        columns("a\ntrue\n1\n", UploadOptions::default()),
        [(ColumnType::String, false)]
    );
}

#[test]
fn a_column_without_values_is_of_strings() {
    assert_eq!(
        columns("a,b\n,\n", UploadOptions::default()),
        [(ColumnType::String, true); 2]
    );
    assert_eq!(
        columns("a\n", UploadOptions::default()),
        [(ColumnType::String, false)]
    );
}

#[test]
fn a_stated_type_holds_even_where_a_narrower_one_would() {
    assert_eq!(
        columns("a\n1\n", stating("a", ColumnType::String)),
        [(ColumnType::String, false)]
    );
    assert_eq!(
        columns("a\n1\n", stating("a", ColumnType::Number)),
        [(ColumnType::Number, false)]
    );
    assert_eq!(
        columns("a\n", stating("a", ColumnType::Date)),
        [(ColumnType::Date, false)]
    );
}

#[test]
fn stated_nulls_make_a_column_nullable_and_leave_its_type_alone() {
    let options = UploadOptions {
        nulls: vec!["NA".into(), String::new()],
        ..UploadOptions::default()
    };
    assert_eq!(
        columns("a\n1\nNA\n", options),
        [(ColumnType::Integer, true)]
    );
}

#[test]
fn profiles_merged_are_what_one_profile_of_all_their_raw_blocks_is() {
    let rows = [
        "1,x,",
        "2.5,NA,",
        ",y,2024-01-01",
        "NA,true,",
        "-,,2024-01-02",
        "true,,x",
    ];
    for split in 0..=rows.len() {
        for others in 0..=rows.len() - split {
            let csv = |rows: &[&str]| format!("n,s,d\n{}\n", rows.join("\n"));
            let part = |rows: &[&str]| profile(&csv(rows), UploadOptions::default(), 1);
            let (first, second) = rows[..split + others].split_at(split);
            let mut merged = part(first);
            merged.merge(&part(second));
            assert_eq!(merged, part(&rows[..split + others]));
            assert_eq!(merged.encode(), part(&rows[..split + others]).encode());
            // The empty one adds nothing, on either side.
            let mut empty = Profile::new(Arc::clone(merged.layout()));
            empty.merge(&merged);
            assert_eq!(empty, merged);
            merged.merge(&Profile::new(Arc::clone(merged.layout())));
            assert_eq!(merged, empty);
        }
    }
}

#[test]
fn a_stored_profile_reads_back_and_a_damaged_one_is_refused() {
    let kept = profile("a,b\n1,x\n2.5,NA\n", UploadOptions::default(), 1);
    let stored = kept.encode();
    assert_eq!(Profile::decode(&stored), Ok(kept));
    for damaged in [&[][..], &[0], &stored[..stored.len() - 1], b"\x02rest"] {
        assert_eq!(Profile::decode(damaged), Err(CorruptProfile));
    }
}

#[test]
fn what_earlier_releases_would_misread_is_stored_so_that_they_refuse_it() {
    let stored = |text: &str, options: UploadOptions| {
        let profile = profile(text, options, 1 << 20);
        let stored = profile.encode();
        assert_eq!(Profile::decode(&stored).unwrap(), profile);
        stored[0]
    };
    let zone = UploadOptions {
        formats: Formats {
            zone: "Europe/Rome".parse().ok(),
            ..Formats::default()
        },
        ..UploadOptions::default()
    };
    assert_eq!(stored("a\ntrue\n1\n", UploadOptions::default()), PLAIN);
    assert_eq!(stored("a\nTRUE\n", UploadOptions::default()), RESPELLED);
    assert_eq!(stored("a\n1\n", zone), RESPELLED);
}

#[test]
fn a_column_has_other_spellings_until_it_is_one_of_strings() {
    let respelled = |text: &str| profile(text, UploadOptions::default(), 1).columns()[0].respelled;
    assert!(!respelled("a\ntrue\nfalse\n"));
    assert!(respelled("a\ntrue\nFALSE\n"));
    assert!(!respelled("a\nTRUE\nx\n"));
}
