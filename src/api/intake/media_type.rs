//! The media type that a body, or a part of a form, is labelled with.

use super::disposition::text;
use crate::versioning::{Cursor, Empty, Flaw, SPACE, unquoted};

/// A media type. Names are in lower case, because they are compared without case (RFC 9110 §8.3.1).
#[derive(Debug)]
pub(in crate::api) struct MediaType {
    essence: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads the value of `Content-Type`.
    pub(in crate::api) fn read(value: &[u8]) -> Result<Self, Flaw> {
        let mut cursor = Cursor::new(value);
        cursor.skip(SPACE);
        let mut parameters = Vec::new();
        let essence = cursor.media_type(Empty::Allowed, |name, value| {
            parameters.push((lower_case(name), text(&unquoted(value))));
            Ok(())
        })?;
        cursor.end(0)?;
        Ok(Self {
            essence: format!(
                "{}/{}",
                lower_case(essence.kind),
                lower_case(essence.subtype)
            ),
            parameters,
        })
    }

    /// Type and subtype.
    pub(super) fn essence(&self) -> &str {
        &self.essence
    }

    /// What a parameter says.
    pub(in crate::api) fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().filter(|(found, _)| found == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// JSON under its own name or under one of ours.
    pub(super) fn is_json(&self) -> bool {
        self.essence == "application/json" || self.is_ours("+json")
    }

    /// A CSV under one of its own names, under one of ours, or labelled as files often are.
    pub(super) fn is_csv(&self) -> bool {
        let essence = &self.essence();
        super::SINGLES.contains(essence) || super::LABELS.contains(essence) || self.is_ours("+csv")
    }

    /// A CSV whose fields have tabs between them.
    pub(super) fn is_tabs(&self) -> bool {
        self.essence == "text/tab-separated-values"
    }

    /// Whether it is `application/vnd.flash.vN+suffix`.
    fn is_ours(&self, suffix: &str) -> bool {
        self.essence.starts_with("application/vnd.flash") && self.essence.ends_with(suffix)
    }
}

fn lower_case(name: &[u8]) -> String {
    text(name).to_ascii_lowercase()
}
