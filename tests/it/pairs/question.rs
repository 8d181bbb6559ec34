//! What is asked, and how a request says it.

use super::answer;
use super::model::{Dataset, Revision};
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
        revision: Option<i64>,
    },
    Source {
        revision: Option<i64>,
        range: Option<(usize, usize)>,
    },
    Summary {
        revision: Option<i64>,
    },
    Revisions,
    Names,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    pub query: Query,
    pub format: Format,
    pub limit: Option<usize>,
    pub revision: Option<i64>,
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
        let revision = |random: &mut Random| {
            let back = i64::try_from(random.below(6)).unwrap() - 1;
            random.once_in(4).then(|| (newest - back).max(1))
        };
        let what = match random.below(22) {
            0 | 1 => What::V1Page {
                page: 1 + random.index(3),
                per_page: random.one_of(&[1, 3, 100, 1000]),
            },
            2 => What::V1Csv,
            20 | 21 => What::Default {
                by_client: random.once_in(2),
            },
            3 => What::Metadata {
                revision: revision(random),
            },
            4 => What::Summary {
                revision: revision(random),
            },
            5 => What::Revisions,
            6 => What::Names,
            7 | 8 => What::Source {
                revision: revision(random),
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
                    revision: revision(random),
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
        let of = |revision: &Option<i64>| {
            revision
                .iter()
                .map(|n| ("revision".to_owned(), n.to_string()))
                .collect::<Vec<_>>()
        };
        match &self.what {
            What::V1Page { page, per_page } => {
                format!("/datasets/{name}?page={page}&per_page={per_page}")
            }
            What::V1Csv | What::Default { .. } => format!("/datasets/{name}"),
            What::Metadata { revision } => with(format!("/datasets/{name}"), of(revision)),
            What::Source { revision, .. } => with(format!("/datasets/{name}/source"), of(revision)),
            What::Summary { revision } => with(format!("/datasets/{name}/summary"), of(revision)),
            What::Revisions => format!("/datasets/{name}/revisions"),
            What::Names => "/datasets?limit=1000".to_owned(),
            What::Rows(rows) => {
                let mut parameters = rows.query.parameters();
                parameters.extend(of(&rows.revision));
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
    pub fn revision(&self) -> Option<i64> {
        match &self.what {
            What::Metadata { revision }
            | What::Source { revision, .. }
            | What::Summary { revision } => *revision,
            What::Rows(rows) => rows.revision,
            What::V1Page { .. }
            | What::V1Csv
            | What::Default { .. }
            | What::Revisions
            | What::Names => None,
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
