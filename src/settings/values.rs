//! The values of those settings that are neither a number, a time nor an address.

use std::{fmt, path::PathBuf};

use clap::ValueEnum;

/// What callers without a key may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Anonymous {
    /// Anyone may read, upload, change and delete
    ReadWrite,
    /// Anyone may read; only registered clients may write
    Read,
    /// Only registered clients may do anything
    None,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// For people: time, level, message
    Text,
    /// For machines: one JSON object a line
    Json,
}

/// Importance of a log line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogLevel {
    /// What failed and needs somebody
    Error,
    /// What is wrong but was coped with
    Warn,
    /// What happened: starts, stops, requests
    Info,
    /// Why it happened: probes, cut-off connections
    Debug,
    /// Everything, that of libraries too
    Trace,
}

impl From<LogLevel> for log::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
            LogLevel::Trace => Self::Trace,
        }
    }
}

/// Where datasets are kept.
///
/// Its `Display` is for logs and error messages: it names the place and never a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Database {
    /// A SQLite file that this server holds alone.
    Sqlite(PathBuf),
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}
