//! The files to import or to push, in their order, and the names of their datasets.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::dataset::{DatasetName, NameError};

/// Extensions of the files that are taken from a folder.
const ENDINGS: &[&str] = &["csv", "tsv", "txt"];

/// The source of a CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input.
    Standard,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Its length, if that is known.
        bytes: Option<u64>,
    },
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard input"),
            Self::File { path, .. } => path.display().fmt(f),
        }
    }
}

impl Input {
    /// Why there is no such file, if there is none.
    pub(super) fn missing(&self) -> Option<io::Error> {
        match self {
            Self::Standard => None,
            Self::File { path, .. } => path.metadata().err(),
        }
    }
}

/// A folder can't be read.
#[derive(Debug, thiserror::Error)]
#[error("can't read {folder}", folder = folder.display())]
pub struct UnreadableFolder {
    /// The folder.
    folder: PathBuf,
    /// What the system said.
    source: io::Error,
}

/// Why a file gets no name.
#[derive(Debug, thiserror::Error)]
pub(super) enum NamingError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("{1} has the name {0} already; rename one of the files")]
    Twice(DatasetName, String),
}

/// The names of datasets for files. Two files must not have the same one.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<DatasetName, String>);

impl Names {
    /// The name for a file: `given`, or the one that its file name makes.
    pub(super) fn name(
        &mut self,
        input: &Input,
        given: Option<&DatasetName>,
    ) -> Result<DatasetName, NamingError> {
        let name = name(input, given)?;
        match self.0.get(&name) {
            Some(before) => Err(NamingError::Twice(name, before.clone())),
            None => {
                self.0.insert(name.clone(), input.to_string());
                Ok(name)
            }
        }
    }
}

/// The name for a file: `given`, or the one that its file name makes.
pub(super) fn name(input: &Input, given: Option<&DatasetName>) -> Result<DatasetName, NameError> {
    match given {
        Some(name) => Ok(name.clone()),
        None => DatasetName::from_filename(&input.to_string()),
    }
}

/// The error in a combination of names and files, if there is one; `shared` says that several files may have one name.
pub(super) fn ambiguous(
    inputs: &[Input],
    name: Option<&DatasetName>,
    shared: bool,
) -> Option<&'static str> {
    match (inputs, name) {
        ([], _) => Some("found no .csv, .tsv or .txt file: name a file, or a folder that has one"),
        ([_, _, ..], Some(_)) if !shared => {
            Some("--name works for one file, and there are several: leave it out")
        }
        (several, None) if several.contains(&Input::Standard) => {
            Some("standard input has no name: give it by itself, with --name NAME")
        }
        _ => None,
    }
}

/// The named files. A folder stands for its files that have one of the extensions, by name.
pub(super) fn find(named: &[PathBuf]) -> Result<Vec<Input>, UnreadableFolder> {
    let mut found = Vec::new();
    for path in named {
        if path == Path::new("-") {
            found.push(Input::Standard);
        } else if path.is_dir() {
            found.extend(in_folder(path)?.into_iter().map(file));
        } else {
            found.push(file(path.clone()));
        }
    }
    Ok(found)
}

fn file(path: PathBuf) -> Input {
    let metadata = path.metadata().ok();
    let bytes = metadata.filter(std::fs::Metadata::is_file);
    Input::File {
        path,
        bytes: bytes.map(|metadata| metadata.len()),
    }
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, UnreadableFolder> {
    let failed = |source| UnreadableFolder {
        folder: folder.into(),
        source,
    };
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if has_extension(&path, ENDINGS) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether the file has one of these extensions, in letters of either case.
pub(super) fn has_extension(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|extension| {
        endings
            .iter()
            .any(|ending| extension.eq_ignore_ascii_case(ending))
    })
}

/// The media type of a CSV; `tabs` says that the name of its file ends in .tsv.
pub(super) fn media_type(tabs: bool) -> &'static str {
    match tabs {
        true => "text/tab-separated-values",
        false => "text/csv",
    }
}

/// The total length, if all lengths are known.
pub(super) fn bytes(inputs: &[Input]) -> Option<u64> {
    inputs
        .iter()
        .map(|input| match input {
            Input::Standard => None,
            Input::File { bytes, .. } => *bytes,
        })
        .sum()
}
