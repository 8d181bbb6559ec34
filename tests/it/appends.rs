//! Rows behind those that are there: they read as if they had been uploaded together.

use crate::client::{Call, begin, break_off};
use crate::server::Server;

impl Server {
    fn append(&self, name: &str, csv: impl AsRef<[u8]>) -> Call {
        self.post(&format!("/datasets/{name}/rows")).v2().csv(csv)
    }

    fn source(&self, name: &str) -> String {
        let path = format!("/datasets/{name}/source");
        self.get(&path).v2().send().ok().text()
    }
}

#[test]
fn appended_rows_come_behind_those_that_are_there_and_make_a_new_revision() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    let answer = server
        .append("people", "id,name\n2,Grace\n3,Edsger\n")
        .send()
        .ok();
    let dataset = answer.json();
    assert_eq!(dataset["revision"], 2);
    assert_eq!(dataset["row_count"], 3);
    assert_eq!(
        answer.header("ETag"),
        server
            .get("/datasets/people")
            .v2()
            .send()
            .ok()
            .header("ETag")
    );
    let rows = server.rows("people");
    assert_eq!(rows[0]["name"], "Ada");
    assert_eq!(rows[2]["name"], "Edsger");
    let first = server
        .get("/datasets/people/rows?revision=1")
        .v2()
        .send()
        .ok();
    assert_eq!(first.json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn the_source_of_an_appended_dataset_is_all_that_was_sent_less_the_repeated_headers() {
    let server = Server::start();
    server.store("open", "id,name\n1,Ada");
    server.append("open", "id,name\n2,Grace").send().ok();
    server.append("open", "id,name\r\n3,Edsger\r\n").send().ok();
    let source = server.source("open");
    assert_eq!(source, "id,name\n1,Ada\n2,Grace\n3,Edsger\r\n");
    assert_eq!(server.dataset("open")["byte_count"], source.len());
    // Sent whole, it is the same dataset.
    server.store("whole", &source);
    assert_eq!(
        server.dataset("whole")["sha256"],
        server.dataset("open")["sha256"]
    );
    assert_eq!(server.rows("whole"), server.rows("open"));
}

#[test]
fn an_empty_line_is_no_row_where_the_text_before_was_not_ended() {
    let server = Server::start();
    server.store("single", "name\nAda");
    server.append("single", "name\nGrace\n").send().ok();
    assert_eq!(server.rows("single").as_array().unwrap().len(), 2);
    assert_eq!(server.source("single"), "name\nAda\nGrace\n");
}

#[test]
fn types_are_those_of_all_rows_together() {
    let server = Server::start();
    server.store("mixed", "code,when\n1,2026-01-01\n");
    let dataset = server
        .append("mixed", "code,when\nx7,\n")
        .send()
        .ok()
        .json();
    assert_eq!(dataset["columns"][0]["type"], "string");
    assert_eq!(dataset["columns"][1]["type"], "date");
    assert_eq!(dataset["columns"][1]["nullable"], true);
    let first = server
        .get("/datasets/mixed?revision=1")
        .v2()
        .send()
        .ok()
        .json();
    assert_eq!(first["columns"][0]["type"], "integer");
}

#[test]
fn what_was_said_of_the_first_csv_holds_for_appended_rows() {
    let server = Server::start();
    let path = "/datasets/semi?delimiter=;&null=NA&type.zip=string";
    server.put(path).v2().csv("zip;n\n07;1\n").send().created();
    server.append("semi", "zip;n\n08;NA\n").send().ok();
    let rows = server.rows("semi");
    assert_eq!(rows[1]["zip"], "08");
    assert!(rows[1]["n"].is_null());
    assert_eq!(server.dataset("semi")["columns"][1]["type"], "integer");
    server.append("semi", "zip;n\n09;x,y\n").send().ok();
    server
        .post("/datasets/semi/rows?null=-")
        .v2()
        .csv("zip;n\n1;2\n")
        .send()
        .refused(400, &["null"]);
}

#[test]
fn another_header_is_refused_and_nothing_is_appended() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    for (csv, words) in [
        ("id,nom\n2,Grace\n", ["name", "nom"]),
        ("id\n2\n", ["name", "header"]),
        ("id,name,age\n2,Grace,3\n", ["age", "header"]),
        ("id;name\n2;Grace\n", [",", ";"]),
    ] {
        server.append("people", csv).send().refused(422, &words);
    }
    server
        .append("people", "id,name\n2,Grace\n3\n")
        .send()
        .refused(422, &["3"]);
    server.append("people", "").send().refused(422, &[]);
    let dataset = server.dataset("people");
    assert_eq!(
        (&dataset["revision"], &dataset["row_count"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn rows_alone_are_appended_when_the_header_is_said_to_be_absent() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    let rows = server.post("/datasets/people/rows").v2();
    rows.header("Content-Type", "text/csv; header=absent")
        .body("2,Grace\n")
        .send()
        .ok();
    assert_eq!(server.rows("people")[1]["name"], "Grace");
}

#[test]
fn a_dataset_in_another_charset_goes_on_as_utf_8() {
    let server = Server::start();
    let first = b"city\nK\xf6ln\n";
    let put = server.put("/datasets/cities").v2();
    put.header("Content-Type", "text/csv; charset=windows-1252")
        .body(first)
        .send()
        .created();
    server.append("cities", "city\nMünchen\n").send().ok();
    let answer = server.get("/datasets/cities/source").v2().send().ok();
    assert_eq!(answer.header("Content-Type"), "text/csv; charset=utf-8");
    assert_eq!(answer.text(), "city\nKöln\nMünchen\n");
    assert_eq!(server.rows("cities")[1]["city"], "München");
    let old = server
        .get("/datasets/cities/source?revision=1")
        .v2()
        .send()
        .ok();
    assert_eq!(old.body, first);
}

#[test]
fn rows_for_a_dataset_that_is_not_there_are_refused() {
    let server = Server::start();
    server
        .append("nobody", "id\n1\n")
        .send()
        .refused(404, &["nobody"]);
    server
        .post("/datasets/nobody/rows")
        .csv("id\n1\n")
        .send()
        .refused(404, &["v2"]);
}

#[test]
fn many_small_appends_read_like_one_upload_and_are_put_together() {
    let server = Server::start();
    server.store("log", "n,text\n");
    let mut whole = String::from("n,text\n");
    for n in 0..200 {
        let row = format!("{n},\"line {n}\n\"\n");
        server.append("log", format!("n,text\n{row}")).send().ok();
        whole.push_str(&row);
    }
    assert_eq!(server.source("log"), whole);
    assert_eq!(server.rows("log").as_array().unwrap().len(), 200);
    server.until(|server| server.segments("log") < 17);
    assert_eq!(server.source("log"), whole);
    let rows = server.rows("log");
    for n in 0..200 {
        assert_eq!(rows[n]["n"], n);
    }
    server.store("same", &whole);
    assert_eq!(
        server.dataset("same")["sha256"],
        server.dataset("log")["sha256"]
    );
    let tag = |server: &Server| {
        server
            .get("/datasets/log")
            .v2()
            .send()
            .ok()
            .header("ETag")
            .to_owned()
    };
    let before = tag(&server);
    let server = server.restart();
    assert_eq!(tag(&server), before);
    assert_eq!(server.source("log"), whole);
}

#[test]
fn large_appends_by_several_at_once_are_each_whole() {
    let server = Server::start();
    server.store("big", "who,n,noise\n");
    let part = |who: usize| {
        let mut csv = String::from("who,n,noise\n");
        for n in 0..60_000_u64 {
            let noise = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            csv.push_str(&format!("{who},{n},{noise:016x}\n"));
        }
        csv
    };
    std::thread::scope(|scope| {
        for who in 0..3 {
            let (server, csv) = (&server, part(who));
            scope.spawn(move || drop(server.append("big", csv).send().ok()));
        }
    });
    let dataset = server.dataset("big");
    assert_eq!(dataset["row_count"], 180_000);
    assert_eq!(dataset["revision"], 4);
    let source = server.source("big");
    server.store("same", &source);
    assert_eq!(server.dataset("same")["sha256"], dataset["sha256"]);
    let rows = source.lines().skip(1);
    let mut next = [0_u64; 3];
    for row in rows {
        let mut fields = row.split(',');
        let who: usize = fields.next().unwrap().parse().unwrap();
        assert_eq!(fields.next().unwrap().parse::<u64>().unwrap(), next[who]);
        next[who] += 1;
    }
    assert_eq!(next, [60_000; 3]);
}

#[test]
fn an_append_that_breaks_off_leaves_everything_as_it_was() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    let request = "POST /datasets/people/rows HTTP/1.1\r\nHost: flash\r\nAccept: application/vnd.flash.v2+json\r\n\
                   Content-Type: text/csv\r\nContent-Length: 1000\r\n\r\nid\n2\n";
    break_off(server.address, request);
    assert_eq!(server.dataset("people")["row_count"], 1);
    assert_eq!(server.rows("people").as_array().unwrap().len(), 1);
}

#[test]
fn a_dataset_that_is_replaced_while_rows_come_takes_only_rows_that_fit() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    let path = "/datasets/people/rows";
    let fits = begin(server.address, "POST", path, "", "id\n3\n");
    let rows = begin(server.address, "POST", path, "", "id\n2\n");
    server
        .put("/datasets/people")
        .v2()
        .csv("id\n7\n")
        .send()
        .ok();
    let answer = fits.finish();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.source("people"), "id\n7\n3\n");
    server
        .put("/datasets/people")
        .v2()
        .csv("id,name\n1,Ada\n")
        .send()
        .ok();
    let answer = rows.finish();
    assert!(answer.starts_with("HTTP/1.1 409"), "{answer}");
    assert_eq!(server.dataset("people")["row_count"], 1);
}
