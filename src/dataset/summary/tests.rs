use std::sync::Arc;

use super::*;
use crate::{
    Analysis, Column, ColumnType, Ingest, Layout, Limits, Profile, RawBlock, UploadOptions,
};

/// The summaries of a CSV's columns, from raw blocks of about so many bytes, and the summary of each raw block.
fn read(csv: &str, block_bytes: usize) -> (Vec<Column>, Vec<Summary>) {
    read_as(csv, block_bytes, UploadOptions::default())
}

fn read_as(csv: &str, block_bytes: usize, options: UploadOptions) -> (Vec<Column>, Vec<Summary>) {
    let limits = Limits {
        block_bytes,
        ..Limits::default()
    };
    let mut ingest = Ingest::new(options, limits).unwrap();
    let mut raw_blocks = Vec::new();
    ingest.push(csv.as_bytes(), &mut raw_blocks).unwrap();
    ingest.finish(&mut raw_blocks).unwrap();
    let layout: &Arc<Layout> = ingest.layout().unwrap();
    let mut profile = Profile::new(Arc::clone(layout));
    let each = |raw_block: &RawBlock| -> (Analysis, Summary) {
        let mut summary = Summary::new(layout.columns.len(), &layout.formats);
        let analysis = raw_block.analyse_into(&mut summary).unwrap();
        (analysis, summary)
    };
    let summaries = raw_blocks.iter().map(|raw_block| {
        let (analysis, summary) = each(raw_block);
        profile.absorb(&analysis);
        summary
    });
    let summaries = summaries.collect();
    (profile.columns(), summaries)
}

fn merged(summaries: &[Summary]) -> Summary {
    let mut all = summaries[0].clone();
    summaries[1..].iter().for_each(|summary| all.merge(summary));
    all
}

fn report(csv: &str, block_bytes: usize) -> Vec<ColumnSummary> {
    let (columns, summaries) = read(csv, block_bytes);
    let all = merged(&summaries);
    let stored = Summary::decode(&all.encode(), columns.len(), &Formats::default()).unwrap();
    assert_eq!(stored.rows(), all.rows());
    let report = stored.report(&columns);
    assert_eq!(report, all.report(&columns), "it is stored as it is");
    report
}

fn plain(text: &str) -> Option<Shown> {
    Some(Shown::Plain(text.to_owned()))
}

fn text(text: &str) -> Option<Shown> {
    Some(Shown::Text(text.to_owned()))
}

/// Rows of one column, and its report.
fn column(rows: impl IntoIterator<Item = String>) -> ColumnSummary {
    let csv: String = rows.into_iter().map(|row| row + "\n").collect();
    report(&format!("c\n{csv}"), 4 << 10).swap_remove(0)
}

#[test]
fn a_column_of_few_values_is_told_exactly() {
    let csv = "n,s,b,d\n3,x,true,2024-02-29\n1,y,false,2024-02-28\n,x,true,\n1.50,\"a\"\"b\",true,2024-03-01\n";
    let report = report(csv, 1 << 16);
    let [n, s, b, d] = &report[..] else {
        panic!("{report:?}")
    };
    assert_eq!(n.column.kind, ColumnType::Number);
    assert_eq!((n.values, n.nulls), (3, 1));
    assert_eq!((&n.least, &n.greatest), (&plain("1"), &plain("3")));
    assert_eq!(n.mean, Some(5.5 / 3.0));
    let exact = Distinct {
        estimate: 3,
        error: 0.0,
    };
    assert_eq!(n.distinct, exact);
    let histogram = n.histogram.as_ref().unwrap();
    assert_eq!(histogram.counts.iter().sum::<u64>(), 3);
    assert_eq!(histogram.error, 0.0);
    assert_eq!(histogram.edges.first(), Some(&Shown::Number(1.0)));
    assert_eq!(histogram.edges.last(), Some(&Shown::Number(3.0)));
    assert_eq!((&s.least, &s.greatest), (&text("a\"b"), &text("y")));
    assert_eq!((s.mean, &s.histogram), (None, &None));
    let frequent = s.frequent.as_ref().unwrap();
    assert_eq!(frequent.error, 0);
    assert_eq!(frequent.values[0], (Shown::Text("x".into()), 2));
    assert_eq!(
        b.frequent.as_ref().unwrap().values,
        [
            (Shown::Plain("true".into()), 3),
            (Shown::Plain("false".into()), 1)
        ]
    );
    assert_eq!(
        (&d.least, &d.greatest),
        (&text("2024-02-28"), &text("2024-03-01"))
    );
    let histogram = d.histogram.as_ref().unwrap();
    assert_eq!(histogram.counts, [1, 1, 1]);
    let edges = ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"];
    assert_eq!(histogram.edges, edges.map(|edge| Shown::Text(edge.into())));
}

#[test]
fn a_column_without_a_value_has_nothing_to_tell() {
    let report = report("a,b\n1,\n2,\n", 1 << 16);
    let empty = &report[1];
    assert_eq!(
        (empty.values, empty.nulls, empty.distinct.estimate),
        (0, 2, 0)
    );
    assert_eq!(
        (&empty.least, &empty.mean, &empty.histogram),
        (&None, &None, &None)
    );
    assert!(empty.frequent.as_ref().unwrap().values.is_empty());
}

#[test]
fn a_column_that_is_the_same_throughout_is_counted_with_its_nulls() {
    let rows = (0..500).map(|row| match row % 5 {
        0 => ",2013-01-01,,\n",
        _ => "7,2013-01-01,\"a\"\"b\",true\n",
    });
    let report = report(&format!("n,d,s,b\n{}", rows.collect::<String>()), 1 << 10);
    for (told, text, count) in [
        (&report[0], "7", 400),
        (&report[1], "2013-01-01", 500),
        (&report[2], "a\"b", 400),
        (&report[3], "true", 400),
    ] {
        assert_eq!((told.values, told.nulls), (count, 500 - count));
        assert_eq!(told.distinct.estimate, 1);
        let (Shown::Plain(value) | Shown::Text(value), times) =
            &told.frequent.as_ref().unwrap().values[0]
        else {
            panic!("{told:?}")
        };
        assert_eq!((&**value, *times), (text, count));
    }
}

#[test]
fn how_the_rows_were_cut_does_not_count_where_it_is_exact() {
    let rows = (0..3000).map(|row| format!("{},{},t{}\n", row % 700, row % 7, row % 41));
    let csv = format!("a,b,c\n{}", rows.collect::<String>());
    let whole = report(&csv, 1 << 20);
    for block_bytes in [256, 4 << 10] {
        assert_eq!(report(&csv, block_bytes), whole);
    }
}

#[test]
fn many_different_integers_are_told_within_the_errors_that_are_given() {
    // A permutation, so that no part of it is like the whole.
    let n = 100_000_u64;
    let told = column((0..n).map(|row| (row * 7919 % n).to_string()));
    assert_eq!(
        (&told.least, &told.greatest),
        (&plain("0"), &plain("99999"))
    );
    assert_eq!(told.mean, Some(49_999.5));
    assert!(told.frequent.is_none());
    let off = (told.distinct.estimate as f64 / n as f64 - 1.0).abs();
    assert!(0.0 < told.distinct.error && told.distinct.error < 0.05);
    assert!(off < told.distinct.error * 2.0, "{:?}", told.distinct);
    let histogram = told.histogram.unwrap();
    assert_eq!(histogram.counts.iter().sum::<u64>(), n);
    assert!(0.0 < histogram.error && histogram.error < 0.03);
    for count in histogram.counts {
        let off = (count as f64 - 5000.0).abs() / n as f64;
        assert!(off < histogram.error * 2.0, "{count}");
    }
}

#[test]
fn a_frequent_text_among_very_many_is_found() {
    let told = column((0..60_000).map(|row| match row % 10 {
        0 => "often".to_owned(),
        _ => format!("text {row}"),
    }));
    let frequent = told.frequent.unwrap();
    let (value, count) = &frequent.values[0];
    assert_eq!(value, &Shown::Text("often".into()));
    assert!(*count <= 6000 && count + frequent.error >= 6000);
    assert!(frequent.error > 0 && frequent.error < 2000);
    // It comes late, when the table has no space for another text.
    let told = column((0..60_000).map(|row| match row {
        20_000.. if row % 4 == 0 => "late".to_owned(),
        _ => format!("text {row}"),
    }));
    let frequent = told.frequent.unwrap();
    let (value, count) = &frequent.values[0];
    assert_eq!(value, &Shown::Text("late".into()));
    assert!(*count <= 10_000 && count + frequent.error >= 10_000);
}

#[test]
fn columns_that_become_texts_late_are_told_as_texts() {
    let told = column((0..20_000).map(|row| match row {
        19_999 => "n/a".to_owned(),
        _ => row.to_string(),
    }));
    assert_eq!(told.column.kind, ColumnType::String);
    assert_eq!((&told.least, &told.greatest), (&text("0"), &text("n/a")));
    assert_eq!((told.mean, told.histogram), (None, None));
    // Values that were taken for numbers were not counted as texts, and the report says so.
    assert!(told.frequent.unwrap().error >= 15_000);
}

#[test]
fn numbers_are_compared_exactly_and_shown_as_they_are_written() {
    let told = column(["12345678901234567891", "12345678901234567890", "1.10"].map(String::from));
    assert_eq!(told.greatest, plain("12345678901234567891"));
    assert_eq!(told.least, plain("1.10"));
    let told = column(["1e999", "-1e999"].map(String::from));
    assert_eq!((told.mean, told.histogram), (None, None));
    assert_eq!(told.least, plain("-1e999"));
}

#[test]
fn numbers_that_are_too_long_to_be_kept_are_told_as_the_nearest_of_64_bits() {
    let long = |digit: &str| digit.repeat(100);
    let told = column([
        long("9"),
        format!("-{}", long("8")),
        format!("1{}", long("0")),
    ]);
    assert_eq!(told.column.kind, ColumnType::Number);
    assert_eq!(told.greatest, plain("1e100"));
    let Some(Shown::Plain(least)) = &told.least else {
        panic!("{told:?}")
    };
    let least: f64 = serde_json::from_str(least).unwrap();
    assert!(
        (least / -8.888_888_888_888_888e99 - 1.0).abs() < 1e-12,
        "{least}"
    );
    assert!(told.mean.is_some_and(|mean| mean > 3e99));
    let told = column((0..5000).map(|row| format!("{}{row:04}", long("1"))));
    assert_eq!((told.values, told.nulls), (5000, 0));
    assert!(
        told.mean
            .is_some_and(|mean| mean > 1.1e103 && mean < 1.2e103)
    );
    let beyond = column([long("9").repeat(4), format!("-{}", long("9").repeat(4))]);
    assert_eq!(
        (&beyond.least, &beyond.greatest),
        (&plain("-1e999"), &plain("1e999"))
    );
}

#[test]
fn long_texts_are_cut_where_they_are_shown_and_told_apart_all_the_same() {
    let long = "é".repeat(100);
    let told = column((0..4).map(|row| format!("{long}{row}")));
    assert_eq!(told.distinct.estimate, 4);
    let shown = format!("{}…", "é".repeat(32));
    assert_eq!(told.least, text(&shown));
    let told = column((0..5000).map(|row| format!("{long}{row}")));
    assert!(told.distinct.estimate > 4000);
}

#[test]
fn merging_moves_texts_that_do_not_fit_to_the_sketches() {
    let part = |from: u64| {
        let csv: String = (from..from + 1000)
            .map(|row| format!("{row}\n").repeat(1 + usize::from(row == from) * 999))
            .collect();
        let (columns, summaries) = read(&format!("c\n{csv}"), 1 << 20);
        (columns, merged(&summaries))
    };
    let (columns, mut all) = part(0);
    for from in [10_000, 20_000, 30_000] {
        all.merge(&part(from).1);
    }
    let told = all.report(&columns).swap_remove(0);
    assert_eq!(told.values, 4 * 1999);
    assert_eq!(told.greatest, plain("30999"));
    let off = (told.distinct.estimate as f64 / 4000.0 - 1.0).abs();
    assert!(off < 0.1, "{:?}", told.distinct);
    let sum: u64 = (0..4_u64)
        .map(|part| {
            let from = part * 10_000;
            (from..from + 1000).sum::<u64>() + from * 999
        })
        .sum();
    assert_eq!(told.mean, Some(sum as f64 / 7996.0));
    let histogram = told.histogram.unwrap();
    assert_eq!(histogram.counts.iter().sum::<u64>(), 7996);
}

#[test]
fn a_summary_of_many_columns_stays_small() {
    let columns = 1000;
    let header: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
    let rows = (0..400).map(|row| {
        let row: Vec<String> = (0..columns)
            .map(|column| format!("{}", row * columns + column))
            .collect();
        row.join(",") + "\n"
    });
    let csv = format!("{}\n{}", header.join(","), rows.collect::<String>());
    let (columns, summaries) = read(&csv, 1 << 20);
    let all = merged(&summaries);
    assert!(all.encode().len() < 4 << 20, "{}", all.encode().len());
    let told = &all.report(&columns)[7];
    let off = (told.distinct.estimate as f64 / 400.0 - 1.0).abs();
    assert!(off < 0.2, "{:?}", told.distinct);
}

#[test]
fn a_report_shows_what_values_mean_however_they_are_written() {
    let options = UploadOptions {
        formats: Formats {
            decimal: ",".parse().ok(),
            ..Formats::default()
        },
        ..UploadOptions::default()
    };
    // A value in three spellings; and more values than are counted one by one.
    for rows in [3, 9000] {
        let csv: String = (1..=rows).map(|row| format!("\"{row},5\"\n")).collect();
        let csv = format!("n\n{csv}\"2,5e0\"\n\"0,25e1\"\n");
        let (columns, summaries) = read_as(&csv, 1 << 12, options.clone());
        let told = merged(&summaries).report(&columns).swap_remove(0);
        assert_eq!(told.column.kind, ColumnType::Number);
        assert_eq!(told.least, plain("1.5"));
        assert_eq!(told.greatest, plain(&format!("{rows}.5")));
        let sum = (1..=rows).sum::<u64>() as f64 + rows as f64 * 0.5 + 5.0;
        assert_eq!(told.mean, Some(sum / (rows + 2) as f64));
        let counts = told.histogram.unwrap().counts;
        assert_eq!(counts.iter().sum::<u64>(), rows + 2);
    }
}

#[test]
fn what_is_no_summary_is_refused() {
    let (columns, summaries) = read("a,b\n1,x\n", 1 << 16);
    let stored = summaries[0].encode();
    assert!(Summary::decode(&stored, columns.len(), &Formats::default()).is_ok());
    assert_eq!(
        Summary::decode(&stored, 3, &Formats::default()).unwrap_err(),
        CorruptSummary
    );
    assert_eq!(
        Summary::decode(&[], 2, &Formats::default()).unwrap_err(),
        CorruptSummary
    );
    for cut in 1..stored.len() {
        assert!(Summary::decode(&stored[..cut], 2, &Formats::default()).is_err());
    }
    let mut later = stored.clone();
    later[0] = 9;
    assert_eq!(
        Summary::decode(&later, 2, &Formats::default()).unwrap_err(),
        CorruptSummary
    );
}
