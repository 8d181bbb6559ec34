//! The folders of contracts: `tests/contracts/vN` has `openapi.json`, `patterns.json` and `exchanges/*.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::exchange::Theme;

/// What is promised of a version.
#[derive(Clone, Debug)]
pub struct Contract {
    pub name: String,
    pub folder: PathBuf,
    /// The document; none, if nothing is frozen yet.
    pub document: Option<Value>,
    /// What differs from run to run, by the name of the field or header, wherever it is.
    pub patterns: BTreeMap<String, String>,
    /// The exchanges, by the names of their files.
    pub themes: BTreeMap<String, Theme>,
}

/// Where the contracts of this repository are.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts")
}

/// The names of the folders that there are.
pub fn names(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

impl Contract {
    /// The contract in that folder; nothing is in it, if there is no folder.
    pub fn read(root: &Path, name: &str) -> Self {
        let folder = root.join(name);
        let mut themes = BTreeMap::new();
        for entry in fs::read_dir(folder.join("exchanges")).into_iter().flatten() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            themes.insert(stem, parse(&path));
        }
        let there = |file: &str| Some(folder.join(file)).filter(|path| path.is_file());
        Self {
            name: name.to_owned(),
            document: there("openapi.json").map(|path| parse(&path)),
            patterns: there("patterns.json").map_or_else(BTreeMap::new, |path| parse(&path)),
            themes,
            folder,
        }
    }

    /// Writes what is recorded: the document and the exchanges.
    pub fn write(&self) {
        fs::create_dir_all(self.folder.join("exchanges")).unwrap();
        if let Some(document) = &self.document {
            write(&self.folder.join("openapi.json"), document);
        }
        for (name, theme) in &self.themes {
            write(&self.folder.join(format!("exchanges/{name}.json")), theme);
        }
    }
}

fn parse<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, content: &impl Serialize) {
    let text = serde_json::to_string_pretty(content).unwrap();
    fs::write(path, text + "\n").unwrap();
}
