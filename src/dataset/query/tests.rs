use std::ops::ControlFlow;
use std::sync::Arc;

use super::*;
use crate::dataset::decimal;
use crate::dataset::{ChunkText, ColumnType, Layout, Piece, Records};

/// A small dataset: its text without the header, and its columns.
struct Table {
    text: ChunkText,
    layout: Arc<Layout>,
    columns: Vec<Column>,
    stats: Vec<ColumnStats>,
    blooms: Vec<(u32, Bloom)>,
}

fn table(columns: &[(&str, ColumnType)], nulls: &[&str], text: &str) -> Table {
    let layout = Arc::new(Layout {
        delimiter: b',',
        header: false,
        columns: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
        nulls: nulls.iter().map(|&null| null.to_owned()).collect(),
        stated: vec![None; columns.len()],
    });
    let piece = Piece::stored(text.as_bytes().to_vec(), 0, Arc::clone(&layout));
    let analysis = piece.analyse().unwrap();
    Table {
        text: ChunkText::new(text.to_owned(), columns.len()),
        layout,
        columns: columns
            .iter()
            .map(|(name, kind)| Column {
                name: (*name).to_owned(),
                kind: *kind,
                nullable: true,
            })
            .collect(),
        stats: analysis.columns,
        blooms: analysis.blooms,
    }
}

fn asked(query: &str) -> Asked {
    let mut asked = Asked::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap();
        match name {
            "select" => asked.select = Some(value.to_owned()),
            "order" => asked.order = Some(value.to_owned()),
            name => asked.filters.push((name.to_owned(), value.to_owned())),
        }
    }
    asked
}

impl Table {
    fn known(&self, column: usize) -> Known<'_> {
        let of_column = |(place, _): &&(u32, Bloom)| *place as usize == column;
        Known {
            stats: Some(&self.stats[column]),
            bloom: self.blooms.iter().find(of_column).map(|(_, bloom)| bloom),
        }
    }

    fn resolve(&self, query: &str) -> Result<Query, QueryError> {
        Query::resolve(&asked(query), &self.columns)
    }

    fn refusal(&self, query: &str) -> String {
        self.resolve(query).unwrap_err().to_string()
    }

    /// The first fields of the rows that match, in the order of the file.
    #[track_caller]
    fn matching(&self, query: &str) -> Vec<String> {
        let resolved = self.resolve(query).unwrap();
        let mut found = Vec::new();
        Scan::new(&resolved, &self.layout).rows(&self.text, 0, |row| {
            let mut records = Records::new(&self.text[row.at..], b',', self.columns.len());
            let mut fields = Vec::new();
            assert!(records.next_into(&mut fields));
            found.push(fields[0].text().into_owned());
            ControlFlow::Continue(())
        });
        let may = resolved.may_match(|column| self.known(column));
        assert!(may || found.is_empty(), "{query} was ruled out");
        found
    }

    /// The first fields of all rows of the order, found in passes of so many rows and bytes of keys.
    fn first(&self, query: &str, limit: usize, budget: usize) -> Vec<String> {
        let resolved = self.resolve(query).unwrap();
        let order = &resolved.order;
        let (mut found, mut passes) = (Vec::new(), 0);
        let (mut after, mut reference) = (None, None);
        loop {
            let mut top = Top::new(
                Arc::clone(order),
                after.clone(),
                reference.take(),
                limit,
                budget,
            );
            Scan::new(&resolved, &self.layout).rows(&self.text, 0, |row| {
                let term = order[0];
                let lead = term.lead(row.value(term.column).as_deref());
                let at = u32::try_from(row.at).unwrap();
                let (best, worst) = term.range(&self.stats[term.column]).unwrap();
                assert!(best <= lead && lead <= worst);
                if top.may_have(lead, 0, at) {
                    top.take(lead, |column| row.value(column), 0, at);
                }
                ControlFlow::Continue(())
            });
            let First { rows, more, unsure } = top.finish();
            found.extend(rows.iter().map(|row| self.fields(row.at)[0].clone()));
            if let Some(last) = rows.last() {
                after = Some(Arc::new(self.values(order, last)));
            }
            if let Some(row) = &unsure {
                reference = Some(Arc::new(self.values(order, row)));
            }
            if !more || rows.is_empty() && unsure.is_none() {
                return found;
            }
            passes += 1;
            assert!(passes < 1000, "it never ends");
        }
    }

    fn fields(&self, at: u32) -> Vec<String> {
        let mut records = Records::new(&self.text[at as usize..], b',', self.columns.len());
        let mut fields = Vec::new();
        assert!(records.next_into(&mut fields));
        fields
            .iter()
            .map(|field| field.text().into_owned())
            .collect()
    }

    fn values(&self, order: &[Term], row: &Ranked) -> Whole {
        let fields = self.fields(row.at);
        let value = |column: usize| {
            let text = fields[column].clone();
            (!self.layout.is_null(&text)).then_some(text.into())
        };
        Whole::new(order, value, row.chunk, row.at)
    }
}

fn people() -> Table {
    use ColumnType::{Boolean, Date, Datetime, Integer, Number, String};
    table(
        &[
            ("id", Integer),
            ("name", String),
            ("score", Number),
            ("born", Date),
            ("seen", Datetime),
            ("ok", Boolean),
            ("order", String),
        ],
        &["NA"],
        "1,Ada,1.10,1815-12-10,2026-01-01T00:00:00Z,true,x\n\
         2,\"Grace, \"\"Amazing\"\"\",1.1,1906-12-09,2026-01-01T01:00:00+01:00,false,y\n\
         3,NA,NA,NA,NA,NA,NA\n\
         4,Éva,9007199254740993,2000-02-29,2026-01-01T00:00:00.5Z,true,in.(a)\n\
         5,ada,9007199254740992,1999-12-31,2025-12-31T23:59:59Z,,\"\"\n\
         6,,-0.0,,,false,z\n",
    )
}

#[test]
fn each_operator_finds_the_rows_for_which_it_holds() {
    let people = people();
    for (query, expected) in [
        ("id=eq.4", "4"),
        ("id=eq.4.0", "4"),
        ("id=eq.0.4e1", "4"),
        ("id=neq.4", "1 2 3 5 6"),
        ("id=gt.4", "5 6"),
        ("id=gt.4.5", "5 6"),
        ("id=gte.4", "4 5 6"),
        ("id=lt.2", "1"),
        ("id=lte.2", "1 2"),
        ("id=lte.2&id=gt.1", "2"),
        ("id=in.(1,3,3,9)", "1 3"),
        ("id=in.()", ""),
        ("id=not.in.(1,3)", "2 4 5 6"),
        ("name=eq.Ada", "1"),
        ("name=neq.Ada", "2 4 5"),
        ("name=not.eq.Ada", "2 4 5"),
        ("name=eq.Grace, \"Amazing\"", "2"),
        ("name=in.(\"Grace, \\\"Amazing\\\"\",ada)", "2 5"),
        ("name=gt.Ada", "2 4 5"),
        ("name=lt.a", "1 2"),
        ("name=like.A*", "1"),
        ("name=ilike.a*", "1 5"),
        ("name=ilike.é__", "4"),
        ("name=like.%22*", ""),
        ("name=like.*\"A*", "2"),
        ("name=not.like.*a", "2"),
        ("name=is.null", "3 6"),
        ("name=not.is.null", "1 2 4 5"),
        ("name=eq.NA", ""),
        ("name=not.eq.NA", "1 2 4 5"),
        ("score=eq.1.1", "1 2"),
        ("score=eq.1.10", "1 2"),
        ("score=eq.9007199254740992", "5"),
        ("score=gt.9007199254740992", "4"),
        ("score=eq.0", "6"),
        ("score=eq.-0", "6"),
        ("score=in.(0,9007199254740993)", "4 6"),
        ("born=gte.1906-12-09", "2 4 5"),
        ("seen=eq.2026-01-01T00:00:00Z", "1 2"),
        ("seen=gt.2026-01-01T01:00:00+01:00", "4"),
        ("seen=lt.2026-01-01t00:00:00z", "5"),
        ("ok=eq.true", "1 4"),
        ("ok=is.false", "2 6"),
        ("ok=not.is.true", "2 3 5 6"),
        ("ok=gt.false", "1 4"),
        ("ok=is.null", "3 5"),
        ("name=like.*", "1 2 4 5"),
    ] {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(people.matching(query), expected, "{query}");
    }
}

#[test]
fn a_text_is_found_in_every_place_of_a_row_without_quotes() {
    use ColumnType::String;
    let rows = table(
        &[("a", String), ("b", String), ("c", String)],
        &[],
        "one,two,three\r\nxone,one,onex\n\nonex,x,one\none,one,one",
    );
    assert_eq!(rows.matching("a=eq.one"), ["one", "one"]);
    assert_eq!(rows.matching("b=eq.one"), ["xone", "one"]);
    assert_eq!(rows.matching("c=eq.one"), ["onex", "one"]);
    assert_eq!(rows.matching("c=eq.three"), ["one"]);
    assert_eq!(rows.matching("c=like.one*"), ["xone", "onex", "one"]);
    let alone = table(&[("a", String)], &["no"], "one\n\ntwo\nno\none");
    assert_eq!(alone.matching("a=eq.one"), ["one", "one"]);
    assert_eq!(alone.matching("a=is.null"), ["", "no"]);
}

#[test]
fn a_list_of_any_length_rules_out_what_each_of_its_values_does() {
    use ColumnType::{Boolean, Date, Datetime, Integer, Number, String};
    let mut state = 3_u64;
    let mut below = move |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    };
    let mut values = |kind, spread: u64| match kind {
        Integer => (below(spread) + 9_007_199_254_740_990).to_string(),
        Number => format!("{}.{}", below(spread), below(3) * 5),
        Date => format!("20{:02}-01-01", below(spread.min(100))),
        Datetime => format!(
            "2026-01-01T00:00:{:02}.{}Z",
            below(spread.min(60)),
            below(2) * 5
        ),
        Boolean => ["true", "false"][usize::try_from(below(2)).unwrap()].to_owned(),
        String => format!("v{}", below(spread)),
    };
    let kinds = [Integer, Number, Date, Datetime, Boolean, String];
    let (mut ruled_out, mut found) = (0, 0);
    for round in 0..900 {
        let kind = kinds[round % kinds.len()];
        // The column may be of a wider type than the values of this chunk.
        let column = match (round / kinds.len() % 3, kind) {
            (0, Integer) => Number,
            (1, _) => String,
            _ => kind,
        };
        let spread = 1 << (round % 9);
        let rows: Vec<_> = (0..3).map(|_| values(kind, spread)).collect();
        let table = table(&[("a", column)], &[], &format!("{}\n", rows.join("\n")));
        let list: Vec<_> = (0..round % 7).map(|_| values(kind, spread * 4)).collect();
        let query = format!("a=in.({})", list.join(","));
        let each = |value: &std::string::String| {
            let query = table.resolve(&format!("a=eq.{value}")).unwrap();
            query.may_match(|column| table.known(column))
        };
        let query_may = table.resolve(&query).unwrap();
        let may = query_may.may_match(|column| table.known(column));
        assert_eq!(may, list.iter().any(each), "{column} {rows:?} {query}");
        let equal = |value: &std::string::String| table.matching(&format!("a=eq.{value}"));
        let mut expected: Vec<_> = list.iter().flat_map(equal).collect();
        let mut matching = table.matching(&query);
        expected.sort_unstable();
        expected.dedup();
        matching.sort_unstable();
        matching.dedup();
        assert_eq!(matching, expected, "{column} {rows:?} {query}");
        ruled_out += usize::from(!may);
        found += usize::from(!matching.is_empty());
    }
    assert!(ruled_out > 200 && found > 100, "{ruled_out} {found}");
}

#[test]
fn a_query_names_any_number_of_columns_and_few_of_them_rule_chunks_out() {
    let names: Vec<_> = (0..200).map(|n| format!("c{n}")).collect();
    let columns: Vec<_> = names
        .iter()
        .map(|name| (&**name, ColumnType::Integer))
        .collect();
    let row = |n: usize| {
        (0..200)
            .map(|c| (n * c).to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    let table = table(
        &columns,
        &[],
        &format!("{}\n{}\n{}\n", row(1), row(2), row(3)),
    );
    let filters: Vec<_> = (0..200)
        .rev()
        .map(|c| format!("c{c}=gte.{}", 2 * c))
        .collect();
    let query = filters.join("&");
    assert_eq!(table.matching(&query), ["0", "0"]);
    assert_eq!(table.matching(&format!("{query}&c1=lt.3")), ["0"]);
    assert_eq!(table.matching(&format!("{query}&c1=lt.2")), [""; 0]);
    let resolved = table.resolve(&format!("{query}&order=c3")).unwrap();
    let mut expected = vec![3];
    expected.extend(169..200);
    assert_eq!(resolved.columns_asked(), expected);
    let select = format!("select={}", names.join(","));
    assert_eq!(
        table.resolve(&select).unwrap().select,
        Some((0..200).collect())
    );
    let refusal = table.refusal(&format!("{query}&c200=eq.1"));
    assert!(refusal.contains("\"c200\""), "{refusal}");
    assert!(table.refusal(&format!("{select},c7")).contains("twice"));
}

#[test]
fn a_scan_that_is_told_to_stop_ends() {
    let people = people();
    for query in ["", "name=not.like.x*", "id=gt.0"] {
        let stop = Stop::default();
        let query = people.resolve(query).unwrap();
        let mut found = 0;
        let scan = Scan::new(&query, &people.layout).until(&stop);
        scan.rows(&people.text, 0, |_| {
            found += 1;
            stop.set();
            ControlFlow::Continue(())
        });
        assert_eq!(found, 1);
    }
}

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
        // Texts that branch off each other at some places, and numbers that do the same; equal ones too.
        let mut texts = vec!["7".repeat(9000)];
        while texts.len() < 25 {
            let from = texts[below(texts.len() as u64)].clone();
            let at =
                [0, 3, 4095, 4096, 4097, 5000, 8191, 8192, 8999, 9000][below(10)].min(from.len());
            let mut text = from[..at].to_owned();
            text.push_str(&["", "1", "9", "70"][below(4)]);
            match below(3) {
                0 => {}
                1 => text.push_str(&from[at..]),
                _ => text.push_str(&"5".repeat(6000)),
            }
            texts.push(text);
        }
        let sign = |n: usize| if n % 3 == 0 { "-" } else { "" };
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
    let mut top = Top::new(Arc::clone(&query.order), None, None, 100, 200_000);
    Scan::new(&query, &table.layout).rows(&table.text, 0, |row| {
        let lead = query.order[0].lead(row.value(1).as_deref());
        top.take(
            lead,
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
fn what_can_not_be_asked_is_named_with_what_there_is() {
    let people = people();
    for (query, words) in [
        (
            "nam=eq.1",
            &["\"nam\"", "id, name, score", "limit", "where."][..],
        ),
        ("select=id,nam", &["\"nam\"", "id, name"]),
        ("select=", &["select"]),
        ("select=id,", &["\"\"", "id, name"]),
        ("select=id,id", &["select", "\"id\"", "twice"]),
        ("select=\"id", &["select", "not closed"]),
        ("select=\"*\"x", &["select", "comma"]),
        ("order=nam.desc", &["\"nam\"", "id, name"]),
        ("order=id.down", &["order", "id.down", ".desc"]),
        ("order=id,id.desc", &["order", "\"id\"", "twice"]),
        ("order=", &["order"]),
        ("id=5", &["\"5\"", "id", "eq, neq", "id=eq.VALUE"]),
        ("id=equals.5", &["\"equals.5\"", "eq, neq"]),
        ("id=not.5", &["not.5", "eq, neq"]),
        ("id=eq.five", &["\"five\"", "id", "number"]),
        ("id=eq.", &["\"\"", "id", "number"]),
        ("id=eq.007", &["007"]),
        ("id=in.(1,b)", &["\"b\"", "id"]),
        ("id=in.1,2", &["id", "in.(VALUE,VALUE)"]),
        ("name=in.(\"a\"b)", &["name", "comma"]),
        ("id=like.1*", &["id", "integer", "like", "eq, neq"]),
        ("born=eq.2001-02-29", &["2001-02-29", "born", "YYYY-MM-DD"]),
        ("seen=eq.2026-01-01", &["seen", "RFC 3339"]),
        ("ok=eq.yes", &["yes", "ok", "true or false"]),
        ("ok=is.maybe", &["maybe", "is.true"]),
        ("id=is.true", &["true", "is.null"]),
        (
            &*format!("name=not.ilike.{}", "é".repeat(1025)),
            &["ilike", "name", "too long", "1024 characters"],
        ),
    ] {
        let refusal = people.refusal(query);
        for word in words {
            assert!(
                refusal.contains(word),
                "{query}: {word:?} is not in {refusal:?}"
            );
        }
    }
}

#[test]
fn names_and_values_of_any_characters_can_be_written() {
    use ColumnType::String;
    let odd = table(
        &[
            ("a,b", String),
            ("x.desc", String),
            ("*", String),
            ("é \"q\"", String),
        ],
        &[],
        "1,2,3,4\n5,6,7,8\n",
    );
    let select = |query: &str| odd.resolve(query).unwrap().select;
    assert_eq!(select("select=\"a,b\",*"), Some(vec![0, 2]));
    assert_eq!(select("select=*"), Some(vec![2]));
    assert_eq!(select("select=\"é \\\"q\\\"\",x.desc"), Some(vec![3, 1]));
    let order = |query: &str| {
        let order = odd.resolve(query).unwrap().order;
        order
            .into_iter()
            .map(|term| (term.column, term.descending))
            .collect::<Vec<_>>()
    };
    assert_eq!(order("order=x.desc"), [(1, false)]);
    assert_eq!(
        order("order=x.desc.desc,\"a,b\".desc"),
        [(1, true), (0, true)]
    );
    assert_eq!(odd.matching("a,b=eq.5"), ["5"]);
    assert_eq!(people().resolve("select=*").unwrap().select, None);
}

#[test]
fn two_queries_that_ask_for_the_same_have_the_same_fingerprint() {
    let people = people();
    let of = |query: &str| people.resolve(query).unwrap().fingerprint();
    assert_eq!(of(""), None);
    assert_eq!(of("select=*"), None);
    assert_eq!(of("id=eq.1&name=eq.a"), of("name=eq.a&id=eq.1&id=eq.1"));
    let different = [
        "id=eq.1",
        "id=eq.2",
        "id=not.eq.1",
        "order=id",
        "order=id.desc",
        "select=id",
        "select=id,name",
    ];
    let mut found: Vec<_> = different.iter().map(|query| of(query)).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), different.len());
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

#[test]
fn patterns_match_whole_texts() {
    for (pattern, text, folded, expected) in [
        ("", "", false, true),
        ("", "a", false, false),
        ("*", "", false, true),
        ("a*c", "abc", false, true),
        ("a*c", "ac", false, true),
        ("a*c", "acb", false, false),
        ("*b*", "abc", false, true),
        ("a_c", "aéc", false, true),
        ("a_c", "ac", false, false),
        ("_", "é", false, true),
        ("\\*", "*", false, true),
        ("\\*", "a", false, false),
        ("a\\_b", "a_b", false, true),
        ("a\\", "a\\", false, true),
        ("*a_*", "xxab", false, true),
        ("*a_*", "xxa", false, false),
        ("*_b", "ab", false, true),
        ("a*a", "a", false, false),
        ("**a%%", "a", false, true),
        ("ÉVA", "éva", true, true),
        ("ΣΟΦΟΣ", "σοφος", true, true),
        ("straße", "STRASSE", true, true),
        ("A*", "b", true, false),
        ("*ab*ab", "abab", false, true),
        ("*ab*ab", "xab", false, false),
    ] {
        let matcher = pattern::Pattern::new(pattern, folded);
        let matches = matcher.matches(text, &Stop::default());
        assert_eq!(matches, expected, "{pattern} {text}");
    }
}

#[test]
fn a_chunk_is_ruled_out_by_what_is_known_of_it() {
    let people = people();
    let may = |query: &str| {
        let query = people.resolve(query).unwrap();
        query.may_match(|column| people.known(column))
    };
    for query in [
        "id=gt.6",
        "id=lt.1",
        "id=eq.6.5&id=gt.6",
        "id=eq.7",
        "id=in.(0,7)",
        "name=eq.B&name=gt.É\u{10ffff}",
        "name=lt.A",
        "id=is.null",
        "born=gt.2000-02-29",
        "seen=gt.2026-01-01T00:00:02Z",
        "seen=lt.2025-12-31T23:59:58.9Z",
        "ok=in.()",
        "id=not.lte.6",
        "score=gt.1e300",
    ] {
        assert!(!may(query), "{query}");
    }
    for query in [
        "id=gt.5",
        "id=neq.1",
        "name=is.null",
        "score=gt.9007199254740992",
        "ok=not.is.true",
        "name=not.in.(Ada)",
    ] {
        assert!(may(query), "{query}");
    }
    // The chunk's values are integers, the column's are texts.
    let zips = table(&[("zip", ColumnType::String)], &[], "10001\n90210\n");
    let query = |query: &str| {
        zips.resolve(query)
            .unwrap()
            .may_match(|column| zips.known(column))
    };
    assert!(query("zip=eq.10001") && query("zip=gt.2") && query("zip=like.1*"));
    assert!(!query("zip=eq.99999") && !query("zip=eq.SW1A"));
    assert_eq!(zips.matching("zip=gt.9"), ["90210"]);
    assert_eq!(zips.first("order=zip.desc", 1, 0), ["90210", "10001"]);
}

#[test]
fn a_filter_of_texts_rules_out_most_chunks_for_one_of_many_values() {
    use ColumnType::{Integer, Number, String};
    let text: std::string::String = (0..500)
        .map(|n| format!("N{},{},{},\"q\"\"{n}\"\n", n * 7, n * 7919, n))
        .collect();
    let rows = table(
        &[
            ("tail", String),
            ("id", Number),
            ("n", Integer),
            ("quoted", String),
        ],
        &[],
        &text,
    );
    let places: Vec<u32> = rows.blooms.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [0, 1, 3]);
    let may = |query: &str| {
        let query = rows.resolve(query).unwrap();
        query.may_match(|column| rows.known(column))
    };
    for n in 0..500 {
        assert!(may(&format!(
            "tail=eq.N{}&id=eq.{}.0&quoted=in.(x,\"q\\\"{n}\")",
            n * 7,
            n * 7919
        )));
    }
    let through =
        |query: &dyn Fn(i32) -> std::string::String| (1..1000).filter(|n| may(&query(*n))).count();
    assert!(through(&|n| format!("tail=eq.N{}", n * 3 + 3000)) < 500);
    assert!(through(&|n| format!("id=eq.{}", n * 3001)) < 50);
    assert!(through(&|n| format!("tail=in.(N{n}x,N{n}y)")) < 60);
    assert!(may("tail=not.eq.x") && may("tail=neq.x") && may("id=gt.5") && may("n=eq.7"));
    assert!(!may("id=in.(1,2,3)"));
}
