//! Filters: a column, and what its value must be like.

use std::cmp::Ordering;

use super::error::cut;
use super::operand::Operand;
use super::pattern::Pattern;
use super::{QueryError, syntax};
use crate::dataset::{Column, ColumnType};

/// What must hold of one column.
#[derive(Debug)]
pub struct Filter {
    column: usize,
    pub(super) kind: ColumnType,
    pub(super) negated: bool,
    pub(super) test: Test,
}

/// What a value is asked for.
#[derive(Debug)]
pub(super) enum Test {
    /// How it stands to another one.
    Compare(Comparison, Operand),
    /// Whether it is one of these, which are in order.
    In(Vec<Operand>),
    /// Whether its text matches.
    Like(Pattern),
    /// Whether it is null.
    Null,
    /// Whether it is that and not null.
    Is(Operand),
}

/// How a value may stand to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// The operators, as they are written.
const OPERATORS: [&str; 10] = [
    "eq", "neq", "gt", "gte", "lt", "lte", "in", "like", "ilike", "is",
];

impl Filter {
    /// Reads `name=condition`, such as `dest=eq.LAX`.
    pub(super) fn parse(
        name: &str,
        condition: &str,
        columns: &[Column],
    ) -> Result<Self, QueryError> {
        let column = syntax::place(name, columns)
            .ok_or_else(|| QueryError::unknown_column(name, columns))?;
        let (negated, positive) = match condition.strip_prefix("not.") {
            Some(rest) => (true, rest),
            None => (false, condition),
        };
        let words = positive.split_once('.');
        let operator = words.map_or(positive, |(operator, _)| operator);
        let operator = OPERATORS.into_iter().find(|known| *known == operator);
        let (Some(operator), Some((_, value))) = (operator, words) else {
            return Err(QueryError::UnknownOperator {
                column: cut(name),
                found: cut(condition),
                operators: OPERATORS.join(", "),
            });
        };
        let kind = columns[column].kind;
        let operand = Operands { name, kind };
        Ok(Self {
            column,
            kind,
            negated,
            test: operand.test(operator, value)?,
        })
    }

    /// The place of the column.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Whether it holds for certain texts only.
    pub(super) fn seeks(&self) -> bool {
        let texts = match &self.test {
            Test::Compare(Comparison::Equal, operand) => operand.text().is_some(),
            Test::In(operands) => operands.iter().all(|operand| operand.text().is_some()),
            Test::Compare(..) | Test::Like(_) | Test::Null | Test::Is(_) => false,
        };
        texts && !self.negated
    }

    /// Whether it holds for a value; `None`: a null.
    #[inline]
    pub fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else {
            return match &self.test {
                Test::Null => !self.negated,
                Test::Is(_) => self.negated,
                Test::Compare(..) | Test::In(_) | Test::Like(_) => false,
            };
        };
        self.test.holds(value) != self.negated
    }
}

impl Test {
    #[inline]
    fn holds(&self, value: &str) -> bool {
        let bytes = value.as_bytes();
        match self {
            // Two texts of different lengths need no order to be told apart.
            Self::Compare(Comparison::Equal, Operand::Text(text)) => *bytes == **text,
            Self::Compare(comparison, operand) => operand
                .compare(bytes)
                .is_some_and(|ordering| comparison.allows(ordering)),
            Self::In(operands) => operands
                .binary_search_by(|operand| {
                    operand
                        .compare(bytes)
                        .map_or(Ordering::Less, Ordering::reverse)
                })
                .is_ok(),
            Self::Like(pattern) => pattern.matches(value),
            Self::Null => false,
            Self::Is(operand) => operand.compare(bytes) == Some(Ordering::Equal),
        }
    }
}

impl Comparison {
    #[inline]
    pub(super) fn allows(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

/// What may be written behind an operator of one column.
struct Operands<'n> {
    name: &'n str,
    kind: ColumnType,
}

impl Operands<'_> {
    fn test(&self, operator: &'static str, value: &str) -> Result<Test, QueryError> {
        let compare = |comparison| Ok(Test::Compare(comparison, self.operand(value)?));
        match operator {
            "eq" => compare(Comparison::Equal),
            "neq" => compare(Comparison::NotEqual),
            "gt" => compare(Comparison::Greater),
            "gte" => compare(Comparison::GreaterOrEqual),
            "lt" => compare(Comparison::Less),
            "lte" => compare(Comparison::LessOrEqual),
            "in" => self.list(value),
            "is" => self.is(value),
            // What is left is `like` and `ilike`.
            _ if self.kind == ColumnType::String => {
                Ok(Test::Like(Pattern::new(value, operator == "ilike")))
            }
            _ => Err(QueryError::UnfitOperator {
                column: cut(self.name),
                kind: self.kind,
                operator,
                fit: OPERATORS
                    .into_iter()
                    .filter(|operator| !operator.ends_with("like"))
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    fn operand(&self, value: &str) -> Result<Operand, QueryError> {
        Operand::read(self.kind, value)
            .ok_or_else(|| self.unfit(value, Operand::expected(self.kind)))
    }

    fn list(&self, value: &str) -> Result<Test, QueryError> {
        let bad = |reason| syntax::bad_list(self.name, value, reason);
        let inside = value
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .ok_or_else(|| {
                bad("write in.(VALUE,VALUE), and a value with a comma in double quotes")
            })?;
        let mut operands = Vec::new();
        for element in syntax::elements(inside).map_err(bad)? {
            if element.behind.is_some_and(|behind| !behind.is_empty()) {
                return Err(bad("a comma is missing behind a closing quote"));
            }
            operands.push(self.operand(&element.text)?);
        }
        operands.sort_unstable_by(Operand::order);
        Ok(Test::In(operands))
    }

    fn is(&self, value: &str) -> Result<Test, QueryError> {
        match (value, self.kind) {
            ("null", _) => Ok(Test::Null),
            ("true", ColumnType::Boolean) => Ok(Test::Is(Operand::Boolean(true))),
            ("false", ColumnType::Boolean) => Ok(Test::Is(Operand::Boolean(false))),
            (_, ColumnType::Boolean) => Err(self.unfit(value, "is.null, is.true or is.false")),
            _ => Err(self.unfit(value, "is.null")),
        }
    }

    fn unfit(&self, value: &str, expected: &'static str) -> QueryError {
        QueryError::UnfitValue {
            column: cut(self.name),
            value: cut(value),
            expected,
        }
    }
}
