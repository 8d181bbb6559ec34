//! Somebody who reads a dataset, in words.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use super::text::{grouped, shortened};
use super::times::minute;

/// The most columns that are told.
const COLUMNS: usize = 12;
/// The most characters of a column's name.
const NAME: usize = 100;

/// What the API says of a reader.
#[derive(Debug, Deserialize)]
pub(super) struct Reader {
    client: Option<String>,
    family: Option<String>,
    requests: u64,
    last_at: Timestamp,
    columns: Vec<String>,
    #[serde(default)]
    more_columns: bool,
}

impl Reader {
    pub(super) fn who(&self) -> String {
        match (&self.client, &self.family) {
            (Some(client), _) => client.clone(),
            (None, Some(family)) => format!("{family}, anonymous"),
            (None, None) => "anonymous".to_owned(),
        }
    }

    pub(super) fn requests(&self) -> String {
        grouped(self.requests)
    }

    pub(super) fn last(&self) -> String {
        minute(self.last_at)
    }

    /// The columns that it named.
    pub(super) fn columns(&self) -> String {
        let told = self.columns.iter().take(COLUMNS);
        let told: Vec<_> = told.map(|name| shortened(name, NAME)).collect();
        let more = self.columns.len() - told.len();
        let told = told.join(", ");
        match (more, self.more_columns) {
            (0, false) => told,
            (0, true) => format!("{told} and perhaps more"),
            (more, _) => format!("{told} and {more} more"),
        }
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, last on {}", self.who(), self.last())?;
        match self.columns.is_empty() {
            true => Ok(()),
            false => write!(f, ", named {}", self.columns()),
        }
    }
}
