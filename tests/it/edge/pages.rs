//! What a web page in a browser on the same machine can't do: write, and call the server by a name of its own.

use flash::server::{Limits, Trust};
use flash::settings::ServeSettings;
use http::Request;
use http_body_util::Empty;
use serde_json::Value;

use super::running::{Answer, Running, answering, asked, generous, http2, text};
use crate::process::Program;

/// A server on loopback that lets pages of one foreign origin write.
async fn server() -> Running {
    let origins = ["https://app.example".to_owned()];
    let limits = Limits {
        trust: Trust::new(
            "127.0.0.1:3000".parse().unwrap(),
            &["flash".to_owned()],
            &origins,
        ),
        ..generous()
    };
    Running::start(limits, answering(|_| async { text("served") })).await
}

fn request(method: &str, headers: &str) -> String {
    format!("{method} / HTTP/1.1\r\nHost: localhost:3000\r\n{headers}Content-Length: 0\r\n\r\n")
}

#[track_caller]
fn refused(answer: &Answer, status: &str, words: &[&str]) {
    assert_eq!(answer.status(), status, "{answer:?}");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let sentence = body["error"].as_str().unwrap();
    for word in words {
        assert!(sentence.contains(word), "{word:?} is not in {sentence:?}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_can_not_write_and_is_told_the_setting() {
    let server = server().await;
    for headers in [
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Sec-Fetch-Site: of-tomorrow\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: http://localhost:3000\r\n",
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: same-origin\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: http://localhost:5173\r\n",
        "Origin: null\r\n",
        "Origin: é\r\n",
        "Origin: http://localhost:3000\r\nOrigin: http://localhost:3000\r\n",
        "Origin: https://app.example.evil.example\r\n",
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = asked(&server, &request(method, headers)).await;
            refused(&answer, "403", &["--allow-origin"]);
        }
        for method in ["GET", "OPTIONS"] {
            let answer = asked(&server, &request(method, headers)).await;
            assert_eq!(answer.body, "served", "{method} {headers}");
        }
    }
    let answer = asked(
        &server,
        &request("POST", "Origin: https://evil.example\r\n"),
    )
    .await;
    refused(&answer, "403", &["https://evil.example"]);
}

#[tokio::test]
async fn pages_of_its_own_and_of_an_allowed_origin_write_and_so_does_what_is_no_browser() {
    let server = server().await;
    for headers in [
        "",
        "Sec-Fetch-Site: same-origin\r\n",
        "Sec-Fetch-Site: same-origin\r\nOrigin: https://proxied.example\r\n",
        "Sec-Fetch-Site: none\r\n",
        "Origin: http://localhost:3000\r\n",
        "Origin: https://LOCALHOST:3000\r\n",
        "Origin: https://app.example\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: https://app.example\r\n",
    ] {
        let answer = asked(&server, &request("POST", headers)).await;
        assert_eq!(answer.body, "served", "{headers}");
    }
}

#[tokio::test]
async fn http2_pages_are_held_to_the_same() {
    let server = server().await;
    let mut client = http2(server.address).await;
    for (origin, status) in [("http://flash", 200), ("https://evil.example", 403)] {
        let request = Request::post("http://flash/").header("origin", origin);
        let answer = client.send_request(request.body(Empty::new()).unwrap());
        assert_eq!(answer.await.unwrap().status(), status, "{origin}");
    }
}

#[tokio::test]
async fn a_name_that_the_machine_does_not_have_is_misdirected() {
    let server = server().await;
    for method in ["GET", "HEAD", "POST", "OPTIONS"] {
        let request = format!(
            "{method} / HTTP/1.1\r\nHost: evil.example:3000\r\nOrigin: http://evil.example:3000\r\nContent-Length: 0\r\n\r\n"
        );
        let mut client = server.connect().await;
        client.send(&request).await;
        if method == "HEAD" {
            client
                .send("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
                .await;
            let both = String::from_utf8(client.closed().await).unwrap();
            assert_eq!(both.matches("HTTP/1.1 421").count(), 2, "{both}");
        } else {
            refused(&client.answer().await, "421", &["evil.example", "--host"]);
        }
    }
    let absolute = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    refused(&asked(&server, absolute).await, "421", &["evil.example"]);
}

#[tokio::test]
async fn a_listener_that_others_reach_answers_to_every_name_and_no_foreign_page_writes() {
    let mut settings = ServeSettings::default();
    settings.public.listen = "0.0.0.0:3000".parse().unwrap();
    settings.access.anonymous = Some(flash::settings::Anonymous::ReadWrite);
    let limits = Limits::public(&settings.check().unwrap());
    let server = Running::start(limits, answering(|_| async { text("served") })).await;
    let get = "GET / HTTP/1.1\r\nHost: 10.1.2.3:3000\r\n\r\n";
    assert_eq!(asked(&server, get).await.body, "served");
    let post = "POST / HTTP/1.1\r\nHost: flash.example\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n";
    refused(&asked(&server, post).await, "403", &["--allow-origin"]);
}

#[test]
fn what_is_set_counts_on_both_listeners_of_the_program() {
    let server = Program::serve(&[
        "--host",
        "my-box,[fd00::7]",
        "--allow-origin",
        "https://app.example",
        "--allow-origin",
        "http://localhost:5173",
    ]);
    for address in [server.address, server.admin] {
        for (host, status) in [
            ("my-box", true),
            ("[fd00::7]:80", true),
            ("localhost", true),
            ("evil.example", false),
        ] {
            let request =
                format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let answer = crate::client::exchange(address, &request);
            assert_eq!(
                !answer.starts_with("HTTP/1.1 421"),
                status,
                "{host}: {answer}"
            );
        }
    }
    for (origin, status) in [
        ("https://app.example", 201),
        ("http://localhost:5173", 200),
        ("https://evil.example", 403),
    ] {
        let call = server
            .call("PUT", "/datasets/people")
            .v2()
            .header("Origin", origin);
        assert_eq!(call.csv("a\n1\n").send().status, status, "{origin}");
    }
    let probe = |method: &str| {
        let request = format!(
            "{method} /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        crate::client::exchange(server.admin, &request)
    };
    for (method, status) in [
        ("GET", "200"),
        ("HEAD", "200"),
        ("OPTIONS", "204"),
        ("POST", "405"),
        ("DELETE", "405"),
    ] {
        let answer = probe(method);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{method}: {answer}"
        );
        assert_eq!(
            answer.contains("allow: GET, HEAD, OPTIONS"),
            ["204", "405"].contains(&status),
            "{answer}"
        );
    }
    let (code, said) = server.run(&["healthcheck", "--admin-listen", &server.admin.to_string()]);
    assert_eq!(code, 0, "{said}");
}
