//! The header of a table: names, types, orders, charts and filters.

use std::borrow::Cow;

use super::Dataset;
use super::charts::{Chart, Summary};
use crate::dataset::Column;
use crate::pages::text::with_query;
use crate::pages::view::{self, View};

/// The head of a column.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) unit: Option<String>,
    /// The value of `aria-sort`.
    pub(super) sorted: Option<&'static str>,
    /// The view in the next order: up, down, and as the file is.
    pub(super) sort: String,
    pub(super) chart: Chart,
    /// What the summary says in words.
    pub(super) facts: String,
    pub(super) operators: Vec<Operator>,
    pub(super) value: String,
}

/// An operator of the form.
pub(super) struct Operator {
    pub(super) name: &'static str,
    pub(super) word: &'static str,
    pub(super) is_chosen: bool,
}

/// A column that can be shown or not.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) is_shown: bool,
}

/// The heads of the shown columns. The places of the filters that the form shows are added to `represented`.
pub(super) fn heads(
    dataset: &Dataset,
    shown: &[usize],
    view: &View,
    order: &[(usize, bool)],
    summary: &Summary,
    represented: &mut Vec<usize>,
) -> Vec<Head> {
    let path = format!("/explore/{}", dataset.name);
    let head = |&place: &usize| {
        let column = &dataset.columns[place];
        let (operators, value, filter) = form(column, view);
        represented.extend(filter);
        let is_first = order.first().filter(|(first, _)| *first == place);
        let (sorted, next) = match is_first {
            Some((_, false)) => (Some("ascending"), Some(term(column, ".desc"))),
            Some((_, true)) => (Some("descending"), None),
            None => (None, Some(term(column, ""))),
        };
        let sorting = view.at_start().with("order", next.as_deref());
        Head {
            name: column.name.clone(),
            kind: column.kind.as_str(),
            unit: column.unit.clone(),
            sorted,
            sort: with_query(&path, &sorting.query()),
            chart: summary.chart(column, view),
            facts: summary.facts(column),
            operators,
            value,
        }
    };
    shown.iter().map(head).collect()
}

/// A column in an order. It is quoted if its name ends like a direction.
fn term(column: &Column, direction: &str) -> String {
    format!("{}{direction}", view::quoted(&column.name))
}

/// The form of a column: it shows the column's filter, if there is only one and the form can say it.
fn form(column: &Column, view: &View) -> (Vec<Operator>, String, Option<usize>) {
    let mut filters = view.filters().filter(|filter| filter.column == column.name);
    let only = match (filters.next(), filters.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    let said = only.and_then(|filter| {
        let (operator, value) = view::in_form(filter.condition)?;
        let is_known = view::operators(column).any(|(name, _)| name == operator);
        is_known.then_some((filter.place, operator, value))
    });
    let (place, chosen, value) = match said {
        Some((place, operator, value)) => (Some(place), Some(operator), value),
        None => (None, None, Cow::Borrowed("")),
    };
    let operators = view::operators(column).map(|(name, word)| Operator {
        name,
        word,
        is_chosen: chosen == Some(name),
    });
    (operators.collect(), value.into_owned(), place)
}

/// All columns of a dataset.
pub(super) fn choices(dataset: &Dataset, shown: &[usize]) -> Vec<Choice> {
    let mut is_shown = vec![false; dataset.columns.len()];
    for &place in shown {
        is_shown[place] = true;
    }
    let columns = dataset.columns.iter().zip(is_shown);
    let choice = |(column, is_shown): (&Column, bool)| Choice {
        name: column.name.clone(),
        is_shown,
    };
    columns.map(choice).collect()
}
