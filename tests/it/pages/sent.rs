//! How pages are sent: headers, tags, codings, and who gets one.

use super::{BROWSER, has, lacks};
use crate::client::{Answer, V1};
use crate::server::Server;

const POLICY: [&str; 12] = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    "default-src",
    "script-src",
];

#[track_caller]
fn is_guarded(page: &Answer) {
    let policy = page.header("Content-Security-Policy");
    for part in POLICY {
        assert!(policy.contains(part), "{part} is not in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("X-Content-Type-Options"), "nosniff");
    assert_eq!(page.header("Cross-Origin-Opener-Policy"), "same-origin");
    assert_eq!(page.header("Referrer-Policy"), "same-origin");
    assert_eq!(page.header("Content-Type"), "text/html; charset=utf-8");
    assert!(page.header("Vary").contains("Accept"));
    let text = page.text();
    // Nothing is inline, and nothing is of another host.
    lacks(
        &text,
        &[
            "style=\"",
            " onclick",
            "<style",
            "javascript:",
            "src=\"http",
            "href=\"http",
            "href=\"//",
        ],
    );
    assert_eq!(text.matches("<script").count(), 1);
}

#[test]
fn every_page_is_guarded_also_one_that_says_what_is_wrong() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    for (path, status) in [
        ("/", 200),
        ("/?q=people", 200),
        ("/explore/people", 200),
        ("/explore/people?id=gt.0", 200),
        ("/explore/people?id=is", 400),
        ("/explore/nobody", 404),
        ("/explore/-/nothing", 404),
        ("/explore/people/nothing", 404),
    ] {
        let page = server.page(path);
        assert_eq!(page.status, status, "{path}");
        is_guarded(&page);
    }
}

#[test]
fn the_root_is_json_for_everybody_who_does_not_name_html() {
    let server = Server::start();
    let root = server.get("/").send().ok();
    assert_eq!(root.header("Content-Type"), V1);
    for accept in [
        "*/*",
        "text/*",
        "application/json",
        "application/json, text/html",
        "text/html;q=0, */*",
        "text/html, application/json;q=0.5",
    ] {
        let answer = server.get("/").accept(accept).send();
        assert_ne!(
            answer.headers.get("Content-Type").unwrap(),
            "text/html; charset=utf-8",
            "{accept}"
        );
        assert!(answer.header("Vary").contains("Accept"), "{accept}");
    }
    // Who says in the URL what is wanted gets that.
    for path in ["/?version=v2", "/?format=json"] {
        let answer = server.page(path).ok();
        assert!(answer.header("Content-Type").contains("json"), "{path}");
    }
    let page = server.page("/").html();
    has(&page, &["<h1 id=\"title\">Flash</h1>"]);
}

#[test]
fn only_the_root_negotiates_and_the_api_has_no_page() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    for path in ["/datasets", "/datasets/people", "/versions"] {
        let answer = server.page(path).ok();
        assert!(answer.header("Content-Type").contains("json"), "{path}");
    }
    // Any Accept gets a page where there is nothing else.
    let page = server.get("/explore/people").accept("*/*").send().ok();
    assert!(page.header("Content-Type").starts_with("text/html"));
}

#[test]
fn a_page_is_sent_again_only_if_it_has_changed() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    for path in ["/", "/explore/people"] {
        for coding in ["identity", "br", "zstd", "gzip"] {
            let browse = || server.browse(path).header("Accept-Encoding", coding);
            let page = browse().send().ok();
            assert_eq!(page.header("Cache-Control"), "no-cache");
            let tag = page.header("ETag").to_owned();
            let again = browse().header("If-None-Match", &tag).send();
            assert_eq!(again.status, 304, "{path} {coding}");
            assert_eq!(again.header("ETag"), tag);
            assert!(again.body.is_empty());
            server
                .put("/datasets/people")
                .v2()
                .csv(format!("{coding}{path}\n1\n2\n"))
                .send()
                .ok();
            assert_eq!(
                browse().header("If-None-Match", &tag).send().status,
                200,
                "{path} {coding}"
            );
        }
    }
}

#[test]
fn pages_are_packed_by_the_codings_of_the_api() {
    let server = Server::start();
    for coding in ["br", "zstd", "gzip"] {
        let page = server.browse("/").header("Accept-Encoding", coding);
        assert_eq!(page.send().ok().header("Content-Encoding"), coding);
    }
}

#[test]
fn a_head_has_the_headers_of_the_page() {
    let server = Server::start();
    let head = server.call("HEAD", "/").accept(BROWSER).send().ok();
    is_guarded_head(&head);
    assert!(head.body.is_empty());
}

#[track_caller]
fn is_guarded_head(head: &Answer) {
    assert_eq!(head.header("Content-Type"), "text/html; charset=utf-8");
    assert!(head.header("ETag").starts_with('"'));
}

#[test]
fn assets_are_immutable_under_the_hash_of_all_and_nowhere_else() {
    let server = Server::start();
    let page = server.page("/").html();
    let paths: Vec<&str> = page
        .split('"')
        .filter(|part| part.starts_with("/explore/-/assets/"))
        .collect();
    assert!(paths.len() > 5, "{paths:?}");
    for path in &paths {
        let asset = server.get(path).send().ok();
        assert_eq!(
            asset.header("Cache-Control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(asset.header("X-Content-Type-Options"), "nosniff");
        let content_type = asset.header("Content-Type");
        let is_right = match path.rsplit('.').next().unwrap() {
            "js" => content_type == "text/javascript; charset=utf-8",
            "css" => content_type == "text/css; charset=utf-8",
            _ => content_type == "image/svg+xml",
        };
        assert!(is_right, "{path} {content_type}");
        let tag = asset.header("ETag").to_owned();
        assert_eq!(
            server.get(path).header("If-None-Match", &tag).send().status,
            304
        );
    }
    let (folder, _) = paths[0].rsplit_once('/').unwrap();
    for path in [
        format!("{folder}/none.js"),
        format!("{folder}/../../../etc/passwd"),
        "/explore/-/assets/0000000000000000/main.js".to_owned(),
    ] {
        let missing = server.get(&path).send();
        assert_eq!(missing.status, 404, "{path}");
    }
    let old = server
        .get("/explore/-/assets/0000000000000000/main.js")
        .send();
    assert_eq!(old.header("Cache-Control"), "no-store");
}

#[test]
fn everything_that_a_page_loads_is_small() {
    let server = Server::start();
    let page = server.page("/").html();
    let paths = page
        .split('"')
        .filter(|part| part.starts_with("/explore/-/assets/"));
    let paths: std::collections::BTreeSet<&str> = paths.collect();
    assert!(paths.len() < 10, "{paths:?}");
    let packed = |path: &str| {
        server
            .get(path)
            .header("Accept-Encoding", "br")
            .send()
            .ok()
            .body
            .len()
    };
    let all: usize = paths.iter().map(|path| packed(path)).sum();
    assert!(all < 40 << 10, "{all}");
}

#[test]
fn search_engines_find_datasets_and_not_each_view_of_them() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    let robots = server.get("/robots.txt").send().ok();
    assert!(robots.header("Content-Type").starts_with("text/plain"));
    has(&robots.text(), &["Disallow: /explore/*?\n", "Allow: /\n"]);
    for path in ["/", "/explore/people"] {
        assert!(
            server.page(path).headers.get("X-Robots-Tag").is_none(),
            "{path}"
        );
    }
    for path in [
        "/?q=a",
        "/explore/people?id=gt.0",
        "/explore/people?order=id",
    ] {
        assert_eq!(
            server.page(path).header("X-Robots-Tag"),
            "noindex",
            "{path}"
        );
    }
}

#[test]
fn a_page_has_no_other_methods_and_says_which_it_has() {
    let server = Server::start();
    for (method, path, allow) in [
        ("POST", "/explore/people", "GET, HEAD"),
        ("DELETE", "/explore/people", "GET, HEAD"),
        ("GET", "/explore/-/upload", "POST"),
    ] {
        let answer = server.call(method, path).send();
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("Allow"), allow);
    }
}

#[test]
fn explore_leads_to_the_first_page() {
    let server = Server::start();
    for path in ["/explore", "/explore/"] {
        let answer = server.page(path);
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("Location"), "/");
    }
    // What only begins alike is no page.
    assert_eq!(server.get("/explorer").send().status, 404);
    assert!(
        server
            .get("/explorer")
            .send()
            .header("Content-Type")
            .contains("json")
    );
}

#[test]
fn a_dataset_of_the_api_links_to_its_page_and_the_page_to_nothing_that_is_missing() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    let dataset = server.get("/datasets/people").v2().send().ok();
    assert_eq!(
        dataset.header("Link"),
        "</explore/people>; rel=\"alternate\"; type=\"text/html\""
    );
    let page = server.page("/explore/people").html();
    let links = page.split("href=\"").skip(1);
    for link in links.map(|link| link.split('"').next().unwrap()) {
        let path = link.replace("&#38;", "&");
        let path = match path.as_bytes()[0] {
            b'?' => format!("/explore/people{path}"),
            b'#' => continue,
            _ => path,
        };
        assert!(server.page(&path).status < 400, "{path}");
    }
}
