//! Groups of conditions: they find what holds, in every format and revision, and their pages lead on.

use super::{Case, all, ask, csv, each_found, flights, path, server, those};
use crate::rows::next_link;
use crate::server::Server;

#[test]
fn a_group_finds_the_rows_for_which_it_holds_in_every_block_and_segment() {
    let flights = flights(9000);
    let server = server(&flights);
    let tail = flights[7000].tail.clone();
    let same = format!("(tail.eq.{tail},n.gt.8990)");
    let cases: [Case<'_>; 5] = [
        (
            &[("or", &same)],
            those(&flights, |f| f.tail == tail || f.n > 8990),
        ),
        (
            &[(
                "or",
                "(dest.eq.\"Zürich, CH\",and(delay.gte.250,n.lt.5000))",
            )],
            those(&flights, |f| {
                f.dest == "Zürich, CH" || f.delay >= Some(250) && f.n < 5000
            }),
        ),
        (
            &[("not.or", "(dest.in.(LAX,SFO),delay.gt.0)")],
            those(&flights, |f| {
                !["LAX", "SFO"].contains(&f.dest) && f.delay.is_some_and(|delay| delay <= 0)
            }),
        ),
        (
            &[
                ("or", "(n.lt.50,n.gt.8950)"),
                ("or", "(dest.eq.LAX,delay.is.null)"),
                ("n", "gt.10"),
            ],
            those(&flights, |f| {
                (f.n < 50 || f.n > 8950) && (f.dest == "LAX" || f.delay.is_none()) && f.n > 10
            }),
        ),
        (
            &[("not.and", "(n.lt.8980,dest.not.is.null)"), ("order", "n")],
            those(&flights, |f| f.n >= 8980),
        ),
    ];
    each_found(&server, &cases);
}

#[test]
fn a_group_holds_in_files_and_older_revisions_and_its_cursor_is_its_own() {
    let old = flights(300);
    let server = server(&old);
    let group = ("or", "(dest.eq.LAX,and(n.gt.290,n.lt.295))");
    let expected = those(&old, |f| f.dest == "LAX" || (291..295).contains(&f.n));
    let first = ask(&server, &[group, ("limit", "5")]).ok();
    let cursor = first.json()["next"].as_str().unwrap().to_owned();
    assert!(next_link(&first).unwrap().contains("or="));
    server
        .put("/datasets/flights?null=NA")
        .v2()
        .csv(csv(&flights(50)))
        .send()
        .ok();
    assert_eq!(
        all(&server, &[group, ("cursor", &cursor), ("limit", "9")]),
        expected[5..]
    );
    let other = ("or", "(dest.eq.SFO,and(n.gt.290,n.lt.295))");
    ask(&server, &[other, ("cursor", &cursor)]).refused(400, &["cursor", "another query"]);
    ask(&server, &[("cursor", &cursor)]).refused(400, &["cursor", "another query"]);
    for format in ["csv", "ndjson"] {
        let path = path(&[
            group,
            ("select", "n"),
            ("revision", "3"),
            ("format", format),
        ]);
        let file = server
            .get(&format!("{path}&version=v2"))
            .accept("*/*")
            .send()
            .ok()
            .text();
        let numbers: Vec<usize> = file
            .lines()
            .map(|line| line.trim_matches(|c: char| !c.is_ascii_digit()))
            .filter_map(|line| line.parse().ok())
            .collect();
        assert_eq!(numbers, expected, "{format}");
    }
}

#[test]
fn a_column_named_or_stays_reachable_beside_groups() {
    let server = Server::start();
    server.store("words", "n,or,and\n1,a,x\n2,b,y\n3,a,y\n");
    let found = |query: &str| {
        let path = format!("/datasets/words/rows?select=n&{query}");
        let page = server.get(&path).v2().send().ok().json();
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["n"].to_string()).collect::<String>()
    };
    assert_eq!(found("or=eq.a"), "13");
    assert_eq!(found("where.or=eq.a&where.and=in.(y)"), "3");
    assert_eq!(found("or=(or.eq.b,and.eq.x)"), "12");
    assert_eq!(found("or=(or.eq.b,and.eq.x)&or=eq.a"), "1");
    assert_eq!(found("not.and=(or.eq.a,and.eq.y)&and=neq.z"), "12");
}

#[test]
fn a_group_that_is_wrong_is_400_and_says_where() {
    let server = server(&flights(10));
    for (query, words) in [
        (
            ("or", "(n.eq.1,nn.eq.2)"),
            &["or=(…)", "character 9", "\"nn\""][..],
        ),
        (
            ("and", "(n.eq.one)"),
            &["and=(…)", "character 2", "\"one\""],
        ),
        (("not.or", "(n.eq.1"), &["not.or=(…)", "character 8"]),
        (("or", "n"), &["or=(…)", "parentheses"]),
    ] {
        ask(&server, &[query]).refused(400, words);
    }
}
