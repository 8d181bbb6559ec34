//! Functions in `select`: what they find, how groups are filtered and ordered, and what is refused.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ask, csv, flights, path, server};
use crate::rows::next_link;
use crate::server::Server;

const DAYS: &str = "dest,day,at,delay,fare,ok
LAX,2013-01-31,2013-01-31T23:30:00-01:00,5,1.50,true
LAX,2013-02-01,2013-02-01T00:15:00Z,,2.5,false
SFO,2013-02-01,2013-02-01T00:45:00Z,-7,12345678901234567890.25,
,2014-11-09,,9,1.5,true
";

fn days() -> Server {
    let server = Server::start();
    server.store("flights", DAYS);
    server
}

#[track_caller]
fn data(server: &Server, query: &[(&str, &str)]) -> Value {
    ask(server, query).ok().json()["data"].take()
}

#[test]
fn functions_are_computed_of_each_group_and_nulls_are_one_group() {
    let server = days();
    assert_eq!(
        data(
            &server,
            &[(
                "select",
                "dest,n:count(),delay.count(),least:day.min(),fares:fare.distinct()"
            )]
        ),
        json!([
            {"dest": "LAX", "n": 2, "count": 1, "least": "2013-01-31", "fares": 2},
            {"dest": "SFO", "n": 1, "count": 1, "least": "2013-02-01", "fares": 1},
            {"dest": null, "n": 1, "count": 1, "least": "2014-11-09", "fares": 1},
        ])
    );
    // Sums have all digits.
    let text = ask(
        &server,
        &[(
            "select",
            "fare.sum(),a:delay.avg(),m:delay.median(),b:ok.max()",
        )],
    )
    .ok();
    assert!(
        text.text()
            .contains(r#"[{"sum":12345678901234567895.75,"a":2.3333333333333335,"m":5,"b":true}]"#),
        "{}",
        text.text()
    );
    // Equal numbers are one group, however they are written.
    assert_eq!(
        data(&server, &[("select", "fare,n:count()"), ("fare", "lt.100")]),
        json!([{"fare": 1.5, "n": 2}, {"fare": 2.5, "n": 1}])
    );
    // Without an alias, a result has the name of its function.
    assert_eq!(
        data(&server, &[("select", "count()")]),
        json!([{"count": 4}])
    );
}

#[test]
fn without_rows_there_are_no_groups_and_a_query_without_groups_has_one() {
    let server = days();
    let none = ("dest", "eq.nowhere");
    assert_eq!(
        data(&server, &[("select", "dest,n:count()"), none]),
        json!([])
    );
    assert_eq!(
        data(
            &server,
            &[
                (
                    "select",
                    "n:count(),s:delay.sum(),a:delay.avg(),d:dest.distinct(),x:at.max(),m:fare.median()"
                ),
                none
            ]
        ),
        json!([{"n": 0, "s": null, "a": null, "d": 0, "x": null, "m": null}])
    );
}

#[test]
fn dates_and_datetimes_are_grouped_by_their_periods_in_utc() {
    let server = days();
    for (period, expected) in [
        ("day.year()", json!([2013, 2014])),
        ("day.quarter()", json!(["2013-Q1", "2014-Q4"])),
        ("day.month()", json!(["2013-01", "2013-02", "2014-11"])),
        (
            "day.day()",
            json!(["2013-01-31", "2013-02-01", "2014-11-09"]),
        ),
        ("at.year()", json!([2013, null])),
        ("at.month()", json!(["2013-02", null])),
        ("at.hour()", json!(["2013-02-01T00:00:00Z", null])),
    ] {
        let found = data(&server, &[("select", &format!("p:{period},n:count()"))]);
        let periods = found.as_array().unwrap().iter().map(|row| row["p"].clone());
        assert_eq!(Value::from_iter(periods), expected, "{period}");
    }
    // Functions of time alone find which periods there are.
    assert_eq!(
        data(&server, &[("select", "at.hour()")]),
        json!([{"hour": "2013-02-01T00:00:00Z"}, {"hour": null}])
    );
}

#[test]
fn groups_are_filtered_and_ordered_by_aliases_and_their_pages_lead_on() {
    let flights = flights(9000);
    let server = server(&flights);
    let mut tails = std::collections::BTreeMap::<&str, (u64, i64)>::new();
    for flight in flights.iter().filter(|flight| flight.delay >= Some(60)) {
        let (count, sum) = tails.entry(&flight.tail).or_default();
        *count += 1;
        *sum += flight.delay.unwrap();
    }
    let mut expected: Vec<_> = tails
        .into_iter()
        .filter(|(_, (n, sum))| *n > 2 || *sum < 90)
        .collect();
    expected.sort_by_key(|(tail, (n, _))| (std::cmp::Reverse(*n), *tail));
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(tail, (n, sum))| json!({"tail": tail, "c": n, "late": sum}))
        .collect();
    assert!(expected.len() > 500, "{}", expected.len());
    let query = [
        ("select", "tail,c:count(),late:delay.sum()"),
        ("delay", "gte.60"),
        ("or", "(c.gt.2,late.lt.90)"),
        ("order", "c.desc,tail"),
    ];
    for limit in ["97", "10000"] {
        let (mut found, mut next) = (
            Vec::new(),
            Some(path(
                &[&query[..], &[("limit", limit), ("count", "exact")]].concat(),
            )),
        );
        while let Some(path) = next {
            let answer = server.get(&path).v2().send().ok();
            let mut page = answer.json();
            assert_eq!(page["total"], expected.len());
            found.append(page["data"].as_array_mut().unwrap());
            next = next_link(&answer);
            assert_eq!(page["next"].is_string(), next.is_some());
        }
        assert_eq!(found, expected);
    }
    // The same without an order: by the groups' columns.
    let mut by_tail = expected;
    by_tail.sort_by_key(|row| row["tail"].as_str().unwrap().to_owned());
    let found = data(&server, &[&query[..3], &[("limit", "10000")]].concat());
    assert_eq!(found, Value::Array(by_tail));
}

#[test]
fn groups_are_answered_in_every_format_with_tags_ranges_revisions_and_from_the_cache() {
    let server = Server::start();
    server.store("flights", csv(&flights(50)));
    server
        .put("/datasets/flights?null=NA")
        .v2()
        .csv(DAYS)
        .send()
        .ok();
    let query = "select=dest,n:count(),f:fare.max()&order=n.desc";
    let file = |format: &str| {
        let path = format!("/datasets/flights/rows?version=v2&format={format}&{query}");
        server.get(&path).send().ok()
    };
    assert_eq!(
        file("csv").text(),
        "dest,n,f\nLAX,2,2.5\nSFO,1,12345678901234567890.25\n,1,1.5\n"
    );
    assert_eq!(
        file("ndjson").text(),
        "{\"dest\":\"LAX\",\"n\":2,\"f\":2.5}\n{\"dest\":\"SFO\",\"n\":1,\"f\":12345678901234567890.25}\n{\"dest\":null,\"n\":1,\"f\":1.5}\n"
    );
    assert!(!file("csv").headers.contains_key("Link"));
    let path = format!("/datasets/flights/rows?version=v2&format=csv&{query}");
    let part = server.get(&path).header("Range", "bytes=9-17").send();
    assert_eq!((part.status, part.text()), (206, "LAX,2,2.5".to_owned()));
    let page = format!("/datasets/flights/rows?{query}");
    let first = server.get(&page).v2().send().ok();
    for _ in 0..3 {
        assert_eq!(server.get(&page).v2().send().ok().body, first.body);
    }
    let tag = first.header("ETag");
    let same = server.get(&page).v2().header("If-None-Match", tag).send();
    assert_eq!(same.status, 304);
    // The first revision has other columns and rows.
    let old = data(
        &server,
        &[
            ("select", "c:count(),tails:tail.distinct()"),
            ("revision", "1"),
        ],
    );
    assert_eq!(old[0]["c"], 50);
    ask(&server, &[("select", "n:count(),tails:tail.distinct()")])
        .refused(400, &["tail", "column"]);
    assert_eq!(
        data(&server, &[("select", "c:count()"), ("schema", "1")])[0]["c"],
        50
    );
}

#[test]
fn a_columns_own_name_comes_before_a_function_and_names_may_be_quoted() {
    let server = Server::start();
    server.store(
        "flights",
        "count(),a.sum(),\"x, y\",a,b:c\n5,6,1,2,3\n5,7,2,3,4\n",
    );
    assert_eq!(
        data(&server, &[("select", "count()"), ("limit", "1")]),
        json!([{"count()": 5}])
    );
    assert_eq!(
        data(&server, &[("select", "a.sum()"), ("limit", "1")]),
        json!([{"a.sum()": 6}])
    );
    assert_eq!(
        data(
            &server,
            &[(
                "select",
                "count(),\"the sum\":\"x, y\".sum(),\"x, y\".max(),m:b:c.min()"
            )]
        ),
        json!([{"count()": 5, "the sum": 3, "max": 2, "m": 3}])
    );
    assert_eq!(
        data(
            &server,
            &[
                ("select", "alias:\"x, y\",n:a.count()"),
                ("alias", "eq.2"),
                ("where.n", "gte.1")
            ]
        ),
        json!([{"alias": 2, "n": 1}])
    );
}

#[test]
fn what_a_query_with_functions_cant_mean_is_400_and_says_what_to_write() {
    let server = days();
    for (query, words) in [
        (
            &[("select", "dest.sum()")][..],
            &[
                "sum()",
                "dest",
                "string",
                "count(), distinct(), min(), max()",
            ][..],
        ),
        (
            &[("select", "day.hour()")],
            &["hour()", "day", "date", "month()"],
        ),
        (
            &[("select", "delay.month()")],
            &["month()", "integer", "sum()"],
        ),
        (
            &[("select", "n:delay.total()")],
            &["n:delay.total()", "functions are", "median()"],
        ),
        (
            &[("select", "sum(delay)")],
            &["sum(delay)", "ALIAS:COLUMN.FUNCTION()"],
        ),
        (
            &[("select", "n:count(distinct dest)")],
            &["ALIAS:COLUMN.FUNCTION()"],
        ),
        (
            &[("select", "n:nowhere.count()")],
            &["no column", "nowhere"],
        ),
        (
            &[("select", "delay:count()")],
            &["delay:count()", "name of a column", "my_delay:count()"],
        ),
        (
            &[("select", "day.day()")],
            &["\"day\"", "another alias", "my_day:day.day()"],
        ),
        (
            &[("select", "count(),delay.count()")],
            &["same name", "alias"],
        ),
        (&[("select", "dest,dest,n:count()")], &["same name"]),
        (&[("select", ":count()")], &["alias is missing"]),
        (&[("select", "d:dest")], &["alias", "functions"]),
        (
            &[("select", "dest,n:count()"), ("order", "fare")],
            &["order", "fare", "dest, n"],
        ),
        (
            &[("select", "dest,n:count()"), ("n", "gt.x")],
            &["n", "number"],
        ),
        (
            &[("select", "dest,n:count()"), ("m", "gt.1")],
            &["no column", "\"m\"", "dest, day"],
        ),
        (
            &[("select", "dest,n:count()"), ("or", "(dest.eq.LAX,n.gt.1)")],
            &["or=(…)", "dest", "n", "aliases"],
        ),
        (&[("select", "dest"), ("n", "gt.1")], &["no column"]),
    ] {
        ask(&server, query).refused(400, words);
    }
    let many: Vec<_> = (0..101).map(|n| format!("a{n}:count()")).collect();
    ask(&server, &[("select", &many.join(","))]).refused(400, &["at most 100"]);
    // Groups of conditions on columns and on aliases may stand beside each other, and a column with an alias is one of the latter.
    let query = [
        ("select", "d:dest,n:count()"),
        ("or", "(dest.eq.LAX,dest.eq.SFO)"),
        ("or", "(d.eq.LAX,n.gt.100)"),
    ];
    assert_eq!(data(&server, &query), json!([{"d": "LAX", "n": 2}]));
}

#[test]
fn a_cursor_of_groups_is_of_its_query_alone() {
    let server = days();
    let first = ask(&server, &[("select", "dest,n:count()"), ("limit", "1")])
        .ok()
        .json();
    let cursor = first["next"].as_str().unwrap();
    let next = data(
        &server,
        &[
            ("select", "dest,n:count()"),
            ("limit", "5"),
            ("cursor", cursor),
        ],
    );
    assert_eq!(
        next,
        json!([{"dest": "SFO", "n": 1}, {"dest": null, "n": 1}])
    );
    for select in ["dest,m:count()", "dest", "dest,n:delay.count()"] {
        ask(&server, &[("select", select), ("cursor", cursor)]).refused(400, &["cursor", "query"]);
    }
}

#[test]
fn more_groups_than_allowed_are_422_and_name_the_columns_and_the_setting() {
    let server = Server::with(|settings| settings.limits.max_groups = 100);
    let rows: String = (0..20_000).map(|n| format!("{n},{}\n", n % 100)).collect();
    server.store("flights", format!("id,hundred\n{rows}"));
    ask(&server, &[("select", "id,n:count()")])
        .refused(422, &["100 groups", "--max-groups", "id", "filters"]);
    ask(
        &server,
        &[("select", "hundred,id.max(),n:count()"), ("limit", "1")],
    )
    .ok();
    ask(&server, &[("select", "id,n:count()"), ("id", "lt.100")]).ok();
    // Groups count before they are filtered.
    ask(&server, &[("select", "id,n:count()"), ("n", "gt.5")]).refused(422, &["--max-groups"]);
}

#[test]
fn groups_that_need_more_memory_than_one_query_may_have_are_422_and_name_the_setting() {
    let server = Server::with(|settings| settings.memory.memory = Some(32 << 20));
    let wide = "w".repeat(2000);
    let rows: String = (0..4000).map(|n| format!("{wide}{n},{n}\n")).collect();
    server.store("flights", format!("text,n\n{rows}"));
    ask(&server, &[("select", "text,c:count()")]).refused(422, &["memory", "--memory", "fewer"]);
    let many: String = (0..200_000).map(|n| format!("{n}\n")).collect();
    server.replace("flights", format!("n\n{many}"));
    for function in ["distinct", "median"] {
        ask(&server, &[("select", &format!("x:n.{function}()"))])
            .refused(422, &["memory", "--memory"]);
    }
    // What was held is free again.
    let services = &server.services;
    server.until(|_| services.memory.load().all(|share| share.held == 0));
    assert_eq!(
        data(&server, &[("select", "s:n.sum(),d:n.max()")]),
        json!([{"s": 19_999_900_000_u64, "d": 199_999}])
    );
}

#[test]
fn sums_of_numbers_with_far_exponents_are_422() {
    let server = Server::start();
    server.store("flights", "n,x\n1,1e999999\n2,5\n");
    ask(&server, &[("select", "s:x.sum()")]).refused(422, &["sum", "digits", "filter"]);
    assert_eq!(
        data(&server, &[("select", "s:x.sum()"), ("n", "eq.2")]),
        json!([{"s": 5}])
    );
    let greatest = ask(&server, &[("select", "m:x.max()")]).ok();
    assert!(greatest.text().contains("1e999999"));
}

#[test]
fn a_query_with_groups_that_takes_too_long_is_503_and_gives_its_memory_back() {
    let server = Server::with(|settings| {
        settings.timeouts.query_timeout = Duration::from_nanos(1);
    });
    let put = server.put("/datasets/flights?null=NA").v2();
    put.csv(csv(&flights(20_000))).send().created();
    ask(&server, &[("select", "tail,c:count()")]).refused(503, &["--query-timeout", "1ns"]);
    let services = &server.services;
    server.until(|_| services.memory.load().all(|share| share.held == 0));
}

#[test]
fn many_queries_with_groups_at_a_time_are_answered_or_told_to_come_back() {
    let flights = flights(20_000);
    let server = Server::with(|settings| settings.memory.memory = Some(64 << 20));
    let put = server.put("/datasets/flights?null=NA").v2();
    put.csv(csv(&flights)).send().created();
    std::thread::scope(|scope| {
        for asker in 0..16 {
            let server = &server;
            scope.spawn(move || {
                let select = format!("tail,c:count(),f{asker}:fare.sum(),x:n.median()");
                let answer = ask(server, &[("select", &select), ("limit", "1")]);
                assert!([200, 503].contains(&answer.status), "{}", answer.text());
            });
        }
    });
    let services = &server.services;
    server.until(|_| services.memory.load().all(|share| share.held == 0));
}
