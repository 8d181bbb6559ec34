//! Faults within the server: what goes wrong is told, undone, and stays alone.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use flash::api::Registry;
use flash::dataset::{SchemaChanges, UploadOptions};
use flash::services::{Clock, Form, Services, Upload};
use flash::settings::ServeSettings;
use flash::store::{Claim, Claimed, Conditions, Receipt, StoreError, Write};
use jiff::{SignedDuration, Timestamp};
use ureq::http::StatusCode;

use crate::client::{V2, begin};
use crate::database::Place;
use crate::process::rest as rest_of;
use crate::sample::large_csv;
use crate::server::Server;

/// Work that panics within its transaction, after it wrote something.
fn panic_within(server: &Server, key: &str) -> StoreError {
    let store = &server.services.store;
    let claim = Claim {
        scope: "faults".to_owned(),
        key: key.to_owned(),
        holder: store.new_number(),
    };
    let claimed = server.wait_for(store.claim(&claim)).unwrap();
    assert_eq!(claimed, Claimed::First);
    let receipt = Receipt {
        claim,
        fingerprint: [0; 32],
        answer: Arc::new(|_| panic!("a fault that a test asked for")),
    };
    server.wait_for(store.settle(receipt)).unwrap_err()
}

#[test]
fn work_that_panics_is_undone_and_counted_and_harms_no_other() {
    let server = Server::with(|settings| settings.store.store_connections = 2);
    thread::scope(|scope| {
        for writer in 0..4 {
            let server = &server;
            scope.spawn(move || {
                for count in 0..20 {
                    server.store(&format!("w{writer}-{count}"), "id\n1\n");
                }
            });
        }
        for fault in 0..8 {
            let error = panic_within(&server, &fault.to_string());
            assert!(matches!(error, StoreError::Panicked), "{error:?}");
        }
    });
    server.store("after", "id\n1\n");
    assert!(server.services.store.health().is_ok());
    let metrics = server.services.metrics.scrape(&server.services, true);
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(metrics.contains("flash_store_panics_total 8"), "{metrics}");
    // What was acknowledged is there for others as well.
    let server = server.restart();
    assert_eq!(server.names().len(), 81);
}

#[test]
fn an_upload_that_is_given_up_at_any_moment_leaves_nothing() {
    let place = Place::new();
    let clock = Clock::standing_at(Timestamp::now());
    let mut settings = ServeSettings::default();
    settings.database.database = Some(place.setting());
    let catalogue = Registry::standard().unwrap().catalogue().unwrap();
    let csv = Bytes::from(large_csv(6 << 20));
    // On one thread, what an upload hands on begins only when the upload waits: as late as it can.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let services = Services::open(settings.check().unwrap(), catalogue, clock.clone()).unwrap();
        for steps in 1..12 {
            let form = Form {
                name: "half".parse().unwrap(),
                write: Write::Put,
                schema_changes: SchemaChanges::Any,
                dry_run: false,
                conditions: Conditions::default(),
                options: UploadOptions::default(),
                media_type: "text/csv",
            };
            let mut upload = Upload::begin(&services, form, None, None).await.unwrap();
            for step in 0..steps {
                let part = csv.slice(step << 19..(step + 1) << 19);
                upload.write(part).await.unwrap();
            }
            drop(upload);
        }
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while place.uploads() + place.blocks() > 0 {
            assert!(std::time::Instant::now() < deadline, "something stays");
            place.let_tombstones_age(SignedDuration::from_mins(5), &clock);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        // Nothing is on its way any more either.
        services.store.close().await;
        assert_eq!(place.uploads() + place.blocks(), 0);
    });
}

#[test]
fn what_is_read_hides_no_other_tombstone() {
    let mut builder = crate::server::Builder::new();
    let clock = builder.stand_at(Timestamp::now());
    let server = builder.start();
    let mut leases = Vec::new();
    // More than are looked at together, and in the order in which they are looked at.
    for n in 0..70 {
        let name = format!("read{n}");
        server.store(&name, "id\n1\n");
        let found = server.wait_for(server.services.store.find(&name.parse().unwrap()));
        leases.push(server.services.store.lease(&found.unwrap().unwrap()));
    }
    server.store("unread", "id\n1\n");
    for name in server.names() {
        let delete = server.delete(&format!("/datasets/{name}")).send();
        delete.expect(StatusCode::NO_CONTENT);
    }
    server
        .place
        .let_tombstones_age(SignedDuration::from_mins(5), &clock);
    server.place.wait_for_blocks(|blocks| blocks == 70);
    drop(leases);
    server.place.wait_for_blocks(|blocks| blocks == 0);
}

#[test]
fn an_upload_of_whose_source_a_part_was_lost_is_not_acknowledged() {
    for lost in ["chunks", "sources"] {
        let server = Server::start();
        let text = large_csv(8 << 20);
        let csv: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = csv.len();
        let (begun, rest) = csv.split_at(length - 100_000);
        let mut upload = TcpStream::connect(server.address).unwrap();
        let head = format!(
            "PUT /datasets/half HTTP/1.1\r\nHost: flash\r\nAccept: {V2}\r\nContent-Type: text/csv; charset=utf-16le\r\n\
             Connection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        upload.write_all(head.as_bytes()).unwrap();
        upload.write_all(begun).unwrap();
        server.until(|server| server.place.source_blocks() > 0 && server.place.blocks() > 0);
        // As a database does that was restarted amid the upload: the first part was not on its disk.
        server
            .place
            .execute(&format!("DELETE FROM {lost} WHERE first_byte = 0"));
        upload.write_all(rest).unwrap();
        let answer = rest_of(upload);
        assert!(answer.starts_with("HTTP/1.1 503"), "{lost}: {answer}");
        assert!(server.names().is_empty());
    }
}

#[test]
fn uploads_that_were_begun_for_one_name_all_end_in_its_dataset() {
    let mut builder = crate::server::Builder::new();
    let clock = builder.stand_at(Timestamp::now());
    // The last of them waits for the others.
    builder.settings.timeouts.body_timeout = std::time::Duration::from_secs(600);
    let server = builder.start();
    // More blocks than are moved at a time.
    let csv = large_csv(6 << 20);
    let begin = |method: &str, path: &str| begin(server.address, method, path, "", &csv);
    // Of these the first to end makes the dataset, whose number the others do not know.
    let new: Vec<_> = (0..3).map(|_| begin("PUT", "/datasets/new")).collect();
    for (upload, status) in new.into_iter().zip([201, 200, 200]) {
        let answer = upload.finish();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    let source = |path: &str| server.get(path).v2().send().ok().text();
    for revision in 1..=3 {
        let path = format!("/datasets/new/source?revision={revision}");
        assert!(source(&path) == csv, "{revision}");
    }
    // Rows for a dataset that another one took the place of.
    let rows = begin("POST", "/datasets/new/rows");
    let delete = server.delete("/datasets/new").send();
    delete.expect(StatusCode::NO_CONTENT);
    server.store("new", "id,code\n0,0000000000000000\n");
    let answer = rows.finish();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, appended) = csv.split_once('\n').unwrap();
    let whole = format!("id,code\n0,0000000000000000\n{appended}");
    assert!(source("/datasets/new/source") == whole);
    let delete = server.delete("/datasets/new").send();
    delete.expect(StatusCode::NO_CONTENT);
    server.place.wait_for_blocks(|blocks| {
        server
            .place
            .let_tombstones_age(SignedDuration::from_mins(5), &clock);
        blocks == 0
    });
    assert_eq!(server.place.uploads(), 0);
}
