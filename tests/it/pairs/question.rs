//! What is asked, and how a request says it.

use super::answer;
use super::model::{Dataset, Revision, Which};
use super::query::{Found, Query, escaped};
use crate::client::{V1, V2};
use crate::ledger::Random;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub name: &'static str,
    pub what: What,
    /// What `Accept-Encoding` says.
    pub coding: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    V1Page {
        page: usize,
        per_page: usize,
    },
    V1Csv,
    /// The dataset in the version that the caller gets without naming one: the client by its pin, or somebody without a key.
    Default {
        by_client: bool,
    },
    Rows(Rows),
    Metadata {
        which: Which,
    },
    Source {
        which: Which,
        range: Option<(usize, usize)>,
    },
    Summary {
        which: Which,
    },
    Description,
    Revisions,
    Names,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    pub query: Query,
    pub format: Format,
    pub limit: Option<usize>,
    pub which: Which,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Ndjson,
    Csv,
}

impl Question {
    /// Something about a dataset, which may be there or not.
    pub fn random(random: &mut Random, name: &'static str, dataset: Option<&Dataset>) -> Self {
        let coding = random.one_of(&[
            None,
            None,
            None,
            Some("gzip"),
            Some("zstd"),
            Some("br"),
            Some("identity"),
        ]);
        let newest = dataset.map_or(1, |dataset| dataset.newest().number);
        let major = dataset.map_or(1, |dataset| dataset.newest().schema.0);
        let which = |random: &mut Random| match random.below(8) {
            0 | 1 => {
                let back = i64::try_from(random.below(6)).unwrap() - 1;
                Which::Revision((newest - back).max(1))
            }
            2 => Which::Schema(
                (major + 1)
                    .saturating_sub(random.one_of(&[0, 1, 2, 3, 4, 5]))
                    .max(1),
            ),
            _ => Which::Newest,
        };
        let what = match random.below(23) {
            0 | 1 => What::V1Page {
                page: 1 + random.index(3),
                per_page: random.one_of(&[1, 3, 100, 1000]),
            },
            2 => What::V1Csv,
            20 | 21 => What::Default {
                by_client: random.once_in(2),
            },
            3 => What::Metadata {
                which: which(random),
            },
            4 => What::Summary {
                which: which(random),
            },
            22 => What::Description,
            5 => What::Revisions,
            6 => What::Names,
            7 | 8 => What::Source {
                which: which(random),
                range: random.once_in(2).then(|| {
                    let from = random.index(300);
                    (from, from + random.index(300))
                }),
            },
            _ => {
                let query = match dataset {
                    Some(dataset) if !random.once_in(6) => Query::random(random, dataset.newest()),
                    _ => Query::default(),
                };
                let format =
                    random.one_of(&[Format::Json, Format::Json, Format::Ndjson, Format::Csv]);
                let limit =
                    random.one_of(&[None, Some(1), Some(2), Some(7), Some(40), Some(10_000)]);
                What::Rows(Rows {
                    query,
                    // Without one, JSON has 100.
                    limit: limit.or_else(|| (format == Format::Json).then_some(100)),
                    format,
                    which: which(random),
                })
            }
        };
        Self { name, what, coding }
    }

    /// Path and query; of the next part of a list with the cursor of it.
    pub fn path(&self, cursor: Option<&str>) -> String {
        let name = self.name;
        let with = |path: String, parameters: Vec<(String, String)>| {
            let parameters = parameters.iter();
            let parameters: Vec<_> = parameters
                .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
                .collect();
            match parameters.is_empty() {
                true => path,
                false => format!("{path}?{}", parameters.join("&")),
            }
        };
        let of = |which: &Which| match which {
            Which::Newest => Vec::new(),
            Which::Revision(number) => vec![("revision".to_owned(), number.to_string())],
            Which::Schema(major) => vec![("schema".to_owned(), major.to_string())],
        };
        match &self.what {
            What::V1Page { page, per_page } => {
                format!("/datasets/{name}?page={page}&per_page={per_page}")
            }
            What::V1Csv | What::Default { .. } => format!("/datasets/{name}"),
            What::Metadata { which } => with(format!("/datasets/{name}"), of(which)),
            What::Source { which, .. } => with(format!("/datasets/{name}/source"), of(which)),
            What::Summary { which } => with(format!("/datasets/{name}/summary"), of(which)),
            What::Description => format!("/datasets/{name}/description"),
            What::Revisions => format!("/datasets/{name}/revisions"),
            What::Names => "/datasets?limit=1000".to_owned(),
            What::Rows(rows) => {
                let mut parameters = rows.query.parameters();
                parameters.extend(of(&rows.which));
                let limit = rows
                    .limit
                    .filter(|limit| rows.format != Format::Json || *limit != 100);
                parameters.extend(limit.map(|limit| ("limit".to_owned(), limit.to_string())));
                parameters.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor.to_owned())));
                with(format!("/datasets/{name}/rows"), parameters)
            }
        }
    }

    /// What `Accept` says; `None`: nothing.
    pub fn accept(&self) -> Option<&'static str> {
        Some(match &self.what {
            What::Default { .. } => return None,
            What::V1Page { .. } => V1,
            What::V1Csv => "text/csv",
            What::Rows(rows) => match rows.format {
                Format::Json => V2,
                Format::Ndjson => "application/vnd.flash.v2+ndjson",
                Format::Csv => "application/vnd.flash.v2+csv",
            },
            _ => V2,
        })
    }

    /// The revision that it names.
    pub fn which(&self) -> Which {
        match &self.what {
            What::Metadata { which } | What::Source { which, .. } | What::Summary { which } => {
                *which
            }
            What::Rows(rows) => rows.which,
            What::V1Page { .. }
            | What::V1Csv
            | What::Default { .. }
            | What::Description
            | What::Revisions
            | What::Names => Which::Newest,
        }
    }

    /// The rows that it is about.
    pub fn find(&self, revision: &Revision) -> Result<Found, u16> {
        match &self.what {
            What::Rows(rows) => rows.query.find(revision),
            What::Source {
                range: Some((from, _)),
                ..
            } if *from >= revision.source.len() => Err(416),
            _ => Ok(answer::all(revision)),
        }
    }
}
