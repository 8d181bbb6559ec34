//! The line of a request says who sent it: a client by its name, others by the kind of their user agent, and the address if it is wanted.

use crate::process::Program;

/// The line of the request with that id.
fn line(program: &Program, id: &str, headers: &[(&str, &str)]) -> String {
    let mut call = program.call("GET", "/datasets").header("X-Request-Id", id);
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.send();
    program.line_with(&format!(" id={id}"))
}

#[test]
fn a_request_is_logged_with_the_name_of_its_client_or_the_kind_of_its_user_agent() {
    let program = Program::serve(&["--retire", "v1=2026-01-01"]);
    let (_, key) = program.manage(&["clients", "add", "shop"]);
    let bearer = format!("Bearer {}", key.trim());
    let v2 = ("Accept", crate::client::V2);
    let keyed = ("Authorization", bearer.as_str());
    let served = line(&program, "served", &[v2, keyed]);
    assert!(served.contains("status=200"), "{served}");
    assert!(served.contains(" client=shop "), "{served}");
    assert!(!served.contains("family="), "{served}");
    // Who is refused is told, too.
    let refused = line(&program, "gone", &[("Accept", crate::client::V1), keyed]);
    assert!(refused.contains("status=410"), "{refused}");
    assert!(refused.contains(" client=shop "), "{refused}");
    let anonymous = line(&program, "anonymous", &[v2, ("User-Agent", "curl/8.5.0")]);
    assert!(anonymous.contains(" family=curl "), "{anonymous}");
    let unknown = line(
        &program,
        "unknown",
        &[v2, ("Authorization", "Bearer flash_x")],
    );
    assert!(unknown.contains("status=401"), "{unknown}");
    assert!(unknown.contains(" family="), "{unknown}");
    for text in [&served, &refused, &anonymous] {
        assert!(!text.contains("address="), "{text}");
        assert!(!text.contains("flash_"), "{text}");
    }
}

#[test]
fn a_cached_response_is_logged_with_its_client_too() {
    let program = Program::serve(&[]);
    let (_, key) = program.manage(&["clients", "add", "shop"]);
    let call = program.call("PUT", "/datasets/people").v2().csv("id\n1\n");
    call.send().created();
    let bearer = format!("Bearer {}", key.trim());
    for id in ["one", "two", "three", "four"] {
        let call = program.call("GET", "/datasets/people/rows").v2();
        let call = call.header("X-Request-Id", id);
        call.header("Authorization", &bearer).send().ok();
        let line = program.line_with(&format!(" id={id}"));
        assert!(line.contains(" client=shop "), "{line}");
    }
}

#[test]
fn the_address_is_logged_only_if_that_is_wanted() {
    let program = Program::serve(&["--log-address"]);
    let forged = ("X-Forwarded-For", "192.0.2.1");
    let line = line(&program, "asked", &[forged]);
    assert!(line.contains(" address=127.0.0.1 "), "{line}");
}

#[test]
fn behind_a_trusted_proxy_the_address_is_the_one_that_it_forwards() {
    let arguments = ["--log-address", "--trusted-proxy", "127.0.0.0/8,::1"];
    let program = Program::serve(&arguments);
    let forwarded = ("X-Forwarded-For", "198.51.100.7, 192.0.2.1, 127.0.0.9");
    let plain = line(&program, "plain", &[forwarded]);
    assert!(plain.contains(" address=192.0.2.1 "), "{plain}");
    let standard = ("Forwarded", "for=\"[2001:db8::1]:4711\";proto=https");
    let standard = line(&program, "standard", &[standard]);
    assert!(standard.contains(" address=2001:db8::1 "), "{standard}");
    let direct = line(&program, "direct", &[]);
    assert!(direct.contains(" address=127.0.0.1 "), "{direct}");
}
