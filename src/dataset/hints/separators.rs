//! A hint about a file of one column whose lines have a separator in them.

use crate::ColumnType;

/// Lines that are compared.
const LINES: usize = 200;

/// What may stand between fields. Blanks and a colon also stand in texts and times.
const SEPARATORS: [&str; 11] = [
    ";", "\t", "|", ",", "::", "\u{1}", "\u{1F}", "^", "~", ":", " ",
];

/// The hint. `text` begins with the first line of the table.
pub(super) fn hint(text: &[u8], returns: bool) -> Option<String> {
    let end = if returns { b'\r' } else { b'\n' };
    let lines = text.split(|&byte| byte == end);
    // The last line of the sample may go on.
    let lines = lines.take(LINES + 1).map(String::from_utf8_lossy);
    let mut lines: Vec<_> = lines.filter(|line| !line.trim().is_empty()).collect();
    lines.truncate(LINES);
    let (separator, alike) = SEPARATORS
        .iter()
        .filter_map(|separator| Some((*separator, alike(separator, &lines)?)))
        .rev()
        .max_by_key(|(_, alike)| *alike)?;
    let stated = match separator {
        " " => "space".to_owned(),
        "\t" => "tab".to_owned(),
        "," | ":" | "::" | "~" => separator.to_owned(),
        other => other.bytes().map(|byte| format!("%{byte:02X}")).collect(),
    };
    Some(format!(
        "the file is read as one column, and {alike} of its first {} lines can be divided alike; if they are rows of several fields, state delimiter={stated}",
        lines.len()
    ))
}

/// How many lines a separator divides into equally many parts; `None` if they are too few to matter.
fn alike(separator: &str, lines: &[impl AsRef<str>]) -> Option<usize> {
    let parts = |line: &str| match separator {
        " " => line.split_whitespace().count(),
        separator => line.matches(separator).count() + 1,
    };
    let mut counts: Vec<_> = lines.iter().map(|line| parts(line.as_ref())).collect();
    counts.sort_unstable();
    let runs = counts.chunk_by(|one, other| one == other);
    let divided = runs.filter(|run| run[0] > 1).map(<[usize]>::len);
    let alike = divided.max().filter(|alike| *alike > 1)?;
    let fits = match separator {
        " " | ":" => {
            alike == lines.len()
                && lines
                    .iter()
                    .skip(1)
                    .all(|line| has_value(separator, line.as_ref()))
        }
        // The first line may be a title.
        _ => alike * 2 + 1 >= lines.len(),
    };
    fits.then_some(alike)
}

/// Whether a part of the line is something other than a text.
fn has_value(separator: &str, line: &str) -> bool {
    let mut parts = line.split(separator).map(str::trim);
    parts.any(|part| !part.is_empty() && ColumnType::of(part) != ColumnType::String)
}
