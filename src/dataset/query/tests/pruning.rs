//! Whether zone maps and Bloom filters rule a block out.

use super::*;

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
        // The column may be of a wider type than the values of this block.
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
fn a_query_names_any_number_of_columns_and_few_of_them_rule_blocks_out() {
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
    assert_eq!(resolved.zone_map_columns(), expected);
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
fn a_block_is_ruled_out_by_what_is_known_of_it() {
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
    // The block's values are integers, the column's are texts.
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
fn a_filter_of_texts_rules_out_most_blocks_for_one_of_many_values() {
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
    assert!(through(&|n| format!("tail=eq.N{}", n * 3 + 3000)) < 60);
    assert!(through(&|n| format!("id=eq.{}", n * 3001)) < 50);
    assert!(through(&|n| format!("tail=in.(N{n}x,N{n}y)")) < 60);
    assert!(may("tail=not.eq.x") && may("tail=neq.x") && may("id=gt.5") && may("n=eq.7"));
    assert!(!may("id=in.(1,2,3)"));
}
