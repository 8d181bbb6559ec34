//! A view of a dataset: the query of its page, which is the query that the API gets.
//!
//! Links change one thing of it: a filter more or less, another order, the next rows. A form can't write a query in the API's syntax, so it
//! goes through [`chosen`], which does.

use std::borrow::Cow;

use super::text::query;
use crate::dataset::query::RESERVED;
use crate::dataset::{Column, ColumnType};

/// The query of a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    pairs: Vec<(String, String)>,
}

/// A filter of a view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter<'a> {
    /// Which parameter it is.
    pub(super) place: usize,
    pub(super) column: &'a str,
    /// The operator with its value, such as `eq.LAX`.
    pub(super) condition: &'a str,
}

/// Before the name of a column that is called like a parameter.
const WHERE: &str = "where.";
/// Parameters that no view keeps: a page names the version itself, and has one format.
const OF_THE_URL: [&str; 2] = ["version", "format"];

impl View {
    /// Reads the query of a URL.
    pub(super) fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self {
            pairs: pairs.into_owned().collect(),
        }
    }

    /// The value of a parameter that is no filter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.pairs.iter();
        let found = pairs.find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn filters(&self) -> impl Iterator<Item = Filter<'_>> {
        let pairs = self.pairs.iter().enumerate();
        pairs.filter_map(|(place, (name, condition))| {
            let column = match name.strip_prefix(WHERE) {
                Some(column) => column,
                None if is_reserved(name) => return None,
                None => name,
            };
            Some(Filter {
                place,
                column,
                condition,
            })
        })
    }

    /// The same with another value of a parameter, or without it.
    #[must_use]
    pub(super) fn with(&self, name: &str, value: Option<&str>) -> Self {
        let mut view = self.clone();
        view.pairs.retain(|(found, _)| found != name);
        if let Some(value) = value {
            view.pairs.push((name.to_owned(), value.to_owned()));
        }
        view
    }

    /// The same from its first row on.
    #[must_use]
    pub(super) fn at_start(&self) -> Self {
        self.with("cursor", None)
    }

    /// The same with one more filter, from its first row on.
    #[must_use]
    pub(super) fn and(&self, column: &str, condition: &str) -> Self {
        let mut view = self.at_start();
        let pair = (parameter(column).into_owned(), condition.to_owned());
        if !view.pairs.contains(&pair) {
            view.pairs.push(pair);
        }
        view
    }

    /// The same without the filters at these places, which ascend, from its first row on.
    #[must_use]
    pub(super) fn without(&self, places: &[usize]) -> Self {
        let pairs = self.pairs.iter().enumerate();
        let kept = pairs.filter(|(place, _)| places.binary_search(place).is_err());
        let view = Self {
            pairs: kept.map(|(_, pair)| pair.clone()).collect(),
        };
        view.at_start()
    }

    /// Whether it is the dataset as it is, from its beginning.
    pub(super) fn is_plain(&self) -> bool {
        self.pairs.is_empty()
    }

    /// As the query of a URL, without its question mark.
    pub(super) fn query(&self) -> String {
        query(self.pairs.iter().map(|(name, value)| (&**name, &**value)))
    }
}

/// The parameter that filters a column.
fn parameter(column: &str) -> Cow<'_, str> {
    match column.starts_with(WHERE) || is_reserved(column) {
        true => Cow::Owned(format!("{WHERE}{column}")),
        false => Cow::Borrowed(column),
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || OF_THE_URL.contains(&name)
}

/// The name of a column as `select` and `order` write it.
pub(super) fn quoted(name: &str) -> Cow<'_, str> {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte) || byte >= 0x80;
    match !name.is_empty() && name.bytes().all(is_plain) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!(
            "\"{}\"",
            name.replace('\\', "\\\\").replace('"', "\\\"")
        )),
    }
}

/// A list of names as `select` and `order` write it.
pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(quoted).collect::<Vec<_>>().join(",")
}

/// The view that a form asks for: that of its field `view`, with the filters of `o.COLUMN` and `v.COLUMN`, and with the columns of `c` if
/// there are any. `all` is how many columns the dataset has: a view of all of them needs no `select`.
pub(super) fn chosen(form: &str) -> View {
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
pub(super) fn condition(operator: &str, value: &str) -> Option<String> {
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
pub(super) fn in_form(condition: &str) -> Option<(&str, Cow<'_, str>)> {
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
pub(super) fn in_words(condition: &str) -> String {
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
pub(super) fn operators(column: &Column) -> impl Iterator<Item = (&'static str, &'static str)> {
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
    fn a_view_is_written_as_it_was_read() {
        for query in [
            "",
            "dest=eq.LAX&order=distance.desc&limit=10",
            "where.limit=gt.5",
        ] {
            assert_eq!(View::parse(query).query(), query);
        }
    }

    #[test]
    fn filters_are_the_parameters_that_are_no_others() {
        let view = View::parse("order=a&where.order=eq.1&b=lt.2&version=v2");
        let filters: Vec<_> = view
            .filters()
            .map(|filter| (filter.place, filter.column, filter.condition))
            .collect();
        assert_eq!(filters, [(1, "order", "eq.1"), (2, "b", "lt.2")]);
    }

    #[test]
    fn another_filter_begins_at_the_first_row_and_names_the_column_safely() {
        let view = View::parse("a=eq.1&cursor=xyz");
        assert_eq!(view.and("limit", "eq.2").query(), "a=eq.1&where.limit=eq.2");
        assert_eq!(view.and("a", "eq.1").query(), "a=eq.1");
        assert_eq!(view.without(&[0]).query(), "");
    }

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
