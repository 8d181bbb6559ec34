//! Random queries, and how they are written.

use super::condition::{Condition, Subject, Tree};
use super::table::{COLUMNS, Table};
use super::value::{Kind, Value};
use crate::ledger::Random;

/// A column of the answer.
#[derive(Debug, Clone)]
pub struct Item {
    /// The place of the column; `None`: rows are counted.
    pub column: Option<usize>,
    pub function: Option<&'static str>,
    pub alias: Option<String>,
    /// The type of its values.
    pub kind: Kind,
}

/// A term of an order: the place of an item or of a column, whether it descends, and where nulls come.
pub type Term = (usize, bool, Option<bool>);

/// A query.
#[derive(Debug, Default)]
pub struct Ask {
    /// Empty: all columns.
    pub items: Vec<Item>,
    pub filters: Vec<Condition>,
    pub trees: Vec<Tree>,
    /// The same about groups.
    pub having: Vec<Condition>,
    pub having_trees: Vec<Tree>,
    pub order: Vec<Term>,
    pub is_grouped: bool,
}

const OF_NUMBERS: [&str; 7] = ["count", "distinct", "min", "max", "sum", "avg", "median"];
const OF_ALL: [&str; 4] = ["count", "distinct", "min", "max"];
const PERIODS: [&str; 5] = ["year", "quarter", "month", "day", "hour"];

impl Item {
    fn random(random: &mut Random, number: usize) -> Self {
        let alias = Some(format!("alias {number}"));
        if random.once_in(4) {
            return Self {
                column: None,
                function: Some("count"),
                alias,
                kind: Kind::Integer,
            };
        }
        let at = random.index(COLUMNS.len());
        let kind = COLUMNS[at].1;
        let is_number = [Kind::Integer, Kind::Number].contains(&kind);
        let key = |alias| Self {
            column: Some(at),
            function: None,
            alias,
            kind,
        };
        match (random.below(5), kind) {
            (0, _) => key(None),
            (1, _) => key(alias),
            (2, Kind::Day | Kind::Second) => {
                let all = if kind == Kind::Day {
                    &PERIODS[..4]
                } else {
                    &PERIODS
                };
                let period = random.one_of(all);
                Self {
                    kind: match period {
                        "year" => Kind::Integer,
                        "day" => Kind::Day,
                        "hour" => Kind::Second,
                        _ => Kind::Text,
                    },
                    function: Some(period),
                    ..key(alias)
                }
            }
            _ => {
                let function = match is_number {
                    true => random.one_of(&OF_NUMBERS),
                    false => random.one_of(&OF_ALL),
                };
                Self {
                    kind: match function {
                        "count" | "distinct" => Kind::Integer,
                        "min" | "max" => kind,
                        _ => Kind::Number,
                    },
                    function: Some(function),
                    ..key(alias)
                }
            }
        }
    }

    /// Whether rows are grouped by it.
    pub fn is_key(&self) -> bool {
        self.function
            .is_none_or(|function| PERIODS.contains(&function))
    }

    pub fn name(&self) -> String {
        let own = || COLUMNS[self.column.unwrap()].0.to_owned();
        self.alias.clone().unwrap_or_else(own)
    }

    fn written(&self) -> String {
        let alias = match &self.alias {
            Some(alias) => format!("\"{alias}\":"),
            None => String::new(),
        };
        let column = self.column.map(|at| format!("\"{}\"", COLUMNS[at].0));
        let expression = match (column, self.function) {
            (Some(column), Some(function)) => format!("{column}.{function}()"),
            (Some(column), None) => column,
            (None, _) => "count()".to_owned(),
        };
        format!("{alias}{expression}")
    }
}

impl Ask {
    pub fn random(random: &mut Random, table: &Table) -> Self {
        let mut ask = Self {
            is_grouped: random.below(5) < 3,
            ..Self::default()
        };
        if ask.is_grouped {
            let mut own = Vec::new();
            for number in 0..1 + random.index(4) {
                let item = Item::random(random, number);
                // A column without an alias can be there once.
                if item.alias.is_some() || !own.contains(&item.column) {
                    own.push(item.column.filter(|_| item.alias.is_none()));
                    ask.items.push(item);
                }
            }
            if ask.items.iter().all(|item| item.function.is_none()) {
                ask.items.push(Item {
                    column: None,
                    function: Some("count"),
                    alias: Some("count".to_owned()).filter(|_| random.once_in(2)),
                    kind: Kind::Integer,
                });
                let last = ask.items.last_mut().unwrap();
                last.alias.get_or_insert("n of all".to_owned());
            }
        }
        ask.add_conditions(random, table);
        ask.add_order(random);
        ask
    }

    fn add_conditions(&mut self, random: &mut Random, table: &Table) {
        let columns: Vec<_> = (0..COLUMNS.len())
            .map(|at| Subject {
                name: COLUMNS[at].0.to_owned(),
                kind: COLUMNS[at].1,
                at,
            })
            .collect();
        let of_row = |random: &mut Random, subject: &Subject| {
            table.rows[random.index(table.rows.len())][subject.at].clone()
        };
        let condition = |random: &mut Random| Condition::random(random, &columns, &of_row);
        for _ in 0..random.one_of(&[0, 0, 1, 1, 2]) {
            self.filters.push(condition(random));
        }
        for _ in 0..random.one_of(&[0, 0, 0, 1, 2]) {
            self.trees.push(Tree::random(random, 2, &condition));
        }
        let aliases = self.items.iter().enumerate().filter_map(|(at, item)| {
            Some(Subject {
                name: item.alias.clone()?,
                kind: item.kind,
                at,
            })
        });
        let aliases: Vec<_> = aliases.collect();
        if !self.is_grouped || aliases.is_empty() || random.once_in(2) {
            return;
        }
        let groups = self.groups(table);
        let of_group = |random: &mut Random, subject: &Subject| match groups.len() {
            0 => Value::Null,
            count => match groups[random.index(count)][subject.at].clone() {
                // The text of a long float isn't the number that it stands for.
                Value::Float(float) if float.abs() > 1e9 => Value::Null,
                Value::Float(float) => Value::Number((float * 100.0) as i128 * 100),
                other => other,
            },
        };
        let condition = |random: &mut Random| Condition::random(random, &aliases, &of_group);
        self.having.push(condition(random));
        if random.once_in(3) {
            self.having_trees.push(Tree::random(random, 1, &condition));
        }
    }

    fn add_order(&mut self, random: &mut Random) {
        let places = match self.is_grouped {
            true => self.items.len(),
            false => COLUMNS.len(),
        };
        for _ in 0..random.one_of(&[0, 1, 1, 2]) {
            let at = random.index(places);
            if self.order.iter().all(|(other, ..)| *other != at) {
                let nulls = random.one_of(&[None, None, Some(true), Some(false)]);
                self.order.push((at, random.once_in(2), nulls));
            }
        }
        if !self.is_grouped && random.once_in(3) {
            let count = 1 + random.index(3);
            let first = random.index(COLUMNS.len());
            self.items = (0..count)
                .map(|number| Item {
                    column: Some((first + number) % COLUMNS.len()),
                    function: None,
                    alias: None,
                    kind: COLUMNS[(first + number) % COLUMNS.len()].1,
                })
                .collect();
        }
    }

    /// The parameters, not escaped yet.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        let name = |at: usize| match self.is_grouped {
            true => self.items[at].name(),
            false => COLUMNS[at].0.to_owned(),
        };
        if !self.items.is_empty() {
            let items: Vec<_> = self.items.iter().map(Item::written).collect();
            parameters.push(("select".to_owned(), items.join(",")));
        }
        if !self.order.is_empty() {
            let terms = self.order.iter().map(|(at, descending, nulls)| {
                let direction = if *descending { ".desc" } else { "" };
                let nulls = match nulls {
                    None => "",
                    Some(true) => ".nullsfirst",
                    Some(false) => ".nullslast",
                };
                format!("\"{}\"{direction}{nulls}", name(*at))
            });
            parameters.push(("order".to_owned(), terms.collect::<Vec<_>>().join(",")));
        }
        for condition in self.filters.iter().chain(&self.having) {
            let name = format!("where.{}", condition.subject.name);
            parameters.push((name, condition.written(false)));
        }
        let trees = self.trees.iter().chain(&self.having_trees);
        parameters.extend(trees.map(Tree::parameter));
        parameters
    }
}

/// A text within a URL.
pub fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
