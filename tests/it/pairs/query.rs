//! Queries of rows: random ones, how they are written in a URL, and which rows they are about.

use std::cmp::Ordering;

use super::group::Group;
use super::model::Revision;
use super::value::Kind;
use crate::ledger::Random;

/// What is asked of rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Query {
    select: Option<Vec<String>>,
    order: Vec<Term>,
    filters: Vec<Filter>,
    groups: Vec<Group>,
    /// Whether filters are written with `where.`, and in the other order: that makes no other query of it.
    other_spelling: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Term {
    column: String,
    descending: bool,
    nulls_first: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Filter {
    pub(super) column: String,
    pub(super) negated: bool,
    pub(super) test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Test {
    Compare(Comparison, String),
    In(Vec<String>),
    /// A text that is somewhere in the value.
    Like(String),
    Null,
}

pub(super) type Comparison = &'static str;

const COMPARISONS: [Comparison; 6] = ["eq", "neq", "gt", "gte", "lt", "lte"];

/// Which rows of a revision, in which order, and which of their columns.
#[derive(Debug, Clone)]
pub struct Found {
    pub rows: Vec<usize>,
    pub columns: Vec<usize>,
}

impl Query {
    /// About the columns of a dataset, with values that it has or may have.
    pub fn random(random: &mut Random, revision: &Revision) -> Self {
        let layout = &revision.layout;
        let name = |random: &mut Random| layout.columns[random.index(layout.columns.len())].clone();
        let mut query = Self {
            other_spelling: random.once_in(2),
            ..Self::default()
        };
        if random.once_in(3) {
            let first = random.index(layout.columns.len());
            let count = 1 + random.index(layout.columns.len());
            let names = layout.columns.iter().cycle().skip(first).take(count);
            query.select = Some(names.cloned().collect());
        }
        if random.once_in(2) {
            for _ in 0..1 + random.index(2) {
                let column = name(random);
                if query.order.iter().all(|term| term.column != column) {
                    query.order.push(Term {
                        column,
                        descending: random.once_in(2),
                        nulls_first: random.one_of(&[None, None, Some(true), Some(false)]),
                    });
                }
            }
        }
        for _ in 0..random.one_of(&[0, 1, 1, 1, 2]) {
            query.filters.push(Filter::random(random, revision));
        }
        for _ in 0..random.one_of(&[0, 0, 0, 1, 2]) {
            query.groups.push(Group::random(random, revision, 3));
        }
        query
    }

    /// The parameters, each with what it is to be; not escaped yet.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        if let Some(select) = &self.select {
            let names: Vec<_> = select.iter().map(|name| quoted(name)).collect();
            parameters.push(("select".to_owned(), names.join(",")));
        }
        if !self.order.is_empty() {
            let terms: Vec<_> = self.order.iter().map(Term::written).collect();
            parameters.push(("order".to_owned(), terms.join(",")));
        }
        let filters = self.filters.iter().map(|filter| {
            let plain = filter.column != "limit" && !self.other_spelling;
            let prefix = if plain { "" } else { "where." };
            let not = if filter.negated { "not." } else { "" };
            (
                format!("{prefix}{}", filter.column),
                format!("{not}{}", filter.test.written()),
            )
        });
        parameters.extend(filters);
        let groups = self.groups.iter();
        parameters.extend(groups.map(|group| (group.word(), group.inside())));
        if self.other_spelling {
            parameters.reverse();
        }
        parameters
    }

    /// What it finds; or the status with which it is refused.
    pub fn find(&self, revision: &Revision) -> Result<Found, u16> {
        let layout = &revision.layout;
        let place = |name: &String| layout.place(name).ok_or(400_u16);
        let columns = match &self.select {
            None => (0..layout.columns.len()).collect(),
            Some(names) => names.iter().map(place).collect::<Result<_, _>>()?,
        };
        let terms = self
            .order
            .iter()
            .map(|term| Ok((term, place(&term.column)?)));
        let terms = terms.collect::<Result<Vec<_>, u16>>()?;
        let filters = self.filters.iter().map(|filter| {
            let column = place(&filter.column)?;
            filter.test.check(revision.kinds[column])?;
            Ok((filter, column))
        });
        let filters = filters.collect::<Result<Vec<_>, u16>>()?;
        for group in &self.groups {
            group.check(revision)?;
        }
        let mut rows: Vec<usize> = (0..revision.rows.len())
            .filter(|row| {
                let mut filters = filters.iter();
                filters.all(|(filter, column)| {
                    filter.holds(revision.kinds[*column], revision.value(*row, *column))
                }) && (self.groups.iter()).all(|group| group.truth(revision, *row) == Some(true))
            })
            .collect();
        // The order of the file decides between equals: this sort keeps it.
        rows.sort_by(|&one, &other| {
            let compare = |(term, column): &(&Term, usize)| {
                let (one, other) = (revision.value(one, *column), revision.value(other, *column));
                term.compare(revision.kinds[*column], one, other)
            };
            terms
                .iter()
                .map(compare)
                .fold(Ordering::Equal, Ordering::then)
        });
        Ok(Found { rows, columns })
    }
}

impl Term {
    fn written(&self) -> String {
        let direction = if self.descending { ".desc" } else { "" };
        let nulls = match self.nulls_first {
            None => "",
            Some(true) => ".nullsfirst",
            Some(false) => ".nullslast",
        };
        format!("{}{direction}{nulls}", quoted(&self.column))
    }

    fn compare(&self, kind: Kind, one: Option<&str>, other: Option<&str>) -> Ordering {
        let nulls_first = self.nulls_first.unwrap_or(self.descending);
        match (one, other) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) if nulls_first => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => self.compare(kind, other, one).reverse(),
            (Some(one), Some(other)) if self.descending => kind.compare(other, one),
            (Some(one), Some(other)) => kind.compare(one, other),
        }
    }
}

impl Test {
    fn random(random: &mut Random, revision: &Revision, column: usize) -> Self {
        let value = |random: &mut Random| match revision.rows.len() {
            rows if rows > 0 && !random.once_in(4) => {
                revision.rows[random.index(rows)][column].clone()
            }
            _ => random
                .one_of(&["7", "0.5", "true", "2026-06-15", "Ada", "zzz"])
                .to_owned(),
        };
        match random.below(10) {
            0 => Self::Null,
            1 => Self::In((0..random.index(4)).map(|_| value(random)).collect()),
            2 => {
                let value = value(random);
                let part: String = value
                    .chars()
                    .skip(random.index(3))
                    .take(1 + random.index(5))
                    .collect();
                Self::Like(part)
            }
            _ => Self::Compare(random.one_of(&COMPARISONS), value(random)),
        }
    }

    pub(super) fn written(&self) -> String {
        match self {
            Self::Compare(comparison, value) => format!("{comparison}.{value}"),
            Self::In(values) => {
                let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
                format!("in.({})", values.join(","))
            }
            Self::Like(part) => {
                let escaped = part.chars().map(|c| match c {
                    '*' | '%' | '_' | '\\' => format!("\\{c}"),
                    c => c.to_string(),
                });
                format!("like.*{}*", escaped.collect::<String>())
            }
            Self::Null => "is.null".to_owned(),
        }
    }

    /// Whether a column of that type may be asked that.
    pub(super) fn check(&self, kind: Kind) -> Result<(), u16> {
        let may = match self {
            Self::Compare(_, value) => kind.takes(value),
            Self::In(values) => values.iter().all(|value| kind.takes(value)),
            Self::Like(_) => kind == Kind::String,
            Self::Null => true,
        };
        may.then_some(()).ok_or(400)
    }
}

impl Filter {
    pub(super) fn random(random: &mut Random, revision: &Revision) -> Self {
        let columns = &revision.layout.columns;
        let place = random.index(columns.len());
        Self {
            negated: random.once_in(5),
            test: Test::random(random, revision, place),
            column: columns[place].clone(),
        }
    }

    pub(super) fn holds(&self, kind: Kind, value: Option<&str>) -> bool {
        let holds = match (&self.test, value) {
            (Test::Null, value) => value.is_none(),
            // No other holds for a null, negated or not.
            (_, None) => return false,
            (Test::In(values), Some(value)) => {
                values.iter().any(|one| kind.compare(value, one).is_eq())
            }
            (Test::Like(part), Some(value)) => value.contains(part.as_str()),
            (Test::Compare(comparison, other), Some(value)) => {
                let ordering = kind.compare(value, other);
                match *comparison {
                    "eq" => ordering.is_eq(),
                    "neq" => ordering.is_ne(),
                    "gt" => ordering.is_gt(),
                    "gte" => ordering.is_ge(),
                    "lt" => ordering.is_lt(),
                    _ => ordering.is_le(),
                }
            }
        };
        holds != self.negated
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text within a URL.
pub fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
