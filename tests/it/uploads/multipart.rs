//! Several CSVs as the files of a form.

use serde_json::json;

use super::{END, form, made, part};
use crate::client::break_off;
use crate::server::Server;

const AIRPORTS: &str = include_str!("../../data/airports.csv");

#[test]
fn each_file_of_a_form_is_a_dataset() {
    let server = Server::start();
    let body = part("People.csv", "id,name\n1,Ada\n")
        + &part("airports.csv", AIRPORTS)
        + &part("empty.csv", "a,b")
        + END;
    let answer = form(server.post("/datasets"), body).send().created();
    assert_eq!(made(&answer), ["people", "airports", "empty"]);
    assert!(answer.headers.get("location").is_none());
    assert_eq!(server.names(), ["airports", "empty", "people"]);
    assert_eq!(server.rows("people"), json!([{"id": 1, "name": "Ada"}]));
    let source = server.get("/datasets/airports/source").v2().send().ok();
    assert_eq!(source.text(), AIRPORTS);
    assert_eq!(server.rows("empty"), json!([]));
}

#[test]
fn a_form_of_one_file_has_a_location() {
    let server = Server::start();
    let call = form(
        server.post("/datasets").v2(),
        part("people.csv", "id\n1\n") + END,
    );
    let answer = call.send().created();
    assert_eq!(answer.header("Location"), "/datasets/people");
    assert_eq!(answer.json()["data"], json!([server.dataset("people")]));
}

#[test]
fn a_form_may_be_written_as_other_clients_write_it() {
    let server = Server::start();
    for (name, content_type, body) in [
        (
            "quoted-boundary",
            "multipart/form-data; boundary=\"X Y\"",
            "--X Y\r\nContent-Disposition: form-data; name=f; filename=quoted-boundary.csv\r\n\r\na\n1\n\r\n--X Y--",
        ),
        (
            "small-letters",
            "Multipart/Form-Data; charset=utf-8; boundary=zz",
            "--zz\r\ncontent-type: application/vnd.ms-excel\r\ncontent-disposition: form-data; name=\"f\"; filename=\"small-letters.csv\"\r\n\r\na\n1\n\r\n--zz--\r\n",
        ),
        (
            "epilogue",
            "multipart/form-data; boundary=zz",
            "--zz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"epilogue.csv\"\r\n\r\na\n1\n\r\n--zz--\r\nignored",
        ),
    ] {
        let call = server
            .post("/datasets")
            .header("Content-Type", content_type);
        let answer = call.body(body).send();
        assert_eq!(answer.status, 201, "{name}: {}", answer.text());
        assert_eq!(server.rows(name), json!([{"a": 1}]), "{name}");
    }
}

#[test]
fn a_file_part_may_be_tab_separated_or_in_another_charset() {
    let server = Server::start();
    let mut body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=\"tabs.tsv\"\r\n\
        Content-Type: text/tab-separated-values\r\n\r\na\tb\n1,5\t2\n\r\n\
        --XX\r\nContent-Disposition: form-data; name=\"b\"; filename=\"old.csv\"\r\n\
        Content-Type: text/csv; charset=windows-1252\r\n\r\nwer\nM\xFCller\n\r\n"
        .to_vec();
    body.extend_from_slice(END.as_bytes());
    form(server.post("/datasets"), body).send().created();
    assert_eq!(server.rows("tabs"), json!([{"a": "1,5", "b": 2}]));
    assert_eq!(server.rows("old"), json!([{"wer": "Müller"}]));
}

#[test]
fn what_the_query_says_holds_for_each_file() {
    let server = Server::start();
    let body = part("one.csv", "zip;n\n01234;NA\n") + &part("two.csv", "zip;n\n99999;3\n") + END;
    let call = server.post("/datasets?delimiter=;&null=NA&type.zip=string");
    form(call, body).send().created();
    assert_eq!(server.rows("one"), json!([{"zip": "01234", "n": null}]));
    assert_eq!(server.rows("two"), json!([{"zip": "99999", "n": 3}]));
}

#[test]
fn when_one_file_is_refused_none_is_stored() {
    let server = Server::start();
    server.store("taken", "a\nkept\n");
    let good = part("good.csv", "a\n1\n");
    for (bad, status, word) in [
        (part("bad.csv", "a,b\n1,2\n3\n"), 422, "bad: line 3"),
        (part("bad.csv", ""), 422, "bad"),
        (part("taken.csv", "a\n1\n"), 409, "taken"),
        (part("good.csv", "a\n2\n"), 400, "good"),
        (part("---.csv", "a\n1\n"), 400, "---.csv"),
    ] {
        for body in [good.clone() + &bad + END, bad.clone() + &good + END] {
            let answer = form(server.post("/datasets"), body).send();
            assert_eq!(answer.status, status, "{word}: {}", answer.text());
            answer.refused(status, &[word]);
            assert_eq!(server.names(), ["taken"], "{word}");
        }
    }
    assert_eq!(server.rows("taken"), json!([{"a": "kept"}]));
}

#[test]
fn a_part_without_a_file_name_is_400_and_nothing_is_stored() {
    let server = Server::start();
    let field = "--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n";
    for body in [
        part("good.csv", "a\n1\n") + field + END,
        field.to_owned() + &part("good.csv", "a\n1\n") + END,
    ] {
        form(server.post("/datasets"), body)
            .send()
            .refused(400, &["note"]);
        assert_eq!(server.names(), [""; 0]);
    }
}

#[test]
fn a_form_without_a_file_is_400() {
    let server = Server::start();
    for body in [END, "", "no form at all"] {
        let answer = form(server.post("/datasets"), body).send();
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.text());
        answer.refused(400, &[]);
    }
}

#[test]
fn a_form_without_a_boundary_is_400() {
    let server = Server::start();
    for content_type in ["multipart/form-data", "multipart/form-data; charset=utf-8"] {
        let call = server
            .post("/datasets")
            .header("Content-Type", content_type);
        call.body(part("good.csv", "a\n1\n") + END)
            .send()
            .refused(400, &["boundary"]);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_form_that_ends_early_is_400_and_nothing_is_stored() {
    let server = Server::start();
    let whole = part("one.csv", "a\n1\n") + &part("two.csv", "a\n2\n") + END;
    // The last line end and the dashes after the last boundary belong to the form's end.
    for length in [
        10,
        60,
        110,
        130,
        150,
        200,
        whole.len() - 12,
        whole.len() - 5,
    ] {
        let answer = form(server.post("/datasets"), &whole[..length]).send();
        assert_eq!(answer.status, 400, "{length}: {}", answer.text());
        assert_eq!(server.names(), [""; 0], "{length}");
    }
}

#[test]
fn a_connection_that_ends_within_the_body_stores_nothing() {
    let server = Server::start();
    let whole = part("one.csv", "a\n1\n") + &part("two.csv", "a\n2\n") + END;
    let head = format!(
        "POST /datasets HTTP/1.1\r\nHost: flash\r\nContent-Type: multipart/form-data; boundary=XX\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        whole.len()
    );
    let csv = "PUT /datasets/one HTTP/1.1\r\nHost: flash\r\nAccept: application/vnd.flash.v2+json\r\n\
        Content-Type: text/csv\r\nContent-Length: 100\r\nConnection: close\r\n\r\na\n1\n2\n";
    for request in [
        head.clone() + &whole[..whole.len() - 8],
        head + &whole[..20],
        csv.to_owned(),
    ] {
        let answer = break_off(server.address, &request);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
        assert_eq!(server.names(), [""; 0]);
    }
}

#[test]
fn a_huge_part_header_is_refused() {
    let server = Server::start();
    let name = "x".repeat(3 << 20);
    let answer = form(server.post("/datasets"), part(&name, "a\n1\n") + END).send();
    assert!([400, 413].contains(&answer.status), "{}", answer.status);
    assert!(answer.json()["error"].is_string());
    let header = format!("--XX\r\nX-Long: {}\r\n", "y".repeat(3 << 20));
    let answer = form(server.post("/datasets"), header).send();
    assert!([400, 413].contains(&answer.status), "{}", answer.status);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_name_in_the_query_does_not_go_with_a_form() {
    let server = Server::start();
    let call = server.post("/datasets?name=asked");
    form(call, part("one.csv", "a\n1\n") + END)
        .send()
        .refused(400, &["name"]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_large_file_in_a_form_reads_back_whole() {
    let server = Server::start();
    let mut csv = "n,text\n".to_owned();
    for n in 0..30_000 {
        // Lines that look like a boundary's beginning make the reader look twice.
        csv.push_str(&format!("{n},--X\n"));
    }
    let body = part("first.csv", &csv) + &part("second.csv", "a\n1\n") + END;
    form(server.post("/datasets"), body).send().created();
    assert!(server.get("/datasets/first/source").v2().send().ok().text() == csv);
    assert_eq!(server.dataset("first")["row_count"], 30_000);
    assert_eq!(server.rows("second"), json!([{"a": 1}]));
}
