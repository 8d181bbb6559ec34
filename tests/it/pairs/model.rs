//! What datasets hold, by a reader of CSV that has nothing in common with the one that is tested.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::describe::Said;
use super::document::Document;
use super::value::Kind;

/// How a dataset's text is to be read: decided by its first upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub header: bool,
    pub delimiter: char,
    pub columns: Vec<String>,
    pub null: Option<String>,
}

/// A revision of a dataset.
#[derive(Debug)]
pub struct Revision {
    pub number: i64,
    pub layout: Layout,
    /// The bytes that `GET …/source` gives.
    pub source: Vec<u8>,
    /// The text in UTF-8, which has the byte-order mark only where the source is that text.
    text: String,
    pub rows: Vec<Vec<String>>,
    pub kinds: Vec<Kind>,
    /// The version of its schema: MAJOR and MINOR.
    pub schema: Schema,
}

/// A version of a schema.
pub type Schema = (u32, u32);

/// Which revision is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Newest,
    Revision(i64),
    /// The newest one whose schema has that MAJOR.
    Schema(u32),
}

/// A dataset from when it was made until it is deleted.
#[derive(Debug)]
pub struct Dataset {
    pub name: String,
    /// Tells it from datasets that had the name before.
    pub incarnation: u64,
    /// What is said about it.
    pub said: Said,
    /// All revisions there ever were, from number 1.
    pub revisions: Vec<Arc<Revision>>,
}

const MARK: char = '\u{feff}';

impl Revision {
    /// What an upload makes.
    pub fn of(document: &Document, number: i64) -> Self {
        let text = match document.is_utf8() && document.mark {
            true => format!("{MARK}{}", document.text),
            false => document.text.clone(),
        };
        let source = document.bytes();
        Self::new(number, document.layout.clone(), source, text)
    }

    /// What the rows of another document behind these make.
    pub fn appended(&self, document: &Document) -> Self {
        let mut text = self.text.clone();
        let mut reader = Reader::new(&document.text, self.layout.delimiter);
        if document.layout.header {
            reader.skip_empty_lines();
            reader.record();
        }
        let added = &document.text[reader.at..];
        if !rows(added, &self.layout).is_empty() {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(added);
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        let source = text.clone().into_bytes();
        Self::new(self.number + 1, self.layout.clone(), source, text)
    }

    fn new(number: i64, layout: Layout, source: Vec<u8>, text: String) -> Self {
        let mut reader = Reader::new(text.trim_start_matches(MARK), layout.delimiter);
        if layout.header {
            reader.skip_empty_lines();
            reader.record();
        }
        let rows = rows(reader.rest(), &layout);
        let kinds = (0..layout.columns.len()).map(|column| {
            let texts = rows.iter().map(|row| row[column].as_str());
            Kind::of_all(texts.filter(|text| !layout.is_null(text)))
        });
        Self {
            number,
            kinds: kinds.collect(),
            layout,
            source,
            text,
            rows,
            schema: (1, 0),
        }
    }

    /// Whether a column has rows without a value.
    pub fn has_nulls(&self, column: usize) -> bool {
        (0..self.rows.len()).any(|row| self.value(row, column).is_none())
    }

    /// The same behind another revision, which decides the version of its schema. If there is none behind which it comes at once, any
    /// difference may break clients.
    pub fn behind(mut self, before: Option<&Self>, at_once: bool) -> Self {
        let Some(before) = before else { return self };
        let columns = |revision: &Self| -> Vec<_> {
            let names = revision.layout.columns.iter().cloned().enumerate();
            let columns =
                names.map(|(at, name)| (name, revision.kinds[at].name(), revision.has_nulls(at)));
            columns.collect()
        };
        let (was, is) = (columns(before), columns(&self));
        let goes_on = was.len() <= is.len()
            && was
                .iter()
                .zip(&is)
                .all(|(was, is)| was.0 == is.0 && was.1 == is.1 && was.2 >= is.2);
        let (major, minor) = before.schema;
        self.schema = match goes_on && at_once {
            _ if was == is => (major, minor),
            true => (major, minor + 1),
            false => (major + 1, 0),
        };
        self
    }

    /// The value of a row in a column; `None`: there is none.
    pub fn value(&self, row: usize, column: usize) -> Option<&str> {
        let text = self.rows[row][column].as_str();
        (!self.layout.is_null(text)).then_some(text)
    }

    pub fn sha256(&self) -> String {
        Sha256::digest(&self.source)
            .iter()
            .fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            })
    }
}

impl Layout {
    fn is_null(&self, text: &str) -> bool {
        text.is_empty() || self.null.as_deref() == Some(text)
    }

    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

impl Dataset {
    pub fn newest(&self) -> &Arc<Revision> {
        self.revisions.last().unwrap()
    }

    /// That revision, or with which status it is refused.
    pub fn revision(&self, which: Which, keep: i64) -> Result<&Arc<Revision>, u16> {
        let newest = self.newest();
        match which {
            Which::Newest => Ok(newest),
            Which::Revision(number) if number > newest.number => Err(404),
            Which::Revision(number) => {
                let mut kept = self.kept(keep);
                kept.find(|revision| revision.number == number).ok_or(410)
            }
            Which::Schema(major) if major > newest.schema.0 => Err(404),
            Which::Schema(major) => {
                let mut kept = self.kept(keep);
                kept.find(|revision| revision.schema.0 == major).ok_or(410)
            }
        }
    }

    /// The revisions that are kept, the newest first: the last ones, and the newest of each of the last four MAJORs.
    pub fn kept(&self, keep: i64) -> impl Iterator<Item = &Arc<Revision>> {
        let newest = self.newest();
        let (number, major) = (newest.number, newest.schema.0);
        let newer = self.revisions.iter().skip(1).map(|newer| newer.schema.0);
        let newer = newer.chain([u32::MAX]);
        let kept = self
            .revisions
            .iter()
            .zip(newer)
            .filter(move |(revision, newer)| {
                let own = revision.schema.0;
                revision.number > number - keep || *newer > own && own + 4 > major
            });
        let kept: Vec<_> = kept.map(|(revision, _)| revision).collect();
        kept.into_iter().rev()
    }
}

/// All records of a text without header: of one column also empty lines.
fn rows(text: &str, layout: &Layout) -> Vec<Vec<String>> {
    let mut reader = Reader::new(text, layout.delimiter);
    let mut rows = Vec::new();
    while reader.at < text.len() {
        let empty_line = reader.is_at_line_end();
        let record = reader.record();
        if layout.columns.len() == 1 || !empty_line {
            assert_eq!(record.len(), layout.columns.len(), "{record:?}");
            rows.push(record);
        }
    }
    rows
}

/// Reads records, a character at a time.
struct Reader<'t> {
    text: &'t str,
    delimiter: char,
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, delimiter: char) -> Self {
        Self {
            text,
            delimiter,
            at: 0,
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn is_at_line_end(&self) -> bool {
        self.rest().starts_with('\n') || self.rest().starts_with("\r\n")
    }

    fn skip_empty_lines(&mut self) {
        while self.is_at_line_end() {
            self.record();
        }
    }

    fn record(&mut self) -> Vec<String> {
        let mut fields = vec![String::new()];
        let mut begins = true;
        while let Some(next) = self.next() {
            let field = fields.last_mut().unwrap();
            if next == '"' && begins {
                *field = self.quoted();
            } else if next == self.delimiter {
                fields.push(String::new());
                begins = true;
                continue;
            } else if next == '\n' {
                break;
            } else if next != '\r' {
                field.push(next);
            }
            begins = false;
        }
        fields
    }

    /// The rest of a field whose opening quote was read.
    fn quoted(&mut self) -> String {
        let mut field = String::new();
        loop {
            match self.next() {
                Some('"') if self.rest().starts_with('"') => {
                    self.next();
                    field.push('"');
                }
                Some('"') | None => return field,
                Some(next) => field.push(next),
            }
        }
    }
}
