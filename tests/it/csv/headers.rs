//! The header line, and names for the columns that it leaves without one.

use std::collections::HashSet;

use serde_json::json;

use super::put;
use crate::server::Server;

#[test]
fn a_quoted_header_may_hold_anything() {
    let server = Server::start();
    put(
        &server,
        "one",
        "",
        "\"a,b\",\"line\nbreak\",\"say \"\"hi\"\"\",größe\n1,2,3,4\n",
    )
    .created();
    assert_eq!(
        server.rows("one"),
        json!([{"a,b": 1, "line\nbreak": 2, "say \"hi\"": 3, "größe": 4}])
    );
}

#[test]
fn a_header_alone_is_a_dataset_of_no_rows() {
    let server = Server::start();
    for (name, csv) in [
        ("a", "id,name"),
        ("b", "id,name\n"),
        ("c", "\u{feff}id,name\r\n"),
    ] {
        let made = put(&server, name, "", csv).created().json();
        assert_eq!(made["row_count"], 0, "{csv:?}");
        assert_eq!(server.rows(name), json!([]), "{csv:?}");
        let v1 = server.get(&format!("/datasets/{name}")).send().ok().json();
        assert_eq!(v1["columns"], json!(["id", "name"]), "{csv:?}");
    }
}

#[test]
fn without_a_header_columns_are_numbered_and_the_first_line_is_a_row() {
    let server = Server::start();
    for (name, content_type) in [
        ("a", "text/csv; header=absent"),
        ("b", "text/csv;charset=utf-8;header=absent"),
        ("c", "text/csv; header=\"absent\""),
        ("d", "TEXT/CSV; HEADER=absent"),
    ] {
        let call = server
            .put(&format!("/datasets/{name}"))
            .v2()
            .header("Content-Type", content_type);
        call.body("1,Ada\n2,Grace\n").send().created();
        assert_eq!(
            server.rows(name),
            json!([{"column_1": 1, "column_2": "Ada"}, {"column_1": 2, "column_2": "Grace"}]),
            "{content_type}"
        );
    }
    let call = server
        .put("/datasets/e")
        .v2()
        .header("Content-Type", "text/csv; header=present");
    call.body("id\n1\n").send().created();
    assert_eq!(server.rows("e"), json!([{"id": 1}]));
}

#[test]
fn empty_and_repeated_column_names_become_names_of_their_own() {
    let server = Server::start();
    for (at, (header, names)) in [
        ("a,,b", vec!["a", "column_2", "b"]),
        (",,", vec!["column_1", "column_2", "column_3"]),
        ("a,\"\",b", vec!["a", "column_2", "b"]),
        ("a,a,a", vec!["a", "a_2", "a_3"]),
        ("x,a,b,a", vec!["x", "a", "b", "a_2"]),
        ("a,A,a", vec!["a", "A", "a_2"]),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("case-{at}");
        let values: Vec<_> = (1..=names.len()).map(|n| n.to_string()).collect();
        server.store(&name, format!("{header}\n{}\n", values.join(",")));
        let rows = server.rows(&name);
        let row = rows[0].as_object().unwrap();
        assert_eq!(row.len(), names.len(), "{header}");
        for (n, column) in (1..).zip(names) {
            assert_eq!(row[column], n, "{header}");
        }
    }
}

#[test]
fn made_up_column_names_never_collide_with_those_of_the_file() {
    let server = Server::start();
    for (at, header) in [
        "a,a,a_2",
        "a_2,a,a",
        "a,a,a_2,a_2",
        "column_2,",
        ",column_1",
        "a,a,a_2,a_3,a",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("case-{at}");
        let count = header.split(',').count();
        let values: Vec<_> = (1..=count).map(|n| n.to_string()).collect();
        server.store(&name, format!("{header}\n{}\n", values.join(",")));
        let rows = server.rows(&name);
        let row = rows[0].as_object().unwrap();
        let found: HashSet<_> = row.values().map(|value| value.as_u64().unwrap()).collect();
        assert_eq!(found, (1..=count as u64).collect(), "{header}: {rows}");
    }
}
