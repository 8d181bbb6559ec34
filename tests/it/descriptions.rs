//! What people say about a dataset and its columns stays with it.

use serde_json::{Value, json};

use crate::client::{Answer, Call, V1, V2};
use crate::clients::Keyed;
use crate::server::Server;

const PATH: &str = "/datasets/people/description";
const CSVM: &str = "application/csvm+json";

fn people() -> Server {
    let server = Server::start();
    server.store("people", "id,weight\n1,61.5\n2,\n");
    server
}

fn said() -> Value {
    json!({
        "title": "People",
        "description": "Who is in the club.",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "source": "The club's card index",
        "columns": {
            "id": { "description": "The number of the card", "unit": null },
            "weight": { "description": null, "unit": "kg" },
        },
    })
}

impl Server {
    fn say(&self, document: &Value) -> Call {
        self.put(PATH).v2().json(document)
    }

    fn said(&self) -> Answer {
        self.get(PATH).v2().send().ok()
    }
}

#[test]
fn what_is_said_is_returned_with_the_dataset_and_its_columns() {
    let server = people();
    let nothing =
        json!({"title": null, "description": null, "licence": null, "source": null, "columns": {}});
    assert_eq!(server.said().json(), nothing);
    assert!(server.dataset("people").get("description").is_none());
    let answer = server.say(&said()).send().ok();
    assert_eq!(answer.json(), said());
    assert_eq!(server.said().json(), said());
    assert_eq!(answer.header("ETag"), server.said().header("ETag"));
    let dataset = server.dataset("people");
    assert_eq!(
        dataset["description"],
        json!({
            "title": "People",
            "description": "Who is in the club.",
            "licence": "https://creativecommons.org/licenses/by/4.0/",
            "source": "The club's card index",
        })
    );
    assert_eq!(
        dataset["columns"][0]["description"],
        "The number of the card"
    );
    assert_eq!(dataset["columns"][1]["unit"], "kg");
    assert_eq!(dataset["links"]["description"], PATH);
    // What it says it takes, and `{}` takes it away.
    server.say(&server.said().json()).send().ok();
    assert_eq!(server.said().json(), said());
    assert_eq!(server.say(&json!({})).send().ok().json(), nothing);
    assert!(server.dataset("people").get("description").is_none());
}

#[test]
fn it_stays_when_the_contents_are_replaced_and_after_a_restart_and_goes_with_the_dataset() {
    let server = people();
    server.say(&said()).send().ok();
    server
        .put("/datasets/people")
        .v2()
        .csv("id,weight\n1,60\n")
        .send()
        .ok();
    server
        .post("/datasets/people/rows")
        .v2()
        .csv("id,weight\n2,70\n")
        .send()
        .ok();
    let server = server.restart();
    assert_eq!(server.said().json(), said());
    assert_eq!(server.dataset("people")["columns"][1]["unit"], "kg");
    assert_eq!(server.delete("/datasets/people").v2().send().status, 204);
    server.store("people", "id,weight\n1,60\n");
    assert_eq!(server.said().json()["title"], Value::Null);
}

#[test]
fn words_about_a_column_that_went_count_again_when_it_comes_back() {
    let server = people();
    server.say(&said()).send().ok();
    server
        .put("/datasets/people")
        .v2()
        .csv("id\n1\n")
        .send()
        .ok();
    assert_eq!(server.said().json(), said());
    let columns = server.dataset("people")["columns"].take();
    assert_eq!(columns.as_array().unwrap().len(), 1);
    // What was read may be sent again.
    let mut other = server.said().json();
    other["title"] = "Members".into();
    server.say(&other).send().ok();
    server
        .put("/datasets/people")
        .v2()
        .csv("weight,id\n60,1\n")
        .send()
        .ok();
    assert_eq!(server.dataset("people")["columns"][0]["unit"], "kg");
}

#[test]
fn the_unit_of_a_description_counts_instead_of_that_in_the_file() {
    let server = Server::start();
    let put = server.put("/datasets/people?units=1").v2();
    put.csv("id,weight,height\n,lb,m\n1,135,1.7\n")
        .send()
        .created();
    let units = || {
        let columns = server.dataset("people")["columns"].take();
        json!([columns[1]["unit"], columns[2]["unit"]])
    };
    assert_eq!(units(), json!(["lb", "m"]));
    server
        .say(&json!({"columns": {"weight": {"unit": "kg"}}}))
        .send()
        .ok();
    assert_eq!(units(), json!(["kg", "m"]));
    let metadata = server
        .get(&format!("{PATH}?version=v2&format=csvm"))
        .send()
        .ok()
        .json();
    assert_eq!(
        metadata["tableSchema"]["columns"][2]["schema:unitText"],
        "m"
    );
    server.say(&json!({})).send().ok();
    assert_eq!(units(), json!(["lb", "m"]));
}

#[test]
fn tools_get_the_metadata_of_the_csv() {
    let server = people();
    server.say(&said()).send().ok();
    let expected = json!({
        "@context": "http://www.w3.org/ns/csvw",
        "url": "/datasets/people/rows?version=v2&format=csv",
        "dc:title": "People",
        "dc:description": "Who is in the club.",
        "dc:license": { "@id": "https://creativecommons.org/licenses/by/4.0/" },
        "dc:source": "The club's card index",
        "tableSchema": {
            "columns": [
                {
                    "name": "id", "titles": "id", "datatype": "long", "required": true,
                    "dc:description": "The number of the card",
                },
                {
                    "name": "weight", "titles": "weight", "datatype": "double", "required": false,
                    "schema:unitText": "kg",
                },
            ],
        },
    });
    for (path, accept, content_type) in [
        (format!("{PATH}?version=v2"), CSVM, CSVM),
        (format!("{PATH}?version=v2&format=csvm"), "*/*", CSVM),
        (
            PATH.to_owned(),
            "application/vnd.flash.v2+csvm",
            "application/vnd.flash.v2+csvm",
        ),
        (
            PATH.to_owned(),
            "application/csvm+json; version=2, application/json;q=0.5",
            CSVM,
        ),
    ] {
        let answer = server.get(&path).accept(accept).send().ok();
        assert_eq!(
            answer.header("Content-Type"),
            content_type,
            "{path} {accept}"
        );
        assert_eq!(answer.json(), expected);
    }
    // The table is the one that the metadata name, with these columns.
    let csv = server.get(expected["url"].as_str().unwrap()).send().ok();
    assert!(csv.text().starts_with("id,weight\n"));
    let other = server.get("/datasets/people").accept(CSVM).send();
    assert_eq!(other.status, 406);
}

#[test]
fn the_metadata_of_every_type_of_column_and_of_any_name() {
    let server = Server::start();
    server.store(
        "people",
        "_ok?,id,x,day,at,name\ntrue,1,1e400,2026-01-01,2026-01-01T00:00:00Z,Ada\n",
    );
    let metadata = server
        .get(&format!("{PATH}?version=v2&format=csvm"))
        .send()
        .ok()
        .json();
    let columns = metadata["tableSchema"]["columns"].as_array().unwrap();
    let types: Vec<_> = columns
        .iter()
        .map(|one| one["datatype"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "boolean",
            "long",
            "double",
            "date",
            "dateTimeStamp",
            "string"
        ]
    );
    assert_eq!(columns[0]["name"], "%5Fok%3F");
    assert_eq!(columns[0]["titles"], "_ok?");
    assert!(metadata.get("dc:title").is_none());
}

#[test]
fn the_dataset_and_its_rows_link_to_the_metadata() {
    let server = people();
    let links = |answer: &Answer| -> Vec<String> {
        let all = answer.headers.get_all("Link").iter();
        let all = all.map(|link| link.to_str().unwrap().to_owned());
        // The page for people is another promise.
        all.filter(|link| !link.contains("rel=\"alternate\""))
            .collect()
    };
    let expected = "</datasets/people/description?version=v2&format=csvm>; rel=\"describedby\"; type=\"application/csvm+json\"";
    for path in [
        "/datasets/people?version=v2",
        "/datasets/people/rows?version=v2&format=csv",
        "/datasets/people/rows?version=v2&format=ndjson&id=eq.1",
    ] {
        assert_eq!(links(&server.get(path).send().ok()), [expected], "{path}");
    }
    // Pages have the link to the next one, if there is one, and no other.
    for (query, count) in [("limit=1", 1), ("limit=2", 0)] {
        for format in ["csv", "json"] {
            let path = format!("/datasets/people/rows?version=v2&format={format}&{query}");
            let links = links(&server.get(&path).send().ok());
            assert_eq!(links.len(), count, "{path}");
        }
    }
    let target = expected.split(['<', '>']).nth(1).unwrap();
    assert_eq!(server.get(target).send().ok().header("Content-Type"), CSVM);
}

#[test]
fn what_is_no_description_is_refused_with_what_is_right() {
    let server = people();
    let refused = |document: &str, status: u16, words: &[&str]| {
        let put = server
            .put(PATH)
            .v2()
            .header("Content-Type", "application/json");
        put.body(document).send().refused(status, words);
    };
    refused("{", 400, &["line 1 column 1", "\"title\""]);
    refused("[]", 400, &["description of a dataset"]);
    refused(r#"{"titel": "x"}"#, 400, &["titel", "title"]);
    refused(r#"{"title": 5}"#, 400, &["string"]);
    refused(
        r#"{"columns": {"id": {"type": "string"}}}"#,
        400,
        &["type", "unit"],
    );
    let long = json!({ "title": "x".repeat(301) }).to_string();
    refused(&long, 400, &["title", "300 characters"]);
    let unknown =
        r#"{"columns": {"zip": {"unit": "x"}, "id": {"unit": "x"}, "city": {"unit": "x"}}}"#;
    refused(unknown, 422, &["city, zip", "id, weight"]);
    refused(
        &json!({ "description": "x".repeat(70_000) }).to_string(),
        413,
        &["65536"],
    );
    let csv = server.put(PATH).v2().csv("title\nx\n").send();
    csv.refused(415, &["application/json"]);
    let nothing = server
        .put("/datasets/nothing/description")
        .v2()
        .json(&said())
        .send();
    nothing.refused(404, &["nothing"]);
    server
        .get(&format!("{PATH}?revision=1"))
        .v2()
        .send()
        .refused(400, &["revision"]);
    assert_eq!(server.get(PATH).accept(V1).send().status, 404);
    assert_eq!(server.said().json()["title"], Value::Null);
}

#[test]
fn it_is_replaced_only_if_it_is_still_what_its_writer_has_seen() {
    let server = people();
    let none = server.said().header("ETag").to_owned();
    let first = server.say(&said()).header("If-Match", &none).send().ok();
    let first = first.header("ETag").to_owned();
    let other = json!({"title": "Others"});
    server
        .say(&other)
        .header("If-Match", &none)
        .send()
        .refused(412, &["If-Match"]);
    server
        .say(&other)
        .header("If-None-Match", "*")
        .send()
        .refused(412, &[]);
    // A new revision is no other description, and its metadata are.
    let metadata = || {
        server
            .get(PATH)
            .accept("application/vnd.flash.v2+csvm")
            .send()
            .ok()
    };
    let seen = metadata().header("ETag").to_owned();
    server
        .put("/datasets/people")
        .v2()
        .csv("id,weight\n1,60\n")
        .send()
        .ok();
    assert_ne!(metadata().header("ETag"), seen);
    let again = server.get(PATH).v2().header("If-None-Match", &first).send();
    assert_eq!(again.status, 304);
    server.say(&other).header("If-Match", &first).send().ok();
    server
        .say(&said())
        .header("If-Match", &seen)
        .send()
        .refused(412, &[]);
    assert_eq!(server.said().json()["title"], "Others");
}

#[test]
fn a_new_description_is_another_state_of_the_dataset_and_no_other_revision() {
    let server = people();
    let dataset = || server.get("/datasets/people").v2().send().ok();
    let before = dataset().header("ETag").to_owned();
    server.say(&said()).send().ok();
    let after = dataset().header("ETag").to_owned();
    assert_ne!(before, after);
    let known = server
        .get("/datasets/people")
        .v2()
        .header("If-None-Match", &before)
        .send();
    assert_eq!(known.status, 200);
    assert_eq!(server.dataset("people")["revision"], 1);
    // Both tags name the same contents.
    let put = |csv: &str, tag: &str| {
        let put = server.put("/datasets/people").v2().csv(csv);
        put.header("If-Match", tag).send()
    };
    let answer = put("id,weight\n1,60\n", &before).ok();
    assert_eq!(answer.header("ETag"), dataset().header("ETag"));
    put("id,weight\n1,60\n", &after).refused(412, &[]);
}

#[test]
fn a_retry_with_the_same_key_gets_the_first_answer_and_changes_nothing() {
    let server = people();
    let say = |document: &Value| {
        server
            .say(document)
            .header("Idempotency-Key", "a-key-of-ours")
    };
    let first = say(&said()).send().ok();
    server.say(&json!({"title": "Others"})).send().ok();
    let again = say(&said()).send().ok();
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    assert_eq!(again.json(), first.json());
    assert_eq!(server.said().json()["title"], "Others");
    say(&json!({})).send().refused(422, &["Idempotency-Key"]);
}

#[test]
fn only_the_owner_of_a_dataset_says_what_it_is() {
    let server = Server::start();
    let (shop, other) = (server.register("shop"), server.register("other"));
    let put = server.put("/datasets/people").v2().with_key(&shop);
    put.csv("id\n1\n").send().created();
    let document = json!({"title": "Ours"});
    server.say(&document).send().refused(403, &["people"]);
    server
        .say(&document)
        .with_key(&other)
        .send()
        .refused(403, &["people"]);
    server.say(&document).with_key(&shop).send().ok();
    assert_eq!(
        server.get(PATH).accept(V2).send().ok().json()["title"],
        "Ours"
    );
}

#[test]
fn what_a_server_of_an_earlier_release_leaves_behind_is_removed_by_one_of_this_release() {
    let server = people();
    server.say(&said()).send().ok();
    server.store("others", "id\n1\n");
    let others = server.put("/datasets/others/description").v2();
    others.json(&json!({"title": "Others"})).send().ok();
    assert_eq!(server.place.descriptions(), 2);
    // Such a server deletes a dataset and its revisions, and knows no descriptions.
    let people = "(SELECT id FROM datasets WHERE name = 'people')";
    server.place.execute(&format!(
        "DELETE FROM revisions WHERE dataset_id = {people}"
    ));
    server
        .place
        .execute("DELETE FROM datasets WHERE name = 'people'");
    let server = server.restart();
    server.until(|server| server.place.descriptions() == 1);
    let others = server.get("/datasets/others/description").v2().send().ok();
    assert_eq!(others.json()["title"], "Others");
    server.delete("/datasets/others").v2().send();
    assert_eq!(server.place.descriptions(), 0);
}

#[test]
fn a_dataset_that_a_server_of_an_earlier_release_makes_or_replaces_works_and_keeps_what_was_said() {
    let server = people();
    server.say(&said()).send().ok();
    // Such a server names the columns that it knows when it writes.
    server.place.execute(
        "UPDATE datasets SET revision = revision, updated_at = updated_at + 1 WHERE name = 'people'",
    );
    server.place.execute(
        "INSERT INTO datasets (id, name, revision, created_at, updated_at, owner) \
         SELECT 5, 'copied', 1, created_at, updated_at, owner FROM datasets WHERE name = 'people'",
    );
    let columns = "number, run, row_count, byte_count, sha256, content_type, transcoded, profile, author, created_at, segments, tail";
    server.place.execute(&format!(
        "INSERT INTO revisions (dataset_id, {columns}) SELECT 5, {columns} FROM revisions"
    ));
    let server = server.restart();
    assert_eq!(server.said().json(), said());
    assert!(server.dataset("copied").get("description").is_none());
}
