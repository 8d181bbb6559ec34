//! A key that is taken back while a request with it is being received: nothing of that is kept.

use flash::services::clients;
use flash::settings::Anonymous;
use jiff::Timestamp;

use crate::client::{Begun, begin_with};
use crate::clients::Keyed;
use crate::server::Server;

const FORM: &str = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"new.csv\"\r\n\r\nn\n7\n\r\n--x--\r\n";

/// Every write that there is: its method, its path, the type of its body, and that.
const WRITES: [(&str, &str, &str, &str); 8] = [
    ("POST", "/datasets?name=new", "text/csv", "n\n7\n"),
    ("POST", "/datasets", "multipart/form-data; boundary=x", FORM),
    (
        "POST",
        "/datasets",
        "application/json",
        r#"[{"name": "new", "csv": "n\n7\n"}]"#,
    ),
    ("PUT", "/datasets/new", "text/csv", "n\n7\n"),
    ("PUT", "/datasets/old", "text/csv", "n\n7\n"),
    ("POST", "/datasets/old/rows", "text/csv", "n\n7\n"),
    ("DELETE", "/datasets/old", "text/csv", "n"),
    ("PATCH", "/client", "application/json", r#"{"version": 1}"#),
];

/// A server with the dataset `old` of the client `shop`, and the key of that.
fn server() -> (Server, String) {
    let server = Server::start();
    let key = server.register("shop");
    let put = server.put("/datasets/old").v2().with_key(&key);
    put.csv("n\n1\n").send().created();
    (server, key)
}

/// Begins each write, with the beginning of an idempotency key: a removal waits for its body only if it has one.
fn begin_all(server: &Server, key: &str) -> Vec<Begun> {
    let writes = WRITES.iter().enumerate();
    let begun = writes.map(|(number, (method, path, kind, body))| {
        let headers = format!(
            "Authorization: Bearer {key}\r\nContent-Type: {kind}\r\nIdempotency-Key: k{number}\r\n"
        );
        begin_with(server.address, method, path, &headers, body)
    });
    begun.collect()
}

/// That each write is refused, and that nothing is as they would have made it.
#[track_caller]
fn refuse_all(server: &Server, begun: Vec<Begun>) {
    for (write, (method, path, ..)) in begun.into_iter().zip(WRITES) {
        let answer = write.finish();
        assert!(
            answer.starts_with("HTTP/1.1 401"),
            "{method} {path}: {answer}"
        );
        assert!(
            answer
                .to_ascii_lowercase()
                .contains("www-authenticate: bearer")
        );
    }
    assert_eq!(server.names(), ["old"]);
    assert_eq!(server.dataset("old")["revision"], 1);
    let client = server.wait_for(server.services.store.client("shop"));
    assert_eq!(client.unwrap().unwrap().pin, Some(2));
}

#[test]
fn a_write_of_a_client_that_is_disabled_before_it_ends_is_refused_and_may_be_sent_again_later() {
    let (server, key) = server();
    let begun = begin_all(&server, &key);
    let disable = |disabled| {
        server
            .admin()
            .set_disabled("shop", disabled, Timestamp::now())
    };
    disable(true).unwrap();
    refuse_all(&server, begun);
    // The refusal is not what the key of the request is answered with for a day.
    disable(false).unwrap();
    server.services.clients.forget();
    let put = server.put("/datasets/new").v2().with_key(&key);
    let put = put.header("Idempotency-Key", "k3").csv("n\n7\n");
    put.send().created();
}

#[test]
fn a_write_with_a_key_that_is_taken_away_before_it_ends_is_refused_and_one_with_the_new_key_is_not()
{
    let (server, key) = server();
    let begun = begin_all(&server, &key);
    let new = clients::new_key();
    let now = Timestamp::now();
    server
        .admin()
        .rotate_key("shop", &clients::digest(&new), None, now)
        .unwrap();
    let headers = format!("Authorization: Bearer {new}\r\nContent-Type: text/csv\r\n");
    let with_new = begin_with(
        server.address,
        "POST",
        "/datasets/old/rows",
        &headers,
        "n\n2\n",
    );
    assert_eq!(server.admin().drop_old_keys("shop").unwrap(), 1);
    refuse_all(&server, begun);
    let answer = with_new.finish();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_large_upload_of_a_client_that_is_disabled_leaves_nothing_behind() {
    let (server, key) = server();
    let rows: String = (0..200_000)
        .map(|row| format!("{row},some words\n"))
        .collect();
    let headers = format!("Authorization: Bearer {key}\r\nContent-Type: text/csv\r\n");
    let body = format!("n,words\n{rows}");
    let begun = begin_with(server.address, "PUT", "/datasets/big", &headers, &body);
    let mut admin = server.admin();
    admin.set_disabled("shop", true, Timestamp::now()).unwrap();
    let answer = begun.finish();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(server.names(), ["old"]);
}

#[test]
fn an_answer_to_a_key_is_given_again_only_to_those_who_may_still_write() {
    let server = Server::start();
    let put = |server: &Server, key: Option<&str>| {
        let put = server
            .put("/datasets/a")
            .v2()
            .header("Idempotency-Key", "k");
        match key {
            Some(key) => put.with_key(key).csv("n\n1\n").send(),
            None => put.csv("n\n1\n").send(),
        }
    };
    put(&server, None).created();
    put(&server, None).created();
    let shop = server.register("shop");
    put(&server, Some(&shop)).ok();
    let now = Timestamp::now();
    server.admin().set_disabled("shop", true, now).unwrap();
    server.services.clients.forget();
    put(&server, Some(&shop)).refused(401, &["key"]);
    let mut builder = crate::server::Builder::at(server.place.clone());
    drop(server);
    builder.settings.access.anonymous = Some(Anonymous::Read);
    let server = builder.start();
    put(&server, None).refused(401, &["key"]);
}
