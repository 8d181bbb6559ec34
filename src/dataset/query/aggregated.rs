//! Queries with aggregates: `select=dest,n:count(),late:dep_delay.avg()`.
//!
//! Columns without a function are what rows are grouped by. Names are looked up among the columns of the dataset first. What they name
//! there is about rows: it filters them before they are grouped. What they name among the aliases is about groups.

use std::sync::Arc;

use super::error::truncated;
use super::group::Groups;
use super::syntax::{self, Names, bad_list, quoted};
use super::{Condition, Filter, Grouped, Query, QueryError, RawQuery, Term};
use crate::aggregate::{Aggregate, Function, Key, Output, Period, Plan, Source};
use crate::{Column, ColumnType, Formats};

/// How many columns and functions a query may select.
const MOST: usize = 100;

/// Whether a list that names more than columns may have functions.
pub(super) fn may_be(select: &str) -> bool {
    select.contains(['(', ':'])
}

/// Resolves a query whose `select` names more than columns.
pub(super) fn resolve(
    asked: &RawQuery,
    select: &str,
    columns: &[Column],
    formats: &Formats,
) -> Result<Query, QueryError> {
    let (plan, own) = plan(select, columns)?;
    let result = |output: &Output| Column {
        name: output.name.clone(),
        kind: output.kind,
        nullable: true,
        unit: None,
        respelled: false,
    };
    let results: Arc<[Column]> = plan.outputs.iter().map(result).collect();
    // Results that are columns of the dataset are found there.
    let aliases = own.iter().enumerate().filter(|(_, own)| own.is_none());
    let aliases: Vec<usize> = aliases.map(|(at, _)| at).collect();
    let named = aliases.iter().map(|at| results[*at].clone());
    let all: Vec<Column> = columns.iter().cloned().chain(named).collect();
    let mut names = Names::new(&all);
    let result_of = |place: usize| match place.checked_sub(columns.len()) {
        Some(alias) => Some(aliases[alias]),
        None => own.iter().position(|own| *own == Some(place)),
    };
    let mut order = Vec::new();
    if let Some(text) = &asked.order {
        for term in syntax::order(text, &mut names)? {
            let column = result_of(term.column).ok_or_else(|| {
                let results = results.iter().map(|column| column.name.clone());
                QueryError::UngroupedOrder {
                    name: truncated(&all[term.column].name),
                    columns: results.collect::<Vec<_>>().join(", "),
                }
            })?;
            order.push(Term { column, ..term });
        }
    }
    let mut both = Sides::default();
    for (name, condition) in &asked.filters {
        let filter = Filter::parse(name, condition, false, &mut names, formats)?;
        both.add(Condition::Is(filter), "", columns.len(), &all)?;
    }
    let mut groups = Groups::new(&mut names, formats);
    for (parameter, text) in &asked.groups {
        let condition = groups.parse(parameter, text)?;
        both.add(condition, parameter, columns.len(), &all)?;
    }
    let place = |column: usize| result_of(column).unwrap_or_default();
    let (mut filters, mut conditions) = (Vec::new(), Vec::new());
    for condition in both.of_groups {
        condition.moved(&place).split(&mut filters, &mut conditions);
    }
    let grouped = Grouped {
        order: complete(order, &plan),
        plan: Arc::new(plan),
        columns: results,
        filters,
        conditions,
    };
    let (mut filters, mut conditions) = (Vec::new(), Vec::new());
    for condition in both.of_rows {
        condition.split(&mut filters, &mut conditions);
    }
    let query = Query {
        filters,
        conditions,
        grouped: Some(grouped),
        ..Query::default()
    };
    Ok(query.of(asked, columns, formats))
}

/// The order, with the keys at its end, so that no two groups are equal by it.
fn complete(mut order: Vec<Term>, plan: &Plan) -> Vec<Term> {
    for (column, output) in plan.outputs.iter().enumerate() {
        let is_key = matches!(output.source, Source::Key(_));
        if is_key && order.iter().all(|term| term.column != column) {
            order.push(Term {
                column,
                kind: output.kind,
                descending: false,
                nulls_first: false,
            });
        }
    }
    order
}

/// Conditions on rows, and conditions on groups.
#[derive(Default)]
struct Sides {
    of_rows: Vec<Condition>,
    of_groups: Vec<Condition>,
}

impl Sides {
    /// Adds a condition. Its columns from `first` on are aliases.
    fn add(
        &mut self,
        condition: Condition,
        parameter: &str,
        first: usize,
        all: &[Column],
    ) -> Result<(), QueryError> {
        let filters = condition.filters();
        let places = filters.iter().map(|filter| filter.column());
        let (of_rows, of_groups): (Vec<_>, Vec<_>) = places.partition(|place| *place < first);
        let names = |mut places: Vec<usize>| {
            places.dedup();
            let names = places.iter().map(|place| truncated(&all[*place].name));
            names.collect::<Vec<_>>().join(", ")
        };
        let side = match (of_rows.is_empty(), of_groups.is_empty()) {
            (_, true) => &mut self.of_rows,
            (true, false) => &mut self.of_groups,
            (false, false) => {
                return Err(QueryError::MixedCondition {
                    parameter: parameter.to_owned(),
                    columns: names(of_rows),
                    aliases: names(of_groups),
                });
            }
        };
        side.push(condition);
        Ok(())
    }
}

/// What an element of `select` is.
struct Item {
    /// As it was written.
    written: String,
    /// The same without the alias.
    expression: String,
    alias: Option<String>,
    /// The column; `None`: rows are counted.
    column: Option<usize>,
    function: Option<Called>,
}

#[derive(Clone, Copy)]
enum Called {
    Function(Function),
    Period(Period),
}

impl Called {
    fn of(name: &str) -> Option<Self> {
        let function = Function::ALL.into_iter().find(|one| one.name() == name);
        let period = Period::ALL.into_iter().find(|one| one.name() == name);
        (function.map(Self::Function)).or(period.map(Self::Period))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Function(function) => function.name(),
            Self::Period(period) => period.name(),
        }
    }

    fn takes(self, kind: ColumnType) -> bool {
        match self {
            Self::Function(function) => function.takes(kind),
            Self::Period(period) => period.takes(kind),
        }
    }
}

/// The names of the functions, or of those for a type.
fn functions(kind: Option<ColumnType>) -> String {
    let functions = Function::ALL.into_iter().map(Called::Function);
    let all = functions.chain(Period::ALL.into_iter().map(Called::Period));
    let fit = all.filter(|one| kind.is_none_or(|kind| one.takes(kind)));
    let names = fit.map(|one| format!("{}()", one.name()));
    names.collect::<Vec<_>>().join(", ")
}

/// The plan, and for each of its results the column that it is without a function and an alias.
fn plan(select: &str, columns: &[Column]) -> Result<(Plan, Vec<Option<usize>>), QueryError> {
    let bad = |reason| bad_list("select", select, reason);
    let mut names = Names::new(columns);
    let items = items(select, &mut names)?;
    if items.iter().all(|item| item.function.is_none()) {
        return Err(bad(
            "an alias is for a query with functions, as in d:dest,n:count(); without functions, write names of columns only",
        ));
    }
    if items.len() > MOST {
        return Err(bad("it may name at most 100 columns and functions"));
    }
    let (mut keys, mut aggregates) = (Vec::new(), Vec::new());
    let (mut outputs, mut own): (Vec<Output>, Vec<_>) = (Vec::new(), Vec::new());
    let mut grouped_by = Vec::new();
    for item in items {
        let kind = item
            .column
            .map_or(ColumnType::Integer, |at| columns[at].kind);
        let is_own = item.alias.is_none() && item.function.is_none();
        own.push(item.column.filter(|_| is_own));
        let name = output_name(&item, columns, is_own, &mut names)?;
        if outputs.iter().any(|output| output.name == name) {
            return Err(bad(
                "two columns of the result would have the same name; give one of them an alias, as in n:count()",
            ));
        }
        if let (Some(called), Some(column)) = (item.function, item.column)
            && !called.takes(kind)
        {
            return Err(QueryError::UnfitFunction {
                column: truncated(&columns[column].name),
                kind,
                function: called.name(),
                fit: functions(Some(kind)),
            });
        }
        let (result, source) = match (item.function, item.column) {
            (Some(Called::Function(function)), column) => {
                aggregates.push(Aggregate {
                    function,
                    column,
                    kind,
                });
                let source = Source::Aggregate(aggregates.len() - 1);
                (function.result(kind), source)
            }
            (called, column) => {
                let column = column.unwrap_or_default();
                let period = match called {
                    Some(Called::Period(period)) => Some(period),
                    _ => None,
                };
                keys.push(Key {
                    column,
                    kind,
                    period,
                });
                grouped_by.push(truncated(&columns[column].name));
                (
                    period.map_or(kind, Period::result),
                    Source::Key(keys.len() - 1),
                )
            }
        };
        outputs.push(Output {
            name,
            kind: result,
            source,
        });
    }
    Ok((Plan::new(keys, aggregates, outputs, grouped_by), own))
}

/// The name of a column of the result: its alias, or else the name of its function or column.
fn output_name(
    item: &Item,
    columns: &[Column],
    is_own: bool,
    names: &mut Names<'_>,
) -> Result<String, QueryError> {
    let name = match (&item.alias, item.function, item.column) {
        (Some(alias), _, _) => alias.clone(),
        (None, Some(called), _) => called.name().to_owned(),
        (None, None, column) => column.map_or_else(String::new, |at| columns[at].name.clone()),
    };
    if !is_own && names.place(&name).is_some() {
        return Err(QueryError::TakenName {
            other: truncated(&format!("my_{name}:{}", item.expression)),
            written: truncated(&item.written),
            name: truncated(&name),
        });
    }
    Ok(name)
}

/// The elements of `select`.
fn items(select: &str, names: &mut Names<'_>) -> Result<Vec<Item>, QueryError> {
    let bad = |reason| bad_list("select", select, reason);
    let mut items = Vec::new();
    let mut rest = select;
    loop {
        let (alias, behind) = alias(rest).map_err(bad)?;
        let before = rest.len() - behind.len();
        let (mut item, length) = match behind.strip_prefix('"') {
            Some(inside) => {
                let (name, after) = quoted(inside).map_err(bad)?;
                let end = after.find(',').unwrap_or(after.len());
                let length = behind.len() - after.len() + end;
                (
                    of_quoted(&name, &after[..end], &behind[..length], names)?,
                    length,
                )
            }
            None => {
                let length = behind.find(',').unwrap_or(behind.len());
                (of_plain(&behind[..length], names)?, length)
            }
        };
        let length = before + length;
        item.written = rest[..length].to_owned();
        item.alias = alias.or(item.alias);
        if item.alias.as_deref() == Some("") {
            return Err(bad("an alias is missing before a colon"));
        }
        items.push(item);
        rest = &rest[length..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Ok(items),
        }
    }
}

/// The alias before something in quotes, or in quotes itself, and the text behind it. Other aliases are found later, because a name may
/// have a colon.
fn alias(element: &str) -> Result<(Option<String>, &str), &'static str> {
    if let Some(inside) = element.strip_prefix('"') {
        let (name, after) = quoted(inside)?;
        return Ok(match after.strip_prefix(':') {
            Some(behind) => (Some(name), behind),
            None => (None, element),
        });
    }
    let end = element.find(',').unwrap_or(element.len());
    Ok(match element[..end].split_once(":\"") {
        Some((alias, _)) => (Some(alias.to_owned()), &element[alias.len() + 1..]),
        None => (None, element),
    })
}

fn of_quoted(
    name: &str,
    behind: &str,
    expression: &str,
    names: &mut Names<'_>,
) -> Result<Item, QueryError> {
    let column = names.place_of(name)?;
    let function = match behind {
        "" => None,
        _ => {
            let called = behind
                .strip_prefix('.')
                .and_then(|one| one.strip_suffix("()"));
            let called = called.and_then(Called::of);
            Some(called.ok_or_else(|| unknown(expression))?)
        }
    };
    Ok(Item {
        written: String::new(),
        expression: expression.to_owned(),
        alias: None,
        column: Some(column),
        function,
    })
}

/// An element without quotes. A column of that name comes first, then a function of a column, then what an alias may stand before.
fn of_plain(written: &str, names: &mut Names<'_>) -> Result<Item, QueryError> {
    let colons = written.match_indices(':').map(|(at, _)| at);
    let mut splits = std::iter::once(None).chain(colons.map(Some));
    let found = splits.find_map(|colon| {
        let expression = colon.map_or(written, |at| &written[at + 1..]);
        let (column, function) = expression_of(expression, names)?;
        Some(Item {
            written: String::new(),
            expression: expression.to_owned(),
            alias: colon.map(|at| written[..at].to_owned()),
            column,
            function,
        })
    });
    if let Some(item) = found {
        return Ok(item);
    }
    let expression = written
        .split_once(':')
        .map_or(written, |(_, behind)| behind);
    let call = expression.strip_suffix("()");
    match call.and_then(|call| call.rsplit_once('.')) {
        // The function exists, so the column doesn't.
        Some((column, function)) if Called::of(function).is_some() => {
            Err(QueryError::unknown_column(column, names.columns()))
        }
        _ if expression.contains('(') => Err(unknown(written)),
        _ => Err(QueryError::unknown_column(expression, names.columns())),
    }
}

fn expression_of(
    expression: &str,
    names: &mut Names<'_>,
) -> Option<(Option<usize>, Option<Called>)> {
    if let Some(column) = names.place(expression) {
        return Some((Some(column), None));
    }
    let call = expression.strip_suffix("()")?;
    if call == Function::Count.name() {
        return Some((None, Some(Called::Function(Function::Count))));
    }
    let (column, function) = call.rsplit_once('.')?;
    let called = Called::of(function)?;
    names
        .place(column)
        .map(|column| (Some(column), Some(called)))
}

fn unknown(written: &str) -> QueryError {
    QueryError::UnknownFunction {
        written: truncated(written),
        functions: functions(None),
    }
}
