//! `count=exact`: the number of rows that a query finds, on each of its pages.

use super::{ask, csv, flights, server, those};
use crate::rows::next_link;
use crate::server::Server;

#[test]
fn a_counted_page_has_the_number_of_all_rows_that_the_query_finds() {
    let flights = flights(9000);
    let server = server(&flights);
    let lax = those(&flights, |f| f.dest == "LAX").len();
    let late = those(&flights, |f| f.dest == "SFO" || f.delay > Some(200)).len();
    for (query, total) in [
        (&[][..], 9000),
        (&[("order", "delay.desc")], 9000),
        (&[("dest", "eq.LAX")], lax),
        (
            &[("dest", "eq.LAX"), ("order", "delay.desc"), ("select", "n")],
            lax,
        ),
        (&[("or", "(dest.eq.SFO,delay.gt.200)")], late),
        (&[("n", "gt.9000")], 0),
    ] {
        let query = [query, &[("count", "exact"), ("limit", "50")]].concat();
        let first = ask(&server, &query).ok();
        // Once more, from the cache.
        assert_eq!(ask(&server, &query).ok().body, first.body);
        let page = first.json();
        assert_eq!(page["total"], total, "{query:?}");
        if let Some(next) = next_link(&first) {
            let second = server.get(&next).v2().send().ok().json();
            assert_eq!(second["total"], total, "{query:?}");
            assert_ne!(second["data"], page["data"]);
        }
        let plain: Vec<_> = query
            .into_iter()
            .filter(|(name, _)| *name != "count")
            .collect();
        let plain = ask(&server, &plain).ok().json();
        assert_eq!(plain.get("total"), None);
        assert_eq!(plain["data"], page["data"]);
    }
}

#[test]
fn a_count_is_of_the_revision_that_is_read() {
    let server = Server::start();
    server.store("flights", csv(&flights(30)));
    server
        .put("/datasets/flights")
        .v2()
        .csv(csv(&flights(10)))
        .send()
        .ok();
    for (revision, total) in [("1", 30), ("2", 10)] {
        for filter in [("n", "gt.0"), ("order", "n")] {
            let query = [
                ("count", "exact"),
                ("revision", revision),
                ("limit", "3"),
                filter,
            ];
            assert_eq!(ask(&server, &query).ok().json()["total"], total);
        }
    }
}

#[test]
fn another_count_or_one_of_a_file_is_400_and_a_column_named_count_stays_reachable() {
    let server = Server::start();
    server.store("flights", "n,count\n1,5\n2,6\n");
    for count in ["", "planned", "1"] {
        ask(&server, &[("count", count)]).refused(400, &["count", "exact"]);
    }
    let file = server.get("/datasets/flights/rows?version=v2&format=csv&count=exact");
    file.send().refused(400, &["count", "JSON"]);
    let page = ask(&server, &[("count", "eq.5"), ("count", "exact")])
        .ok()
        .json();
    assert_eq!(
        (&page["total"], &page["data"][0]["n"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        ask(&server, &[("where.count", "eq.6")]).ok().json()["data"][0]["n"],
        2
    );
}
