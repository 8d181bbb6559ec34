//! Conditions: random ones, how they are written, and whether they hold.

use super::value::{Kind, UNIT, Value};
use crate::ledger::Random;

/// What is compared: a column of the rows, or of the groups.
#[derive(Debug, Clone)]
pub struct Subject {
    pub name: String,
    pub kind: Kind,
    /// Its place in a row, or in a group.
    pub at: usize,
}

/// A condition on one value.
#[derive(Debug, Clone)]
pub struct Condition {
    pub subject: Subject,
    negated: bool,
    operator: &'static str,
    values: Vec<Value>,
}

/// Conditions that are combined.
#[derive(Debug, Clone)]
pub enum Tree {
    Is(Condition),
    Of {
        any: bool,
        negated: bool,
        inside: Vec<Tree>,
    },
}

impl Condition {
    /// A condition on one of the subjects, with a value that `value` finds for it.
    pub fn random(
        random: &mut Random,
        subjects: &[Subject],
        value: &dyn Fn(&mut Random, &Subject) -> Value,
    ) -> Self {
        let subject = subjects[random.index(subjects.len())].clone();
        let mut operators = vec!["eq", "neq", "gt", "gte", "lt", "lte", "in", "null"];
        if subject.kind == Kind::Text {
            operators.push("like");
        }
        let operator = random.one_of(&operators);
        let count = match operator {
            "null" => 0,
            "in" => 1 + random.index(3),
            _ => 1,
        };
        let values = (0..count).map(|_| match value(random, &subject) {
            Value::Null => fallback(subject.kind),
            other => other,
        });
        Self {
            values: values.collect(),
            negated: random.once_in(4),
            operator,
            subject,
        }
    }

    /// The operator with its value, as a filter has it; in a tree, values need quotes.
    pub fn written(&self, in_tree: bool) -> String {
        let not = if self.negated { "not." } else { "" };
        let texts: Vec<_> = self.values.iter().map(Value::text).collect();
        let quoted =
            |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let value = match self.operator {
            "null" => return format!("{not}is.null"),
            "in" => {
                let texts: Vec<_> = texts.iter().map(quoted).collect();
                format!("({})", texts.join(","))
            }
            "like" => match in_tree {
                true => quoted(&format!("*{}*", texts[0])),
                false => format!("*{}*", texts[0]),
            },
            _ if in_tree => quoted(&texts[0]),
            _ => texts[0].clone(),
        };
        format!("{not}{}.{value}", self.operator)
    }

    /// Whether it holds for a value; `None`: that is unknown.
    pub fn truth(&self, value: &Value) -> Option<bool> {
        let holds = match (self.operator, value) {
            ("null", value) => *value == Value::Null,
            (_, Value::Null) => return None,
            ("in", value) => self.values.iter().any(|one| value.compare(one).is_eq()),
            ("like", value) => value.text().contains(&self.values[0].text()),
            (operator, value) => {
                let ordering = value.compare(&self.values[0]);
                match operator {
                    "eq" => ordering.is_eq(),
                    "neq" => ordering.is_ne(),
                    "gt" => ordering.is_gt(),
                    "gte" => ordering.is_ge(),
                    "lt" => ordering.is_lt(),
                    _ => ordering.is_le(),
                }
            }
        };
        Some(holds != self.negated)
    }
}

fn fallback(kind: Kind) -> Value {
    match kind {
        Kind::Bool => Value::Bool(true),
        Kind::Integer | Kind::Number => Value::Number(7 * UNIT),
        Kind::Day => Value::Day(16_000),
        Kind::Second => Value::Second(1_400_000_000),
        Kind::Text => Value::Text("LAX".to_owned()),
    }
}

impl Tree {
    /// A group of random conditions.
    pub fn random(
        random: &mut Random,
        depth: usize,
        condition: &dyn Fn(&mut Random) -> Condition,
    ) -> Self {
        let inside = (0..1 + random.index(3)).map(|_| match depth > 0 && random.once_in(4) {
            true => Self::random(random, depth - 1, condition),
            false => Self::Is(condition(random)),
        });
        let inside = inside.collect();
        Self::Of {
            any: random.once_in(2),
            negated: random.once_in(4),
            inside,
        }
    }

    /// The parameter, and its value.
    pub fn parameter(&self) -> (String, String) {
        let written = self.written();
        let (word, inside) = written.split_once('(').unwrap();
        (word.to_owned(), format!("({inside}"))
    }

    fn written(&self) -> String {
        match self {
            Self::Is(condition) => {
                let name = condition.subject.name.replace('"', "\\\"");
                format!("\"{name}\".{}", condition.written(true))
            }
            Self::Of {
                any,
                negated,
                inside,
            } => {
                let not = if *negated { "not." } else { "" };
                let word = if *any { "or" } else { "and" };
                let inside: Vec<_> = inside.iter().map(Self::written).collect();
                format!("{not}{word}({})", inside.join(","))
            }
        }
    }

    /// Whether it holds for a row or group, by the logic of three values.
    pub fn truth(&self, row: &[Value]) -> Option<bool> {
        match self {
            Self::Is(condition) => condition.truth(&row[condition.subject.at]),
            Self::Of {
                any,
                negated,
                inside,
            } => {
                let truths: Vec<_> = inside.iter().map(|one| one.truth(row)).collect();
                let decided = truths.contains(&Some(*any));
                let truth = match (decided, truths.contains(&None)) {
                    (true, _) => Some(*any),
                    (false, true) => None,
                    (false, false) => Some(!any),
                };
                truth.map(|truth| truth != *negated)
            }
        }
    }
}
