//! The first lines of an upload whose values make its columns differ from those of the dataset.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Analysis, RawBlock, tokenize, unquoted};
use crate::schema_version::{ColumnChange, What};
use crate::{Column, ColumnType, Layout, ZoneMap};

/// The first lines of an upload whose values make its columns differ from those of the dataset. Threads that analyse raw blocks share it.
#[derive(Debug)]
pub struct Causes {
    before: Arc<[Column]>,
    columns: OnceLock<Vec<Option<Expected>>>,
    found: Mutex<HashMap<usize, Found>>,
}

/// What the values of a column were.
#[derive(Debug, Clone, Copy)]
struct Expected {
    kind: ColumnType,
    nullable: bool,
    /// Whether the upload states its type, so that no value decides it.
    stated: bool,
}

/// What was found in a column.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    kind: First,
    null: First,
}

/// The first raw block that has such a value, by its first line, and the line of the value.
#[derive(Debug, Clone, Copy, Default)]
struct First(Option<(u64, Option<u64>)>);

impl First {
    /// Whether a raw block comes before the one that was found.
    fn is_after(self, raw_block: &RawBlock) -> bool {
        self.0.is_none_or(|(first, _)| raw_block.first_line < first)
    }

    fn line(self) -> Option<u64> {
        self.0.and_then(|(_, line)| line)
    }
}

impl Causes {
    /// Nothing was found yet in an upload for a dataset with these columns.
    pub fn new(before: Arc<[Column]>) -> Self {
        Self {
            before,
            columns: OnceLock::new(),
            found: Mutex::default(),
        }
    }

    /// Looks for such values in a raw block.
    pub fn find(&self, raw_block: &RawBlock, analysis: &Analysis) {
        let columns = self
            .columns
            .get_or_init(|| self.expected(&raw_block.layout));
        let columns = columns.iter().zip(&analysis.columns).enumerate();
        for (place, (expected, zone_map)) in columns {
            let Some(expected) = expected else { continue };
            let (kind, null) = (
                expected.is_widened_by(zone_map),
                expected.is_nulled_by(zone_map),
            );
            if kind || null {
                self.find_in(raw_block, place, *expected, (kind, null));
            }
        }
    }

    fn find_in(
        &self,
        raw_block: &RawBlock,
        place: usize,
        was: Expected,
        (kind, null): (bool, bool),
    ) {
        let layout = &raw_block.layout;
        let so_far = self.found().get(&place).copied().unwrap_or_default();
        let line = |is_it: &dyn Fn(&str) -> bool| {
            let line = raw_block.first_line_where(place, is_it);
            First(Some((raw_block.first_line, line)))
        };
        let kind = (kind && so_far.kind.is_after(raw_block))
            .then(|| line(&|text| !layout.is_null(text) && !layout.accepts(was.kind, text)));
        let null =
            (null && so_far.null.is_after(raw_block)).then(|| line(&|text| layout.is_null(text)));
        let mut found = self.found();
        let found = found.entry(place).or_default();
        // Another thread may have found an earlier one meanwhile.
        if let Some(kind) = kind.filter(|_| found.kind.is_after(raw_block)) {
            found.kind = kind;
        }
        if let Some(null) = null.filter(|_| found.null.is_after(raw_block)) {
            found.null = null;
        }
    }

    fn expected(&self, layout: &Layout) -> Vec<Option<Expected>> {
        let before: HashMap<&str, &Column> = self
            .before
            .iter()
            .map(|column| (column.name.as_str(), column))
            .collect();
        let stated = layout.stated.iter().map(Option::is_some);
        let columns = layout.columns.iter().zip(stated);
        let expected = columns.map(|(name, stated)| {
            let column = before.get(name.as_str())?;
            Some(Expected {
                kind: column.kind,
                nullable: column.nullable,
                stated,
            })
        });
        expected.collect()
    }

    fn found(&self) -> MutexGuard<'_, HashMap<usize, Found>> {
        // It is consistent after every statement, so a panic elsewhere did no harm.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines that were found, by the names of columns.
    pub fn lines(&self, layout: &Layout) -> Lines {
        let found = self.found();
        let named = |(place, found): (&usize, &Found)| {
            let name = layout.columns.get(*place)?;
            Some((name.clone(), *found))
        };
        Lines(found.iter().filter_map(named).collect())
    }
}

impl Expected {
    fn is_widened_by(self, zone_map: &ZoneMap) -> bool {
        let widens = |kind: ColumnType| self.kind.join(kind) != self.kind;
        let placeholders = zone_map.placeholders != 0 && self.kind != ColumnType::String;
        !self.stated && (zone_map.kind.is_some_and(widens) || placeholders)
    }

    fn is_nulled_by(self, zone_map: &ZoneMap) -> bool {
        !self.nullable && zone_map.nulls > 0
    }
}

/// The first lines with values that change columns.
#[derive(Debug, Clone, Default)]
pub struct Lines(HashMap<String, Found>);

impl Lines {
    /// Tells each change the line that causes it.
    pub fn tell(&self, changes: &mut [ColumnChange]) {
        for change in changes.iter_mut().filter(|change| change.breaking) {
            let Some(found) = self.0.get(&change.column) else {
                continue;
            };
            change.line = match change.what {
                What::Type => found.kind.line(),
                What::Nulls => found.null.line(),
                What::Added | What::Removed | What::Renamed | What::Moved => None,
            };
        }
    }
}

impl RawBlock {
    /// The line of the first field of a column that is so, if the text is that of the file.
    fn first_line_where(&self, place: usize, is_it: &dyn Fn(&str) -> bool) -> Option<u64> {
        let layout = &self.layout;
        let columns = layout.columns.len();
        let from = self.body_start;
        let (spans, _) = tokenize(
            &self.text,
            from,
            layout.delimiter,
            columns,
            self.context.max_record,
        );
        let first = spans.column(place).find(|span| {
            let text = String::from_utf8_lossy(&self.text[span.start()..span.end()]);
            match span.doubled() {
                true => is_it(&unquoted(&text)),
                false => is_it(&text),
            }
        });
        self.line_of(first?.start())
    }
}
