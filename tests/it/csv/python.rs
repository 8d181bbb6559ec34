//! Random well-formed files are read as Python's csv module reads them.
//!
//! `FLASH_PYTHON_FILES` says how many, and `FLASH_PYTHON_SEED` which.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use flash::dataset::{Ingest, Limits, Records, UploadOptions};
use serde::Deserialize;
use serde_json::Value;

use super::wild;
use crate::server::Server;

/// How many files are sent to a server. The others only go through the reader.
const SENT: usize = 100;

/// A file, and its rows as Python reads them.
#[derive(Debug, Deserialize)]
struct File {
    parameters: BTreeMap<String, Value>,
    file: String,
    rows: Vec<Vec<String>>,
}

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap())
}

/// Gives each of the random files to `check`; `None` if there is no Python.
fn each(mut check: impl FnMut(usize, File)) -> Option<()> {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/csv/python/random_files.py"
    );
    let (files, seed) = (
        setting("FLASH_PYTHON_FILES", 2000),
        setting("FLASH_PYTHON_SEED", 1),
    );
    let mut python = Command::new("python3")
        .args([script, &files.to_string(), &seed.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let lines = BufReader::new(python.stdout.take().unwrap()).lines();
    let mut read = 0;
    for (number, line) in lines.enumerate() {
        check(number, serde_json::from_str(&line.unwrap()).unwrap());
        read += 1;
    }
    assert!(python.wait().unwrap().success());
    assert_eq!(read, files);
    Some(())
}

impl File {
    /// What the reader makes of it.
    fn read(&self) -> Result<Vec<Vec<String>>, String> {
        let mut options = UploadOptions {
            header_absent: true,
            ..UploadOptions::default()
        };
        for (name, value) in &self.parameters {
            let stated = options.dialect.state(name, value.as_str().unwrap());
            assert_eq!(stated, Ok(true));
        }
        let mut ingest = Ingest::new(options, Limits::default()).unwrap();
        let (mut raw_blocks, mut rows) = (Vec::new(), Vec::new());
        let bytes = self.file.as_bytes();
        let pushed = ingest.push(bytes, &mut raw_blocks);
        let finished = pushed.and_then(|()| ingest.finish(&mut raw_blocks));
        finished.map_err(|error| error.to_string())?;
        let layout = ingest.layout().unwrap();
        for raw_block in &raw_blocks {
            raw_block.analyse().map_err(|error| error.to_string())?;
            let body = std::str::from_utf8(&raw_block.text[raw_block.body_start..]).unwrap();
            let mut records = Records::new(body, layout.delimiter, layout.columns.len());
            let mut fields = Vec::new();
            while records.next_into(&mut fields) {
                let texts = fields.iter().map(|field| field.text().into_owned());
                rows.push(texts.collect());
            }
        }
        Ok(rows)
    }

    /// That a server reads it so too, and gives it back.
    #[track_caller]
    fn comes_back(mut self, server: &Server, name: &str) {
        let columns = self.rows[0].len();
        self.parameters.insert("header".into(), "absent".into());
        for column in 1..=columns {
            let name = format!("type.column_{column}");
            self.parameters.insert(name, "string".into());
        }
        wild::put(server, name, &self.parameters, self.file.as_bytes()).created();
        let rows = server.rows(name);
        let rows: Vec<Vec<_>> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let names = (1..=columns).map(|column| format!("column_{column}"));
                names
                    .map(|name| row[name].as_str().unwrap_or_default().to_owned())
                    .collect()
            })
            .collect();
        assert_eq!(rows, self.rows, "{:?} {:?}", self.file, self.parameters);
        let faults = wild::round_trip::faults(server, name);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

#[test]
fn random_files_are_read_as_python_reads_them() {
    let server = Server::start();
    let compared = each(|number, file| {
        assert_eq!(file.read().as_ref(), Ok(&file.rows), "{number}: {file:?}");
        if number < SENT {
            file.comes_back(&server, &format!("file-{number}"));
        }
    });
    if compared.is_none() {
        assert!(std::env::var("CI").is_err(), "python3 is missing");
        eprintln!("python3 is missing: nothing was compared with its csv module");
    }
}
