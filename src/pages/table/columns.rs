//! The header of a table: names, types, orders, charts and filters.

use std::borrow::Cow;

use super::Dataset;
use super::charts::{Chart, Summary};
use crate::dataset::Column;
use crate::pages::text::{shortened, with_query};
use crate::pages::view::{self, View};

/// The head of a column.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) unit: Option<String>,
    /// What people say about it, at most as much as fits below the name.
    pub(super) said: Option<String>,
    /// The value of `aria-sort`.
    pub(super) sorted: Option<&'static str>,
    /// The name, as it is shown.
    pub(super) shown: String,
    /// The view in the next order: up, down, and as the file is.
    pub(super) sort: Option<String>,
    /// The view with it as a further column of the order.
    pub(super) then: Option<Then>,
    pub(super) chart: Chart,
    /// What the summary says in words.
    pub(super) facts: String,
    pub(super) operators: Vec<Operator>,
    pub(super) value: String,
    /// Values that the form offers.
    pub(super) offered: Vec<String>,
}

/// A link that changes the part of a column in an order that another one begins.
pub(super) struct Then {
    pub(super) view: String,
    /// Its part now, in words.
    pub(super) word: &'static str,
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
    /// The name, as it is shown.
    pub(super) shown: String,
    pub(super) is_shown: bool,
}

/// Which links a header has, and what else it has only if there are few columns.
#[derive(Clone, Copy)]
pub(super) struct Links {
    /// Those that sort.
    pub(super) sorts: bool,
    /// Those of the bars.
    pub(super) bars: bool,
    /// Whether forms offer values.
    pub(super) values: bool,
}

/// The most bytes of a name that has a form, links and a chart: they repeat it.
const NAME: usize = 256;
/// The most characters of a name that is shown.
pub(super) const SHOWN: usize = 100;
/// The most characters that are shown of what is said about a column.
pub(super) const BELOW_NAME: usize = 60;

/// The heads of the shown columns, for the page at `path`, and the places of the filters that their forms show.
pub(super) fn heads(
    dataset: &Dataset,
    path: &str,
    shown: &[usize],
    view: &View,
    order: &[(usize, bool)],
    summary: &Summary,
    links: Links,
) -> (Vec<Head>, Vec<usize>) {
    let mut represented = Vec::new();
    let head = |&place: &usize| {
        let column = &dataset.columns[place];
        let is_short = column.name.len() <= NAME;
        let (operators, value, filter) = match is_short {
            true => form(column, view),
            false => (Vec::new(), String::new(), None),
        };
        represented.extend(filter);
        let is_first = order.first().filter(|(first, _)| *first == place);
        let (sorted, next) = match is_first {
            Some((_, false)) => (Some("ascending"), Some(term(column, ".desc"))),
            Some((_, true)) => (Some("descending"), None),
            None => (None, Some(term(column, ""))),
        };
        let sorting = view.at_start().with("order", next.as_deref());
        Head {
            shown: shortened(&column.name, SHOWN),
            name: column.name.clone(),
            kind: column.kind.as_str(),
            unit: column.unit.clone(),
            said: {
                let said = dataset.said_of_columns.get(place);
                let said = said.and_then(|said| said.as_deref());
                said.map(|said| shortened(said, BELOW_NAME))
            },
            sorted,
            then: match is_short && links.sorts {
                true => then(dataset, place, view, order, path),
                false => None,
            },
            sort: (is_short && links.sorts).then(|| with_query(path, &sorting.query())),
            chart: match is_short && links.bars {
                true => summary.chart(column, view),
                false => Chart::None,
            },
            facts: summary.facts(column),
            operators,
            value,
            offered: match is_short && links.values {
                true => summary.frequent(column),
                false => Vec::new(),
            },
        }
    };
    let heads = shown.iter().map(head).collect();
    represented.sort_unstable();
    (heads, represented)
}

/// A column in an order. It is quoted if its name ends like a direction.
fn term(column: &Column, direction: &str) -> String {
    format!("{}{direction}", view::quoted(&column.name))
}

/// The view with a column behind the others of the order: up, down, and not at all. `None`: it is the first one, there is no other, or the order
/// says where nulls come, which a link would lose.
fn then(
    dataset: &Dataset,
    place: usize,
    view: &View,
    order: &[(usize, bool)],
    path: &str,
) -> Option<Then> {
    let says_nulls = view
        .get("order")
        .is_some_and(|text| text.contains(".nulls"));
    if says_nulls || order.first().is_none_or(|(first, _)| *first == place) {
        return None;
    }
    let (word, direction) = match order.iter().find(|(other, _)| *other == place) {
        None => ("then by this", Some("")),
        Some((_, false)) => ("then up", Some(".desc")),
        Some((_, true)) => ("then down", None),
    };
    let written = |&(column, descending): &(usize, bool)| {
        let direction = match (column == place, descending) {
            (true, _) => direction?,
            (false, true) => ".desc",
            (false, false) => "",
        };
        Some(term(&dataset.columns[column], direction))
    };
    let mut terms: Vec<String> = order.iter().filter_map(written).collect();
    if word == "then by this" {
        terms.push(term(&dataset.columns[place], ""));
    }
    let view = view.at_start().with("order", Some(&terms.join(",")));
    Some(Then {
        view: with_query(path, &view.query()),
        word,
    })
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
        shown: shortened(&column.name, SHOWN),
        name: column.name.clone(),
        is_shown,
    };
    columns.map(choice).collect()
}
