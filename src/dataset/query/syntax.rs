//! The grammar of lists: names in `select` and `order`, values in `in.(…)`. Commas separate; an element in double quotes
//! may hold anything, with `\"` for a quote and `\\` for a backslash.

use super::order::Term;
use super::{QueryError, error::cut};
use crate::dataset::Column;

/// An element of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    /// What is in the quotes, or all of it where there are none.
    pub(super) text: String,
    /// What stands behind the closing quote; `None`: it is not quoted.
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

/// What is before the closing quote, and what is after it.
fn quoted(inside: &str) -> Result<(String, &str), &'static str> {
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

/// The place of a column by its name.
pub(super) fn place(name: &str, columns: &[Column]) -> Option<usize> {
    columns.iter().position(|column| column.name == name)
}

/// The columns that `select` names; `None`: all.
pub(super) fn select(text: &str, columns: &[Column]) -> Result<Option<Vec<usize>>, QueryError> {
    let bad = |reason| bad_list("select", text, reason);
    let elements = elements(text).map_err(bad)?;
    let mut behind = elements.iter().filter_map(|one| one.behind.as_deref());
    if behind.any(|behind| !behind.is_empty()) {
        return Err(bad("a comma is missing behind a closing quote"));
    }
    if let [only] = &elements[..]
        && only.text == "*"
        && place("*", columns).is_none()
    {
        return Ok(None);
    }
    let mut places = Vec::with_capacity(elements.len());
    for element in &elements {
        let found = place(&element.text, columns);
        let found = found.ok_or_else(|| QueryError::unknown_column(&element.text, columns))?;
        if places.contains(&found) {
            return Err(repeated("select", &element.text));
        }
        places.push(found);
    }
    if places.is_empty() {
        return Err(bad("it names no column; write select=COLUMN,COLUMN"));
    }
    Ok(Some(places))
}

/// The terms that `order` names.
pub(super) fn order(text: &str, columns: &[Column]) -> Result<Vec<Term>, QueryError> {
    let bad = |reason| bad_list("order", text, reason);
    let mut terms: Vec<Term> = Vec::new();
    for element in &elements(text).map_err(bad)? {
        let term = match &element.behind {
            Some(behind) => {
                let found = place(&element.text, columns)
                    .ok_or_else(|| QueryError::unknown_column(&element.text, columns))?;
                let (rest, modifiers) = modifiers(behind);
                if !rest.is_empty() {
                    return Err(bad(DIRECTIONS));
                }
                modifiers.of(found, columns)
            }
            None => {
                let (name, modifiers) = modifiers(&element.text);
                match (place(name, columns), place(&element.text, columns)) {
                    (Some(found), _) => modifiers.of(found, columns),
                    // The name itself may end as a direction does.
                    (None, Some(found)) => Modifiers::default().of(found, columns),
                    (None, None) => return Err(unknown(&element.text, name, columns, bad)),
                }
            }
        };
        if terms.iter().any(|other| other.column == term.column) {
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
    "behind a column's name may stand .asc or .desc, and behind that .nullsfirst or .nullslast";

/// Whether it is the column that is unknown, or what stands behind it.
fn unknown(
    written: &str,
    name: &str,
    columns: &[Column],
    bad: impl Fn(&'static str) -> QueryError,
) -> QueryError {
    let known = written
        .match_indices('.')
        .any(|(dot, _)| place(&written[..dot], columns).is_some());
    if known {
        bad(DIRECTIONS)
    } else {
        QueryError::unknown_column(name, columns)
    }
}

/// What may stand behind a column in `order`.
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
            // A null counts as greater than every value.
            nulls_first: self.nulls_first.unwrap_or(self.descending),
        }
    }
}

/// What is before the modifiers at the end of a text, and those.
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
        name: cut(name),
    }
}

/// A list that can't be read, and why.
pub(super) fn bad_list(parameter: &str, value: &str, reason: &'static str) -> QueryError {
    QueryError::BadList {
        parameter: cut(parameter),
        value: cut(value),
        reason,
    }
}
