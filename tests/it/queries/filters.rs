//! Filters and projections: what they find is what holds, whatever is passed over to find it.

use serde_json::json;

use super::{Case, ask, each_found, flights, server, those};
use crate::server::Server;

#[test]
fn a_filter_finds_the_rows_for_which_it_holds_in_every_block_and_segment() {
    let flights = flights(9000);
    let server = server(&flights);
    let tail = flights[7000].tail.clone();
    let same = format!("eq.{tail}");
    let cases: [Case<'_>; 12] = [
        (&[("tail", &same)], those(&flights, |f| f.tail == tail)),
        (&[("dest", "eq.LAX")], those(&flights, |f| f.dest == "LAX")),
        (
            &[("dest", "eq.Zürich, CH"), ("delay", "gte.250")],
            those(&flights, |f| f.dest == "Zürich, CH" && f.delay >= Some(250)),
        ),
        (
            &[("dest", "in.(\"Zürich, CH\",\"\\\"Quoted\\\"\")")],
            those(&flights, |f| f.dest.contains(['ü', '"'])),
        ),
        (&[("n", "gt.8995")], those(&flights, |f| f.n > 8995)),
        (
            &[("n", "gt.4000"), ("n", "not.gt.4010")],
            those(&flights, |f| (4001..=4010).contains(&f.n)),
        ),
        (
            &[("delay", "is.null")],
            those(&flights, |f| f.delay.is_none()),
        ),
        (
            &[("delay", "neq.5")],
            those(&flights, |f| f.delay.is_some_and(|delay| delay != 5)),
        ),
        (
            &[("delay", "not.eq.5")],
            those(&flights, |f| f.delay.is_some_and(|delay| delay != 5)),
        ),
        (
            &[("fare", "eq.7.5")],
            those(&flights, |f| f.fare == "7.5" || f.fare == "7.50"),
        ),
        (
            &[("tail", "like.N12*"), ("dest", "ilike.zü%")],
            those(&flights, |f| {
                f.tail.starts_with("N12") && f.dest.starts_with('Z')
            }),
        ),
        (
            &[("where.order", "eq.x"), ("n", "in.(5,8999,3,3)")],
            vec![3, 5, 8999],
        ),
    ];
    each_found(&server, &cases);
}

#[test]
fn what_nothing_matches_is_an_empty_page() {
    let server = server(&flights(100));
    for query in [
        ("n", "gt.100"),
        ("dest", "eq.NA"),
        ("n", "in.()"),
        ("dest", "like.lax"),
    ] {
        let answer = ask(&server, &[query]).ok();
        assert_eq!(
            answer.json(),
            json!({"data": [], "next": null}),
            "{query:?}"
        );
        assert!(answer.headers.get("link").is_none());
    }
    server.store("none", "a\n");
    let none = server.get("/datasets/none/rows?a=eq.5&order=a.desc").v2();
    assert_eq!(none.send().ok().json(), json!({"data": [], "next": null}));
}

#[test]
fn select_shows_columns_in_the_order_in_which_it_names_them() {
    let server = Server::start();
    server.store("one", "id,\"a,b\",é\n1,\"x,y\",\n2,z,3\n");
    let get = |query: &str, accept: &str| {
        let path = format!("/datasets/one/rows?{query}");
        server.get(&path).accept(accept).send().ok().text()
    };
    let json = "application/vnd.flash.v2+json";
    let data = |data: &str| format!("{{\"data\":[{data}],\"next\":null}}");
    assert_eq!(
        get("select=%C3%A9,id", json),
        data("{\"é\":null,\"id\":1},{\"é\":3,\"id\":2}")
    );
    assert_eq!(
        get("select=%22a,b%22&id=eq.1", json),
        data("{\"a,b\":\"x,y\"}")
    );
    assert_eq!(
        get("select=*&id=eq.2", json),
        data("{\"id\":2,\"a,b\":\"z\",\"é\":3}")
    );
    let csv = "application/vnd.flash.v2+csv";
    assert_eq!(
        get("select=%C3%A9,%22a,b%22", csv),
        "é,\"a,b\"\n,\"x,y\"\n3,z\n"
    );
    assert_eq!(get("select=%C3%A9&order=id.desc", csv), "é\n3\n\"\"\n");
    let ndjson = "application/vnd.flash.v2+ndjson";
    assert_eq!(
        get("select=id&order=id.desc", ndjson),
        "{\"id\":2}\n{\"id\":1}\n"
    );
}

#[test]
fn numbers_leave_digit_for_digit_and_compare_exactly() {
    let server = Server::start();
    server.store(
        "numbers",
        "x\n9007199254740993\n9007199254740992\n1.10\n1.1\n1e2\n-0.0\n",
    );
    let get = |query: &str| {
        server
            .get(&format!("/datasets/numbers/rows?{query}"))
            .v2()
            .send()
            .ok()
            .text()
    };
    assert_eq!(
        get("x=gt.9007199254740992"),
        "{\"data\":[{\"x\":9007199254740993}],\"next\":null}"
    );
    assert_eq!(
        get("x=eq.1.100"),
        "{\"data\":[{\"x\":1.10},{\"x\":1.1}],\"next\":null}"
    );
    assert_eq!(get("x=eq.100"), "{\"data\":[{\"x\":1e2}],\"next\":null}");
    assert_eq!(get("x=eq.0"), "{\"data\":[{\"x\":-0.0}],\"next\":null}");
}

#[test]
fn a_column_with_the_name_of_a_parameter_is_filtered_as_where() {
    let server = Server::start();
    server.store("words", "limit,select,where.x\n1,a,b\n2,c,d\n");
    let get = |query: &str| {
        let answer = server
            .get(&format!("/datasets/words/rows?{query}"))
            .v2()
            .send()
            .ok();
        answer.json()["data"][0]["limit"].clone()
    };
    assert_eq!(get("where.limit=eq.2"), 2);
    assert_eq!(get("where.select=eq.c&limit=1"), 2);
    assert_eq!(get("where.where.x=eq.d"), 2);
}

#[test]
fn what_can_not_be_asked_is_400_and_says_what_can() {
    let server = server(&flights(10));
    for (query, words) in [
        (("nn", "eq.1"), &["\"nn\"", "n, tail, dest", "limit"][..]),
        (("where.nn", "eq.1"), &["\"nn\"", "n, tail, dest"]),
        (("n", "equals.1"), &["equals.1", "eq, neq, gt"]),
        (("n", "1"), &["\"1\"", "n=eq.VALUE"]),
        (("n", "eq.one"), &["\"one\"", "n", "number"]),
        (("n", "like.1*"), &["n", "integer", "like"]),
        (("order", "nn.desc"), &["\"nn\"", "n, tail, dest"]),
        (("order", "n.up"), &["order", ".desc"]),
        (("select", "n,nn"), &["\"nn\"", "n, tail, dest"]),
        (("select", "n,n"), &["select", "twice"]),
        (("dest", "in.LAX"), &["dest", "in.(VALUE,VALUE)"]),
    ] {
        let answer = ask(&server, &[query]);
        assert_eq!(answer.header("Content-Type"), "application/problem+json");
        answer.refused(400, words);
    }
    let twice = ask(&server, &[("order", "n"), ("order", "n")]);
    twice.refused(400, &["order", "once"]);
}

#[test]
fn a_csv_that_is_safe_for_spreadsheets_has_no_formulas() {
    let server = Server::start();
    server.store(
        "team",
        "name,=score,note\n=1+1,-5,\"@x, y\"\n+1,2,\t=2\n-1,3,\"=\"\"q\"\"\"\n'x,4,a=b\n",
    );
    let get = |query: &str, format: &str| {
        let path = format!("/datasets/team/rows{query}");
        server
            .get(&path)
            .accept(&format!("application/vnd.flash.v2+{format}"))
            .send()
    };
    let safe =
        "name,'=score,note\n'=1+1,-5,\"'@x, y\"\n'+1,2,'\t'=2\n-1,3,\"'=\"\"q\"\"\"\n'x,4,a=b\n";
    assert_eq!(get("?safe=spreadsheet", "csv").ok().text(), safe);
    let ordered = get("?safe=spreadsheet&order=note.desc.nullslast&limit=1", "csv").ok();
    assert_eq!(ordered.text(), "name,'=score,note\n'x,4,a=b\n");
    assert!(
        crate::rows::next_link(&ordered)
            .unwrap()
            .contains("safe=spreadsheet")
    );
    assert!(get("", "csv").ok().text().contains("\n=1+1,-5"));
    // A spreadsheet whose separator is another one finds cells within cells.
    for (cell, guarded) in [
        ("a;=1+1", "a;'=1+1"),
        ("a|@x", "a|'@x"),
        ("a;;+1+1;-5;b", "a;;'+1+1;-5;b"),
        ("\"a\t-x\n=2\r\n+y\"", "\"a\t'-x\n'=2\r\n'+y\""),
        ("a;\"=1\"", "\"a;'\"\"=1\"\"\""),
        ("=a;=b", "'=a;'=b"),
        ("-5", "-5"),
        ("-5;b", "'-5;b"),
        ("a=b;c-d", "a=b;c-d"),
    ] {
        let call = server.put("/datasets/team?delimiter=,").v2();
        call.csv(format!("n,c\n1,{cell}\n")).send().ok();
        let safe = get("?safe=spreadsheet", "csv").ok().text();
        assert_eq!(safe, format!("n,c\n1,{guarded}\n"), "{cell}");
    }
    get("?safe=yes", "csv").refused(400, &["safe", "spreadsheet"]);
    get("?safe=spreadsheet", "json").refused(400, &["safe", "CSV"]);
}
