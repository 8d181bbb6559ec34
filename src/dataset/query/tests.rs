mod groups;
mod orders;
mod pruning;

use std::ops::ControlFlow;
use std::sync::Arc;

use super::*;
use crate::decimal;
use crate::{BlockText, ColumnType, Formats, Layout, RawBlock, Records};

/// A small dataset: its text without the header, and its columns.
struct Table {
    text: BlockText,
    layout: Arc<Layout>,
    columns: Vec<Column>,
    zone_maps: Vec<ZoneMap>,
    blooms: Vec<(u32, Bloom)>,
}

fn table(columns: &[(&str, ColumnType)], nulls: &[&str], text: &str) -> Table {
    let layout = Arc::new(Layout {
        delimiter: b',',
        header: false,
        columns: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
        nulls: nulls.iter().map(|&null| null.to_owned()).collect(),
        stated: vec![None; columns.len()],
        units: Vec::new(),
        dialect: crate::Dialect::default(),
        formats: Formats::default(),
    });
    let raw_block = RawBlock::stored(text.as_bytes().to_vec(), 0, Arc::clone(&layout));
    let analysis = raw_block.analyse().unwrap();
    Table {
        text: BlockText::new(text.to_owned(), columns.len()),
        layout,
        columns: columns
            .iter()
            .zip(&analysis.columns)
            .map(|((name, kind), zone_map)| Column {
                name: (*name).to_owned(),
                kind: *kind,
                nullable: true,
                unit: None,
                respelled: zone_map.respelled && *kind != ColumnType::String,
            })
            .collect(),
        zone_maps: analysis.columns,
        blooms: analysis.blooms,
    }
}

fn asked(query: &str) -> RawQuery {
    let mut asked = RawQuery::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap();
        match name {
            "select" => asked.select = Some(value.to_owned()),
            "order" => asked.order = Some(value.to_owned()),
            name if GROUPS.contains(&name) => {
                asked.groups.push((name.to_owned(), value.to_owned()));
            }
            name => asked.filters.push((name.to_owned(), value.to_owned())),
        }
    }
    asked
}

impl Table {
    fn known(&self, column: usize) -> PruningStats<'_> {
        let of_column = |(place, _): &&(u32, Bloom)| *place as usize == column;
        PruningStats {
            zone_map: Some(&self.zone_maps[column]),
            bloom: self.blooms.iter().find(of_column).map(|(_, bloom)| bloom),
        }
    }

    fn resolve(&self, query: &str) -> Result<Query, QueryError> {
        Query::resolve(&asked(query), &self.columns, &self.layout.formats)
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

    /// The first fields of all rows of the order, found in passes of at most so many rows and bytes of keys.
    fn first(&self, query: &str, limit: usize, budget: usize) -> Vec<String> {
        let resolved = self.resolve(query).unwrap();
        let order = &resolved.order;
        let (mut found, mut passes) = (Vec::new(), 0);
        let (mut after, mut reference) = (None, None);
        loop {
            let mut top = TopK::new(
                Arc::clone(order),
                after.clone(),
                reference.take(),
                limit,
                budget,
            );
            Scan::new(&resolved, &self.layout).rows(&self.text, 0, |row| {
                let term = order[0];
                let abbreviated = term.abbreviated_key(row.value(term.column).as_deref());
                let at = u32::try_from(row.at).unwrap();
                let (best, worst) = term.range(&self.zone_maps[term.column]).unwrap();
                assert!(best <= abbreviated && abbreviated <= worst);
                if top.may_have(abbreviated, 0, at) {
                    top.take(abbreviated, |column| row.value(column), 0, at);
                }
                ControlFlow::Continue(())
            });
            let TopRows { rows, more, unsure } = top.finish();
            found.extend(rows.iter().map(|row| self.fields(row.at)[0].clone()));
            if let Some(last) = rows.last() {
                after = Some(Arc::new(self.values(&resolved, last)));
            }
            if let Some(row) = &unsure {
                reference = Some(Arc::new(self.values(&resolved, row)));
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

    fn values(&self, query: &Query, row: &KeyedRow) -> FullSortKey {
        let fields = self.fields(row.at);
        let value = |column: usize| {
            let text = fields[column].clone();
            query.value(&self.layout, column, text.into())
        };
        FullSortKey::new(&query.order, value, row.block, row.at)
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
        ("seen=eq.2026-01-01", "1 2"),
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
        ("seen=eq.2026-01", &["seen", "RFC 3339", "a date"]),
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
            .iter()
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
