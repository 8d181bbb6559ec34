//! Answers that are saved as files.

use ureq::http::StatusCode;

use crate::server::Server;

#[test]
fn rows_as_csv_and_ndjson_have_the_name_of_a_file_and_pages_of_json_have_none() {
    let server = Server::start();
    server.store("my-flights_2", "a\n1\n");
    let rows = "/datasets/my-flights_2/rows?version=v2";
    let v1 = "/datasets/my-flights_2?version=v1";
    for (path, name) in [
        (format!("{rows}&format=csv"), Some("my-flights_2.csv")),
        (
            format!("{rows}&format=csv&a=gt.1"),
            Some("my-flights_2.csv"),
        ),
        (
            format!("{rows}&format=ndjson&limit=1"),
            Some("my-flights_2.ndjson"),
        ),
        (format!("{v1}&format=csv"), Some("my-flights_2.csv")),
        (rows.to_owned(), None),
        (v1.to_owned(), None),
    ] {
        let expected = name.map(|name| format!("inline; filename=\"{name}\""));
        for method in ["GET", "HEAD"] {
            let answer = server.call(method, &path).send().ok();
            let found = answer.headers.get("Content-Disposition");
            assert_eq!(
                found.map(|value| value.to_str().unwrap()),
                expected.as_deref(),
                "{method} {path}"
            );
        }
    }
    let csv = server.get(&format!("{rows}&format=csv")).send().ok();
    let tag = csv.header("ETag");
    let same = server
        .get(&format!("{rows}&format=csv"))
        .header("If-None-Match", tag);
    let same = same.send().expect(StatusCode::NOT_MODIFIED);
    assert!(same.headers.get("Content-Disposition").is_none());
    let source = server
        .get("/datasets/my-flights_2/source?version=v2")
        .send()
        .ok();
    assert_eq!(
        source.header("Content-Disposition"),
        "attachment; filename=\"my-flights_2.csv\""
    );
}
