//! Hints: what a file shows that its sender may not know, each with the parameter that would change it.

use super::detect::Detected;
use super::dialect::Dialect;
use super::translator::first_records;
use super::{ColumnType, Delimiter, error::shortened};

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
    hints.extend(quoted_lines(&records));
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
    let listed = |odd: &dyn Fn(&&String) -> bool| {
        let mut names = header
            .iter()
            .filter(odd)
            .map(|name| format!("{:?}", shortened(name)));
        let shown: Vec<_> = names.by_ref().take(SHOWN).collect();
        let more = names.count();
        (!shown.is_empty()).then(|| match more {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        })
    };
    let blank = |name: &&String| name.trim() != name.as_str();
    let invisible = |name: &&String| name.trim().chars().any(is_invisible);
    let mut hints = Vec::new();
    if let Some(names) = listed(&blank).filter(|_| !dialect.trims()) {
        hints.push(format!(
            "names of columns have blanks around them: {names}; state trim=both to leave them out"
        ));
    }
    if let Some(names) = listed(&invisible) {
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
