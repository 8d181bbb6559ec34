//! The query of a URL: each parameter is taken by who knows it, and what nobody took is refused by name, so that a
//! misspelt one is never silently without effect.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::error::Error;
use crate::versioning::{Catalogue, VersionNumber};

/// Names that are mostly asked for at most.
const KNOWN: usize = 8;

/// The whole numbers that may be written, as an error says it.
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

/// Parameters that were not taken yet, in the order they were written, and the names that were asked for.
#[derive(Debug)]
pub struct Query {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Query {
    /// Takes a query apart (`application/x-www-form-urlencoded`, URL Standard §5).
    pub fn parse(query: &str) -> Self {
        let left = form_urlencoded::parse(query.as_bytes());
        Self {
            left: left
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
            known: Vec::with_capacity(KNOWN),
        }
    }

    /// Takes a parameter that may be there once.
    pub fn take(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.known.push(name);
        let mut places = (0..self.left.len()).filter(|place| self.left[*place].0 == name);
        match (places.next(), places.next()) {
            (None, _) => Ok(None),
            (Some(place), None) => Ok(Some(self.left.remove(place).1)),
            (Some(_), Some(_)) => Err(Error::RepeatedParameter(name)),
        }
    }

    /// Takes a parameter that may be there any number of times.
    pub fn take_all(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        self.left
            .extract_if(.., |(found, _)| found == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// Takes all parameters whose name begins with `prefix`, less that; `shown` is how errors write such a name.
    pub fn take_prefixed(&mut self, prefix: &str, shown: &'static str) -> Vec<(String, String)> {
        self.known.push(shown);
        self.left
            .extract_if(.., |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name[prefix.len()..].to_owned(), value))
            .collect()
    }

    /// Takes a parameter and reads it; `expected` says what may be written.
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

    /// Takes a whole number from `range`, else `default`.
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

    /// Takes a parameter that names one of the versions there are.
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

    /// Takes all that is left.
    pub fn take_rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.left)
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), Error> {
        match self.left.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(Error::UnknownParameter {
                name,
                known: self.known,
            }),
        }
    }
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
