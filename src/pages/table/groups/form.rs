//! The form that chooses groups and functions.

use crate::dataset::aggregate::{Function, Period};
use crate::dataset::query::Grouped;
use crate::dataset::{Column, ColumnType};
use crate::pages::table::Dataset;
use crate::pages::table::columns::SHOWN;
use crate::pages::text::shortened;
use crate::pages::view::{self, View};

/// The form.
pub(in crate::pages::table) struct Form {
    /// The fields for the columns to group by.
    pub(in crate::pages::table) keys: Vec<Vec<Choice>>,
    /// The fields for functions, each with those for their columns.
    pub(in crate::pages::table) functions: Vec<(Vec<Choice>, Vec<Choice>)>,
}

/// A choice of a field.
pub(in crate::pages::table) struct Choice {
    pub(in crate::pages::table) value: String,
    pub(in crate::pages::table) word: String,
    pub(in crate::pages::table) is_chosen: bool,
}

impl Form {
    /// The form that says what a view has. It offers the columns at `places`, in so many fields for columns and for functions.
    pub(in crate::pages::table) fn of(
        dataset: &Dataset,
        places: &[usize],
        grouped: Option<&Grouped>,
        (keys, functions): (usize, usize),
    ) -> Self {
        let columns: Vec<&Column> = places
            .iter()
            .map(|&place| &dataset.columns[place])
            .collect();
        let chosen_keys: Vec<String> = match grouped {
            Some(grouped) => grouped
                .plan
                .keys
                .iter()
                .map(|key| expression(&dataset.columns[key.column], key.period.map(Period::name)))
                .collect(),
            None => Vec::new(),
        };
        let called: Vec<(&str, Option<&str>)> = match grouped {
            Some(grouped) => grouped
                .plan
                .aggregates
                .iter()
                .map(|one| {
                    let column = one
                        .column
                        .map(|column| dataset.columns[column].name.as_str());
                    (one.function.name(), column)
                })
                .collect(),
            // What most people want to know first.
            None => vec![(Function::Count.name(), None)],
        };
        let keys = (0..keys).map(|at| key_choices(&columns, chosen_keys.get(at)));
        let functions = (0..functions).map(|at| {
            let called = called.get(at).copied();
            (
                function_choices(called.map(|(name, _)| name)),
                column_choices(&columns, called.and_then(|(_, column)| column)),
            )
        });
        Self {
            keys: keys.collect(),
            functions: functions.collect(),
        }
    }
}

/// What one field offers to group by: columns, and the periods of times.
fn key_choices(columns: &[&Column], chosen: Option<&String>) -> Vec<Choice> {
    let choice = |column: &Column, period: Option<Period>| {
        let value = expression(column, period.map(Period::name));
        let name = shortened(&column.name, SHOWN);
        Choice {
            is_chosen: chosen == Some(&value),
            word: match period {
                Some(period) => format!("{name} by {}", period.name()),
                None => name,
            },
            value,
        }
    };
    let offered = columns.iter().flat_map(|column| {
        let periods = Period::ALL.into_iter();
        let periods = periods.filter(|period| period.takes(column.kind));
        let whole = std::iter::once(choice(column, None));
        whole.chain(periods.map(|period| choice(column, Some(period))))
    });
    none("nothing").chain(offered.collect::<Vec<_>>()).collect()
}

fn function_choices(chosen: Option<&str>) -> Vec<Choice> {
    let offered = Function::ALL.into_iter().map(|function| Choice {
        value: function.name().to_owned(),
        word: in_words(function).to_owned(),
        is_chosen: chosen == Some(function.name()),
    });
    none("nothing").chain(offered).collect()
}

fn column_choices(columns: &[&Column], chosen: Option<&str>) -> Vec<Choice> {
    let columns = columns.iter().map(|column| Choice {
        value: column.name.clone(),
        word: shortened(&column.name, SHOWN),
        is_chosen: chosen == Some(column.name.as_str()),
    });
    none("rows").chain(columns).collect()
}

/// The choice that says nothing.
fn none(word: &str) -> impl Iterator<Item = Choice> + use<> {
    std::iter::once(Choice {
        value: String::new(),
        word: word.to_owned(),
        is_chosen: false,
    })
}

fn in_words(function: Function) -> &'static str {
    match function {
        Function::Count => "count",
        Function::Distinct => "distinct values",
        Function::Min => "least",
        Function::Max => "greatest",
        Function::Sum => "sum",
        Function::Avg => "average",
        Function::Median => "median",
    }
}

/// A column with a function, as `select` writes it.
fn expression(column: &Column, function: Option<&str>) -> String {
    let name = view::quoted(&column.name);
    match function {
        Some(function) => format!("{name}.{function}()"),
        None => name.into_owned(),
    }
}

/// The view that the form asks for, on the basis of `view`: its fields `g` have the columns to group by, and `f` and `a` in turns functions
/// and their columns.
pub(super) fn chosen(form: &str, view: View, columns: &[Column]) -> View {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let values = |name: &'static str| {
        let found = pairs.iter().filter(move |(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    };
    // A form of filters alone leaves the rest as it is.
    if values("f").next().is_none() {
        return view;
    }
    let mut items: Vec<(String, String)> = Vec::new();
    let mut is_time = false;
    for key in values("g").filter(|key| !key.is_empty()) {
        let Some((column, period)) = key_of(key, columns) else {
            continue;
        };
        if items.is_empty() {
            let times = [ColumnType::Date, ColumnType::Datetime];
            is_time = times.contains(&column.kind);
        }
        let alias = period.map(|period| format!("{}_{}", column.name, period.name()));
        add(&mut items, alias, key, columns);
    }
    let keys = items.len();
    for (function, column) in values("f").zip(values("a")) {
        let function = Function::ALL.into_iter().find(|one| one.name() == function);
        let Some(function) = function else { continue };
        let column = columns.iter().find(|one| one.name == column);
        let (alias, written) = match column {
            Some(column) => (
                format!("{}_{}", column.name, function.name()),
                expression(column, Some(function.name())),
            ),
            // Only rows as a whole can be counted.
            None => ("n".to_owned(), "count()".to_owned()),
        };
        add(&mut items, Some(alias), &written, columns);
    }
    if items.len() == keys {
        add(&mut items, Some("n".to_owned()), "count()", columns);
    }
    let select: Vec<String> = items
        .iter()
        .map(|(alias, written)| match alias.as_str() {
            "" => written.clone(),
            alias => format!("{}:{written}", view::quoted(alias)),
        })
        .collect();
    let first = items.get(keys).map_or("", |(alias, _)| alias.as_str());
    // Times are in their own order, and other groups in that of the first function.
    let order = (!is_time && keys > 0).then(|| format!("{}.desc", view::quoted(first)));
    let view = without_old_results(&view, columns);
    view.with("select", Some(&select.join(",")))
        .with("order", order.as_deref())
}

/// The view without filters of results that it doesn't have any more.
pub(super) fn without_old_results(view: &View, columns: &[Column]) -> View {
    let is_column = |name: &str| columns.iter().any(|column| column.name == name);
    let old = view.filters().filter(|filter| !is_column(filter.column));
    let old: Vec<usize> = old.map(|filter| filter.place).collect();
    view.without(&old)
}

/// The column and the period that a field names.
fn key_of<'c>(key: &str, columns: &'c [Column]) -> Option<(&'c Column, Option<Period>)> {
    columns.iter().find_map(|column| {
        let periods = Period::ALL.into_iter().map(Some);
        let mut all = std::iter::once(None).chain(periods);
        let period = all.find(|period| expression(column, period.map(Period::name)) == key)?;
        Some((column, period))
    })
}

/// Adds something to select, unless it is there, under a name that no column has.
fn add(
    items: &mut Vec<(String, String)>,
    alias: Option<String>,
    written: &str,
    columns: &[Column],
) {
    if items.iter().any(|(_, other)| other == written) {
        return;
    }
    let alias = alias.map(|mut alias| {
        while columns.iter().any(|column| column.name == alias)
            || items.iter().any(|(other, _)| *other == alias)
        {
            alias.push('_');
        }
        alias
    });
    items.push((alias.unwrap_or_default(), written.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::table::groups::nullable;

    fn columns() -> Vec<Column> {
        let columns = [
            ("dest", ColumnType::String),
            ("delay", ColumnType::Integer),
            ("at", ColumnType::Datetime),
            ("n", ColumnType::Integer),
            ("a,b", ColumnType::Date),
        ];
        columns.into_iter().map(nullable).collect()
    }

    #[test]
    fn the_form_becomes_a_query_of_the_api() {
        for (form, query) in [
            (
                "g=dest&f=count&a=&f=avg&a=delay",
                "select=dest,n_:count(),delay_avg:delay.avg()&order=n_.desc",
            ),
            // A column is called n.
            ("g=&f=count&a=", "select=n_:count()"),
            (
                "g=at.month()&g=dest&f=max&a=delay",
                "select=at_month:at.month(),dest,delay_max:delay.max()",
            ),
            (
                "g=%22a,b%22.year()&f=count&a=dest",
                "select=%22a,b_year%22:%22a,b%22.year(),dest_count:dest.count()",
            ),
            // Nothing chosen counts the rows, and nothing is selected twice.
            (
                "g=dest&g=dest&f=&a=",
                "select=dest,n_:count()&order=n_.desc",
            ),
            ("g=nowhere&f=nonsense&a=delay", "select=n_:count()"),
        ] {
            let view = chosen(form, View::default(), &columns());
            assert_eq!(view.query(), query, "{form}");
        }
    }

    #[test]
    fn filters_of_rows_stay_and_those_of_earlier_results_go() {
        let view = View::parse("dest=eq.LAX&delay_avg=gt.5&select=dest,delay_avg:delay.avg()");
        let view = chosen("g=dest&f=count&a=", view, &columns());
        assert_eq!(
            view.query(),
            "dest=eq.LAX&select=dest,n_:count()&order=n_.desc"
        );
        let view = View::parse("select=n_:count()&n_=gt.5");
        assert_eq!(chosen("o.n_=gt", view.clone(), &columns()), view);
    }
}
