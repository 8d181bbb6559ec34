//! What people say about a dataset and its columns. It stays with the dataset when its contents are replaced.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::Column;

/// Words about a dataset. A member that is null or missing says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Description)]
pub struct Description {
    /// A short title.
    #[schema(max_length = 300, example = "People of the club")]
    pub title: Option<String>,
    /// What the rows are, and how they came about.
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
    /// The licence: a URL, a name of the SPDX list, or words.
    #[schema(max_length = 2_000, example = "CC-BY-4.0")]
    pub licence: Option<String>,
    /// Where the data comes from: a URL or words.
    #[schema(max_length = 2_000)]
    pub source: Option<String>,
    /// Words about columns, by their names.
    #[serde(deserialize_with = "columns")]
    pub columns: BTreeMap<String, ColumnDescription>,
}

/// Words about a column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnDescription {
    /// What its values are.
    #[schema(max_length = 2_000)]
    pub description: Option<String>,
    /// The unit of its values. It counts instead of the unit in the file.
    #[schema(max_length = 100, example = "km")]
    pub unit: Option<String>,
}

/// Reads an object. serde would take a list for one, too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Objects(PhantomData))
    }
}

struct Objects<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

fn columns<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, ColumnDescription>, D::Error> {
    let columns = BTreeMap::<String, Object<ColumnDescription>>::deserialize(deserializer)?;
    let columns = columns.into_iter();
    Ok(columns.map(|(name, Object(said))| (name, said)).collect())
}

/// A text that is longer than it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member} has more than {most} characters; shorten it")]
pub struct TooLong {
    /// The member, as a path in the document.
    pub member: String,
    /// How many characters it may have.
    pub most: usize,
}

impl Description {
    /// Reads a description in JSON.
    ///
    /// # Errors
    /// When it is no JSON, or has other members than a description.
    pub fn read(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json).map(|Object(read)| read)
    }

    /// The same without empty texts, and without columns about which it says nothing.
    ///
    /// # Errors
    /// [`TooLong`], if a text is too long.
    pub fn tidy(mut self) -> Result<Self, TooLong> {
        tidy(&mut self.title, "title", 300)?;
        tidy(&mut self.description, "description", 10_000)?;
        tidy(&mut self.licence, "licence", 2_000)?;
        tidy(&mut self.source, "source", 2_000)?;
        for (name, column) in &mut self.columns {
            tidy(
                &mut column.description,
                &format!("columns.{name}.description"),
                2_000,
            )?;
            tidy(&mut column.unit, &format!("columns.{name}.unit"), 100)?;
        }
        self.columns
            .retain(|_, column| *column != ColumnDescription::default());
        Ok(self)
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The columns it names that neither the dataset has nor an earlier description named: words about a column that went are kept, in
    /// case it comes back.
    pub fn unknown(&self, columns: &[Column], before: &Self) -> Vec<String> {
        let is_known = |name: &str| {
            columns.iter().any(|column| column.name == name) || before.columns.contains_key(name)
        };
        let names = self.columns.keys();
        names.filter(|name| !is_known(name)).cloned().collect()
    }

    /// The unit of a column: the one that is said here, or else the one in the file.
    pub fn unit<'d>(&'d self, column: &'d Column) -> Option<&'d str> {
        let said = self.columns.get(&column.name);
        let said = said.and_then(|said| said.unit.as_deref());
        said.or(column.unit.as_deref())
    }

    /// What is said about a column.
    pub fn of(&self, column: &Column) -> Option<&str> {
        self.columns.get(&column.name)?.description.as_deref()
    }
}

fn tidy(text: &mut Option<String>, member: &str, most: usize) -> Result<(), TooLong> {
    let is_longer = |text: &String| text.len() > most && text.chars().nth(most).is_some();
    if text.as_ref().is_some_and(is_longer) {
        return Err(TooLong {
            member: member.to_owned(),
            most,
        });
    }
    text.take_if(|text| text.trim().is_empty());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ColumnType;

    fn read(json: &str) -> Description {
        Description::read(json.as_bytes()).unwrap()
    }

    fn column(name: &str, unit: Option<&str>) -> Column {
        Column {
            name: name.to_owned(),
            kind: ColumnType::Integer,
            nullable: false,
            unit: unit.map(str::to_owned),
            respelled: false,
        }
    }

    #[test]
    fn what_says_nothing_is_not_kept() {
        let said =
            read(r#"{"title": " ", "source": null, "columns": {"a": {}, "b": {"unit": "km"}}}"#);
        let said = said.tidy().unwrap();
        assert_eq!(said, read(r#"{"columns": {"b": {"unit": "km"}}}"#));
        assert!(
            read(r#"{"title": "", "columns": {"a": {"unit": ""}}}"#)
                .tidy()
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn texts_have_bounds_in_characters() {
        let title = |length: usize| Description {
            title: Some("é".repeat(length)),
            ..Description::default()
        };
        assert!(title(300).tidy().is_ok());
        assert_eq!(title(301).tidy().unwrap_err().member, "title");
        let unit = format!(
            r#"{{"columns": {{"a b": {{"unit": "{}"}}}}}}"#,
            "m".repeat(101)
        );
        let error = read(&unit).tidy().unwrap_err();
        assert_eq!(
            error.to_string(),
            "columns.a b.unit has more than 100 characters; shorten it"
        );
    }

    #[test]
    fn unknown_members_and_lists_are_refused_at_every_level() {
        for json in [
            r#"{"titel": "a"}"#,
            r#"{"columns": {"a": {"type": "integer"}}}"#,
            "[]",
            r#"["a"]"#,
            r#"{"columns": []}"#,
            r#"{"columns": {"a": ["b", "km"]}}"#,
        ] {
            assert!(Description::read(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn a_column_is_known_if_the_dataset_has_it_or_an_earlier_description_did() {
        let said =
            read(r#"{"columns": {"a": {"unit": "m"}, "b": {"unit": "m"}, "c": {"unit": "m"}}}"#);
        let before = read(r#"{"columns": {"b": {"unit": "m"}}}"#);
        assert_eq!(said.unknown(&[column("a", None)], &before), ["c"]);
    }

    #[test]
    fn the_unit_that_people_say_counts_instead_of_that_in_the_file() {
        let said = read(r#"{"columns": {"a": {"unit": "km"}, "b": {"description": "x"}}}"#);
        assert_eq!(said.unit(&column("a", Some("mi"))), Some("km"));
        assert_eq!(said.unit(&column("b", Some("mi"))), Some("mi"));
        assert_eq!(said.unit(&column("c", None)), None);
        assert_eq!(said.of(&column("b", None)), Some("x"));
    }
}
