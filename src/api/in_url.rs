//! `version` and `format` in the query of a URL, for clients that can't send `Accept`: spreadsheets, browsers, data libraries.
//!
//! Every resource that negotiates has them. A dataset may have columns of these names: `version=eq.3` is a filter, because each
//! filter begins with an operator, and no parameter does.

use std::borrow::Cow;

use super::error::Error;
use super::query::{FORMAT, KEY, VERSION, version_names};
use crate::dataset::query::is_condition;
use crate::services::clients;
use crate::versioning::{Catalogue, Format, InUrl, VersionNumber};

/// How other APIs call a key in a URL.
const KEYS: [&str; 4] = [KEY, "api_key", "access_token", "token"];

/// Refuses a key in the URL, by the name of its parameter: it says what to do, where an unknown parameter would only be unknown. If
/// `names_columns`, the resource has a parameter `key` of another meaning.
pub(super) fn refuse_key(query: &str, names_columns: bool) -> Result<(), Error> {
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(name) = KEYS.into_iter().find(|key| *key == name) else {
            continue;
        };
        let names_columns = names_columns && name == KEY && !value.starts_with(clients::PREFIX);
        if !names_columns && !is_condition(&value) {
            return Err(Error::KeyInUrl(name));
        }
    }
    Ok(())
}

/// Takes both parameters out of a query. What is left is for the operation. `named` gets what they name; a version that can be read
/// also if the format can't be.
///
/// # Errors
/// When one of them is there twice, or names something that doesn't exist.
pub(super) fn take(
    query: &mut String,
    catalogue: &Catalogue,
    named: &mut InUrl,
) -> Result<(), Error> {
    let (mut version, mut format, mut repeated) = (None, None, None);
    let mut left = Vec::new();
    for pair in query.split('&') {
        let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next() else {
            continue;
        };
        let (shown, place) = match &*name {
            VERSION => (VERSION, &mut version),
            FORMAT => (FORMAT, &mut format),
            _ => {
                left.push(pair);
                continue;
            }
        };
        if is_condition(&value) {
            left.push(pair);
        } else if place.replace(value).is_some() {
            repeated = Some(shown);
        }
    }
    if version.is_none() && format.is_none() {
        return Ok(());
    }
    if repeated != Some(VERSION) {
        named.version = version
            .map(|text| version_of(text, catalogue))
            .transpose()?;
    }
    if let Some(parameter) = repeated {
        return Err(Error::RepeatedParameter(parameter));
    }
    named.format = format.map(format_of).transpose()?;
    *query = left.join("&");
    Ok(())
}

/// The first parameter that only a URL may have, if there is one.
pub(super) fn of_url<'p>(
    mut pairs: impl Iterator<Item = (&'p str, &'p str)>,
) -> Option<(&'p str, &'p str)> {
    pairs.find(|(name, value)| [VERSION, FORMAT].contains(name) && !is_condition(value))
}

/// The version of that name: `v2`, `2` or `2.0`.
pub(super) fn version_of(
    text: Cow<'_, str>,
    catalogue: &Catalogue,
) -> Result<VersionNumber, Error> {
    VersionNumber::named(text.as_bytes())
        .filter(|version| catalogue.get(*version).is_some())
        .ok_or_else(|| Error::bad_parameter(VERSION, text, version_names(catalogue)))
}

fn format_of(text: Cow<'_, str>) -> Result<Format, Error> {
    Format::named(text.as_bytes()).ok_or_else(|| {
        let names = Format::NAMED.map(Format::as_str).join(", ");
        Error::bad_parameter(FORMAT, text, format_args!("one of {names}"))
    })
}
