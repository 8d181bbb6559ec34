//! Writes, each done by a server and by the model.

use std::io::Write as _;
use std::sync::Arc;

use serde_json::Value;

use super::answer;
use super::describe::Said;
use super::document::{Document, Length};
use super::model::{Dataset, Revision};
use super::query::escaped;
use super::world::World;
use crate::client::{Answer, Call, V1};

/// A write as it is sent.
#[derive(Clone)]
struct Sent {
    method: &'static str,
    path: String,
    document: Option<Document>,
    if_match: Option<String>,
}

impl World {
    fn a_length(&mut self) -> Length {
        match self.random.below(120) {
            0 if !self.has_tiny_blocks() => Length::Huge,
            1..=30 => Length::Long,
            _ => Length::Short,
        }
    }

    /// Makes a dataset, or replaces it.
    pub(super) fn put(&mut self, name: &'static str) {
        let length = self.a_length();
        let document = Document::new(&mut self.random, length);
        let number = self
            .datasets
            .get(name)
            .map_or(1, |dataset| dataset.newest().number + 1);
        let creates = number == 1 && self.random.once_in(3);
        let mut parameters = Vec::new();
        if creates {
            parameters.push(format!("name={name}"));
        }
        let layout = &document.layout;
        // What isn't stated is kept from the revision before, so all of it is.
        let delimiter = escaped(&layout.delimiter.to_string());
        parameters.push(format!("delimiter={delimiter}"));
        let null = layout.null.as_deref().unwrap_or_default();
        parameters.push(format!("null={null}"));
        if !creates {
            parameters.push("empty=allow".to_owned());
        }
        let path = match creates {
            true => "/datasets".to_owned(),
            false => format!("/datasets/{name}"),
        };
        let sent = Sent {
            method: if creates { "POST" } else { "PUT" },
            path: format!("{path}?{}", parameters.join("&")),
            if_match: self.a_tag(name),
            document: Some(document.clone()),
        };
        let before = self.datasets.get(name).map(Dataset::newest);
        let at_once = before.is_some();
        let before = before.or_else(|| self.former.get(name));
        let before = before.map(|before| &**before);
        let revision = Revision::of(&document, number).behind(before, at_once);
        let Some(answer) = self.write(name, sent) else {
            return;
        };
        assert_eq!(
            answer.status,
            if number == 1 { 201 } else { 200 },
            "{}",
            answer.text()
        );
        let incarnation = self.incarnations;
        let dataset = self.datasets.entry(name).or_insert_with(|| Dataset {
            name: name.to_owned(),
            incarnation,
            said: Said::default(),
            revisions: Vec::new(),
        });
        dataset.revisions.push(Arc::new(revision));
        if number == 1 {
            self.incarnations += 1;
        }
        let said = answer.json();
        let said = if creates { &said["data"][0] } else { &said };
        let dataset = &self.datasets[name];
        answer::check_metadata(said, dataset, dataset.newest());
        answer::check_headers(&answer, dataset.newest());
    }

    pub(super) fn append(&mut self, name: &'static str) {
        let Some(dataset) = self.datasets.get(name) else {
            return self.put(name);
        };
        let newest = Arc::clone(dataset.newest());
        let length = self.a_length();
        let document = Document::appending(&mut self.random, &newest.layout, length);
        let revision = newest.appended(&document).behind(Some(&newest), true);
        let sent = Sent {
            method: "POST",
            path: format!("/datasets/{name}/rows"),
            if_match: self.a_tag(name),
            document: Some(document),
        };
        let Some(answer) = self.write(name, sent) else {
            return;
        };
        assert_eq!(answer.status, 200, "{}", answer.text());
        let dataset = self.datasets.get_mut(name).unwrap();
        dataset.revisions.push(Arc::new(revision));
        answer::check_metadata(&answer.json(), dataset, dataset.newest());
        answer::check_headers(&answer, dataset.newest());
    }

    pub(super) fn delete(&mut self, name: &'static str) {
        let sent = Sent {
            method: "DELETE",
            path: format!("/datasets/{name}"),
            if_match: None,
            document: None,
        };
        let answer = self.write(name, sent).unwrap();
        let deleted = self.datasets.remove(name);
        let there = deleted.is_some();
        if let Some(deleted) = deleted {
            self.former.insert(name, Arc::clone(deleted.newest()));
        }
        assert_eq!(
            answer.status,
            if there { 204 } else { 404 },
            "{}",
            answer.text()
        );
    }

    /// Now and then a tag that the dataset must have, which it has or, where it is changed, had.
    fn a_tag(&mut self, name: &str) -> Option<String> {
        if !self.random.once_in(6) {
            return None;
        }
        let server = self.a_server();
        let answer = self.servers[server]
            .get(&format!("/datasets/{name}"))
            .v2()
            .send();
        match answer.status {
            200 => Some(answer.header("ETag").to_owned()),
            _ => None,
        }
    }

    /// Sends a write, in one of the ways there are, and now and then twice with a key. `None`: it was refused, and was meant to
    /// be.
    fn write(&mut self, name: &str, mut sent: Sent) -> Option<Answer> {
        let broken = sent.document.is_some() && self.random.once_in(25);
        if let Some(document) = sent.document.as_mut().filter(|_| broken) {
            document.text.push_str("\n\"never closed");
        }
        let stale = sent.if_match.is_some() && self.random.once_in(3);
        if stale {
            sent.if_match = Some("\"1f-2.0.0-json\"".to_owned());
        }
        // What is refused before its body was read is not kept, and its key is given back a moment later.
        let key = (!stale && self.random.once_in(8)).then(|| {
            self.keys += 1;
            format!("key-{}", self.keys)
        });
        let packing = self
            .random
            .one_of(&[None, None, None, Some("gzip"), Some("zstd")]);
        let server = self.a_server();
        self.note(format_args!(
            "{} {} to server {server}: {}{}",
            sent.method,
            sent.path,
            sent.document.as_ref().map_or(String::new(), shown),
            match (broken, stale) {
                (true, _) => ", broken",
                (_, true) => ", with a stale tag",
                _ => "",
            }
        ));
        let rehearsed = self.rehearse(server, &sent, broken || stale);
        let answer = self.call(server, &sent, packing, key.as_deref()).send();
        if let Some(rehearsed) = rehearsed {
            let of = |body: &Value| {
                let body = body.get("data").map_or(body, |list| &list[0]);
                let told = [
                    "revision",
                    "schema",
                    "columns",
                    "row_count",
                    "sha256",
                    "changes",
                    "hints",
                ];
                told.map(|member| body[member].clone())
            };
            assert_eq!(of(&rehearsed), of(&answer.json()));
        }
        if let Some(key) = &key {
            let other = self.a_server();
            let again = self.call(other, &sent, packing, Some(key)).send();
            assert_eq!(again.status, answer.status, "{name}: {}", again.text());
            assert_eq!(again.body, answer.body);
            assert_eq!(again.header("Idempotency-Replayed"), "true");
        }
        match (stale, broken) {
            (true, _) => assert_eq!(answer.status, 412, "{}", answer.text()),
            (false, true) => assert_eq!(answer.status, 422, "{}", answer.text()),
            (false, false) => return Some(answer),
        }
        None
    }

    /// Now and then a dry run of a write before it, which must tell the same.
    fn rehearse(&mut self, server: usize, sent: &Sent, refused: bool) -> Option<Value> {
        sent.document.as_ref()?;
        if refused || !self.random.once_in(8) {
            return None;
        }
        let mark = if sent.path.contains('?') { '&' } else { '?' };
        let dry = Sent {
            path: format!("{}{mark}dry_run=true", sent.path),
            ..sent.clone()
        };
        let answer = self.call(server, &dry, None, None).send().ok();
        Some(answer.json())
    }

    fn call(&self, server: usize, sent: &Sent, packing: Option<&str>, key: Option<&str>) -> Call {
        let mut call = self.servers[server].call(sent.method, &sent.path);
        call = match sent.document {
            Some(_) => call.v2(),
            None => call.accept(V1),
        };
        if let Some(tag) = &sent.if_match {
            call = call.header("If-Match", tag);
        }
        if let Some(key) = key {
            call = call.header("Idempotency-Key", key);
        }
        let Some(document) = &sent.document else {
            return call;
        };
        call = call.header("Content-Type", &document.content_type());
        let bytes = document.bytes();
        match packing {
            None => call.body(bytes),
            Some("gzip") => {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(&bytes).unwrap();
                call.header("Content-Encoding", "gzip")
                    .body(encoder.finish().unwrap())
            }
            Some(_) => {
                let packed = zstd::encode_all(&bytes[..], 1).unwrap();
                call.header("Content-Encoding", "zstd").body(packed)
            }
        }
    }
}

/// A document, as far as it tells what went wrong.
fn shown(document: &Document) -> String {
    let text: String = document.text.chars().take(160).collect();
    format!(
        "{:?}, mark {}, {:?}, {} characters: {text:?}",
        document.charset,
        document.mark,
        document.layout,
        document.text.len()
    )
}
