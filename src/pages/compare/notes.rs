//! Finds the place of each change in the changelog: the line that it is about.

use serde::Deserialize;

use super::align::{Line, Mark};

/// A change, as `GET /changelog` tells it.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::pages) struct Change {
    pub(in crate::pages) version: String,
    pub(in crate::pages) kind: String,
    pub(in crate::pages) operation: Option<String>,
    pub(in crate::pages) breaking: bool,
    pub(in crate::pages) summary: String,
    pub(in crate::pages) before: Option<String>,
    pub(in crate::pages) after: Option<String>,
}

/// The part of a comparison that a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The requests.
    Request,
    /// The line of the bodies with that number.
    Line(usize),
    /// None that can be told.
    Elsewhere,
}

/// Where a change belongs. `has_parameters` is whether the request has parameters.
pub(super) fn place(change: &Change, lines: &[Line], has_parameters: bool) -> Place {
    let (before, after) = (text(&change.before), text(&change.after));
    let differs = |line: &&(usize, &Line)| line.1.mark() != Mark::Same;
    let numbered: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
    let mut differing = numbered.iter().filter(differs);
    // A list that became an object, or the other way round.
    let shapes = (before.chars().next(), after.chars().next());
    if let (Some(old @ ('[' | '{')), Some(new @ ('[' | '{'))) = shapes
        && old != new
    {
        let opens = |side: &Option<String>, with: char| {
            side.as_deref()
                .is_some_and(|side| side.trim() == with.to_string())
        };
        let found = differing.find(|(_, line)| opens(&line.left, old) && opens(&line.right, new));
        return found.map_or(Place::Elsewhere, |(index, _)| Place::Line(*index));
    }
    let is_about_path = change.summary.starts_with("GET /") && before != after;
    let is_about_parameters = has_parameters && (before.starts_with('?') || after.starts_with('?'));
    if change.breaking && (is_about_path || before.starts_with('?')) || is_about_parameters {
        return Place::Request;
    }
    let (old, new) = (quoted(before), quoted(after));
    let found = differing.find(|(_, line)| {
        let is = |name: &Option<String>, here: &[&str], there: &[&str]| {
            let name = name.as_deref();
            name.is_some_and(|name| here.contains(&name) && !there.contains(&name))
        };
        is(&line.names.0, &old, &new) || is(&line.names.1, &new, &old)
    });
    found.map_or(Place::Elsewhere, |(index, _)| Place::Line(*index))
}

fn text(part: &Option<String>) -> &str {
    part.as_deref().unwrap_or_default()
}

/// The texts in quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::compare::align::align;
    use crate::pages::json::Json;

    fn change(breaking: bool, summary: &str, before: &str, after: &str) -> Change {
        Change {
            version: "2.0.0".to_owned(),
            kind: "changed".to_owned(),
            operation: None,
            breaking,
            summary: summary.to_owned(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        }
    }

    fn lines(left: &str, right: &str) -> Vec<Line> {
        let read = |text: &str| Json::read(text.as_bytes()).unwrap();
        align(&read(left), &read(right))
    }

    #[test]
    fn a_change_of_members_stands_beside_the_first_line_that_has_one() {
        let lines = lines(
            r#"{"error":"gone"}"#,
            r#"{"type":"urn:flash:problem:gone","title":"Gone"}"#,
        );
        let change = change(
            true,
            "errors are problem details",
            "v1+json: {\"error\": \"what\"}",
            "problem+json: {\"type\": \"urn\", \"title\"}",
        );
        let Place::Line(found) = place(&change, &lines, false) else {
            panic!("it has no line");
        };
        assert!(
            lines[found]
                .left
                .as_deref()
                .unwrap_or_default()
                .contains("error")
                || lines[found].names.1.is_some()
        );
    }

    #[test]
    fn a_list_that_became_an_object_is_told_beside_the_first_one() {
        let lines = lines(r#"{"rows":[["1"]]}"#, r#"{"data":[{"id":1}]}"#);
        let change = change(false, "rows are objects", "[\"1\"]", "{\"id\": 1}");
        assert_eq!(place(&change, &lines, false), Place::Line(2));
    }

    #[test]
    fn a_change_of_path_or_parameters_is_about_the_request() {
        let path = change(
            true,
            "GET /datasets/{name} describes a dataset",
            "{\"rows\"}",
            "{\"columns\"}",
        );
        assert_eq!(place(&path, &[], false), Place::Request);
        let filters = change(false, "rows are filtered", "all rows", "?dest=eq.LAX");
        assert_eq!(place(&filters, &[], true), Place::Request);
        assert_eq!(place(&filters, &[], false), Place::Elsewhere);
    }
}
