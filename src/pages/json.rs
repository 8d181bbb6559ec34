//! JSON as it was sent: members in their order, and numbers with all their digits.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep a document is taken apart. What is deeper stays a text.
const DEEPEST: usize = 16;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    /// A text, number, boolean or null, an empty list or object, as it was written.
    Plain(String),
    /// The items of a list.
    List(Vec<Json>),
    /// The members of an object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a document. `None`: it isn't JSON.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let value: &RawValue = serde_json::from_slice(text).ok()?;
        Some(Self::of(value, DEEPEST))
    }

    fn of(value: &RawValue, levels: usize) -> Self {
        let plain = || Self::Plain(value.get().to_owned());
        if levels == 0 {
            return plain();
        }
        match value.get().as_bytes().first() {
            Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
                Ok(items) if !items.is_empty() => Self::List(
                    items
                        .into_iter()
                        .map(|item| Self::of(item, levels - 1))
                        .collect(),
                ),
                _ => plain(),
            },
            Some(b'{') => match serde_json::from_str::<Members<'_>>(value.get()) {
                Ok(Members(members)) if !members.is_empty() => {
                    let members = members.into_iter();
                    Self::Object(
                        members
                            .map(|(name, value)| (name, Self::of(value, levels - 1)))
                            .collect(),
                    )
                }
                _ => plain(),
            },
            _ => plain(),
        }
    }

    /// The document on lines, each value on its own.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.write(&mut lines, 0, "", "");
        lines
    }

    fn write(&self, lines: &mut Vec<String>, depth: usize, name: &str, comma: &str) {
        let (open, close) = match self {
            Self::Plain(text) => {
                lines.push(line(depth, name, text, comma));
                return;
            }
            Self::List(_) => ("[", "]"),
            Self::Object(_) => ("{", "}"),
        };
        lines.push(line(depth, name, open, ""));
        let children = self.children();
        let last = children.len().saturating_sub(1);
        for (index, (name, child)) in children.into_iter().enumerate() {
            let comma = if index < last { "," } else { "" };
            child.write(lines, depth + 1, &label(name), comma);
        }
        lines.push(line(depth, "", close, comma));
    }

    /// The items or members, each with its name if it has one.
    pub(super) fn children(&self) -> Vec<(Option<&str>, &Self)> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::List(items) => items.iter().map(|item| (None, item)).collect(),
            Self::Object(members) => {
                let members = members.iter();
                members
                    .map(|(name, value)| (Some(name.as_str()), value))
                    .collect()
            }
        }
    }
}

/// A line of a document.
pub(super) fn line(depth: usize, name: &str, text: &str, comma: &str) -> String {
    format!("{:1$}{name}{text}{comma}", "", depth * 2)
}

/// The name of a member as it stands before its value.
pub(super) fn label(name: Option<&str>) -> String {
    // Writing a text to memory can't fail.
    name.map_or_else(String::new, |name| {
        format!("{}: ", serde_json::to_string(name).unwrap_or_default())
    })
}

/// The members of an object, in their order.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_numbers_their_digits() {
        let text = br#"{"z":12.50,"a":[1e400,"\u00e9",{}],"b":[]}"#;
        let lines = Json::read(text).unwrap().lines();
        let expected = [
            "{",
            "  \"z\": 12.50,",
            "  \"a\": [",
            "    1e400,",
            "    \"\\u00e9\",",
            "    {}",
            "  ],",
            "  \"b\": []",
            "}",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_deep_or_no_json_is_left_as_it_is() {
        assert_eq!(Json::read(b"id,name\n1,Ada\n"), None);
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(
            Json::read(deep.as_bytes()).unwrap().lines().len(),
            2 * DEEPEST + 1
        );
    }
}
