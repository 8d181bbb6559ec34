//! Hints: what a file shows that its sender may not know, each with the parameter that would change it.

use super::detect::Detected;
use super::dialect::Dialect;
use super::suspect::{Stray, Suspect};
use super::translator::first_records;
use super::{Analysis, Bounds, Column, ColumnType, Delimiter, Profile, error::shortened};

mod separators;

/// Names that one hint tells.
const SHOWN: usize = 5;

/// Hints about the beginning of a file. `has_header` says whether its first record names the columns.
pub(crate) fn of_beginning(
    sample: &[u8],
    whole: bool,
    dialect: &Dialect,
    detected: &Detected,
    has_header: bool,
) -> Vec<String> {
    let records = first_records(sample, whole, dialect, detected);
    let mut hints = Vec::new();
    let Some(header) = records.first().filter(|_| has_header) else {
        return hints;
    };
    if header.len() == 1 {
        let quoted = quoted_lines(&records);
        let table = sample.get(detected.table..).unwrap_or_default();
        hints.extend(quoted.or_else(|| separators::hint(table, detected.returns)));
    }
    hints.extend(numbers(header));
    if dialect.header_rows() == 1 {
        hints.extend(title(header, records.get(1)));
    }
    hints.extend(odd_names(header, dialect));
    hints
}

/// Each line is in quotes as a whole.
fn quoted_lines(records: &[Vec<String>]) -> Option<String> {
    let divided = |record: &Vec<String>| {
        let [only] = record.as_slice() else {
            return false;
        };
        let mut delimiters = Delimiter::ALL.iter();
        delimiters.any(|delimiter| only.contains(char::from(delimiter.byte())))
    };
    let all = records.len() > 1 && records.iter().all(divided);
    all.then(|| {
        "each line is one field with delimiters in it; if lines are in quotes as a whole, state quote=lines".to_owned()
    })
}

/// The header has values instead of names.
fn numbers(header: &[String]) -> Option<String> {
    let is_value = |cell: &String| {
        !matches!(
            ColumnType::of(cell),
            ColumnType::String | ColumnType::Boolean
        )
    };
    header.iter().all(is_value).then(|| {
        "the names of all columns are numbers or dates; if the first line is a row, state header=absent"
            .to_owned()
    })
}

/// The header names few columns, and the next record has a text for each.
fn title(header: &[String], next: Option<&Vec<String>>) -> Option<String> {
    let named = header.iter().filter(|cell| !cell.trim().is_empty()).count();
    let (first, next) = (header.first()?, next?);
    let few = !first.is_empty() && header.len() > 1 && named * 2 <= header.len();
    let full = next.len() >= header.len() && next.iter().all(|cell| !cell.trim().is_empty());
    (few && full).then(|| {
        format!(
            "the header names {named} of {} columns, and the line below has a text for each; if the first line is a title, state skip=1, and if the header has two rows, header_rows=2",
            header.len()
        )
    })
}

/// Names with blanks around them, or with characters that nobody sees.
fn odd_names(header: &[String], dialect: &Dialect) -> Vec<String> {
    let quoted = |name: &String| format!("{:?}", shortened(name));
    let blank = |name: &&String| name.trim() != name.as_str();
    let invisible = |name: &&String| name.trim().chars().any(is_invisible);
    let mut hints = Vec::new();
    let blank = header.iter().filter(blank).map(quoted);
    if let Some(names) = listed(blank).filter(|_| !dialect.trims()) {
        hints.push(format!(
            "names of columns have blanks around them: {names}; state trim=both to leave them out"
        ));
    }
    if let Some(names) = listed(header.iter().filter(invisible).map(quoted)) {
        hints.push(format!(
            "names of columns have characters that can't be seen: {names}; correct the header"
        ));
    }
    hints
}

fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{A0}' | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}'
        )
}

/// What the raw blocks of an upload show.
#[derive(Debug, Default)]
pub struct Observed {
    /// Of each column.
    columns: Vec<Option<Suspect>>,
    /// Columns with an integer that JavaScript rounds.
    wide: Vec<bool>,
    empty: Option<(u64, Option<u64>)>,
    stray_quote: Option<u64>,
}

/// Integers up to here are exact in a `f64`, and so in JavaScript (ECMA-262, `Number.MAX_SAFE_INTEGER`).
const SAFE: i64 = (1 << 53) - 1;

/// Columns that one kind of hint names one by one.
const COLUMNS: usize = 20;

impl Observed {
    /// Adds the next raw block.
    pub fn absorb(&mut self, analysis: &Analysis) {
        self.columns.resize(analysis.columns.len(), None);
        self.wide.resize(analysis.columns.len(), false);
        let mut suspects = analysis.oddities.suspects.iter().peekable();
        for (place, zone_map) in analysis.columns.iter().enumerate() {
            if let Bounds::Integer { min, max } = zone_map.bounds {
                self.wide[place] |= min < -SAFE || max > SAFE;
            }
            let own = suspects.next_if(|(at, _)| *at as usize == place);
            let here = match own {
                Some((_, suspect)) => suspect.clone(),
                None => Suspect::of_kind(zone_map.kind),
            };
            match &mut self.columns[place] {
                Some(so_far) => so_far.merge(&here),
                none => *none = Some(here),
            }
        }
        if let Some((rows, line)) = analysis.oddities.empty {
            let so_far = self.empty.get_or_insert((0, line));
            so_far.0 += u64::from(rows);
        }
        self.stray_quote = self.stray_quote.or(analysis.oddities.stray_quote);
    }

    /// The hints. `whole` says that these are all rows of the dataset.
    pub fn hints(&self, profile: &Profile, whole: bool) -> Vec<String> {
        let mut hints = Vec::new();
        if whole {
            hints.extend(self.of_types(profile));
            hints.extend(nameless(profile));
            hints.extend(profile.zone_hints());
        }
        hints.extend(self.of_wide(profile));
        hints.extend(self.of_rows(profile));
        hints
    }

    /// Columns that would have a narrower type.
    fn of_types(&self, profile: &Profile) -> Vec<String> {
        let mut hints = Vec::new();
        let mut placeholders = vec![false; self.columns.len()];
        for (place, name, kind, texts) in profile.but_for_placeholders() {
            placeholders[place] = true;
            let stated: Vec<_> = texts.iter().map(|text| format!("null={text}")).collect();
            hints.push(format!("{name} would be {kind} with {}", stated.join("&")));
        }
        let names = profile.layout().columns.iter();
        let others = names.zip(&self.columns).zip(placeholders);
        for ((name, suspect), _) in others.filter(|(_, known)| !known) {
            let Some(suspect) = suspect else { continue };
            if !suspect.is_string() {
                continue;
            }
            let woulds: Vec<_> = suspect.woulds().collect();
            if let Some(first) = woulds.first() {
                let parameters: Vec<_> = woulds
                    .iter()
                    .filter(|would| would.kind == first.kind)
                    .map(|would| would.parameter)
                    .collect();
                hints.push(format!(
                    "{name} would be {} with {}",
                    first.kind,
                    parameters.join(" or ")
                ));
            } else if let Some((stray, kind)) = suspect.stray() {
                let line = stray.line.map(|line| format!(" in line {line}"));
                hints.push(format!(
                    "{name} would be {kind} but for {:?}{}; {}",
                    stray.value,
                    line.unwrap_or_default(),
                    of_stray(stray, name, kind, profile)
                ));
            }
        }
        let more = hints.len().saturating_sub(COLUMNS);
        hints.truncate(COLUMNS);
        if more > 0 {
            hints.push(format!("{more} more columns would have a narrower type"));
        }
        hints
    }

    /// Integers that JavaScript rounds.
    fn of_wide(&self, profile: &Profile) -> Option<String> {
        // Hardly any upload has some, and the columns are made anew.
        if !self.wide.contains(&true) {
            return None;
        }
        let columns = profile.columns();
        let wide = columns.iter().zip(&self.wide);
        let wide = wide.filter(|(column, wide)| **wide && column.kind == ColumnType::Integer);
        let names: Vec<_> = wide.map(|(column, _)| column.name.as_str()).collect();
        let first = names.first()?;
        let all = listed(names.iter().map(|name| shortened(name)))?;
        Some(format!(
            "integers beyond 2^53 are rounded by JavaScript, in {all}; state type.{first}=string to have them as strings"
        ))
    }

    fn of_rows(&self, profile: &Profile) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some((rows, line)) = self.empty.filter(|_| profile.layout().columns.len() > 1) {
            let line = line.map(|line| format!(", the first in line {line}"));
            let columns = profile.layout().columns.len();
            let delimiter = char::from(profile.layout().delimiter);
            let comment = delimiter.to_string().repeat((columns - 1).min(8));
            hints.push(format!(
                "{rows} {} no value{}; state comment={comment} to leave out lines that begin so",
                if rows == 1 { "row has" } else { "rows have" },
                line.unwrap_or_default(),
            ));
        }
        if let Some(line) = self.stray_quote {
            hints.push(format!(
                "a quote stands inside an unquoted field in line {line}; if a delimiter before it was lost, fields are shifted: state quote=strict to refuse such rows"
            ));
        }
        hints
    }
}

/// What to do about the only value that keeps a column from the type.
fn of_stray(stray: &Stray, name: &str, kind: ColumnType, profile: &Profile) -> String {
    let lines_of_rows = profile.layout().header.then(|| profile.rows() + 1);
    if stray.value == name {
        return format!(
            "if the header comes again there, state type.{name}={kind}&bad_rows=set-aside"
        );
    }
    if profile.layout().header && stray.line == Some(2) && profile.rows() > 1 {
        return "if that line has units, state units=1; else correct the value".to_owned();
    }
    if stray.line.is_some() && stray.line == lines_of_rows {
        return "if that line is a total or a note, state skip_last=1; else correct the value"
            .to_owned();
    }
    match stray.whole {
        true => format!(
            "correct that value, or state null={} if it means no value",
            stray.value
        ),
        false => "correct that value".to_owned(),
    }
}

/// The last column has neither a name nor values.
fn nameless(profile: &Profile) -> Option<String> {
    let columns = &profile.layout().columns;
    let last = columns.len().checked_sub(1).filter(|last| *last > 0)?;
    let generated = columns[last] == format!("column_{}", last + 1);
    let empty = profile.layout().header && profile.rows() > 0 && profile.has_no_values(last);
    (generated && empty).then(|| {
        "the last column has neither a name nor values; if lines end in a delimiter, state ragged=cut to leave it out".to_owned()
    })
}

/// What a write changed in the types of columns that were there before.
pub fn changed_types(before: &[Column], after: &[Column]) -> Vec<String> {
    let changed = after.iter().filter_map(|column| {
        let was = before.iter().find(|was| was.name == column.name)?;
        (was.kind != column.kind).then(|| {
            format!(
                "the type of {} changed from {} to {}; state type.{}={} to refuse values that don't fit",
                column.name, was.kind, column.kind, column.name, was.kind
            )
        })
    });
    changed.take(COLUMNS).collect()
}

/// Names, the first ones of many; `None` if there are none.
fn listed(mut names: impl Iterator<Item = String>) -> Option<String> {
    let shown: Vec<_> = names.by_ref().take(SHOWN).collect();
    let shown = (!shown.is_empty()).then(|| shown.join(", "))?;
    Some(match names.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    })
}

#[cfg(test)]
mod tests;
