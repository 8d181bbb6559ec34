//! Cursors of queries: they hold on to their revision and to what was asked.

use super::{all, ask, csv, flights, n, path, server, those};

#[test]
fn a_cursor_of_one_query_is_refused_by_another() {
    let server = server(&flights(300));
    let asked = [("dest", "eq.LAX"), ("order", "delay"), ("limit", "5")];
    let first = ask(&server, &asked).ok().json();
    let cursor = first["next"].as_str().unwrap();
    for other in [
        &[("dest", "eq.SFO"), ("order", "delay")][..],
        &[("dest", "eq.LAX")],
        &[("order", "delay")],
        &[("dest", "eq.LAX"), ("order", "delay.desc")],
        &[("dest", "eq.LAX"), ("order", "delay"), ("select", "n")],
        &[],
    ] {
        let query = [other, &[("cursor", cursor)]].concat();
        ask(&server, &query).refused(400, &["cursor", "another query"]);
    }
    let plain = ask(&server, &[("limit", "5")]).ok().json();
    let query = [
        ("dest", "eq.LAX"),
        ("cursor", plain["next"].as_str().unwrap()),
    ];
    ask(&server, &query).refused(400, &["cursor"]);
    let query = [
        ("order", "delay"),
        ("where.dest", "eq.LAX"),
        ("cursor", cursor),
        ("limit", "7"),
    ];
    assert_eq!(
        ask(&server, &query).ok().json()["data"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
}

#[test]
fn a_cursor_goes_on_with_its_revision_while_the_dataset_changes() {
    let flights = flights(600);
    let server = server(&flights);
    for query in [
        vec![("dest", "eq.LAX")],
        vec![("dest", "eq.LAX"), ("order", "n")],
    ] {
        let expected = those(&flights, |flight| flight.dest == "LAX");
        let first = ask(&server, &[&query[..], &[("limit", "20")]].concat())
            .ok()
            .json();
        let post = server.post("/datasets/flights/rows").v2();
        post.csv(csv(&flights)).send().ok();
        let cursor = first["next"].as_str().unwrap();
        let rest = all(&server, &[&query[..], &[("cursor", cursor)]].concat());
        let first = first["data"].as_array().unwrap().iter().map(n);
        let found: Vec<_> = first.chain(rest).collect();
        assert_eq!(
            found[..expected.len().min(100)],
            expected[..expected.len().min(100)]
        );
        let again = server.put("/datasets/flights?null=NA").v2();
        again.csv(csv(&flights)).send().ok();
    }
}

#[test]
fn a_forged_cursor_of_a_query_is_400() {
    let server = server(&flights(100));
    let first = ask(&server, &[("order", "n.desc"), ("limit", "5")])
        .ok()
        .json();
    let cursor = first["next"].as_str().unwrap();
    for at in 0..cursor.len() {
        let mut forged = cursor.as_bytes().to_vec();
        forged[at] = if forged[at] == b'x' { b'y' } else { b'x' };
        let forged = String::from_utf8(forged).unwrap();
        ask(&server, &[("order", "n.desc"), ("cursor", &forged)]).refused(400, &["cursor"]);
    }
}

#[test]
fn a_page_of_a_query_has_the_tag_of_its_revision() {
    let server = server(&flights(100));
    let query = path(&[("order", "n.desc")]);
    let answer = server.get(&query).v2().send().ok();
    let tag = answer.header("ETag").to_owned();
    let again = server.get(&query).v2().header("If-None-Match", &tag).send();
    assert_eq!(again.status, 304);
    let bad = server
        .get(&path(&[("nn", "eq.1")]))
        .v2()
        .header("If-None-Match", &tag);
    bad.send().refused(400, &["nn"]);
}

#[test]
fn a_csv_of_a_query_is_paged_up_to_10_000_rows_and_streamed_beyond() {
    let flights = flights(3000);
    let server = server(&flights);
    let get = |pairs: &[(&str, &str)]| {
        server
            .get(&path(pairs))
            .accept("application/vnd.flash.v2+csv")
            .send()
            .ok()
    };
    let expected = those(&flights, |flight| flight.dest == "LAX");
    let numbers = |text: &str| -> Vec<usize> {
        text.lines()
            .skip(1)
            .map(|line| line.parse().unwrap())
            .collect()
    };
    let query = [("dest", "eq.LAX"), ("select", "n")];
    let whole = get(&query);
    assert_eq!(numbers(&whole.text()), expected);
    assert!(!whole.header("link").contains("next"));
    let first = get(&[&query[..], &[("limit", "100")]].concat());
    let link = crate::rows::next_link(&first).unwrap();
    let rest = server
        .get(&link.replace("limit=100", "limit=20000"))
        .accept("application/vnd.flash.v2+csv")
        .send()
        .ok();
    assert_eq!(
        [numbers(&first.text()), numbers(&rest.text())].concat(),
        expected
    );
    let some = get(&[&query[..], &[("limit", "10001")]].concat());
    assert_eq!(numbers(&some.text()), expected);
}
