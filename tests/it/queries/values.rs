//! Values in queries: how they are read from a URL, and how they compare where they are written in unusual ways.

use serde_json::json;

use super::path;
use crate::client::exchange;
use crate::server::Server;

/// The column `n` of the rows of `odd` that a filter finds.
fn found(server: &Server, filter: (&str, &str)) -> Vec<u64> {
    let path = path(&[filter, ("select", "n")]).replace("/flights/", "/odd/");
    let page = server.get(&path).v2().send().ok().json();
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["n"].as_u64().unwrap()).collect()
}

#[test]
fn a_percent_escape_that_is_not_utf_8_is_400_in_the_api_and_on_pages() {
    let server = Server::start();
    server.store("odd", "n,name\n1,xabcx\n");
    for query in ["name=like.%abc%", "name=eq.%ff", "%ff=eq.1", "select=%c3"] {
        let path = format!("/datasets/odd/rows?{query}");
        server.get(&path).v2().send().refused(400, &["UTF-8"]);
        let page = server
            .get(&format!("/explore/odd?{query}"))
            .accept("text/html")
            .send();
        assert_eq!(page.status, 400, "{query}: {}", page.text());
        assert!(page.text().contains("UTF-8"), "{query}: {}", page.text());
    }
    assert_eq!(found(&server, ("name", "like.%abc%")), [1]);
}

#[test]
fn a_raw_double_quote_in_a_url_is_told_with_what_to_write() {
    let server = Server::start();
    server.store("odd", "n,name\n1,x\n");
    let request = "GET /datasets/odd/rows?name=in.(\"x\") HTTP/1.1\r\nHost: a\r\n\r\n";
    let answer = exchange(server.address, request);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("must be written as %22"), "{answer}");
}

#[test]
fn ilike_finds_whatever_like_finds_also_where_letters_fold_to_several() {
    let server = Server::start();
    server.store("odd", "n,name\n1,Straße\n2,STRASSE\n3,aİc\n4,x\n");
    for (pattern, like, ilike) in [
        ("Stra_e", &[1][..], &[1][..]),
        ("a_c", &[3], &[3]),
        ("_____e", &[1], &[1]),
        ("*_e", &[1], &[1, 2]),
        ("strasse", &[], &[1, 2]),
        ("_", &[4], &[4]),
    ] {
        assert_eq!(
            found(&server, ("name", &format!("like.{pattern}"))),
            like,
            "{pattern}"
        );
        assert_eq!(
            found(&server, ("name", &format!("ilike.{pattern}"))),
            ilike,
            "{pattern}"
        );
    }
}

#[test]
fn numbers_with_any_exponent_compare_exactly() {
    let server = Server::start();
    // As long as 1, whatever the exponent says: its mantissa is as far below it.
    let one = format!("0.{}1e100001", "0".repeat(100_000));
    server.store(
        "odd",
        format!(
            "n,x\n1,1e400\n2,1e99999999999999999999\n3,1e99999999999999999998\n4,-1e400\n5,1e-400\n6,0\n7,{one}\n8,1e00000000000000000002\n"
        ),
    );
    for (condition, expected) in [
        ("gt.1e400", &[2, 3][..]),
        ("eq.10e99999999999999999998", &[2]),
        ("lt.1e99999999999999999999", &[1, 3, 4, 5, 6, 7, 8]),
        ("lt.0", &[4]),
        ("eq.0", &[6]),
        ("gt.0", &[1, 2, 3, 5, 7, 8]),
        ("eq.1", &[7]),
        ("in.(1,100)", &[7, 8]),
        ("lte.0.1e-399", &[4, 5, 6]),
    ] {
        assert_eq!(found(&server, ("x", condition)), expected, "{condition}");
    }
}

#[test]
fn a_date_compared_with_datetimes_is_its_midnight_in_utc() {
    let server = Server::start();
    server.store(
        "odd",
        "n,at\n1,2026-11-22T00:00:00Z\n2,2026-11-21T23:59:59.5Z\n3,2026-11-22T01:00:00+01:00\n4,2026-11-22T00:00:00.1Z\n",
    );
    for (condition, expected) in [
        ("eq.2026-11-22", &[1, 3][..]),
        ("gte.2026-11-22", &[1, 3, 4]),
        ("gt.2026-11-22", &[4]),
        ("lt.2026-11-22", &[2]),
        ("in.(2026-11-22,2026-11-21T23:59:59.5Z)", &[1, 2, 3]),
        ("not.in.(2026-11-22)", &[2, 4]),
    ] {
        assert_eq!(found(&server, ("at", condition)), expected, "{condition}");
    }
    let path = path(&[("at", "eq.2026-11")]).replace("/flights/", "/odd/");
    server
        .get(&path)
        .v2()
        .send()
        .refused(400, &["2026-11", "RFC 3339", "a date"]);
}

#[test]
fn an_empty_cursor_or_select_is_as_if_it_were_absent() {
    let server = Server::start();
    server.store("odd", "n,name\n1,x\n2,y\n");
    let page = server
        .get("/datasets/odd/rows?cursor=&select=")
        .v2()
        .send()
        .ok();
    assert_eq!(
        page.json(),
        json!({"data": [{"n": 1, "name": "x"}, {"n": 2, "name": "y"}], "next": null})
    );
    for path in ["/datasets?cursor=", "/datasets/odd/revisions?cursor="] {
        let list = server.get(path).v2().send().ok().json();
        assert_eq!(list["data"].as_array().unwrap().len(), 1, "{path}");
    }
}
