//! Bodies as clients label them, and names as curl writes them.

use serde_json::json;

use crate::server::Server;

const LABELS: [&str; 7] = [
    "application/octet-stream",
    "application/csv",
    "application/vnd.ms-excel",
    "text/plain",
    "text/plain;charset=UTF-8",
    "text/x-csv",
    "text/comma-separated-values",
];

#[test]
fn a_csv_is_taken_however_files_are_labelled() {
    let server = Server::start();
    for label in LABELS {
        let call = |method: &str, path: &str, csv: &str| {
            let call = server.call(method, path).header("Content-Type", label);
            call.body(csv).send()
        };
        call("PUT", "/datasets/people?version=v2", "a\n1\n").created();
        call("POST", "/datasets/people/rows?version=v2", "a\n2\n").ok();
        assert_eq!(
            server.rows("people"),
            json!([{ "a": 1 }, { "a": 2 }]),
            "{label}"
        );
        for version in ["v1", "v2"] {
            let path = format!("/datasets?name=new&version={version}");
            call("POST", &path, "a\n1\n").created();
            server.delete("/datasets/new").send();
        }
        call("POST", "/datasets", "a\n1\n").refused(400, &["?name="]);
        server.delete("/datasets/people").send();
    }
    // What is something else is still refused.
    let zip = server
        .put("/datasets/people?version=v2")
        .header("Content-Type", "application/zip");
    zip.body("a\n1\n").send().refused(415, &["text/csv"]);
}

#[test]
fn one_json_object_is_a_list_of_one() {
    let server = Server::start();
    for version in ["v1", "v2"] {
        let post = server.post(&format!("/datasets?version={version}"));
        let created = post
            .json(&json!({ "name": version, "csv": "a\n1\n" }))
            .send()
            .created();
        assert_eq!(created.header("Location"), format!("/datasets/{version}"));
    }
    let post = server
        .post("/datasets")
        .json(&json!({ "name": "x", "colour": "red" }));
    post.send().refused(400, &["colour"]);
}

#[test]
fn a_put_under_the_name_of_a_file_makes_the_dataset_that_the_file_names() {
    let server = Server::start();
    for (path, name) in [
        ("/datasets/people.csv?version=v2", "people"),
        ("/datasets/My%20Team.CSV?version=v2", "my-team"),
    ] {
        let created = server.put(path).csv("a\n1\n").send().created();
        assert_eq!(created.header("Location"), format!("/datasets/{name}"));
        server.put(path).csv("a\n2\n").send().ok();
    }
    assert_eq!(server.names(), ["my-team", "people"]);
    // Reading has one name for each dataset.
    server
        .get("/datasets/people.csv")
        .v2()
        .send()
        .refused(404, &["people.csv"]);
    server
        .put("/datasets/People?version=v2")
        .csv("a\n1\n")
        .send()
        .refused(400, &["People"]);
    server
        .put("/datasets/people.csv")
        .csv("a\n1\n")
        .send()
        .refused(405, &["?version=v2"]);
}
