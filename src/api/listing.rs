//! Documents about datasets, whose columns may have long names: lists of datasets, and single datasets.
//!
//! They are written one dataset, and a part of its columns, at a time, so memory is bounded ([`send`](super::rows::send)). A version
//! renders a dataset without its columns, and a column.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;

use super::error::Error;
use super::reply::Body;
use super::rows::{Maker, send};
use crate::dataset::{Column, Description};
use crate::services::Services;
use crate::services::search::SearchError;
use crate::store::Dataset;

/// How a version renders datasets.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// A dataset in JSON, with `"columns":[]`, and with what is said about it. In lists, nothing is.
    pub(super) without_columns: fn(&Dataset, &Description) -> Vec<u8>,
    /// Appends a column in JSON, with what is said about it.
    pub(super) column: fn(&Column, &Description, &mut Vec<u8>),
}

/// Bytes of column names that are read at a time, or one dataset if it has more.
const BATCH: usize = 256 << 10;
/// The member of a dataset into which its columns are inserted.
const COLUMNS: &[u8] = br#""columns":["#;
/// About how many bytes a dataset has without its columns.
const DATASET: u64 = 512;

/// A list: `head`, the datasets of these names, separated by commas, and `tail`. Each name comes with about how many bytes the dataset's
/// columns take. Datasets that are deleted meanwhile are left out.
pub(super) async fn list(
    services: &Arc<Services>,
    names: Vec<(String, usize)>,
    form: Form,
    head: Vec<u8>,
    tail: Vec<u8>,
) -> Result<Body, Error> {
    let expected = names.iter().map(|(_, bytes)| DATASET + *bytes as u64).sum();
    let writing = Writing {
        names: names.into(),
        ..Writing::new(services, form, head, tail)
    };
    send(&services.memory, expected, writing).await
}

/// One dataset, with its description.
pub(super) async fn one(
    services: &Arc<Services>,
    dataset: &Arc<Dataset>,
    form: Form,
    description: Description,
) -> Result<Body, Error> {
    let names = dataset
        .columns
        .iter()
        .map(|column| column.name.len() as u64);
    let writing = Writing {
        read: [Arc::clone(dataset)].into(),
        description,
        ..Writing::new(services, form, Vec::new(), Vec::new())
    };
    send(&services.memory, DATASET + names.sum::<u64>(), writing).await
}

/// A value in JSON.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    // Serializing strings, numbers and lists can't fail.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Splits the document of an empty list at the position of its items.
pub(super) fn around_items(document: &[u8], list: &str) -> (Vec<u8>, Vec<u8>) {
    let (head, tail) = cut(document, format!("\"{list}\":[").as_bytes());
    (head.to_vec(), tail.to_vec())
}

/// The parts of a document before and after the end of `begin`.
fn cut<'d>(document: &'d [u8], begin: &[u8]) -> (&'d [u8], &'d [u8]) {
    let at = memchr::memmem::find(document, begin).map_or(document.len(), |at| at + begin.len());
    document.split_at(at)
}

/// The state of writing.
struct Writing {
    services: Arc<Services>,
    form: Form,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Datasets to read.
    names: VecDeque<(String, usize)>,
    /// Datasets that were read and are not written yet.
    read: VecDeque<Arc<Dataset>>,
    /// The description of the dataset, if there is only one.
    description: Description,
    /// The dataset that is being written, the index of its next column, and the text after its columns.
    open: Option<(Arc<Dataset>, usize, Vec<u8>)>,
    /// Whether a dataset was written already.
    begun: bool,
    done: bool,
}

impl Writing {
    fn new(services: &Arc<Services>, form: Form, head: Vec<u8>, tail: Vec<u8>) -> Self {
        Self {
            services: Arc::clone(services),
            form,
            head,
            tail,
            names: VecDeque::new(),
            read: VecDeque::new(),
            description: Description::default(),
            open: None,
            begun: false,
            done: false,
        }
    }

    /// Reads the next datasets.
    async fn read(&mut self) -> Result<(), SearchError> {
        let (mut names, mut bytes) = (Vec::new(), 0);
        while let Some((name, columns)) = self.names.pop_front() {
            bytes += columns;
            names.push(name);
            if bytes >= BATCH {
                break;
            }
        }
        let found = self.services.store.list(names).await?;
        self.read = found.into_iter().map(Arc::new).collect();
        Ok(())
    }

    fn begin(&mut self, dataset: Arc<Dataset>, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            out.push(b',');
        }
        let document = (self.form.without_columns)(&dataset, &self.description);
        let (before, behind) = cut(&document, COLUMNS);
        out.extend_from_slice(before);
        self.open = Some((dataset, 0, behind.to_vec()));
    }
}

impl Maker for Writing {
    fn is_done(&self) -> bool {
        self.done
    }

    fn bytes(&self) -> usize {
        let names = self.names.iter().map(|(name, _)| name.len() + 32);
        names.sum::<usize>() + BATCH.min(self.names.iter().map(|(_, bytes)| bytes).sum())
    }

    async fn step(
        mut self,
        mut out: Vec<u8>,
        until: usize,
    ) -> Result<(Self, Vec<u8>), SearchError> {
        out.append(&mut self.head);
        while out.len() < until {
            if let Some((dataset, mut at, behind)) = self.open.take() {
                while let Some(column) = dataset.columns.get(at)
                    && out.len() < until
                {
                    if at > 0 {
                        out.push(b',');
                    }
                    (self.form.column)(column, &self.description, &mut out);
                    at += 1;
                }
                if at < dataset.columns.len() {
                    self.open = Some((dataset, at, behind));
                    break;
                }
                out.extend_from_slice(&behind);
            } else if let Some(dataset) = self.read.pop_front() {
                self.begin(dataset, &mut out);
            } else if self.names.is_empty() {
                out.append(&mut self.tail);
                self.done = true;
                break;
            } else {
                self.read().await?;
            }
        }
        Ok((self, out))
    }
}
