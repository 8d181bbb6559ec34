//! Groups of conditions: `or=(…)`, `and=(…)`, and `not.` before them. What holds is told with SQL's three truths.

use super::model::Revision;
use super::query::{Filter, Test, quoted};
use crate::ledger::Random;

/// Conditions that are combined.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    any: bool,
    negated: bool,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Condition {
    Filter(Filter),
    Group(Group),
}

impl Group {
    pub fn random(random: &mut Random, revision: &Revision, depth: usize) -> Self {
        let count = 1 + random.index(3);
        let condition = |random: &mut Random| match depth > 0 && random.once_in(3) {
            true => Condition::Group(Self::random(random, revision, depth - 1)),
            false => Condition::Filter(Filter::random(random, revision)),
        };
        Self {
            any: random.once_in(2),
            negated: random.once_in(4),
            conditions: (0..count).map(|_| condition(random)).collect(),
        }
    }

    /// The name of its parameter.
    pub fn word(&self) -> String {
        let not = if self.negated { "not." } else { "" };
        format!("{not}{}", if self.any { "or" } else { "and" })
    }

    /// Its conditions in parentheses.
    pub fn inside(&self) -> String {
        let conditions: Vec<_> = self.conditions.iter().map(Condition::written).collect();
        format!("({})", conditions.join(","))
    }

    /// Whether the columns may be asked that.
    pub fn check(&self, revision: &Revision) -> Result<(), u16> {
        self.conditions
            .iter()
            .try_for_each(|condition| match condition {
                Condition::Group(group) => group.check(revision),
                Condition::Filter(filter) => {
                    let column = revision.layout.place(&filter.column).ok_or(400_u16)?;
                    filter.test.check(revision.kinds[column])
                }
            })
    }

    /// Whether it holds for a row; `None`: that is unknown.
    pub fn truth(&self, revision: &Revision, row: usize) -> Option<bool> {
        let truths: Vec<_> = self
            .conditions
            .iter()
            .map(|condition| condition.truth(revision, row))
            .collect();
        let decisive = Some(self.any);
        let truth = if truths.contains(&decisive) {
            decisive
        } else if truths.contains(&None) {
            None
        } else {
            Some(!self.any)
        };
        truth.map(|truth| truth != self.negated)
    }
}

impl Condition {
    fn written(&self) -> String {
        let filter = match self {
            Self::Group(group) => return group.word() + &group.inside(),
            Self::Filter(filter) => filter,
        };
        let not = if filter.negated { "not." } else { "" };
        let test = filter.test.written();
        let test = match &filter.test {
            Test::Compare(..) | Test::Like(_) => {
                let (operator, value) = test.split_once('.').unwrap();
                format!("{operator}.{}", quoted(value))
            }
            Test::In(_) | Test::Null => test,
        };
        format!("{}.{not}{test}", quoted(&filter.column))
    }

    fn truth(&self, revision: &Revision, row: usize) -> Option<bool> {
        let filter = match self {
            Self::Group(group) => return group.truth(revision, row),
            Self::Filter(filter) => filter,
        };
        let column = revision.layout.place(&filter.column).unwrap();
        let value = revision.value(row, column);
        let is_known = value.is_some() || filter.test == Test::Null;
        is_known.then(|| filter.holds(revision.kinds[column], value))
    }
}
