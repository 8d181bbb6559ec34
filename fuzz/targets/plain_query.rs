//! Queries of rows as `docs/api.md` describes them, in the plainest way: every row is read, and a pattern is matched by
//! trying everything.

use std::cmp::Ordering;

use flash::dataset::{Column, ColumnType, RawQuery};

use super::plain_value::{self, Decimal};

/// A row: the text in each column, `None` for a null.
pub type Row = Vec<Option<String>>;

/// A query that can be asked.
pub struct Query {
    filters: Vec<(usize, bool, Test)>,
    order: Vec<Term>,
    pub select: Option<Vec<usize>>,
}

enum Test {
    /// How it may stand to a value.
    Stands(fn(Ordering) -> bool, String),
    In(Vec<String>),
    Like(String, bool),
    Null,
    Is(String),
}

struct Term {
    column: usize,
    descending: bool,
    nulls_first: bool,
}

impl Query {
    /// Reads what is asked; `None`: it has to be refused.
    pub fn read(asked: &RawQuery, columns: &[Column]) -> Option<Self> {
        let select = match &asked.select {
            Some(select) => selected(select, columns)?,
            None => None,
        };
        let order = match &asked.order {
            Some(order) => ordered(order, columns)?,
            None => Vec::new(),
        };
        let filters = asked
            .filters
            .iter()
            .map(|(name, condition)| filter(name, condition, columns));
        Some(Self {
            filters: filters.collect::<Option<_>>()?,
            order,
            select,
        })
    }

    /// The rows that match, by their numbers, in the order that is asked for.
    pub fn find(&self, rows: &[Row], columns: &[Column]) -> Vec<usize> {
        let holds = |row: &Row| {
            let mut filters = self.filters.iter();
            filters.all(|(column, negated, test)| {
                test.holds(row[*column].as_deref(), *negated, columns[*column].kind)
            })
        };
        let mut found: Vec<usize> = (0..rows.len()).filter(|row| holds(&rows[*row])).collect();
        found.sort_by(|a, b| {
            let of_terms = self
                .order
                .iter()
                .map(|term| term.compare(&rows[*a], &rows[*b], columns));
            of_terms.fold(Ordering::Equal, Ordering::then)
        });
        found
    }

    /// Whether all numbers in it are of a size that is compared exactly.
    pub fn is_usual(&self) -> bool {
        let texts = self.filters.iter().flat_map(|(_, _, test)| match test {
            Test::Stands(_, text) => vec![text],
            Test::In(texts) => texts.iter().collect(),
            Test::Like(..) | Test::Null | Test::Is(_) => Vec::new(),
        });
        let mut decimals = texts.filter_map(|text| Decimal::read(text));
        decimals.all(|decimal| decimal.is_usual())
    }
}

impl Term {
    fn compare(&self, a: &Row, b: &Row, columns: &[Column]) -> Ordering {
        let nulls = |a: bool, b: bool| match self.nulls_first {
            true => b.cmp(&a),
            false => a.cmp(&b),
        };
        let (a, b) = (&a[self.column], &b[self.column]);
        match (a, b) {
            (Some(a), Some(b)) => {
                let order = plain_value::compare(columns[self.column].kind, a, b);
                let order = order.expect("values of a column have its type");
                if self.descending {
                    order.reverse()
                } else {
                    order
                }
            }
            _ => nulls(a.is_none(), b.is_none()),
        }
    }
}

impl Test {
    fn holds(&self, value: Option<&str>, negated: bool, kind: ColumnType) -> bool {
        let stands = |value: &str, text: &String| plain_value::compare(kind, value, text);
        match (self, value) {
            (Self::Null, value) => value.is_none() != negated,
            (Self::Is(wanted), value) => (value == Some(wanted)) != negated,
            // A null is neither equal to anything nor different from it.
            (_, None) => false,
            (Self::Stands(may, text), Some(value)) => {
                stands(value, text).is_some_and(may) != negated
            }
            (Self::In(texts), Some(value)) => {
                let equal = |text| stands(value, text) == Some(Ordering::Equal);
                texts.iter().any(equal) != negated
            }
            (Self::Like(pattern, folded), Some(value)) => like(pattern, value, *folded) != negated,
        }
    }
}

fn place(name: &str, columns: &[Column]) -> Option<usize> {
    columns.iter().position(|column| column.name == name)
}

fn selected(text: &str, columns: &[Column]) -> Option<Option<Vec<usize>>> {
    let elements = elements(text)?;
    if elements
        .iter()
        .any(|(_, behind)| behind.as_deref().is_some_and(|behind| !behind.is_empty()))
    {
        return None;
    }
    if let [(only, _)] = &elements[..]
        && only == "*"
    {
        return Some(None);
    }
    let places = elements.iter().map(|(name, _)| place(name, columns));
    let places = places.collect::<Option<Vec<_>>>()?;
    (!places.is_empty() && is_distinct(&places)).then_some(Some(places))
}

fn is_distinct(places: &[usize]) -> bool {
    places
        .iter()
        .enumerate()
        .all(|(at, place)| !places[..at].contains(place))
}

fn ordered(text: &str, columns: &[Column]) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    for (name, behind) in elements(text)? {
        // Without quotes it is to be found out where the name ends.
        let readings = match &behind {
            Some(behind) => vec![(name.as_str(), behind.as_str())],
            None => {
                let (rest, _, _) = modifiers(&name);
                vec![(rest, &name[rest.len()..]), (name.as_str(), "")]
            }
        };
        let reading = readings.into_iter().find_map(|(name, behind)| {
            let (rest, descending, nulls_first) = modifiers(behind);
            let column = place(name, columns).filter(|_| rest.is_empty())?;
            Some(Term {
                column,
                descending,
                nulls_first: nulls_first.unwrap_or(descending),
            })
        });
        terms.push(reading?);
    }
    let places: Vec<_> = terms.iter().map(|term| term.column).collect();
    (!terms.is_empty() && is_distinct(&places)).then_some(terms)
}

/// What is before the modifiers at the end, whether it is descending, and whether nulls are first.
fn modifiers(text: &str) -> (&str, bool, Option<bool>) {
    for direction in [".desc", ".asc", ""] {
        for (nulls, first) in [
            (".nullsfirst", Some(true)),
            (".nullslast", Some(false)),
            ("", None),
        ] {
            let ending = format!("{direction}{nulls}");
            if let Some(rest) = text.strip_suffix(&ending) {
                return (rest, direction == ".desc", first);
            }
        }
    }
    (text, false, None)
}

/// The elements of a list, each with what stands behind its closing quote if it is quoted; `None`: a quote is not closed.
fn elements(list: &str) -> Option<Vec<(String, Option<String>)>> {
    if list.is_empty() {
        return Some(Vec::new());
    }
    let mut elements = Vec::new();
    let mut characters = list.chars().peekable();
    loop {
        let mut text = String::new();
        let quoted = characters.next_if_eq(&'"').is_some();
        if quoted {
            loop {
                match characters.next()? {
                    '"' => break,
                    '\\' => text.push(characters.next()?),
                    other => text.push(other),
                }
            }
        }
        let mut behind = String::new();
        while let Some(other) = characters.next_if(|character| *character != ',') {
            behind.push(other);
        }
        elements.push(match quoted {
            true => (text, Some(behind)),
            false => (behind, None),
        });
        if characters.next().is_none() {
            return Some(elements);
        }
    }
}

fn filter(name: &str, condition: &str, columns: &[Column]) -> Option<(usize, bool, Test)> {
    let column = place(name, columns)?;
    let (negated, positive) = match condition.strip_prefix("not.") {
        Some(rest) => (true, rest),
        None => (false, condition),
    };
    let (operator, value) = positive.split_once('.')?;
    let kind = columns[column].kind;
    // A value of the column's type stands in some order to itself.
    let fits = |value: &str| plain_value::compare(kind, value, value).is_some();
    let stands = |may| fits(value).then(|| Test::Stands(may, value.to_owned()));
    let test = match operator {
        "eq" => stands(Ordering::is_eq),
        "neq" => stands(Ordering::is_ne),
        "gt" => stands(Ordering::is_gt),
        "gte" => stands(Ordering::is_ge),
        "lt" => stands(Ordering::is_lt),
        "lte" => stands(Ordering::is_le),
        "in" => {
            let inside = value.strip_prefix('(')?.strip_suffix(')')?;
            let texts = elements(inside)?.into_iter().map(|(text, behind)| {
                (behind.is_none_or(|behind| behind.is_empty()) && fits(&text)).then_some(text)
            });
            texts.collect::<Option<Vec<_>>>().map(Test::In)
        }
        "like" | "ilike" => {
            (kind == ColumnType::String).then(|| Test::Like(value.to_owned(), operator == "ilike"))
        }
        "is" => match (value, kind) {
            ("null", _) => Some(Test::Null),
            ("true" | "false", ColumnType::Boolean) => Some(Test::Is(value.to_owned())),
            _ => None,
        },
        _ => None,
    };
    Some((column, negated, test?))
}

/// A place in a pattern.
enum Place {
    Any,
    One,
    Character(char),
}

/// Whether a whole text matches a pattern.
fn like(pattern: &str, text: &str, folded: bool) -> bool {
    let fold = |character: char| -> Vec<char> {
        match folded {
            true => character
                .to_uppercase()
                .flat_map(char::to_lowercase)
                .collect(),
            false => vec![character],
        }
    };
    let mut places = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '*' | '%' => {
                places.push(Place::Any);
                continue;
            }
            '_' => {
                places.push(Place::One);
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        };
        places.extend(fold(literal).into_iter().map(Place::Character));
    }
    // Each character, and whether folding made it in addition to the one before.
    let folds = text
        .chars()
        .flat_map(|whole| fold(whole).into_iter().enumerate());
    let text: Vec<(char, bool)> = folds.map(|(at, one)| (one, at > 0)).collect();
    // Which beginnings of the text the places so far match.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for place in places {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            let before = at > 0 && reached[at - 1];
            next[at] = match place {
                Place::Any => reached[at] || at > 0 && next[at - 1],
                // All that folding made of one character.
                Place::One => {
                    let begin = text[..at].iter().rposition(|(_, inside)| !inside);
                    let is_end = text.get(at).is_none_or(|(_, inside)| !inside);
                    is_end && begin.is_some_and(|begin| reached[begin])
                }
                Place::Character(wanted) => before && text[at - 1].0 == wanted,
            };
        }
        reached = next;
    }
    reached[text.len()]
}
