//! `version` and `format` in the URL.

use flash::settings::Anonymous;
use serde_json::json;
use ureq::http::StatusCode;

use crate::client::{Answer, V1, V1_RELEASE, V2, V2_RELEASE};
use crate::clients::Keyed;
use crate::lifecycle::flags;
use crate::server::{Builder, Server};

const PEOPLE: &str = "id,name\n1,Ada\n2,Grace\n3,Mary\n";
const BROWSER: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

fn server() -> Server {
    let server = Server::start();
    server.store("people", PEOPLE);
    server
}

/// The answer, if the URL chose that version.
#[track_caller]
fn by_url(answer: Answer, release: &str) -> Answer {
    assert_eq!(answer.header("API-Version"), release, "{}", answer.text());
    assert_eq!(answer.header("API-Version-Source"), "query");
    answer
}

#[test]
fn a_url_without_headers_gets_the_csv_of_a_version() {
    let server = server();
    for path in [
        "/datasets/people/rows?version=v2&format=csv",
        "/datasets/people/rows?format=csv&version=2",
        "/datasets/people/rows?version=2.0&format=CSV",
        "/datasets/people/rows?%76ersion=V2.2.0&format=c%73v",
        "/datasets/people?version=v1&format=csv",
    ] {
        for accept in [None, Some("*/*"), Some(BROWSER), Some("image/png")] {
            let mut call = server.get(path);
            if let Some(accept) = accept {
                call = call.accept(accept);
            }
            let answer = call.send().ok();
            let release = [V2_RELEASE, V1_RELEASE][usize::from(path.contains("v1"))];
            let answer = by_url(answer, release);
            assert_eq!(answer.text(), PEOPLE, "{path}");
            assert_eq!(answer.header("Content-Type"), "text/csv; charset=utf-8");
        }
    }
}

#[test]
fn each_parameter_works_alone_and_leaves_the_other_to_accept() {
    let server = server();
    let get = |query: &str, accept: &str| {
        let path = format!("/datasets/people/rows?{query}");
        server.get(&path).accept(accept).send().ok()
    };
    let rows = by_url(get("version=v2", "*/*"), V2_RELEASE);
    assert_eq!(rows.json()["data"][0]["name"], "Ada");
    assert_eq!(rows.header("Content-Type"), V2);
    assert_eq!(get("version=v2", "text/csv").text(), PEOPLE);
    let lines = get("format=ndjson", "application/vnd.flash.v2+ndjson");
    assert_eq!(lines.header("API-Version-Source"), "accept");
    assert_eq!(lines.text().lines().count(), 3);
    let csv = server.get("/datasets/people?format=csv").send().ok();
    assert_eq!(csv.text(), PEOPLE);
    assert_eq!(csv.header("API-Version-Source"), "default");
}

#[test]
fn every_operation_of_both_versions_has_the_parameters() {
    let server = server();
    let key = server.register("shop");
    for (version, release) in [("v1", V1_RELEASE), ("v2", V2_RELEASE)] {
        let document = server
            .get(&format!("/openapi.json?version={version}"))
            .send()
            .ok()
            .json();
        let mut asked = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                if operation["tags"][0] != "API" {
                    continue;
                }
                let parameters = operation["parameters"].as_array().unwrap();
                let named = |name: &str| parameters.iter().find(|one| one["name"] == name);
                let schema = &named("version").unwrap()["schema"];
                assert_eq!(schema["enum"], json!([version]), "{method} {path}");
                assert_eq!(schema["default"], version, "{method} {path}");
                let path = path.replace("{name}", "nobody");
                let call =
                    server.call(&method.to_uppercase(), &format!("{path}?version={version}"));
                by_url(call.with_key(&key).csv("a\n1\n").send(), release);
                asked += 1;
            }
        }
        assert!(asked > 5, "{asked}");
    }
}

#[test]
fn a_filter_on_a_column_of_that_name_is_a_filter() {
    let server = Server::start();
    server.store("apps", "name,version,format\na,3,x\nb,4,x\nc,3,y\n");
    let names = |query: &str| {
        let path = format!("/datasets/apps/rows?{query}&select=name");
        server
            .get(&path)
            .accept("application/vnd.flash.v2+csv")
            .send()
            .ok()
            .text()
    };
    let csv = "&format=csv";
    assert_eq!(names(&format!("version=eq.3{csv}")), "name\na\nc\n");
    assert_eq!(
        names(&format!("version=v2&version=eq.3{csv}")),
        "name\na\nc\n"
    );
    assert_eq!(names(&format!("format=eq.y{csv}")), "name\nc\n");
    assert_eq!(
        names(&format!("version=not.in.(3)&version=2{csv}")),
        "name\nb\n"
    );
    assert_eq!(names(&format!("where.version=eq.4{csv}")), "name\nb\n");
    // An operator that doesn't exist is a mistake in a filter.
    let wrong = server.get("/datasets/apps/rows?version=equals.3").v2();
    wrong.send().refused(400, &["equals.3", "eq, neq"]);
    let wrong = server.get("/datasets?version=eq.3").v2();
    wrong.send().refused(400, &["eq.3", "no filters"]);
}

/// The rule of docs/adding-a-version.md. The parameters of the first releases take their names from columns, which filters then
/// call `where.NAME`.
#[test]
fn every_parameter_that_is_added_leaves_filters_on_a_column_of_its_name() {
    const FIRST: [&str; 7] = [
        "limit", "cursor", "revision", "select", "order", "filters", "safe",
    ];
    let server = Server::start();
    let document = server.get("/openapi.json?version=v2").send().ok().json();
    let parameters = &document["paths"]["/datasets/{name}/rows"]["get"]["parameters"];
    let parameters = parameters.as_array().unwrap();
    let names = parameters.iter().filter(|one| one["in"] == "query");
    let names = names.map(|one| one["name"].as_str().unwrap());
    let added: Vec<_> = names.filter(|name| !FIRST.contains(name)).collect();
    assert!(added.contains(&"version") && added.contains(&"format"));
    for name in added {
        server.store("apps", format!("id,{name}\n1,a\n2,b\n"));
        let path = format!("/datasets/apps/rows?version=v2&format=csv&{name}=eq.b");
        let rows = server.get(&path).send().ok().text();
        assert_eq!(rows, format!("id,{name}\n2,b\n"));
        server.delete("/datasets/apps").send();
    }
}

#[test]
fn a_value_that_names_nothing_is_400_and_the_choices_are_named() {
    let server = server();
    for (query, words) in [
        ("version=v9", &["v9", "v1, v2"][..]),
        ("version=latest", &["latest", "v1, v2"]),
        ("version=", &["v1, v2"]),
        ("version=02", &["v1, v2"]),
        ("format=xml", &["xml", "json, csv, ndjson"]),
        ("format=html", &["html", "json, csv, ndjson"]),
        ("version=v2&version=v2", &["\"version\" more than once"]),
        ("format=csv&format=json", &["\"format\" more than once"]),
    ] {
        let answer = server.get(&format!("/datasets?{query}")).send();
        answer.refused(400, words);
    }
    for query in ["version=v2&format=xml", "format=csv&format=json&version=v2"] {
        let answer = server.get(&format!("/datasets?{query}")).send();
        by_url(answer.refused(400, &["format"]), V2_RELEASE);
    }
}

#[test]
fn a_header_that_names_something_else_is_400() {
    let server = server();
    let get = |query: &str, accept: &str| {
        let path = format!("/datasets/people/rows?{query}");
        server.get(&path).accept(accept).send()
    };
    get("version=v2", V1).refused(400, &["version=v2", "Accept"]);
    get("version=v2", &format!("{V1}, */*;q=0.1")).refused(400, &["version=v2", "Accept"]);
    get("format=csv", V2).refused(400, &["format=csv", "Accept"]);
    get("version=v2&format=csv", "application/json").refused(400, &["format=csv", "Accept"]);
    let put = server.put("/datasets/other?version=v2");
    let put = put.header("Content-Type", "application/vnd.flash.v1+csv");
    let answer = put.body("a\n1\n").send();
    let answer = answer.refused(400, &["version=v2", "Content-Type"]);
    by_url(answer, V2_RELEASE);
    assert_eq!(server.names(), ["people"]);
}

#[test]
fn a_format_that_the_resource_has_not_is_406_with_what_there_is() {
    let server = server();
    let answer = server.get("/datasets?version=v2&format=csv").send();
    let answer = by_url(answer.refused(406, &["format=csv"]), V2_RELEASE);
    assert_eq!(answer.json()["available"][0]["media_type"], V2);
    server
        .get("/datasets/people?format=ndjson")
        .send()
        .refused(406, &["format=ndjson"]);
}

#[test]
fn writes_choose_their_version_in_the_url() {
    let server = Server::start();
    let created = server.post("/datasets?version=v2&name=people").csv(PEOPLE);
    let created = by_url(created.send().created(), V2_RELEASE);
    assert_eq!(created.json()["data"][0]["row_count"], 3);
    let put = server.put("/datasets/team?version=v2").csv(PEOPLE);
    by_url(put.send().created(), V2_RELEASE);
    let rows = server
        .post("/datasets/team/rows?version=v2")
        .csv("id,name\n4,Joan\n");
    assert_eq!(rows.send().ok().json()["row_count"], 4);
    let delete = server.delete("/datasets/team?version=v2").send();
    by_url(delete.expect(StatusCode::NO_CONTENT), V2_RELEASE);
    assert_eq!(server.names(), ["people"]);
}

#[test]
fn an_idempotency_key_belongs_to_the_version_that_the_url_names() {
    let server = Server::start();
    let post = |query: &str| {
        let post = server.post(&format!("/datasets?name=people{query}"));
        post.header("Idempotency-Key", "one").csv(PEOPLE)
    };
    let first = post("&version=v2").send().created();
    let again = post("&version=v2").send().created();
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    assert_eq!(first.body, again.body);
    // However it is written, it is the same version.
    let again = post("").v2().send().created();
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    post("&version=v1")
        .send()
        .refused(422, &["Idempotency-Key"]);
}

#[test]
fn what_is_not_there_says_so_in_the_version_of_the_url_and_shows_the_url_that_has_it() {
    let server = server();
    let put = server.put("/datasets/people").csv(PEOPLE).send();
    put.refused(405, &["?version=v2", "v1 doesn't support PUT"]);
    let put = server
        .put("/datasets/people?version=v1&format=csv")
        .csv(PEOPLE);
    by_url(put.send().refused(405, &["?version=v2"]), V1_RELEASE);
    let rows = server.get("/datasets/people/rows?version=v1").send();
    by_url(rows.refused(404, &["?version=v2"]), V1_RELEASE);
    let nothing = server.get("/nothing?version=v2&format=csv").send();
    by_url(nothing.refused(404, &["GET /"]), V2_RELEASE);
    let patch = server.call("PATCH", "/datasets?version=v2").send();
    let patch = by_url(patch.refused(405, &["PATCH"]), V2_RELEASE);
    assert_eq!(patch.header("Allow"), "GET, HEAD, POST, OPTIONS");
    let options = server.call("OPTIONS", "/datasets/people?version=v2").send();
    let options = by_url(options.expect(StatusCode::NO_CONTENT), V2_RELEASE);
    assert!(options.header("Allow").contains("PUT"));
}

#[test]
fn links_to_the_next_page_keep_the_parameters() {
    let server = server();
    let mut path = "/datasets/people/rows?version=v2&format=csv&limit=1&order=name".to_owned();
    let mut rows = Vec::new();
    loop {
        let page = by_url(server.get(&path).send().ok(), V2_RELEASE);
        rows.push(page.text());
        let Some(link) = page.headers.get("Link") else {
            break;
        };
        let link = link.to_str().unwrap().strip_prefix('<').unwrap();
        path = link.split('>').next().unwrap().to_owned();
        assert!(path.contains("&version=v2&format=csv"), "{path}");
    }
    let rows: Vec<_> = rows
        .iter()
        .map(|page| page.lines().nth(1).unwrap())
        .collect();
    assert_eq!(rows, ["1,Ada", "2,Grace", "3,Mary"]);
    for path in ["/datasets", "/datasets/people/revisions"] {
        server.store("zoo", "a\n1\n");
        server.put("/datasets/people").v2().csv(PEOPLE).send();
        let page = server
            .get(&format!("{path}?limit=1&version=v2"))
            .send()
            .ok();
        assert!(page.header("Link").contains("&version=v2>"), "{path}");
        server.delete("/datasets/zoo").send();
        // Without them, a link stays what it was.
        let page = server.get(&format!("{path}?limit=1")).v2().send();
        let link = page.headers.get("Link").map(|link| link.to_str().unwrap());
        assert!(!link.unwrap_or_default().contains("version"), "{path}");
    }
}

#[test]
fn the_link_to_the_successor_of_a_version_in_the_url_is_a_url_too() {
    let mut builder = Builder::new();
    builder.settings.lifecycle = flags(&["--deprecate", "v1=2026-01-01"]);
    let server = builder.start();
    server.store("people", PEOPLE);
    let answer = server.get("/datasets/people?version=v1").send().ok();
    let links = answer.headers.get_all("Link").iter();
    let mut links = links.map(|link| link.to_str().unwrap());
    assert!(
        links.any(
            |link| link.starts_with("</datasets/people?version=v2>; rel=\"successor-version\"")
        ),
        "{:?}",
        answer.headers
    );
}

#[test]
fn a_client_with_a_pin_gets_the_version_that_its_url_names() {
    let server = server();
    let key = server.register("shop");
    server.get("/datasets").with_key(&key).send().ok();
    let named = server
        .get("/datasets?version=v1")
        .with_key(&key)
        .send()
        .ok();
    by_url(named, V1_RELEASE);
    server.hand_usage_over();
    let client = server.get("/client").with_key(&key).send().ok().json();
    assert_eq!(client["pin"], "v2");
    let used = client["versions"].as_array().unwrap();
    assert!(used.iter().any(|one| one["version"] == "v1"), "{client}");
}

#[test]
fn answers_are_remembered_for_each_version_and_format_of_a_url() {
    let server = server();
    let get = |path: &str, accept: &str| {
        let answer = server.get(path).accept(accept).send().ok();
        let told = ["Content-Type", "API-Version", "API-Version-Source"];
        (told.map(|name| answer.header(name).to_owned()), answer.body)
    };
    let paths = [
        ("/datasets/people?version=v1", "*/*"),
        ("/datasets/people", "*/*"),
        ("/datasets/people/rows?version=v2", "*/*"),
        ("/datasets/people/rows?version=v2&format=json", "*/*"),
        ("/datasets/people/rows?version=v2&format=csv", "*/*"),
        ("/datasets/people/rows", V2),
    ];
    let first: Vec<_> = paths.map(|(path, accept)| get(path, accept)).into();
    for _ in 0..5 {
        let again: Vec<_> = paths.map(|(path, accept)| get(path, accept)).into();
        assert_eq!(again, first);
    }
    assert_eq!(first[0].0[2], "query");
    assert_eq!(first[1].0[2], "default");
    assert_eq!(first[5].0[2], "accept");
}

#[test]
fn conditions_ranges_and_heads_work_with_the_parameters() {
    let server = server();
    let path = "/datasets/people/rows?version=v2&format=csv";
    let whole = server.get(path).send().ok();
    let tag = whole.header("ETag").to_owned();
    let again = server.get(path).header("If-None-Match", &tag).send();
    by_url(again.expect(StatusCode::NOT_MODIFIED), V2_RELEASE);
    let head = by_url(server.call("HEAD", path).send().ok(), V2_RELEASE);
    assert_eq!(head.header("Content-Type"), "text/csv; charset=utf-8");
    let source = server.get("/datasets/people/source?version=v2");
    let part = source.header("Range", "bytes=0-6").send();
    let part = by_url(part.expect(StatusCode::PARTIAL_CONTENT), V2_RELEASE);
    assert_eq!(part.text(), "id,name");
}

#[test]
fn a_caller_without_a_key_is_refused_whatever_the_url_names() {
    let server = Server::with(|settings| settings.access.anonymous = Some(Anonymous::None));
    let answer = server.get("/datasets?version=v2").send();
    by_url(answer.refused(401, &["key"]), V2_RELEASE);
}

#[test]
fn the_parameter_version_of_a_media_type_names_the_version() {
    let server = server();
    for accept in [
        "application/json; version=2",
        "application/vnd.flash+json; version=2.0",
        "application/json;version=\"v2\"",
    ] {
        let answer = server.get("/datasets/people").accept(accept).send().ok();
        assert_eq!(answer.header("API-Version"), V2_RELEASE, "{accept}");
        assert_eq!(answer.header("API-Version-Source"), "accept");
        assert_eq!(answer.json()["row_count"], 3);
    }
    let unknown = server
        .get("/datasets")
        .accept("application/json; version=9");
    unknown.send().refused(406, &[V2]);
    for version in ["v1", "v2"] {
        let path = format!("/datasets?version={version}");
        let call = server.post(&path);
        let call = call.header("Content-Type", "application/json; version=latest");
        let body = json!([{ "name": "two", "csv": "a\n1\n" }]).to_string();
        call.body(body)
            .send()
            .refused(415, &["latest", "version=2"]);
    }
    let body = server
        .post("/datasets")
        .header("Content-Type", "application/json; version=2");
    let body = body.body(json!([{ "name": "two", "csv": "a\n1\n" }]).to_string());
    let answer = body.send().created();
    assert_eq!(answer.header("API-Version-Source"), "content-type");
    assert_eq!(answer.header("API-Version"), V2_RELEASE);
}

/// Java 8 to 18: HttpURLConnection.
#[test]
fn what_java_sends_by_itself_is_answered() {
    let server = server();
    let java = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
    server.get("/datasets/people").accept(java).send().ok();
    let path = "/datasets/people/rows?version=v2";
    by_url(server.get(path).accept(java).send().ok(), V2_RELEASE);
}
