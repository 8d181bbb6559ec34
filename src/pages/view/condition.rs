//! Conditions in parentheses, in words: `or=(dest.eq.LAX,and(dep_delay.gte.60,carrier.in.(UA,AA)))`.

use super::in_words;

/// What a group says about its conditions, and what stands between them.
fn words(parameter: &str) -> Option<(&'static str, &'static str)> {
    match parameter {
        "or" => Some(("", " or ")),
        "and" => Some(("", " and ")),
        "not.or" => Some(("not ", " or ")),
        "not.and" => Some(("not ", " and ")),
        _ => None,
    }
}

/// The value of a parameter with a group, in words. What can't be read is as it is written: the API says what is wrong with it.
pub(in crate::pages) fn group_in_words(parameter: &str, value: &str) -> String {
    let inner = value
        .strip_prefix('(')
        .and_then(|value| value.strip_suffix(')'));
    match (words(parameter), inner) {
        (Some((before, between)), Some(inner)) => {
            let joined = parts(inner).map(term).collect::<Vec<_>>().join(between);
            match before {
                "" => joined,
                before => format!("{before}({joined})"),
            }
        }
        _ => value.to_owned(),
    }
}

/// A condition or a group of a group.
fn term(text: &str) -> String {
    if let Some(open) = text.find('(')
        && words(&text[..open]).is_some()
    {
        let inner = group_in_words(&text[..open], &text[open..]);
        return match text.starts_with("not.") {
            true => inner,
            false => format!("({inner})"),
        };
    }
    let (column, condition) = match text.strip_prefix('"') {
        // A column's name in quotes, which a backslash may escape.
        Some(rest) => match end_of_quotes(rest) {
            Some(end) => (
                unescaped(&rest[..end]),
                rest.get(end + 2..).unwrap_or_default(),
            ),
            None => return text.to_owned(),
        },
        None => match text.split_once('.') {
            Some((column, condition)) => (column.to_owned(), condition),
            None => return text.to_owned(),
        },
    };
    let condition = match condition.split_once(".\"") {
        Some((operator, value)) if value.ends_with('"') => {
            format!("{operator}.{}", unescaped(&value[..value.len() - 1]))
        }
        _ => condition.to_owned(),
    };
    format!("{column} {}", in_words(&condition))
}

/// The parts between commas that are outside of parentheses and quotes.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    text.split(move |character| {
        let is_escaped = std::mem::take(&mut escaped);
        match character {
            _ if is_escaped => {}
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' => return depth == 0 && !quoted,
            _ => {}
        }
        false
    })
}

/// Where a text in quotes ends, without the first quote.
fn end_of_quotes(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let is_escaped = std::mem::take(&mut escaped);
        escaped = character == '\\' && !is_escaped;
        (character == '"' && !is_escaped).then_some(at)
    })
}

/// A text without the backslashes that escape.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            character => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_in_words() {
        for (parameter, value, told) in [
            (
                "or",
                "(dest.eq.LAX,origin.eq.JFK)",
                "dest = LAX or origin = JFK",
            ),
            (
                "or",
                "(dest.eq.LAX,and(dep_delay.gte.60,carrier.in.(UA,AA)))",
                "dest = LAX or (dep_delay ≥ 60 and carrier is one of UA,AA)",
            ),
            (
                "and",
                "(a.gt.1,not.or(b.is.null,c.is.true))",
                "a > 1 and not (b is null or c is true)",
            ),
            ("not.or", "(a.eq.1,b.eq.2)", "not (a = 1 or b = 2)"),
            (
                "or",
                "(\"a,b\".eq.1,dest.eq.\"Rome (IT), \\\"x\\\"\")",
                "a,b = 1 or dest = Rome (IT), \"x\"",
            ),
            ("or", "(a.not.eq.1)", "a not.eq.1"),
            // What is wrong is shown as it is.
            ("or", "dest.eq.LAX", "dest.eq.LAX"),
            ("or", "(\"a,b)", "\"a,b"),
            ("or", "()", ""),
        ] {
            assert_eq!(group_in_words(parameter, value), told, "{value}");
        }
    }
}
