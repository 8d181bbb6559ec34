//! Readers and writers of one dataset at the same time.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::numbered;
use crate::server::Server;

#[test]
fn who_reads_while_the_dataset_is_replaced_sees_one_whole_revision() {
    const ROWS: usize = 6000;
    let server = Server::start();
    server.store("one", numbered(ROWS, "revision-1"));
    let done = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let readers = [
            "application/vnd.flash.v2+csv",
            "application/vnd.flash.v1+csv",
        ]
        .map(|accept| {
            let (server, done) = (&server, &done);
            scope.spawn(move || {
                let path = if accept.contains("v2") {
                    "/datasets/one/rows"
                } else {
                    "/datasets/one"
                };
                let mut seen = HashSet::new();
                while !done.load(Ordering::Relaxed) {
                    let text = server.get(path).accept(accept).send().ok().text();
                    let marks: HashSet<_> = text
                        .lines()
                        .skip(1)
                        .map(|row| row.split_once(',').unwrap().1)
                        .collect();
                    assert_eq!(text.lines().count(), ROWS + 1);
                    assert_eq!(marks.len(), 1, "{marks:?}");
                    seen.extend(marks.into_iter().map(str::to_owned));
                }
                seen
            })
        });
        for revision in 2..=12 {
            let csv = numbered(ROWS, &format!("revision-{revision}"));
            let answer = server.put("/datasets/one").v2().csv(csv).send().ok();
            assert_eq!(answer.json()["revision"], revision);
        }
        done.store(true, Ordering::Relaxed);
        readers.map(|reader| reader.join().unwrap())
    });
    assert!(seen.iter().all(|seen| !seen.is_empty()), "{seen:?}");
}

#[test]
fn of_many_posts_of_one_name_exactly_one_wins() {
    let server = Server::start();
    for round in 0..3 {
        let path = format!("/datasets?name=contested-{round}");
        let results = thread::scope(|scope| {
            let posts: Vec<_> = (0..8)
                .map(|who| {
                    let call = server.post(&path).csv(format!("who\n{who}\n"));
                    scope.spawn(move || (call.send().status, who))
                })
                .collect();
            posts
                .into_iter()
                .map(|post| post.join().unwrap())
                .collect::<Vec<_>>()
        });
        let (won, lost): (Vec<_>, Vec<_>) =
            results.into_iter().partition(|(status, _)| *status == 201);
        assert_eq!(won.len(), 1, "{won:?}");
        assert!(lost.iter().all(|(status, _)| *status == 409), "{lost:?}");
        assert_eq!(
            server.rows(&format!("contested-{round}"))[0]["who"],
            won[0].1
        );
    }
}

#[test]
fn of_lists_that_share_a_name_exactly_one_is_stored_and_whole() {
    let server = Server::start();
    let results = thread::scope(|scope| {
        let posts: Vec<_> = (0..6)
            .map(|who| {
                let list = serde_json::json!([
                    {"name": format!("own-{who}"), "csv": "a\n1\n"},
                    {"name": "shared", "csv": format!("who\n{who}\n")},
                ]);
                let call = server.post("/datasets").json(&list);
                scope.spawn(move || (call.send().status, who))
            })
            .collect();
        posts
            .into_iter()
            .map(|post| post.join().unwrap())
            .collect::<Vec<_>>()
    });
    let won: Vec<_> = results
        .iter()
        .filter(|(status, _)| *status == 201)
        .collect();
    let [(_, winner)] = won.as_slice() else {
        panic!("{results:?}");
    };
    assert_eq!(
        server.names(),
        [format!("own-{winner}"), "shared".to_owned()]
    );
}

#[test]
fn of_many_puts_of_one_name_one_creates_and_each_is_a_revision() {
    let server = Server::start();
    let answers = thread::scope(|scope| {
        let puts: Vec<_> = (0..8)
            .map(|who| {
                let call = server
                    .put("/datasets/one")
                    .v2()
                    .csv(format!("who\n{who}\n"));
                scope.spawn(move || call.send())
            })
            .collect();
        puts.into_iter()
            .map(|put| put.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1
    );
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        7
    );
    let revisions: HashSet<_> = answers
        .iter()
        .map(|answer| answer.json()["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(revisions, (1..=8).collect());
    assert_eq!(server.dataset("one")["revision"], 8);
}
