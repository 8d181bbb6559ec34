//! The query of a URL. An operation takes the parameters that it knows. Parameters that are left are refused, so a misspelt one is an
//! error.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::str::{FromStr, Utf8Error};

use percent_encoding::percent_decode_str;

use super::error::Error;
use crate::dataset::query::is_condition;
use crate::versioning::{Catalogue, VersionNumber};

/// The parameters of every resource that negotiates.
pub(super) const VERSION: &str = "version";
pub(super) const FORMAT: &str = "format";
/// The parameter that names a schema.
pub(super) const SCHEMA: &str = "schema";
/// A parameter that names columns, and that some take for the place of their own key.
pub(super) const KEY: &str = "key";
/// What percent-encoding encodes.
const UTF_8: &str = "UTF-8 before percent-encoding, where é is %C3%A9";
/// Usually an operation takes no more parameters than this.
const KNOWN: usize = 8;

/// A range of whole numbers, for errors.
struct Within<'r>(&'r RangeInclusive<u64>);

impl Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(range) = self;
        write!(f, "a whole number from {}", range.start())?;
        match *range.end() {
            u64::MAX => Ok(()),
            end => write!(f, " to {end}"),
        }
    }
}

/// The parameters that were not taken yet, in their order, and the names that the operation knows.
#[derive(Debug)]
pub struct Query {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Query {
    /// Parses a query (`application/x-www-form-urlencoded`, URL Standard §5.1). Unlike a browser, it refuses bytes that aren't UTF-8:
    /// a replacement character is not what the client meant.
    pub fn parse(query: &str) -> Result<Self, Error> {
        let mut left = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decoded(name), decoded(value)) {
                (Ok(name), Ok(value)) => left.push((name, value)),
                (name, _) => {
                    let name = name.unwrap_or_else(|_| pair.to_owned());
                    return Err(Error::bad_parameter(name, value, UTF_8));
                }
            }
        }
        Ok(Self {
            left,
            known: Vec::with_capacity(KNOWN),
        })
    }

    /// Takes a parameter if it is there once and has this value.
    pub fn take_if(&mut self, name: &str, value: &str) -> bool {
        let mut places = (0..self.left.len()).filter(|place| self.left[*place].0 == name);
        let (Some(place), None) = (places.next(), places.next()) else {
            return false;
        };
        let taken = self.left[place].1 == value;
        if taken {
            self.left.remove(place);
        }
        taken
    }

    /// Takes a parameter that may occur once.
    pub fn take(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.known.push(name);
        let mut places = (0..self.left.len()).filter(|place| self.left[*place].0 == name);
        match (places.next(), places.next()) {
            (None, _) => Ok(None),
            (Some(place), None) => Ok(Some(self.left.remove(place).1)),
            (Some(_), Some(_)) => Err(Error::RepeatedParameter(name)),
        }
    }

    /// Takes a parameter that may occur once. An empty one is as if it were missing.
    pub fn take_filled(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        Ok(self.take(name)?.filter(|value| !value.is_empty()))
    }

    /// Takes a parameter that may occur once beside filters of that name, which are left.
    pub fn take_unless_condition(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.known.push(name);
        let is_it = |(found, value): &(String, String)| found == name && !is_condition(value);
        let mut places = (0..self.left.len()).filter(|place| is_it(&self.left[*place]));
        match (places.next(), places.next()) {
            (None, _) => Ok(None),
            (Some(place), None) => Ok(Some(self.left.remove(place).1)),
            (Some(_), Some(_)) => Err(Error::RepeatedParameter(name)),
        }
    }

    /// Takes a parameter that may occur any number of times.
    pub fn take_all(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        self.left
            .extract_if(.., |(found, _)| found == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// Takes all parameters whose names begin with `prefix`, which is removed. `shown` stands for such names in errors.
    pub fn take_prefixed(&mut self, prefix: &str, shown: &'static str) -> Vec<(String, String)> {
        self.known.push(shown);
        self.left
            .extract_if(.., |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name[prefix.len()..].to_owned(), value))
            .collect()
    }

    /// Takes and parses a parameter. `expected` describes valid values in the error.
    pub fn take_parsed<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: impl Display,
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Error::bad_parameter(name, text, expected)),
        }
    }

    /// Takes a whole number in `range`. `default` if the parameter is missing.
    pub fn take_number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Error> {
        match self.take_parsed(name, Within(&range))? {
            None => Ok(default),
            Some(number) if range.contains(&number) => Ok(number),
            Some(number) => Err(Error::bad_parameter(
                name,
                number.to_string(),
                Within(&range),
            )),
        }
    }

    /// Takes a parameter that names an existing version.
    pub fn take_version(
        &mut self,
        catalogue: &Catalogue,
        name: &'static str,
    ) -> Result<Option<VersionNumber>, Error> {
        let expected = version_names(catalogue);
        match self.take_parsed::<VersionNumber>(name, &expected)? {
            Some(number) if catalogue.get(number).is_none() => {
                Err(Error::bad_parameter(name, number.to_string(), expected))
            }
            found => Ok(found),
        }
    }

    /// The parameters that were not taken yet.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.left.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Takes all remaining parameters.
    pub fn take_rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.left)
    }

    /// Refuses parameters that were not taken.
    pub fn finish(self) -> Result<(), Error> {
        match self.left.into_iter().next() {
            None => Ok(()),
            // The value was taken for a filter's.
            Some((name, value))
                if [VERSION, FORMAT, SCHEMA].contains(&&*name) && is_condition(&value) =>
            {
                Err(Error::bad_parameter(
                    name,
                    value,
                    "a value without an operator: this resource has no filters",
                ))
            }
            Some((name, _)) => Err(Error::UnknownParameter {
                name,
                known: self.known,
            }),
        }
    }
}

/// Undoes percent-encoding, and takes `+` for a space.
fn decoded(text: &str) -> Result<String, Utf8Error> {
    let spaced = text.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8()?;
    Ok(text.into_owned())
}

/// The names of the versions there are, as errors write them.
pub(super) fn version_names(catalogue: &Catalogue) -> String {
    let names: Vec<_> = catalogue
        .iter()
        .rev()
        .map(|version| version.number.to_string())
        .collect();
    format!("one of {}", names.join(", "))
}
