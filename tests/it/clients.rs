//! Registered clients: a key says who calls, and a pin which version it gets.

use flash::services::{address, clients};
use flash::settings::{Anonymous, CountUsage};
use flash::store::{AdminStore, Details};
use jiff::Timestamp;
use serde_json::json;

use crate::client::{Call, V1, V2, V2_RELEASE};
use crate::server::Server;

impl Server {
    pub fn admin(&self) -> AdminStore {
        let address = address(&self.services.settings.database);
        AdminStore::open(&address).unwrap()
    }

    /// Registers a client, and gives its key.
    pub fn register(&self, name: &str) -> String {
        let key = clients::new_key();
        let mut admin = self.admin();
        admin
            .add(
                name,
                &clients::digest(&key),
                &Details::default(),
                Timestamp::now(),
            )
            .unwrap();
        key
    }

    pub fn hand_usage_over(&self) {
        self.wait_for(self.services.hand_usage_over()).unwrap();
    }
}

pub trait Keyed {
    fn with_key(self, key: &str) -> Self;
}

impl Keyed for Call {
    fn with_key(self, key: &str) -> Self {
        self.header("Authorization", &format!("Bearer {key}"))
    }
}

#[test]
fn a_client_is_pinned_to_the_newest_version_when_it_first_calls() {
    let server = Server::start();
    let key = server.register("shop");
    let answer = server.get("/datasets").with_key(&key).send().ok();
    assert_eq!(answer.header("API-Version"), V2_RELEASE);
    assert_eq!(answer.header("API-Version-Source"), "pin");
    assert_eq!(answer.header("Content-Type"), V2);
    let anonymous = server.get("/datasets").send().ok();
    assert_eq!(anonymous.header("API-Version-Source"), "default");
    assert_eq!(anonymous.header("Content-Type"), V1);
    let client = server.get("/client").with_key(&key).send().ok().json();
    assert_eq!(client["name"], "shop");
    assert_eq!(client["pin"], "v2");
    assert_eq!(client["pinned_by"], "first-contact");
    assert!(client["first_contact_at"].is_string());
}

#[test]
fn naming_a_version_gets_that_one_and_leaves_the_pin_alone() {
    let server = Server::start();
    let key = server.register("shop");
    let answer = server
        .get("/datasets")
        .accept(V1)
        .with_key(&key)
        .send()
        .ok();
    assert_eq!(answer.header("API-Version-Source"), "accept");
    assert_eq!(answer.header("Content-Type"), V1);
    let client = server.get("/client").accept(V1).with_key(&key).send().ok();
    assert_eq!(client.json()["pin"], "v2");
    assert_eq!(client.header("Content-Type"), V1);
    // A format without a version is that of the pin.
    server
        .put("/datasets/a")
        .v2()
        .with_key(&key)
        .csv("n\n1\n")
        .send()
        .created();
    let csv = server
        .get("/datasets/a/rows")
        .accept("text/csv")
        .with_key(&key)
        .send()
        .ok();
    assert_eq!(csv.header("API-Version"), V2_RELEASE);
}

#[test]
fn many_first_requests_at_once_make_one_pin() {
    let server = Server::start();
    let key = server.register("shop");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| drop(server.get("/datasets").with_key(&key).send().ok()));
        }
    });
    let client = server.get("/client").with_key(&key).send().ok().json();
    assert_eq!(client["history"].as_array().unwrap().len(), 1);
}

#[test]
fn a_client_moves_its_pin_back_and_forth_and_undoes_a_move() {
    let server = Server::start();
    let key = server.register("shop");
    let patch = |wish: serde_json::Value| {
        let call = server.call("PATCH", "/client").with_key(&key);
        call.json(&wish).send()
    };
    let client = patch(json!({"version": 1})).ok().json();
    assert_eq!(
        (&client["pin"], &client["pinned_by"]),
        (&json!("v1"), &json!("client"))
    );
    let answer = server.get("/datasets").with_key(&key).send().ok();
    assert_eq!(answer.header("Content-Type"), V1);
    assert_eq!(patch(json!({"version": "v2"})).ok().json()["pin"], "v2");
    let client = patch(json!({"undo": true})).ok().json();
    assert_eq!(client["pin"], "v1");
    let history = client["history"].as_array().unwrap();
    let moves: Vec<_> = history
        .iter()
        .map(|one| (one["by"].as_str(), one["from"].as_str(), one["to"].as_str()))
        .collect();
    assert_eq!(
        moves,
        [
            (Some("client"), Some("v2"), Some("v1")),
            (Some("client"), Some("v1"), Some("v2")),
            (Some("client"), Some("v2"), Some("v1")),
            (Some("first-contact"), None, Some("v2")),
        ]
    );
    // Where it is already is no move.
    assert_eq!(
        patch(json!({"version": 1})).ok().json()["history"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[test]
fn a_pin_to_a_version_that_the_server_does_not_know_is_410_and_moves_nobody() {
    let server = Server::start();
    let key = server.register("shop");
    // A later release pinned it, and was rolled back.
    server.admin().pin("shop", 9, Timestamp::now()).unwrap();
    let answer = server.get("/datasets").with_key(&key).send();
    let answer = answer.refused(410, &["v9 is no longer served", "/versions"]);
    assert_eq!(answer.header("API-Version-Source"), "pin");
    assert!(!answer.headers.contains_key("API-Version"));
    server.get("/datasets").with_key(&key).v2().send().ok();
    let moved = server.call("PATCH", "/client").with_key(&key).v2();
    moved.json(&json!({ "version": 2 })).send().ok();
    server.services.clients.forget();
    let answer = server.get("/datasets").with_key(&key).send().ok();
    assert_eq!(answer.header("API-Version"), V2_RELEASE);
}

#[test]
fn a_pin_goes_only_to_versions_that_are_served() {
    let server = Server::start();
    let key = server.register("shop");
    let patch = |body: &str| {
        let call = server.call("PATCH", "/client").v2().with_key(&key);
        call.header("Content-Type", "application/json")
            .body(body)
            .send()
    };
    patch("{\"version\": 9}").refused(422, &["v9", "v2", "v1"]);
    patch("{\"version\": \"two\"}").refused(422, &["two", "v2"]);
    patch("{\"version\": 0}").refused(422, &["v0"]);
    for body in [
        "",
        "{}",
        "[]",
        "{\"pin\": 1}",
        "{\"version\": 1, \"undo\": true}",
        "{\"version\": -1}",
    ] {
        patch(body).refused(400, &["{\"version\": 2}"]);
    }
    let fresh = server.register("fresh");
    let undo = server.call("PATCH", "/client").v2().with_key(&fresh);
    undo.json(&json!({"undo": true}))
        .send()
        .refused(400, &["undo"]);
}

#[test]
fn a_wrong_key_is_refused_and_never_taken_for_none() {
    let server = Server::start();
    let key = server.register("shop");
    let mut other = key.clone();
    other.pop();
    other.push(if key.ends_with('A') { 'B' } else { 'A' });
    for wrong in [
        format!("Bearer {other}"),
        "Bearer flash_".to_owned(),
        "Bearer".to_owned(),
        format!("Basic {key}"),
        key.clone(),
        format!("Bearer {key}x"),
    ] {
        let answer = server
            .get("/datasets")
            .header("Authorization", &wrong)
            .send();
        let answer = answer.refused(401, &["key"]);
        assert!(
            answer.header("WWW-Authenticate").starts_with("Bearer"),
            "{wrong}"
        );
    }
    let lower = server
        .get("/datasets")
        .header("Authorization", &format!("bearer  {key}"));
    lower.send().ok();
    server
        .get("/client")
        .send()
        .refused(401, &["registered client"]);
}

#[test]
fn a_disabled_client_is_refused_soon_and_one_that_is_enabled_again_is_not() {
    let server = Server::start();
    let key = server.register("shop");
    let status = |server: &Server| server.get("/datasets").with_key(&key).send().status;
    assert_eq!(status(&server), 200);
    server
        .admin()
        .set_disabled("shop", true, Timestamp::now())
        .unwrap();
    server.until(|server| status(server) == 401);
    server
        .admin()
        .set_disabled("shop", false, Timestamp::now())
        .unwrap();
    server.until(|server| status(server) == 200);
}

#[test]
fn two_keys_live_side_by_side_while_a_client_changes_from_one_to_the_other() {
    let server = Server::start();
    let first = server.register("shop");
    let status = |key: &str| server.get("/client").with_key(key).send().status;
    assert_eq!(status(&first), 200);
    let second = clients::new_key();
    server
        .admin()
        .rotate_key("shop", &clients::digest(&second), None, Timestamp::now())
        .unwrap();
    assert_eq!((status(&first), status(&second)), (200, 200));
    assert_eq!(server.admin().drop_old_keys("shop").unwrap(), 1);
    server.until(|_| status(&first) == 401);
    assert_eq!(status(&second), 200);
}

#[test]
fn a_key_stays_valid_however_often_it_is_rotated_until_the_rotation_is_finished() {
    let server = Server::start();
    let mut keys = vec![server.register("shop")];
    let status = |server: &Server, key: &str| server.get("/client").with_key(key).send().status;
    // The clocks of those who make keys need not agree.
    let mut now = Timestamp::now();
    let mut rotate = |server: &Server, keys: &mut Vec<String>| {
        let key = clients::new_key();
        now -= jiff::SignedDuration::from_mins(5);
        let digest = clients::digest(&key);
        server.admin().rotate_key("shop", &digest, None, now)?;
        keys.push(key);
        Ok::<_, flash::store::StoreError>(())
    };
    while keys.len() < 8 {
        rotate(&server, &mut keys).unwrap();
    }
    let full = rotate(&server, &mut keys).unwrap_err().to_string();
    assert!(full.contains("--finish"), "{full}");
    // A server that starts now remembers none.
    let server = server.restart();
    for key in &keys {
        assert_eq!(status(&server, key), 200);
    }
    assert_eq!(server.admin().drop_old_keys("shop").unwrap(), 7);
    let newest = keys.pop().unwrap();
    server.until(|server| keys.iter().all(|key| status(server, key) == 401));
    assert_eq!(status(&server, &newest), 200);
    rotate(&server, &mut keys).unwrap();
}

#[test]
fn what_a_client_made_only_that_one_may_change_and_everybody_may_read() {
    let server = Server::start();
    let (mine, other) = (server.register("mine"), server.register("other"));
    let put = |key: Option<&str>, name: &str| {
        let call = server.put(&format!("/datasets/{name}")).v2().csv("n\n1\n");
        match key {
            Some(key) => call.with_key(key).send(),
            None => call.send(),
        }
    };
    put(Some(&mine), "owned").created();
    put(Some(&mine), "owned").ok();
    put(Some(&other), "owned").refused(403, &["another client"]);
    put(None, "owned").refused(403, &["another client"]);
    let rows = server.post("/datasets/owned/rows").v2().with_key(&other);
    rows.csv("n\n2\n").send().refused(403, &["another client"]);
    for version in [V1, V2] {
        let delete = server.delete("/datasets/owned").accept(version);
        delete.send().refused(403, &["another client"]);
    }
    server.get("/datasets/owned").send().ok();
    let revisions = server
        .get("/datasets/owned/revisions")
        .v2()
        .send()
        .ok()
        .json();
    assert_eq!(revisions["data"][0]["author"], "mine");
    assert_eq!(
        server
            .delete("/datasets/owned")
            .with_key(&mine)
            .send()
            .status,
        204
    );
    // What nobody in particular made, whoever may write may change.
    put(None, "shared").created();
    put(Some(&other), "shared").ok();
    put(None, "shared").ok();
}

#[test]
fn where_the_anonymous_may_not_a_client_may() {
    for anonymous in [Anonymous::Read, Anonymous::None] {
        let server = Server::with(|settings| settings.access.anonymous = Some(anonymous));
        let key = server.register("shop");
        server
            .put("/datasets/a")
            .v2()
            .csv("n\n1\n")
            .send()
            .refused(401, &["key"]);
        server
            .put("/datasets/a")
            .v2()
            .with_key(&key)
            .csv("n\n1\n")
            .send()
            .created();
        server.get("/datasets/a").with_key(&key).send().ok();
    }
}

#[test]
fn two_clients_may_use_the_same_idempotency_key() {
    let server = Server::start();
    let (one, other) = (server.register("one"), server.register("other"));
    let put = |key: &str, name: &str| {
        let call = server.put(&format!("/datasets/{name}")).v2().with_key(key);
        call.header("Idempotency-Key", "k").csv("n\n1\n").send()
    };
    put(&one, "a").created();
    put(&other, "b").created();
    put(&one, "a").created();
    assert_eq!(server.dataset("a")["revision"], 1);
}

#[test]
fn nothing_is_counted_when_counting_is_off() {
    let server = Server::with(|settings| settings.access.count_usage = CountUsage::Off);
    let key = server.register("shop");
    server.get("/datasets").with_key(&key).send().ok();
    server.hand_usage_over();
    assert_eq!(server.admin().usage(None, 0).unwrap(), []);
}

#[test]
fn a_client_sees_which_versions_it_used_and_when_last() {
    let server = Server::start();
    let key = server.register("shop");
    for _ in 0..3 {
        server.get("/datasets").with_key(&key).send().ok();
    }
    server
        .get("/datasets")
        .accept(V1)
        .with_key(&key)
        .send()
        .ok();
    server.get("/datasets").send().ok();
    server.hand_usage_over();
    server.get("/datasets").with_key(&key).send().ok();
    server.hand_usage_over();
    let client = server.get("/client").with_key(&key).send().ok().json();
    let versions = client["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    assert_eq!(
        (&versions[0]["version"], &versions[0]["requests"]),
        (&json!("v2"), &json!(4))
    );
    assert_eq!(
        (&versions[1]["version"], &versions[1]["requests"]),
        (&json!("v1"), &json!(1))
    );
    assert_eq!(client["last_contact_at"], versions[0]["last_at"]);
    let used = server.admin().usage(None, 0).unwrap();
    assert!(
        used.iter()
            .any(|used| used.client.is_none() && used.version == 1)
    );
}
