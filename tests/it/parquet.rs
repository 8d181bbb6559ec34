//! Whole revisions as Parquet: made once, kept in the store, and read in ranges.

use std::fmt::Write as _;

use crate::client::Answer;
use crate::server::Server;

const FILE: &str = "/datasets/one/rows?version=v2&format=parquet";

/// A table whose file has more than one part in the store: its digits are hardly packed.
fn table(rows: u64) -> String {
    let mut csv = "id,noise,name\n".to_owned();
    let mut state = 7_u64;
    for id in 0..rows {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        writeln!(csv, "{id},{}.5,name {}", state >> 20, state >> 40).unwrap();
    }
    csv
}

#[track_caller]
fn whole(server: &Server, path: &str) -> Answer {
    let answer = server.get(path).send().ok();
    assert!(
        answer.body.starts_with(b"PAR1") && answer.body.ends_with(b"PAR1"),
        "{path}"
    );
    answer
}

/// How many files the store keeps.
fn kept(server: &Server) -> i64 {
    server.place.derived_files()
}

/// How many files were made, of which some are removed already.
fn made(server: &Server) -> i64 {
    kept(server) + server.place.tombstones()
}

#[test]
fn a_file_has_a_length_a_strong_tag_a_name_and_its_type_also_without_its_body() {
    let server = Server::start();
    server.store("one", "id,name\n1,Ada\n2,\n");
    let answer = whole(&server, FILE);
    assert_eq!(
        answer.header("Content-Type"),
        "application/vnd.apache.parquet"
    );
    assert_eq!(
        answer.header("Content-Length"),
        answer.body.len().to_string()
    );
    assert_eq!(answer.header("Accept-Ranges"), "bytes");
    assert_eq!(
        answer.header("Content-Disposition"),
        "attachment; filename=\"one.parquet\""
    );
    assert_eq!(answer.header("Dataset-Revision"), "1");
    assert!(answer.header("ETag").starts_with('"'));
    let head = server.call("HEAD", FILE).send().ok();
    for name in ["Content-Type", "Content-Length", "ETag", "Accept-Ranges"] {
        assert_eq!(head.header(name), answer.header(name), "{name}");
    }
    let named = |accept: &str| server.get("/datasets/one/rows").accept(accept).send().ok();
    let vendor = named("application/vnd.flash.v2+parquet");
    assert_eq!(
        vendor.header("Content-Type"),
        "application/vnd.flash.v2+parquet"
    );
    assert!(vendor.body == answer.body);
    let plain = named("application/vnd.apache.parquet; version=2");
    assert!(plain.body == answer.body);
    let ranked =
        named("application/vnd.flash.v2+csv;q=0.5, application/vnd.flash.v2+parquet;q=0.9");
    assert!(ranked.body == answer.body);
}

#[test]
fn version_1_has_no_parquet() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    let path = "/datasets/one/rows";
    let answer = server
        .get(path)
        .accept("application/vnd.flash.v1+parquet")
        .send();
    answer.refused(406, &["application/vnd.flash.v2+parquet"]);
    // Without a version, it is that of version 1.
    let answer = server
        .get(path)
        .accept("application/vnd.apache.parquet")
        .send();
    answer.refused(406, &["application/vnd.flash.v2+parquet"]);
    let answer = server.get("/datasets/one?version=v1&format=parquet").send();
    assert_eq!(answer.status, 406, "{}", answer.text());
    let other = server
        .get("/datasets/one/revisions?version=v2&format=parquet")
        .send();
    assert_eq!(other.status, 406, "{}", other.text());
}

#[test]
fn ranges_together_are_the_file_and_a_range_may_be_counted_from_the_end() {
    let server = Server::start();
    server.store("one", table(60_000));
    let part = |range: &str| server.get(FILE).header("Range", range).send();
    // The first question about it may be its end.
    let end = part("bytes=-8").expect(206_u16.try_into().unwrap());
    assert!(end.body.ends_with(b"PAR1"));
    let answer = whole(&server, FILE);
    let file = &answer.body;
    assert!(file.len() > 400_000, "{}", file.len());
    assert_eq!(
        end.header("Content-Range"),
        format!("bytes {}-{}/{}", file.len() - 8, file.len() - 1, file.len())
    );
    let mut joined = Vec::new();
    while joined.len() < file.len() {
        let range = format!("bytes={}-{}", joined.len(), joined.len() + 199_999);
        let answer = part(&range);
        assert_eq!(answer.status, 206, "{range}: {}", answer.text());
        assert_eq!(
            answer.header("Content-Length"),
            answer.body.len().to_string()
        );
        joined.extend(answer.body);
    }
    assert!(joined == *file);
    part(&format!("bytes={}-", file.len())).refused(416, &["bytes"]);
    let tag = answer.header("ETag");
    let if_range = |tag: &str| {
        server
            .get(FILE)
            .header("Range", "bytes=0-3")
            .header("If-Range", tag)
            .send()
    };
    assert_eq!(if_range(tag).body, b"PAR1");
    assert!(if_range("\"other\"").ok().body == *file);
    // It is packed already.
    let coded = server
        .get(FILE)
        .header("Accept-Encoding", "gzip, zstd")
        .send()
        .ok();
    assert!(!coded.headers.contains_key("content-encoding"));
    assert!(coded.body == *file);
}

#[test]
fn many_requests_at_once_make_a_file_once() {
    let server = Server::start();
    server.store("one", table(20_000));
    let files: Vec<_> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| whole(&server, FILE).body))
            .collect();
        readers
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .collect()
    });
    assert!(files.iter().all(|file| *file == files[0]));
    assert_eq!(kept(&server), 1);
    assert_eq!(made(&server), 1);
}

#[test]
fn a_file_has_the_selected_columns_in_their_order_and_each_selection_is_another_file() {
    let server = Server::start();
    server.store("one", "a,b,c\n1,x,2\n");
    let of = |select: &str| whole(&server, &format!("{FILE}&select={select}")).body;
    let text = |file: Vec<u8>| String::from_utf8_lossy(&file).into_owned();
    assert!(text(of("c,a")).contains(r#"{"c":"integer","a":"integer"}"#));
    assert!(text(of("b")).contains(r#"{"b":"string"}"#));
    assert!(of("a,b,c") == of(""));
    assert_eq!(kept(&server), 3);
}

#[test]
fn what_chooses_rows_is_refused_with_what_to_do() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    for (parameter, name) in [
        ("a=eq.1", "a"),
        ("where.a=eq.1", "where.a"),
        ("order=a", "order"),
        ("limit=1", "limit"),
        ("cursor=x", "cursor"),
        ("count=exact", "count"),
        ("or=(a.eq.1)", "or"),
        ("safe=spreadsheet", "safe"),
    ] {
        let answer = server.get(&format!("{FILE}&{parameter}")).send();
        answer.refused(400, &[&format!("{name:?}"), "Parquet", "format=csv"]);
    }
    let answer = server.get(&format!("{FILE}&select=n:count()")).send();
    answer.refused(400, &["functions", "Parquet", "format=csv"]);
    server
        .get(&format!("{FILE}&select=z"))
        .send()
        .refused(400, &["\"z\""]);
}

#[test]
fn a_file_is_of_one_revision_and_has_the_tag_of_that() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    let first = whole(&server, FILE);
    let tag = first.header("ETag");
    let unchanged = |tag: &str| server.get(FILE).header("If-None-Match", tag).send().status;
    assert_eq!(unchanged(tag), 304);
    server.replace("one", "a\n2\n3\n");
    assert_eq!(unchanged(tag), 200);
    let old = whole(&server, &format!("{FILE}&revision=1"));
    assert!(old.body == first.body);
    assert_eq!(old.header("ETag"), tag);
    assert_ne!(whole(&server, FILE).header("ETag"), tag);
}

#[test]
fn after_a_restart_the_same_file_has_the_same_tag() {
    let server = Server::start();
    server.store("one", table(1000));
    let before = whole(&server, FILE);
    let server = server.restart();
    let after = whole(&server, FILE);
    assert_eq!(after.header("ETag"), before.header("ETag"));
    assert!(after.body == before.body);
    assert_eq!(made(&server), 1);
}

#[test]
fn a_file_that_was_removed_is_made_again_with_the_same_bytes() {
    // Each of the two files takes all the space.
    let server = Server::with(|settings| settings.store.parquet_bytes = 300 << 10);
    server.store("one", "a,b\n1,2\n");
    let first = whole(&server, FILE).body;
    whole(&server, &format!("{FILE}&select=a"));
    assert_eq!(kept(&server), 1);
    assert!(whole(&server, FILE).body == first);
    assert_eq!(made(&server), 3);
}

#[test]
fn a_file_that_is_too_long_to_be_kept_is_refused_and_leaves_nothing() {
    let server = Server::with(|settings| settings.store.parquet_bytes = 10_000);
    server.store("one", table(10_000));
    let answer = server.get(FILE).send();
    answer.refused(507, &["10000 bytes", "--parquet-bytes", "select"]);
    assert_eq!(kept(&server), 0);
}

#[test]
fn a_file_that_takes_too_long_is_refused() {
    let server = Server::with(|settings| {
        settings.timeouts.parquet_timeout = std::time::Duration::from_nanos(1);
    });
    server.store("one", "a\n1\n");
    server
        .get(FILE)
        .send()
        .refused(503, &["--parquet-timeout", "1ns"]);
}

#[test]
fn files_go_with_their_revision_and_with_their_dataset() {
    let server = Server::with(|settings| settings.store.keep_revisions = 1);
    server.store("one", "a\n1\n");
    whole(&server, FILE);
    assert_eq!(kept(&server), 1);
    server.replace("one", "a\n2\n");
    server.until(|server| kept(server) == 0);
    whole(&server, FILE);
    assert_eq!(kept(&server), 1);
    server.delete("/datasets/one").v2().send();
    server.until(|server| kept(server) == 0);
}

#[test]
fn a_check_reads_the_files_and_finds_a_part_that_is_damaged() {
    let server = Server::start();
    server.store("one", table(1000));
    whole(&server, FILE);
    let place = server.place.clone();
    drop(server);
    let problems = |place: &crate::database::Place| {
        let mut found = Vec::new();
        let checked = flash::store::check(
            &flash::services::address(&place.setting()),
            &mut |problem| {
                found.push(problem.to_string());
            },
        );
        (checked.unwrap().problems, found.join("\n"))
    };
    assert_eq!(problems(&place), (0, String::new()));
    place.execute("UPDATE sources SET data = substr(data, 1, 10)");
    let (count, found) = problems(&place);
    assert_eq!(count, 1, "{found}");
    assert!(found.contains("part of a file"), "{found}");
}
