//! Where the name of a dataset comes from, and what may be one.

use crate::client::V2;
use crate::server::Server;

#[test]
fn a_name_is_1_to_63_of_small_letters_digits_dash_and_underscore() {
    let server = Server::start();
    let longest = "x".repeat(63);
    for name in ["a", "7", "a-b_c", "2024-sales", "rows", &longest] {
        let call = server.post(&format!("/datasets?name={name}")).csv("a\n1\n");
        let answer = call.send().created();
        assert_eq!(answer.json()["datasets"][0]["name"], name);
        server.get(&format!("/datasets/{name}")).send().ok();
    }
}

#[test]
fn a_name_that_cannot_be_one_is_400_in_the_query_and_in_the_path() {
    let server = Server::start();
    let too_long = "x".repeat(64);
    for name in [
        "-a", "_a", "A", "People", "a%20b", "a.b", "%C3%BC", "a%2Fb", "..", "a%00", &too_long,
    ] {
        let call = server.post(&format!("/datasets?name={name}")).csv("a\n1\n");
        assert_eq!(call.send().refused(400, &["name"]).status, 400, "{name}");
        // In a path, a name with a dot is that of a file.
        if name.contains('.') {
            continue;
        }
        let put = server
            .put(&format!("/datasets/{name}"))
            .v2()
            .csv("a\n1\n")
            .send();
        assert_eq!(put.status, 400, "{name}: {}", put.text());
    }
    let empty = server.post("/datasets?name=").csv("a\n1\n").send();
    empty.refused(400, &["name"]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn the_name_comes_from_the_filename_of_the_content_disposition() {
    let server = Server::start();
    for (disposition, name) in [
        ("attachment; filename=\"people.csv\"", "people"),
        ("attachment; filename=plain.csv", "plain"),
        (
            "attachment;filename=\"Sales 2024 (final).CSV\"",
            "sales-2024-final",
        ),
        ("Attachment; FileName=\"case.csv\"", "case"),
        ("inline; filename=\"with;semicolon.csv\"", "with-semicolon"),
        ("attachment; filename=\"two.dots.csv\"", "two-dots"),
        ("attachment; filename=\"noextension\"", "noextension"),
        ("attachment; filename=\"stations.tsv\"", "stations"),
        ("attachment; filename=\"under_score.csv\"", "under_score"),
        (
            "attachment; filename*=UTF-8''extended%20name.csv",
            "extended-name",
        ),
        (
            "attachment; filename=\"ascii.csv\"; filename*=UTF-8''preferred.csv",
            "preferred",
        ),
        ("attachment; filename*=iso-8859-1'en'%A3x.csv", "x"),
        ("attachment; FILENAME=\"capitals.csv\"", "capitals"),
        (
            "attachment; filename=\"empty-parameter.csv\"; size=",
            "empty-parameter",
        ),
        ("attachment; filename=\"a;b.csv\";", "a-b"),
        (
            "attachment; filename=\"quoted \\\"name\\\".csv\"",
            "quoted-name",
        ),
    ] {
        let call = server
            .post("/datasets")
            .header("Content-Disposition", disposition);
        let answer = call.csv("a\n1\n").send();
        assert_eq!(answer.status, 201, "{disposition}: {}", answer.text());
        assert_eq!(answer.json()["datasets"][0]["name"], name, "{disposition}");
        assert_eq!(answer.header("Location"), format!("/datasets/{name}"));
    }
}

#[test]
fn a_name_in_the_query_goes_before_that_of_a_filename() {
    let server = Server::start();
    let call = server.post("/datasets?name=asked").csv("a\n1\n");
    let call = call.header("Content-Disposition", "attachment; filename=\"file.csv\"");
    call.send().created();
    assert_eq!(server.names(), ["asked"]);
}

#[test]
fn a_filename_that_holds_no_name_is_400() {
    let server = Server::start();
    for disposition in [
        "attachment; filename=\"---.csv\"",
        "attachment; filename=\"\"",
        "attachment; filename=\".csv\"",
    ] {
        let call = server
            .post("/datasets")
            .header("Content-Disposition", disposition);
        let answer = call.csv("a\n1\n").send();
        assert_eq!(answer.status, 400, "{disposition}: {}", answer.text());
        answer.refused(400, &["name"]);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_malformed_disposition_is_400_with_its_place_and_what_to_write() {
    let server = Server::start();
    for disposition in [
        "attachment; filename=\"open.csv",
        "attachment; filename=my file.csv",
        "attachment; filename=a,b.csv",
        "filename=\"no-type.csv\"",
        "attachment; filename=a.csv; filename=b.csv",
    ] {
        let call = server
            .post("/datasets")
            .header("Content-Disposition", disposition);
        let words = [
            "Content-Disposition",
            "character",
            "filename=\"people.csv\"",
        ];
        call.csv("a\n1\n").send().refused(400, &words);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_csv_without_a_name_is_400_and_says_how_to_name_it() {
    let server = Server::start();
    for call in [
        server.post("/datasets"),
        server
            .post("/datasets")
            .header("Content-Disposition", "attachment"),
    ] {
        call.csv("a\n1\n")
            .send()
            .refused(400, &["?name=", "Content-Disposition"]);
    }
}

#[test]
fn a_name_that_is_taken_is_409_in_either_version_and_what_is_there_stays() {
    let server = Server::start();
    server
        .post("/datasets?name=people")
        .csv("a\nfirst\n")
        .send()
        .created();
    for accept in ["*/*", V2] {
        let call = server.post("/datasets?name=people").accept(accept);
        call.csv("a\nsecond\n").send().refused(409, &["people"]);
    }
    assert_eq!(server.rows("people")[0]["a"], "first");
    assert_eq!(server.dataset("people")["revision"], 1);
}
