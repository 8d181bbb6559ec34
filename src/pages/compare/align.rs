//! Two JSON documents side by side: each line stands beside the line that has the same place in the other document.

use crate::pages::json::{Json, label, line};

/// A line of one document, or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) left: Option<String>,
    pub(super) right: Option<String>,
    /// The names of the member in both documents, as far as it has one.
    pub(super) names: (Option<String>, Option<String>),
}

/// What a line says about the two documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Same,
    Differs,
    OnlyLeft,
    OnlyRight,
}

impl Line {
    pub(super) fn mark(&self) -> Mark {
        // A comma says that more follows, which is no difference of this line.
        let text = |line: &'_ Option<String>| {
            line.as_deref()
                .map(|line| line.trim_start().trim_end_matches(',').to_owned())
        };
        match (text(&self.left), text(&self.right)) {
            (left, right) if left == right => Mark::Same,
            (Some(_), None) => Mark::OnlyLeft,
            (None, Some(_)) => Mark::OnlyRight,
            _ => Mark::Differs,
        }
    }
}

/// A value at its place in a document.
#[derive(Clone, Copy)]
struct Placed<'j> {
    name: Option<&'j str>,
    value: &'j Json,
    /// Whether another one follows it.
    goes_on: bool,
}

impl<'j> Placed<'j> {
    /// Its first line, which is its only one if it has no children.
    fn head(&self, depth: usize) -> String {
        let name = label(self.name);
        match self.value {
            Json::Plain(text) => line(depth, &name, text, self.comma()),
            Json::List(_) => line(depth, &name, "[", ""),
            Json::Object(_) => line(depth, &name, "{", ""),
        }
    }

    /// The line that ends it.
    fn foot(&self, depth: usize) -> Option<String> {
        let close = match self.value {
            Json::Plain(_) => return None,
            Json::List(_) => "]",
            Json::Object(_) => "}",
        };
        Some(line(depth, "", close, self.comma()))
    }

    fn comma(&self) -> &'static str {
        if self.goes_on { "," } else { "" }
    }

    fn children(self) -> Vec<Self> {
        let children = self.value.children();
        let last = children.len().saturating_sub(1);
        let children = children.into_iter().enumerate();
        children
            .map(|(index, (name, value))| Self {
                name,
                value,
                goes_on: index < last,
            })
            .collect()
    }
}

/// The lines of two documents.
pub(super) fn align(left: &Json, right: &Json) -> Vec<Line> {
    let root = |value| Placed {
        name: None,
        value,
        goes_on: false,
    };
    let mut lines = Vec::new();
    write(&mut lines, 0, Some(root(left)), Some(root(right)));
    lines
}

fn write(lines: &mut Vec<Line>, depth: usize, left: Option<Placed<'_>>, right: Option<Placed<'_>>) {
    let name = |side: Option<Placed<'_>>| side.and_then(|side| side.name.map(str::to_owned));
    lines.push(Line {
        left: left.map(|side| side.head(depth)),
        right: right.map(|side| side.head(depth)),
        names: (name(left), name(right)),
    });
    let ours = left.map(Placed::children).unwrap_or_default();
    let theirs = right.map(Placed::children).unwrap_or_default();
    for (our, their) in pairs(&ours, &theirs) {
        write(
            lines,
            depth + 1,
            our.map(|index| ours[index]),
            their.map(|index| theirs[index]),
        );
    }
    let (left, right) = (
        left.and_then(|side| side.foot(depth)),
        right.and_then(|side| side.foot(depth)),
    );
    if left.is_some() || right.is_some() {
        lines.push(Line {
            left,
            right,
            names: (None, None),
        });
    }
}

/// The children that belong together, in the order of the left ones: members of the same name, and what else is at the same place.
fn pairs(ours: &[Placed<'_>], theirs: &[Placed<'_>]) -> Vec<(Option<usize>, Option<usize>)> {
    let is_named = |side: &[Placed<'_>]| side.iter().all(|child| child.name.is_some());
    if !(is_named(ours) && is_named(theirs)) {
        let longest = ours.len().max(theirs.len());
        let within = |index, side: &[Placed<'_>]| (index < side.len()).then_some(index);
        return (0..longest)
            .map(|index| (within(index, ours), within(index, theirs)))
            .collect();
    }
    let mut pairs: Vec<(Option<usize>, Option<usize>)> = (0..ours.len())
        .map(|our| {
            let same = |their: &Placed<'_>| their.name == ours[our].name;
            (Some(our), theirs.iter().position(same))
        })
        .collect();
    for (their, child) in theirs.iter().enumerate() {
        if pairs.iter().any(|(_, found)| *found == Some(their)) {
            continue;
        }
        // A list under a new name is the same list: `rows` in one version is `data` in the other.
        let renamed = pairs.iter_mut().find(|(our, found)| {
            found.is_none() && our.is_some_and(|our| hold_more(&ours[our], child))
        });
        if let Some((_, found)) = renamed {
            *found = Some(their);
            continue;
        }
        let before = their.checked_sub(1);
        let place = pairs
            .iter()
            .position(|(_, found)| found.is_some() && *found == before);
        pairs.insert(place.map_or(0, |place| place + 1), (None, Some(their)));
    }
    pairs
}

/// Whether both are lists, of lists or objects and not of plain values.
fn hold_more(one: &Placed<'_>, other: &Placed<'_>) -> bool {
    [one, other].iter().all(|placed| match placed.value {
        Json::List(items) => !matches!(items.first(), Some(Json::Plain(_)) | None),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(left: &str, right: &str) -> Vec<(String, Mark, String)> {
        let read = |text: &str| Json::read(text.as_bytes()).unwrap();
        let lines = align(&read(left), &read(right));
        let text = |side: &Option<String>| side.as_deref().unwrap_or("").trim_start().to_owned();
        lines
            .iter()
            .map(|line| (text(&line.left), line.mark(), text(&line.right)))
            .collect()
    }

    fn line(left: &str, mark: Mark, right: &str) -> (String, Mark, String) {
        (left.to_owned(), mark, right.to_owned())
    }

    #[test]
    fn the_same_row_is_on_the_same_lines_in_both_versions() {
        let lines = aligned(
            r#"{"name":"people","rows":[["1","Ada"]],"total":1}"#,
            r#"{"data":[{"id":1,"name":"Ada"}],"next":null}"#,
        );
        let expected = [
            line("{", Mark::Same, "{"),
            line("\"name\": \"people\",", Mark::OnlyLeft, ""),
            line("\"rows\": [", Mark::Differs, "\"data\": ["),
            line("[", Mark::Differs, "{"),
            line("\"1\",", Mark::Differs, "\"id\": 1,"),
            line("\"Ada\"", Mark::Differs, "\"name\": \"Ada\""),
            line("]", Mark::Differs, "}"),
            line("],", Mark::Same, "],"),
            line("", Mark::OnlyRight, "\"next\": null"),
            line("\"total\": 1", Mark::OnlyLeft, ""),
            line("}", Mark::Same, "}"),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_only_one_document_has_stands_alone() {
        let lines = aligned("[1,[2]]", "[1]");
        let expected = [
            line("[", Mark::Same, "["),
            line("1,", Mark::Same, "1"),
            line("[", Mark::OnlyLeft, ""),
            line("2", Mark::OnlyLeft, ""),
            line("]", Mark::OnlyLeft, ""),
            line("]", Mark::Same, "]"),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_value_may_be_plain_in_one_document_and_not_in_the_other() {
        let lines = aligned(r#"{"error":"no"}"#, r#"{"error":{"title":"no"}}"#);
        let expected = [
            line("{", Mark::Same, "{"),
            line("\"error\": \"no\"", Mark::Differs, "\"error\": {"),
            line("", Mark::OnlyRight, "\"title\": \"no\""),
            line("", Mark::OnlyRight, "}"),
            line("}", Mark::Same, "}"),
        ];
        assert_eq!(lines, expected);
    }
}
