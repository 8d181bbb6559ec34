//! Conditions in parentheses: `or=(dest.eq.LAX,and(dep_delay.gte.60,carrier.in.(UA,AA)))`.
//!
//! `not.` before a group is moved to its filters, by De Morgan's laws. So no condition but a filter is negated, and nulls work as in SQL:
//! a comparison with a null is unknown, negated or not, and only what is true finds a row.

use super::QueryError;
use super::filter::{Filter, operator_of};
use super::syntax::{Names, quoted};
use crate::Formats;

/// The parameters with such conditions.
pub const GROUPS: [&str; 4] = ["or", "and", "not.or", "not.and"];
/// How deep groups may be nested.
const DEEPEST: usize = 8;
/// How many filters all groups of a query may have.
const MOST: usize = 100;

/// Filters that are combined.
#[derive(Debug)]
pub enum Condition {
    /// One filter.
    Is(Filter),
    /// All of these hold.
    All(Vec<Self>),
    /// At least one of these holds.
    Any(Vec<Self>),
}

impl Condition {
    /// Whether it holds if a filter holds as `test` says.
    pub(super) fn holds<F: FnMut(&Filter) -> bool>(&self, test: &mut F) -> bool {
        match self {
            Self::Is(filter) => test(filter),
            Self::All(conditions) => conditions.iter().all(|one| one.holds(test)),
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(test)),
        }
    }

    /// Its filters.
    pub(super) fn filters(&self) -> Vec<&Filter> {
        match self {
            Self::Is(filter) => vec![filter],
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().flat_map(Self::filters).collect()
            }
        }
    }

    /// The same condition with each filter for the column that `place` returns.
    #[must_use]
    pub(super) fn moved(self, place: &impl Fn(usize) -> usize) -> Self {
        let all = |conditions: Vec<Self>| {
            let conditions = conditions.into_iter();
            conditions.map(|one| one.moved(place)).collect()
        };
        match self {
            Self::Is(filter) => {
                let column = place(filter.column());
                Self::Is(filter.at(column))
            }
            Self::All(conditions) => Self::All(all(conditions)),
            Self::Any(conditions) => Self::Any(all(conditions)),
        }
    }

    /// Splits it into filters that must all hold, and the conditions that must hold beside them.
    pub(super) fn split(self, filters: &mut Vec<Filter>, conditions: &mut Vec<Self>) {
        match self {
            Self::Is(filter) => filters.push(filter),
            Self::All(all) => {
                for one in all {
                    one.split(filters, conditions);
                }
            }
            Self::Any(any) => conditions.push(Self::Any(any)),
        }
    }
}

/// Reads the groups of one query.
pub(super) struct Groups<'q, 'c> {
    names: &'q mut Names<'c>,
    formats: &'q Formats,
    /// Filters that may still follow.
    left: usize,
}

impl<'q, 'c> Groups<'q, 'c> {
    pub(super) fn new(names: &'q mut Names<'c>, formats: &'q Formats) -> Self {
        Self {
            names,
            formats,
            left: MOST,
        }
    }

    /// Reads a parameter such as `or=(…)`.
    pub(super) fn parse(&mut self, parameter: &str, text: &str) -> Result<Condition, QueryError> {
        let (negated, word) = match parameter.strip_prefix("not.") {
            Some(word) => (true, word),
            None => (false, parameter),
        };
        let mut reader = Reader {
            groups: self,
            parameter,
            text,
            at: 0,
        };
        let condition = reader.group(word == "or", negated, 1)?;
        if reader.at < text.len() {
            return Err(reader.bad("nothing may follow the closing parenthesis"));
        }
        Ok(condition)
    }
}

/// Reads one parameter.
struct Reader<'r, 'q, 'c> {
    groups: &'r mut Groups<'q, 'c>,
    parameter: &'r str,
    text: &'r str,
    /// How far it has been read.
    at: usize,
}

impl<'r> Reader<'r, '_, '_> {
    fn rest(&self) -> &'r str {
        &self.text[self.at..]
    }

    /// The number of the character at which something is, from 1 on.
    fn position(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }

    fn bad(&self, reason: &'static str) -> QueryError {
        QueryError::BadCondition {
            parameter: self.parameter.to_owned(),
            position: self.position(self.at),
            reason,
        }
    }

    /// Takes a text if it comes next.
    fn take(&mut self, next: &str) -> bool {
        let is_next = self.rest().starts_with(next);
        if is_next {
            self.at += next.len();
        }
        is_next
    }

    fn group(&mut self, any: bool, negated: bool, depth: usize) -> Result<Condition, QueryError> {
        if depth > DEEPEST {
            return Err(self.bad("conditions may be nested at most 8 deep"));
        }
        if !self.take("(") {
            return Err(self.bad(
                "write conditions in parentheses, as in or=(COLUMN.eq.VALUE,COLUMN.gt.VALUE)",
            ));
        }
        let mut conditions = Vec::new();
        loop {
            conditions.push(self.condition(negated, depth)?);
            if self.take(")") {
                break;
            }
            if !self.take(",") {
                return Err(self.bad("a comma or a closing parenthesis is missing"));
            }
        }
        Ok(match any != negated {
            true => Condition::Any(conditions),
            false => Condition::All(conditions),
        })
    }

    fn condition(&mut self, negated: bool, depth: usize) -> Result<Condition, QueryError> {
        for (before, any, not) in [
            ("or", true, false),
            ("and", false, false),
            ("not.or", true, true),
            ("not.and", false, true),
        ] {
            if self
                .rest()
                .strip_prefix(before)
                .is_some_and(|rest| rest.starts_with('('))
            {
                self.at += before.len();
                return self.group(any, negated != not, depth + 1);
            }
        }
        self.filter(negated).map(Condition::Is)
    }

    fn filter(&mut self, negated: bool) -> Result<Filter, QueryError> {
        let begin = self.at;
        let Some(left) = self.groups.left.checked_sub(1) else {
            return Err(self.bad("the groups of a query may have at most 100 conditions"));
        };
        self.groups.left = left;
        let name = self.name()?;
        let behind = self.rest();
        let value = operator_of(behind).map(|(operator, value)| {
            self.at += behind.len() - value.len();
            (operator, &behind[..behind.len() - value.len()])
        });
        let condition = match value {
            Some((operator, before)) => format!("{before}{}", self.value(operator)?),
            None => {
                let end = behind.find([',', ')']).unwrap_or(behind.len());
                behind[..end].to_owned()
            }
        };
        let Groups { names, formats, .. } = &mut *self.groups;
        Filter::parse(&name, &condition, negated, names, formats).map_err(|error| {
            QueryError::InCondition {
                parameter: self.parameter.to_owned(),
                position: self.position(begin),
                error: Box::new(error),
            }
        })
    }

    /// The name of a column, and the dot behind it.
    fn name(&mut self) -> Result<String, QueryError> {
        let rest = self.rest();
        if let Some(inside) = rest.strip_prefix('"') {
            let (name, after) = quoted(inside).map_err(|reason| self.bad(reason))?;
            self.at += rest.len() - after.len();
            return match self.take(".") {
                true => Ok(name),
                false => Err(self.bad("write .OPERATOR.VALUE behind the name of a column")),
            };
        }
        let end = rest.find([',', '(', ')']).unwrap_or(rest.len());
        let dots: Vec<_> = rest[..end].match_indices('.').map(|(dot, _)| dot).collect();
        // A name may have dots, and end like an operator.
        let followed = |dot: &usize| operator_of(&rest[dot + 1..]).is_some();
        let names = &mut *self.groups.names;
        let lengths = names.columns().iter().map(|column| column.name.len());
        let longest = lengths.max().unwrap_or(0);
        let mut known = |dot: &usize| *dot <= longest && names.place(&rest[..*dot]).is_some();
        let dot = (dots.iter().find(|dot| followed(dot) && known(dot)))
            .or_else(|| dots.iter().find(|dot| followed(dot)))
            .or_else(|| dots.first());
        let Some(dot) = dot else {
            return Err(self.bad("write COLUMN.OPERATOR.VALUE, or(…) or and(…)"));
        };
        self.at += dot + 1;
        Ok(rest[..*dot].to_owned())
    }

    /// The value of a filter, without the quotes around it; the list of `in` as it is written.
    fn value(&mut self, operator: &str) -> Result<String, QueryError> {
        let rest = self.rest();
        if let Some(list) = rest.strip_prefix('(').filter(|_| operator == "in") {
            let mut left = list;
            loop {
                if let Some(inside) = left.strip_prefix('"') {
                    (_, left) = quoted(inside).map_err(|reason| self.bad(reason))?;
                }
                let Some(end) = left.find([',', ')']) else {
                    return Err(self.bad("the list is not closed; write in.(VALUE,VALUE)"));
                };
                let is_end = left[end..].starts_with(')');
                left = &left[end + 1..];
                if is_end {
                    break;
                }
            }
            let length = rest.len() - left.len();
            self.at += length;
            return Ok(rest[..length].to_owned());
        }
        if let Some(inside) = rest.strip_prefix('"') {
            let (value, after) = quoted(inside).map_err(|reason| self.bad(reason))?;
            self.at += rest.len() - after.len();
            return Ok(value);
        }
        let end = rest.find([',', '(', ')']).unwrap_or(rest.len());
        self.at += end;
        match rest[end..].starts_with('(') {
            true => Err(self.bad("write a value with a parenthesis or a comma in double quotes")),
            false => Ok(rest[..end].to_owned()),
        }
    }
}
