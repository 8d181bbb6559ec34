//! Several CSVs as a list in JSON.

use serde_json::json;

use super::made;
use crate::server::Server;

#[test]
fn each_item_of_a_list_is_a_dataset() {
    let server = Server::start();
    let list = json!([
        {"name": "people", "csv": "id,name\n1,Ada\n"},
        {"csv": "ort\nZürich\n\"東京\n\"", "name": "orte"},
    ]);
    let answer = server.post("/datasets").json(&list).send().created();
    assert_eq!(made(&answer), ["people", "orte"]);
    assert!(answer.headers.get("location").is_none());
    assert_eq!(server.rows("people"), json!([{"id": 1, "name": "Ada"}]));
    assert_eq!(
        server.rows("orte"),
        json!([{"ort": "Zürich"}, {"ort": "東京\n"}])
    );
    let source = server.get("/datasets/orte/source").v2().send().ok();
    assert_eq!(source.text(), "ort\nZürich\n\"東京\n\"");
}

#[test]
fn a_list_of_one_has_a_location() {
    let server = Server::start();
    let list = json!([{"name": "people", "csv": "id\n1\n"}]);
    let answer = server.post("/datasets").v2().json(&list).send().created();
    assert_eq!(answer.header("Location"), "/datasets/people");
    assert_eq!(answer.json()["data"], json!([server.dataset("people")]));
}

#[test]
fn json_may_be_named_with_a_charset_or_as_ours() {
    let server = Server::start();
    for (name, content_type) in [
        ("a", "application/json; charset=utf-8"),
        ("b", "Application/JSON"),
        ("c", "application/vnd.flash+json"),
        ("d", "application/vnd.flash.v1+json"),
    ] {
        let call = server
            .post("/datasets")
            .header("Content-Type", content_type);
        let body = json!([{"name": name, "csv": "a\n1\n"}]).to_string();
        assert_eq!(
            made(&call.body(body).send().created()),
            [name],
            "{content_type}"
        );
    }
}

#[test]
fn a_body_of_another_shape_is_400_and_says_what_is_wrong_with_it() {
    let server = Server::start();
    for (body, word) in [
        ("", ""),
        ("[", ""),
        ("{}", ""),
        ("null", ""),
        ("\"a\"", ""),
        ("[1]", ""),
        ("[]", ""),
        ("[{}]", "name"),
        (r#"[{"name": "a"}]"#, "csv"),
        (r#"[{"csv": "a\n1\n"}]"#, "name"),
        (r#"{"name": "a"}"#, "csv"),
        (r#"[{"name": "a", "csv": 1}]"#, ""),
        (r#"[{"name": null, "csv": "a\n1\n"}]"#, ""),
        (
            r#"[{"name": "a", "csv": "a\n1\n", "delimiter": ";"}]"#,
            "delimiter",
        ),
        (r#"[{"name": "a", "name": "b", "csv": "a\n1\n"}]"#, "name"),
        (r#"[{"name": "a", "csv": "a\n1\n"}] []"#, ""),
        (r#"[{"name": "a", "csv": "a\n1\n"},]"#, ""),
        (r#"[{"name": "a", "csv": "\ud800"}]"#, ""),
        ("[{\"name\": \"a\", \"csv\": \"a\n1\"}]", ""),
    ] {
        let call = server
            .post("/datasets")
            .header("Content-Type", "application/json");
        let answer = call.body(body).send();
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        answer.refused(400, &[word]);
    }
    let call = server
        .post("/datasets")
        .header("Content-Type", "application/json");
    call.body(b"[{\"name\": \"a\", \"csv\": \"\xFF\"}]")
        .send()
        .refused(400, &[]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn when_one_item_is_refused_none_is_stored() {
    let server = Server::start();
    server.store("taken", "a\nkept\n");
    let good = json!({"name": "good", "csv": "a\n1\n"});
    for (bad, status, word) in [
        (
            json!({"name": "bad", "csv": "a,b\n1,2\n3\n"}),
            422,
            "bad: line 3",
        ),
        (json!({"name": "bad", "csv": ""}), 422, "bad"),
        (json!({"name": "taken", "csv": "a\n1\n"}), 409, "taken"),
        (json!({"name": "good", "csv": "a\n2\n"}), 400, "good"),
        (json!({"name": "No Name", "csv": "a\n1\n"}), 400, "No Name"),
    ] {
        for list in [json!([good, bad]), json!([bad, good])] {
            server
                .post("/datasets")
                .json(&list)
                .send()
                .refused(status, &[word]);
            assert_eq!(server.names(), ["taken"], "{word}");
        }
    }
    assert_eq!(server.rows("taken"), json!([{"a": "kept"}]));
}

#[test]
fn a_name_in_the_query_does_not_go_with_a_list() {
    let server = Server::start();
    let call = server.post("/datasets?name=asked");
    call.json(&json!([{"name": "a", "csv": "a\n1\n"}]))
        .send()
        .refused(400, &["name"]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_large_item_reads_back_whole() {
    let server = Server::start();
    let mut csv = "n,text\n".to_owned();
    csv.extend((0..30_000).map(|n| format!("{n},zwölf\n")));
    server
        .post("/datasets")
        .json(&json!([{"name": "large", "csv": csv}]))
        .send()
        .created();
    assert!(server.get("/datasets/large/source").v2().send().ok().text() == csv);
    assert_eq!(server.dataset("large")["row_count"], 30_000);
}

#[test]
fn many_items_are_stored_in_one_request() {
    let server = Server::start();
    let list: Vec<_> = (0..200)
        .map(|n| json!({"name": format!("set-{n:03}"), "csv": format!("n\n{n}\n")}))
        .collect();
    server.post("/datasets").json(&json!(list)).send().created();
    assert_eq!(server.names().len(), 200);
    for n in [0, 99, 199] {
        assert_eq!(server.rows(&format!("set-{n:03}")), json!([{"n": n}]));
    }
}
