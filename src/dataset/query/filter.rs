//! Filters: a column and a condition.

use std::cmp::Ordering;

use super::QueryError;
use super::error::truncated;
use super::list::List;
use super::operand::Operand;
use super::pattern::{self, Pattern};
use super::stop::Stop;
use super::syntax::{self, Names};
use crate::{ColumnType, Formats, bloom};

/// A condition on one column.
#[derive(Debug)]
pub struct Filter {
    column: usize,
    pub(super) kind: ColumnType,
    pub(super) negated: bool,
    pub(super) test: Test,
    /// Hashes of the texts that pass the filter, in the order of its operands; empty unless only certain texts pass.
    sought: Vec<u64>,
}

/// A condition, without negation.
#[derive(Debug)]
pub(super) enum Test {
    /// Compare with a value.
    Compare(Comparison, Operand),
    /// Be one of these values.
    In(List),
    /// Match a pattern.
    Like(Pattern),
    /// Be null.
    Null,
    /// Have this value, and not be null.
    Is(Operand),
}

/// How a value has to compare.
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

/// Whether a parameter's value is a condition rather than the value of something else: it begins with letters and a dot, as every
/// operator does. Whether there is such an operator doesn't matter.
pub fn is_condition(value: &str) -> bool {
    let operator = value.split_once('.').map(|(operator, _)| operator);
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphabetic());
    operator.is_some_and(|operator| !operator.is_empty() && is_word(operator))
}

/// The operator of a condition, and its value.
pub(super) fn operator_of(condition: &str) -> Option<(&'static str, &str)> {
    let positive = condition.strip_prefix("not.").unwrap_or(condition);
    let (operator, value) = positive.split_once('.')?;
    let operator = OPERATORS.into_iter().find(|known| *known == operator)?;
    Some((operator, value))
}

impl Filter {
    /// Reads `name=condition`, such as `dest=eq.LAX`; `opposite` negates it.
    pub(super) fn parse(
        name: &str,
        condition: &str,
        opposite: bool,
        names: &mut Names<'_>,
        formats: &Formats,
    ) -> Result<Self, QueryError> {
        let column = names.place_of(name)?;
        let negated = condition.starts_with("not.") != opposite;
        let Some((operator, value)) = operator_of(condition) else {
            return Err(QueryError::UnknownOperator {
                column: truncated(name),
                found: truncated(condition),
                operators: OPERATORS.join(", "),
            });
        };
        let kind = names.columns()[column].kind;
        let operand = Operands {
            name,
            kind,
            formats,
        };
        let test = operand.test(operator, value)?;
        Ok(Self {
            column,
            kind,
            negated,
            sought: match negated {
                false => test.sought(),
                true => Vec::new(),
            },
            test,
        })
    }

    /// The column's index.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The same filter for the column at another place.
    #[must_use]
    pub(super) fn at(self, column: usize) -> Self {
        Self { column, ..self }
    }

    /// Hashes of the texts that pass the filter, in the order of its operands; empty if others may pass too.
    pub(super) fn sought(&self) -> &[u64] {
        &self.sought
    }

    /// The cost of filtering rows with `bytes` bytes of text, in bytes of text that take as long to read.
    pub(super) fn effort(&self, rows: u64, bytes: u64) -> u64 {
        /// Tokenizing and comparing a short value.
        const VALUE: u64 = 32;
        /// One more comparison.
        const STEP: u64 = 4;
        let (each, long) = match (&self.test, self.kind) {
            (Test::Like(pattern), _) => (VALUE, pattern.effort()),
            (Test::In(list), kind) => {
                let steps = u64::from(list.operands().len().max(1).ilog2()) + 1;
                let long = if kind == ColumnType::Number { steps } else { 0 };
                (VALUE + steps * STEP, long)
            }
            // A number may have any number of digits, and all of them count.
            (Test::Compare(..), ColumnType::Number) => (VALUE, 1),
            (Test::Compare(..) | Test::Null | Test::Is(_), _) => (VALUE, 0),
        };
        (rows.saturating_mul(each)).saturating_add(bytes.saturating_mul(long))
    }

    /// The cost of checking whether a block may match, in comparisons with bounds.
    pub(super) fn pruning(&self) -> u64 {
        1 + self.sought.len() as u64
    }

    /// Whether a value passes; `None`: a null. Once `stop` is set, the result means nothing.
    #[inline]
    pub fn holds(&self, value: Option<&str>, stop: &Stop) -> bool {
        let Some(value) = value else {
            return match &self.test {
                Test::Null => !self.negated,
                Test::Is(_) => self.negated,
                Test::Compare(..) | Test::In(_) | Test::Like(_) => false,
            };
        };
        self.test.holds(value, stop) != self.negated
    }
}

impl Test {
    /// Hashes of the texts that pass, if only certain texts do.
    fn sought(&self) -> Vec<u64> {
        let operands = match self {
            Self::Compare(Comparison::Equal, operand) => std::slice::from_ref(operand),
            Self::In(list) => list.operands(),
            Self::Compare(..) | Self::Like(_) | Self::Null | Self::Is(_) => &[],
        };
        let hashes = operands
            .iter()
            .map(|operand| Some(bloom::hash(&operand.text()?)));
        hashes.collect::<Option<_>>().unwrap_or_default()
    }

    #[inline]
    fn holds(&self, value: &str, stop: &Stop) -> bool {
        let bytes = value.as_bytes();
        match self {
            // Texts of different lengths differ without being compared.
            Self::Compare(Comparison::Equal, Operand::Text(text)) => *bytes == **text,
            Self::Compare(comparison, operand) => operand
                .compare(bytes)
                .is_some_and(|ordering| comparison.allows(ordering)),
            Self::In(list) => list.has(bytes),
            Self::Like(pattern) => pattern.matches(value, stop),
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

/// Parses what follows an operator.
struct Operands<'n> {
    name: &'n str,
    kind: ColumnType,
    formats: &'n Formats,
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
            // `like` and `ilike` are left.
            _ if self.kind == ColumnType::String => match value.chars().nth(pattern::LONGEST) {
                None => Ok(Test::Like(Pattern::new(value, operator == "ilike"))),
                Some(_) => Err(QueryError::LongPattern {
                    column: truncated(self.name),
                    operator,
                    longest: pattern::LONGEST,
                }),
            },
            _ => Err(QueryError::UnfitOperator {
                column: truncated(self.name),
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
                return Err(bad("a comma is missing after a closing quote"));
            }
            operands.push(self.operand(&element.text)?);
        }
        Ok(Test::In(List::new(operands, self.formats)))
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
            column: truncated(self.name),
            value: truncated(value),
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OPERATORS, is_condition};

    #[test]
    fn every_operator_makes_a_condition_and_no_value_of_a_parameter_does() {
        for operator in OPERATORS {
            assert!(is_condition(&format!("{operator}.x")), "{operator}");
            assert!(is_condition(&format!("not.{operator}.x")), "{operator}");
        }
        // A misspelt operator is a mistake in a filter.
        assert!(is_condition("equals.3"));
        for value in [
            "", ".", "v2", "v2.0", "2", "2.0", "csv", "json", "eq", "true", ".eq.3",
        ] {
            assert!(!is_condition(value), "{value}");
        }
    }
}
