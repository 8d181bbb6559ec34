//! The forms of a table: what their fields mean in the query of a view, and which of its conditions they can show.

use std::borrow::Cow;

use super::{View, list};
use crate::dataset::{Column, ColumnType};

/// The view that a form asks for: that of its field `view`, with the filters of `o.COLUMN` and `v.COLUMN`, and with the columns of `c` if
/// there are any. `all` is how many columns the dataset has: a view of all of them needs no `select`.
pub(in crate::pages) fn chosen(form: &str) -> View {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let value = |name: &str| {
        let found = pairs.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let mut view = View::parse(value("view")).at_start();
    for (name, operator) in &pairs {
        let Some(column) = name.strip_prefix("o.") else {
            continue;
        };
        if let Some(condition) = condition(operator, value(&format!("v.{column}"))) {
            view = view.and(column, &condition);
        }
    }
    let columns = pairs.iter().filter(|(name, _)| name == "c");
    let columns: Vec<_> = columns.map(|(_, column)| column.as_str()).collect();
    match columns.len() {
        0 => view,
        all if value("all") == all.to_string() => view.with("select", None),
        _ => view.with("select", Some(&list(columns.into_iter()))),
    }
}

/// Operators of the form that the API writes as a pattern.
const CONTAINS: &str = "contains";
const STARTS: &str = "starts";

/// The condition that an operator of the form and a value mean. `None`: the value is empty, and the operator needs one.
fn condition(operator: &str, value: &str) -> Option<String> {
    let value = value.trim();
    if operator.contains("is.") {
        return Some(operator.to_owned());
    }
    if value.is_empty() || operator.is_empty() {
        return None;
    }
    Some(match operator {
        CONTAINS => format!("ilike.*{}*", escaped(value)),
        STARTS => format!("ilike.{}*", escaped(value)),
        "in" => format!("in.({value})"),
        operator => format!("{operator}.{value}"),
    })
}

/// The operator and the value of the form for a condition, if the form can say it.
pub(in crate::pages) fn in_form(condition: &str) -> Option<(&str, Cow<'_, str>)> {
    if condition.starts_with("is.") || condition.starts_with("not.is.") {
        return Some((condition, Cow::Borrowed("")));
    }
    if let Some(pattern) = condition.strip_prefix("ilike.") {
        let (operator, pattern) = match pattern.strip_prefix('*') {
            Some(pattern) => (CONTAINS, pattern),
            None => (STARTS, pattern),
        };
        let plain = plain(pattern.strip_suffix('*')?)?;
        return Some((operator, Cow::Owned(plain)));
    }
    let (operator, value) = condition.split_once('.')?;
    match operator {
        "in" => {
            let list = value.strip_prefix('(')?.strip_suffix(')')?;
            Some((operator, Cow::Borrowed(list)))
        }
        "eq" | "neq" | "gt" | "gte" | "lt" | "lte" => Some((operator, Cow::Borrowed(value))),
        _ => None,
    }
}

/// A text as a pattern that matches it alone.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        if ['*', '%', '_', '\\'].contains(&character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// The text that a pattern without wildcards matches.
fn plain(pattern: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' | '%' | '_' => return None,
            '\\' => text.push(characters.next()?),
            character => text.push(character),
        }
    }
    Some(text)
}

/// A condition in words: `= LAX`.
pub(in crate::pages) fn in_words(condition: &str) -> String {
    let Some((operator, value)) = in_form(condition) else {
        return condition.to_owned();
    };
    let word = OPERATORS.iter().find(|(name, _)| *name == operator);
    let word = word.map_or(operator, |(_, word)| word);
    match &*value {
        "" => word.to_owned(),
        value => format!("{word} {value}"),
    }
}

/// The operators of the form, and what they are called.
const OPERATORS: [(&str, &str); 13] = [
    (CONTAINS, "contains"),
    (STARTS, "begins with"),
    ("eq", "="),
    ("neq", "≠"),
    ("gt", ">"),
    ("gte", "≥"),
    ("lt", "<"),
    ("lte", "≤"),
    ("in", "is one of"),
    ("is.true", "is true"),
    ("is.false", "is false"),
    ("is.null", "is null"),
    ("not.is.null", "is not null"),
];

/// The operators of the form for a column, the usual one first: names and what they are called.
pub(in crate::pages) fn operators(
    column: &Column,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_type: &[&str] = match column.kind {
        ColumnType::String => &[CONTAINS, STARTS, "eq", "neq", "in"],
        ColumnType::Boolean => &["is.true", "is.false"],
        _ => &["eq", "neq", "gt", "gte", "lt", "lte", "in"],
    };
    let of_nulls: &[&str] = match column.nullable {
        true => &["is.null", "not.is.null"],
        false => &[],
    };
    OPERATORS
        .into_iter()
        .filter(move |(name, _)| of_type.contains(name) || of_nulls.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_a_query_of_the_api() {
        let form = "view=order%3Da%26cursor%3Dx&o.dest=eq&v.dest=LAX&o.a=contains&v.a=50%25&o.b=gt&v.b=&o.c=is.null&v.c=&c=a&c=x%2Cy";
        assert_eq!(
            chosen(form).query(),
            "order=a&dest=eq.LAX&a=ilike.*50%5C%25*&c=is.null&select=a,%22x,y%22"
        );
        assert_eq!(chosen("view=select%3Da&c=a&c=b&all=2").query(), "");
        assert_eq!(chosen("view=select%3Da&all=2").query(), "select=a");
    }

    #[test]
    fn what_the_form_can_say_it_says_of_each_condition() {
        for (operator, value) in [
            ("contains", "a*b_\\"),
            ("starts", "x"),
            ("eq", "a.b"),
            ("in", "1,2"),
        ] {
            let condition = condition(operator, value).unwrap();
            assert_eq!(in_form(&condition), Some((operator, value.into())));
        }
        for other in ["ilike.a*b*", "like.a*", "not.eq.1", "ilike.a"] {
            assert_eq!(in_form(other), None, "{other}");
            assert_eq!(in_words(other), other);
        }
        assert_eq!(in_words("gte.5"), "≥ 5");
        assert_eq!(in_words("is.null"), "is null");
    }
}
