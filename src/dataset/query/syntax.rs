//! The grammar of lists: names in `select` and `order`, values in `in.(…)`. Commas separate the elements. An element in double
//! quotes may contain anything, with `\"` for a quote and `\\` for a backslash.

use std::collections::HashMap;

use super::order::Term;
use super::{QueryError, error::truncated};
use crate::Column;

/// An element of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    /// The text inside the quotes, or the whole element if it has none.
    pub(super) text: String,
    /// What follows the closing quote; `None` if the element isn't quoted.
    pub(super) behind: Option<String>,
}

/// The elements of a list; an empty text has none.
pub(super) fn elements(list: &str) -> Result<Vec<Element>, &'static str> {
    let mut elements = Vec::new();
    let mut rest = list;
    while !rest.is_empty() || !elements.is_empty() {
        let element = match rest.strip_prefix('"') {
            Some(inside) => {
                let (text, after) = quoted(inside)?;
                let end = after.find(',').unwrap_or(after.len());
                let behind = Some(after[..end].to_owned());
                rest = &after[end..];
                Element { text, behind }
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let text = rest[..end].to_owned();
                rest = &rest[end..];
                Element { text, behind: None }
            }
        };
        elements.push(element);
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    Ok(elements)
}

/// The text before the closing quote, and what follows it.
pub(super) fn quoted(inside: &str) -> Result<(String, &str), &'static str> {
    let mut text = String::new();
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((text, &inside[at + 1..])),
            '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
            other => text.push(other),
        }
    }
    Err("a double quote is not closed; write \\\" for one that belongs to a name or value")
}

/// Finds columns by name: the first ones one by one, more of them with an index.
#[derive(Debug)]
pub(super) struct Names<'c> {
    columns: &'c [Column],
    looked_up: usize,
    index: HashMap<&'c str, usize>,
}

impl<'c> Names<'c> {
    pub(super) fn new(columns: &'c [Column]) -> Self {
        Self {
            columns,
            looked_up: 0,
            index: HashMap::new(),
        }
    }

    /// The columns.
    pub(super) fn columns(&self) -> &'c [Column] {
        self.columns
    }

    /// The index of a column, by its name.
    pub(super) fn place(&mut self, name: &str) -> Option<usize> {
        /// Up to so many lookups, an index costs more than it saves.
        const FEW: usize = 16;
        self.looked_up += 1;
        if self.looked_up <= FEW {
            return self.columns.iter().position(|column| column.name == name);
        }
        if self.index.is_empty() {
            let places = self.columns.iter().enumerate().rev();
            self.index = places.map(|(at, column)| (&*column.name, at)).collect();
        }
        self.index.get(name).copied()
    }

    /// The same, with an error that lists the columns.
    pub(super) fn place_of(&mut self, name: &str) -> Result<usize, QueryError> {
        let found = self.place(name);
        found.ok_or_else(|| QueryError::unknown_column(name, self.columns))
    }
}

/// The names in a list, separated by commas, with double quotes around a name that needs them.
///
/// # Errors
/// What is wrong, if the list can't be read.
pub fn list_of_names(list: &str) -> Result<Vec<String>, &'static str> {
    let elements = elements(list)?;
    let mut behind = elements.iter().filter_map(|one| one.behind.as_deref());
    match behind.any(|behind| !behind.is_empty()) {
        true => Err("a comma is missing after a closing quote"),
        false => Ok(elements.into_iter().map(|one| one.text).collect()),
    }
}

/// The columns that `select` names; `None`: all.
pub(super) fn select(text: &str, names: &mut Names<'_>) -> Result<Option<Vec<usize>>, QueryError> {
    let bad = |reason| bad_list("select", text, reason);
    let listed = list_of_names(text).map_err(bad)?;
    if let [only] = &listed[..]
        && only == "*"
        && names.place("*").is_none()
    {
        return Ok(None);
    }
    let mut places = Vec::with_capacity(listed.len());
    let mut named = vec![false; names.columns().len()];
    for name in &listed {
        let found = names.place_of(name)?;
        if std::mem::replace(&mut named[found], true) {
            return Err(repeated("select", name));
        }
        places.push(found);
    }
    if places.is_empty() {
        return Err(bad("it names no column; write select=COLUMN,COLUMN"));
    }
    Ok(Some(places))
}

/// The terms that `order` names.
pub(super) fn order(text: &str, names: &mut Names<'_>) -> Result<Vec<Term>, QueryError> {
    let bad = |reason| bad_list("order", text, reason);
    let columns = names.columns();
    let mut terms: Vec<Term> = Vec::new();
    let mut named = vec![false; columns.len()];
    for element in &elements(text).map_err(bad)? {
        let term = match &element.behind {
            Some(behind) => {
                let found = names.place_of(&element.text)?;
                let (rest, modifiers) = modifiers(behind);
                if !rest.is_empty() {
                    return Err(bad(DIRECTIONS));
                }
                modifiers.of(found, columns)
            }
            None => {
                let (name, modifiers) = modifiers(&element.text);
                match (names.place(name), names.place(&element.text)) {
                    (Some(found), _) => modifiers.of(found, columns),
                    // The name itself may end like a modifier.
                    (None, Some(found)) => Modifiers::default().of(found, columns),
                    (None, None) => return Err(unknown(&element.text, name, names, bad)),
                }
            }
        };
        if std::mem::replace(&mut named[term.column], true) {
            return Err(repeated("order", &columns[term.column].name));
        }
        terms.push(term);
    }
    if terms.is_empty() {
        return Err(bad("it names no column; write order=COLUMN.desc,COLUMN"));
    }
    Ok(terms)
}

const DIRECTIONS: &str =
    "a column's name may be followed by .asc or .desc, and then by .nullsfirst or .nullslast";

/// Decides whether the column is unknown, or its modifiers are wrong.
fn unknown(
    written: &str,
    name: &str,
    names: &mut Names<'_>,
    bad: impl Fn(&'static str) -> QueryError,
) -> QueryError {
    let known = written
        .match_indices('.')
        .any(|(dot, _)| names.place(&written[..dot]).is_some());
    if known {
        bad(DIRECTIONS)
    } else {
        QueryError::unknown_column(name, names.columns())
    }
}

/// The modifiers of a column in `order`.
#[derive(Debug, Default, Clone, Copy)]
struct Modifiers {
    descending: bool,
    nulls_first: Option<bool>,
}

impl Modifiers {
    fn of(self, column: usize, columns: &[Column]) -> Term {
        Term {
            column,
            kind: columns[column].kind,
            descending: self.descending,
            // Nulls sort after all values.
            nulls_first: self.nulls_first.unwrap_or(self.descending),
        }
    }
}

/// The text before the modifiers, and the modifiers.
fn modifiers(text: &str) -> (&str, Modifiers) {
    let mut modifiers = Modifiers::default();
    let mut rest = text;
    for (ending, first) in [(".nullsfirst", true), (".nullslast", false)] {
        if let Some(before) = rest.strip_suffix(ending) {
            (rest, modifiers.nulls_first) = (before, Some(first));
            break;
        }
    }
    if let Some(before) = rest.strip_suffix(".desc") {
        (rest, modifiers.descending) = (before, true);
    } else if let Some(before) = rest.strip_suffix(".asc") {
        rest = before;
    }
    (rest, modifiers)
}

fn repeated(parameter: &'static str, name: &str) -> QueryError {
    QueryError::RepeatedColumn {
        parameter,
        name: truncated(name),
    }
}

/// The error for a malformed list.
pub(super) fn bad_list(parameter: &str, value: &str, reason: &'static str) -> QueryError {
    QueryError::BadList {
        parameter: truncated(parameter),
        value: truncated(value),
        reason,
    }
}
