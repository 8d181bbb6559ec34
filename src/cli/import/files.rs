//! The files to import, in their order.

use std::fmt;
use std::path::{Path, PathBuf};

use super::ImportError;

/// Extensions of the files that are imported from a folder.
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

/// The named files. A folder stands for its files that have one of the extensions, by name.
pub(super) fn find(named: &[PathBuf]) -> Result<Vec<Input>, ImportError> {
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

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let failed = |source| ImportError::Folder {
        file: folder.into(),
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
