//! A view of a dataset: the query of its page, which is the query that the API gets.
//!
//! Links change one thing of it: a filter more or less, another order, the next rows. A form can't write a query in the API's syntax, so it
//! goes through [`chosen`], which does.

mod condition;
mod form;

use std::borrow::Cow;

use super::text::query;
use crate::dataset::query::{GROUPS, RESERVED, is_condition};
pub(super) use condition::group_in_words;
pub(super) use form::{chosen, in_form, in_words, operators};

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
                None if is_group(name, condition) => return None,
                None if is_reserved(name) && !GROUPS.contains(&&**name) => return None,
                None if is_as_of(name, condition) => return None,
                None => name,
            };
            Some(Filter {
                place,
                column,
                condition,
            })
        })
    }

    /// The conditions in parentheses: each with its place, its parameter and its text.
    pub(super) fn groups(&self) -> impl Iterator<Item = (usize, &str, &str)> {
        let pairs = self.pairs.iter().enumerate();
        let groups = pairs.filter(|(_, (name, value))| is_group(name, value));
        groups.map(|(place, (name, value))| (place, name.as_str(), value.as_str()))
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

    /// What it says about the revision that it shows.
    pub(super) fn as_of(&self) -> Self {
        let mut view = self.clone();
        view.pairs.retain(|(name, value)| is_as_of(name, value));
        view
    }

    /// The same revision and columns with all rows.
    #[must_use]
    pub(super) fn of_all_rows(&self) -> Self {
        self.as_of().with("select", self.get("select"))
    }

    /// The same of a revision.
    #[must_use]
    pub(super) fn at_revision(&self, number: i64) -> Self {
        let mut view = self.clone();
        view.pairs.retain(|(name, value)| !is_as_of(name, value));
        view.with("revision", Some(&number.to_string()))
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

/// Whether a parameter says which revision is shown. `schema` with a condition is a filter.
fn is_as_of(name: &str, value: &str) -> bool {
    name == "revision" || (name == "schema" && !is_condition(value))
}

/// Whether a parameter has conditions in parentheses. A column may be called like it, and a filter doesn't begin with a parenthesis.
fn is_group(name: &str, value: &str) -> bool {
    GROUPS.contains(&name) && (value.starts_with('(') || !is_condition(value))
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
    fn groups_are_no_filters_and_a_column_may_be_called_like_one() {
        let view = View::parse("or=(a.eq.1,b.eq.2)&or=eq.3&not.and=(c.is.null)");
        let groups: Vec<_> = view.groups().collect();
        assert_eq!(
            groups,
            [(0, "or", "(a.eq.1,b.eq.2)"), (2, "not.and", "(c.is.null)")]
        );
        let filters: Vec<_> = view.filters().map(|filter| filter.place).collect();
        assert_eq!(filters, [1]);
    }

    #[test]
    fn a_schema_is_no_filter_unless_it_has_an_operator() {
        let view = View::parse("schema=1&a=eq.1&schema=eq.3");
        assert_eq!(view.as_of().query(), "schema=1");
        let filters: Vec<_> = view.filters().map(|filter| filter.place).collect();
        assert_eq!(filters, [1, 2]);
        let view = view.at_revision(4);
        assert_eq!(view.query(), "a=eq.1&schema=eq.3&revision=4");
    }

    #[test]
    fn of_a_view_of_all_rows_the_revision_and_the_columns_stay() {
        let view = View::parse("a=eq.1&schema=1&order=a&select=a,b&limit=3");
        assert_eq!(view.of_all_rows().query(), "schema=1&select=a,b");
        assert_eq!(View::parse("a=eq.1").of_all_rows().query(), "");
    }

    #[test]
    fn another_filter_begins_at_the_first_row_and_names_the_column_safely() {
        let view = View::parse("a=eq.1&cursor=xyz");
        assert_eq!(view.and("limit", "eq.2").query(), "a=eq.1&where.limit=eq.2");
        assert_eq!(view.and("a", "eq.1").query(), "a=eq.1");
        assert_eq!(view.without(&[0]).query(), "");
    }
}
