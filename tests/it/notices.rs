//! The webhook is told of what happens to versions: once, signed, and again until it has it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flash::services::Clock;
use flash::settings::NotifySettings;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::Sha256;

use crate::client::V1;
use crate::clients::Keyed as _;
use crate::database::Place;
use crate::lifecycle::flags;
use crate::process::Program;
use crate::server::{Builder, Server};

const SECRET: &str = "a secret of the tests";

const FLAGS: [&str; 6] = [
    "--deprecate",
    "v1=2027-01-01",
    "--retire",
    "v1=2027-07-01",
    "--brownout",
    "v1=2027-05-01T09:00Z/15m,2027-05-02T09:00Z/15m",
];

/// A webhook: it answers each request with the next of these statuses, and with the last one from then on.
struct Webhook {
    address: SocketAddr,
    received: Receiver<Received>,
}

/// A request to the webhook.
struct Received {
    line: String,
    head: String,
    body: String,
}

impl Webhook {
    fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = channel();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut reader = BufReader::new(stream.unwrap());
                let request = Received::read(&mut reader);
                let status = statuses[number.min(statuses.len() - 1)];
                let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
                // The request counts once it is answered.
                drop(reader.get_mut().write_all(answer.as_bytes()));
                drop(sender.send(request));
            }
        });
        Self { address, received }
    }

    fn settings(&self) -> NotifySettings {
        NotifySettings {
            notify: Some(
                format!("http://{}/hook?for=flash", self.address)
                    .parse()
                    .unwrap(),
            ),
            notify_secret: Some(SECRET.parse().unwrap()),
            notify_secret_file: None,
        }
    }

    #[track_caller]
    fn next(&self) -> Received {
        self.received.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    #[track_caller]
    fn has_no_more(&self) {
        let more: Vec<String> = self.received.try_iter().map(|one| one.body).collect();
        assert_eq!(more, [""; 0]);
    }
}

impl Received {
    fn read(reader: &mut impl BufRead) -> Self {
        let (mut line, mut head) = (String::new(), String::new());
        reader.read_line(&mut line).unwrap();
        loop {
            let mut next = String::new();
            reader.read_line(&mut next).unwrap();
            if next.trim().is_empty() {
                break;
            }
            head.push_str(&next);
        }
        let mut request = Self {
            line: line.trim().to_owned(),
            head,
            body: String::new(),
        };
        let length: usize = request.header("content-length").parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        request.body = String::from_utf8(body).unwrap();
        request
    }

    fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found
            .unwrap_or_else(|| panic!("{name}: {}", self.head))
            .1
            .to_owned()
    }

    /// The body, after checking its signature as Standard Webhooks says.
    #[track_caller]
    fn verified(&self) -> Value {
        let (id, seconds) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{id}.{seconds}.{}", self.body).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(self.header("webhook-signature"), expected);
        serde_json::from_str(&self.body).unwrap()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A server that tells that webhook, whose clock stands at that time.
fn server(webhook: &Webhook, time: &str) -> (Server, Clock) {
    let mut builder = Builder::new();
    let clock = builder.stand_at(at(time));
    builder.settings.lifecycle = flags(&FLAGS);
    builder.settings.notify = webhook.settings();
    (builder.start(), clock)
}

impl Server {
    /// Looks for events, and sends the notices that are due.
    fn notify_webhook(&self) {
        self.wait_for(self.services.notify()).unwrap();
    }
}

#[test]
fn a_deprecation_is_told_once_when_it_begins_with_who_uses_the_version() {
    let webhook = Webhook::start(&[204]);
    let (server, clock) = server(&webhook, "2026-12-31T23:59:59Z");
    let key = server.register("shop");
    server
        .get("/datasets")
        .accept(V1)
        .with_key(&key)
        .send()
        .ok();
    let curl = server.get("/datasets").header("User-Agent", "curl/8.5.0");
    curl.send().ok();
    server.hand_usage_over();
    server.notify_webhook();
    webhook.has_no_more();
    clock.set(at("2027-01-01T00:00:00Z"));
    server.notify_webhook();
    let told = webhook.next();
    assert_eq!(told.line, "POST /hook?for=flash HTTP/1.1");
    assert_eq!(told.header("content-type"), "application/json");
    assert_eq!(told.header("webhook-timestamp"), "1798761600");
    let body = told.verified();
    assert_eq!(body["type"], "version.deprecated");
    assert_eq!(body["timestamp"], "2027-01-01T00:00:00Z");
    let data = &body["data"];
    assert_eq!(
        (&data["version"], &data["successor"]),
        (&"v1".into(), &"v2".into())
    );
    assert_eq!(data["deprecated_at"], "2027-01-01T00:00:00Z");
    assert_eq!(data["retired_at"], "2027-07-01T00:00:00Z");
    assert_eq!(
        (&data["brownout"], &data["more_callers"]),
        (&Value::Null, &0.into())
    );
    let callers = data["callers"].as_array().unwrap();
    assert_eq!(callers.len(), 2, "{data}");
    assert_eq!(
        (&callers[0]["family"], &callers[0]["client"]),
        (&"curl".into(), &Value::Null)
    );
    assert_eq!(
        (&callers[1]["client"], &callers[1]["requests"]),
        (&"shop".into(), &1.into())
    );
    // Neither this server nor the next one tells it again.
    server.notify_webhook();
    let place = server.place.clone();
    drop(server);
    let mut builder = Builder::at(place);
    builder.stand_at(at("2027-01-02T00:00:00Z"));
    builder.settings.lifecycle = flags(&FLAGS);
    builder.settings.notify = webhook.settings();
    builder.start().notify_webhook();
    webhook.has_no_more();
}

#[test]
fn what_happened_long_before_the_webhook_was_set_is_not_told() {
    let webhook = Webhook::start(&[204]);
    let (server, _) = server(&webhook, "2027-03-01T00:00:00Z");
    server.notify_webhook();
    webhook.has_no_more();
}

#[test]
fn a_near_retirement_is_told_if_somebody_is_left() {
    let webhook = Webhook::start(&[200]);
    let (server, clock) = server(&webhook, "2027-06-23T23:59:59Z");
    server.notify_webhook();
    clock.set(at("2027-06-24T00:00:00Z"));
    // Nobody is left yet.
    server.notify_webhook();
    webhook.has_no_more();
    let key = server.register("shop");
    let details = flash::store::DetailChanges {
        contact: Some(Some("ada@shop.example".to_owned())),
        ..Default::default()
    };
    server.admin().change("shop", &details).unwrap();
    server
        .get("/datasets")
        .accept(V1)
        .with_key(&key)
        .send()
        .ok();
    server.hand_usage_over();
    server.notify_webhook();
    let body = webhook.next().verified();
    assert_eq!(body["type"], "version.retires_soon");
    let callers = &body["data"]["callers"];
    assert_eq!(callers[0]["client"], "shop", "{body}");
    assert_eq!(callers[0]["contact"], "ada@shop.example", "{body}");
    server.notify_webhook();
    webhook.has_no_more();
}

#[test]
fn each_caller_that_a_brownout_refuses_is_told_once_for_each_brownout() {
    let webhook = Webhook::start(&[200]);
    let (server, clock) = server(&webhook, "2027-05-01T09:01:00Z");
    let key = server.register("shop");
    let ask = || server.get("/datasets").accept(V1);
    for _ in 0..2 {
        assert_eq!(ask().with_key(&key).send().status, 503);
        assert_eq!(ask().header("User-Agent", "curl/8.5.0").send().status, 503);
        server.hand_usage_over();
        server.notify_webhook();
    }
    let mut told = [webhook.next().verified(), webhook.next().verified()];
    told.sort_by_key(|body| body["data"]["callers"][0]["client"].is_null());
    assert_eq!(told[0]["type"], "version.brownout_refused");
    assert_eq!(told[0]["data"]["callers"][0]["client"], "shop");
    assert_eq!(told[1]["data"]["callers"][0]["family"], "curl");
    for body in &told {
        assert_eq!(body["data"]["brownout"]["start"], "2027-05-01T09:00:00Z");
        assert_eq!(body["data"]["callers"].as_array().unwrap().len(), 1);
    }
    webhook.has_no_more();
    clock.set(at("2027-05-02T09:01:00Z"));
    assert_eq!(ask().with_key(&key).send().status, 503);
    server.hand_usage_over();
    server.notify_webhook();
    let body = webhook.next().verified();
    assert_eq!(body["data"]["brownout"]["start"], "2027-05-02T09:00:00Z");
    webhook.has_no_more();
}

#[test]
fn a_notice_that_did_not_arrive_is_sent_again_later_with_the_same_id_and_body() {
    let webhook = Webhook::start(&[500, 302, 200]);
    let (server, clock) = server(&webhook, "2027-01-01T00:00:00Z");
    server.notify_webhook();
    let first = webhook.next();
    // It is not due yet.
    server.notify_webhook();
    webhook.has_no_more();
    let mut ids = vec![first.header("webhook-id")];
    for pause in [5, 300] {
        clock.set(clock.now() + SignedDuration::from_secs(pause));
        server.notify_webhook();
        let again = webhook.next();
        assert_eq!(again.body, first.body);
        let seconds = clock.now().as_second().to_string();
        assert_eq!(again.header("webhook-timestamp"), seconds);
        again.verified();
        ids.push(again.header("webhook-id"));
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    clock.set(clock.now() + SignedDuration::from_hours(20));
    server.notify_webhook();
    webhook.has_no_more();
}

#[test]
fn a_webhook_that_is_away_is_given_up_at_last_and_the_server_goes_on() {
    let webhook = Webhook::start(&[503]);
    let (server, clock) = server(&webhook, "2027-01-01T00:00:00Z");
    for _ in 0..8 {
        server.notify_webhook();
        webhook.next();
        clock.set(clock.now() + SignedDuration::from_hours(10));
    }
    server.notify_webhook();
    webhook.has_no_more();
    server.get("/datasets").v2().send().ok();
}

#[test]
fn several_servers_of_one_database_tell_an_event_once() {
    if !Place::is_shared() {
        return;
    }
    let webhook = Webhook::start(&[200]);
    let (first, _) = server(&webhook, "2027-01-01T00:00:00Z");
    let mut builder = Builder::at(first.place.clone());
    builder.stand_at(at("2027-01-01T00:00:00Z"));
    builder.settings.lifecycle = flags(&FLAGS);
    builder.settings.notify = webhook.settings();
    let second = builder.start();
    std::thread::scope(|scope| {
        for server in [&first, &second] {
            scope.spawn(|| server.notify_webhook());
        }
    });
    webhook.next().verified();
    first.notify_webhook();
    second.notify_webhook();
    webhook.has_no_more();
}

#[test]
fn the_program_tells_its_webhook_and_keeps_the_secret() {
    let webhook = Webhook::start(&[200]);
    let yesterday = Timestamp::now() - SignedDuration::from_hours(24);
    let date = format!("v1={yesterday:.0}");
    let url = format!("http://{}/", webhook.address);
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let file = file.to_str().unwrap();
    let arguments = [
        "--deprecate",
        &date,
        "--notify",
        &url,
        "--notify-secret-file",
        file,
    ];
    let program = Program::serve(&arguments);
    assert_eq!(webhook.next().verified()["type"], "version.deprecated");
    drop(program);
    let (code, line) = Program::serve(&[]).run(&["serve", "--notify", &url]);
    assert_eq!(code, 2, "{line}");
    assert!(line.contains("--notify needs a secret"), "{line}");
}
