//! Entity tags and conditional requests (RFC 9110 §8.8.3 and §13).
//!
//! A tag identifies the revision, by the segment that made it, and the representation. Reads compare whole tags. Writes compare only
//! the revision, so a tag of any representation works.
//!
//! Flash parses the lists itself, because the `headers` crate doesn't give access to the tags of a list.

use http::header::{ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{Method, StatusCode};

use super::error::Error;
use super::reply::Reply;
use crate::dataset::SchemaChanges;
use crate::store::{Conditions, Dataset, Revisions};
use crate::versioning::Format;

/// The tag of a representation. It differs between revisions, formats and releases of versions; `release` is the full semantic version
/// that renders it.
pub fn tag(dataset: &Dataset, release: &str, format: Format) -> String {
    let segment = format!("{:x}", dataset.made_by.number);
    ["\"", &segment, "-", release, "-", name(format), "\""].concat()
}

/// The tag of what a version tells of a dataset itself. That changes without a new revision if the dataset allows something else, or
/// has another description.
pub fn dataset_tag(dataset: &Dataset, release: &str, format: Format) -> String {
    let tag = tag(dataset, release, format);
    let allows = match dataset.schema_changes {
        SchemaChanges::Any => String::new(),
        stricter => format!("-{stricter}"),
    };
    let number = dataset.description;
    let said = number.map_or(String::new(), |number| format!("-{number:x}"));
    [tag.trim_end_matches('"'), &allows, &said, "\""].concat()
}

/// The tag of what a query in a body finds, made of that of the revision. `query` tells queries apart.
pub fn tag_of_query(of_revision: &str, query: u64) -> String {
    format!("{}-{query:016x}\"", of_revision.trim_end_matches('"'))
}

/// The weak tag (§8.8.1) of a summary: its estimates may differ each time, and mean the same.
pub fn weak_tag(dataset: &Dataset, release: &str, format: Format) -> String {
    format!("W/{}", tag(dataset, release, format))
}

/// The tag of a dataset's description. Writes of the description compare its number. The metadata of the CSV also differ between revisions.
pub fn description_tag(number: i64, dataset: &Dataset, release: &str, format: Format) -> String {
    let revision = match format {
        Format::Csvm => format!("{:x}-", dataset.made_by.number),
        _ => String::new(),
    };
    format!("\"{number:x}-{revision}{release}-{}\"", name(format))
}

/// The weak tag of what two revisions differ in: equal rows may come in another order each time.
pub fn weak_tag_of_both(from: &Dataset, to: &Dataset, release: &str, format: Format) -> String {
    let (from, to) = (from.made_by.number, to.made_by.number);
    format!("W/\"{to:x}-{from:x}-{release}-{}\"", name(format))
}

/// The tag of a dataset's source, which is the same in every version.
pub fn source_tag(dataset: &Dataset) -> String {
    format!("\"{:x}-source\"", dataset.made_by.number)
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Json => "json",
        Format::Csv => "csv",
        Format::Ndjson => "ndjson",
        Format::Csvm => "csvm",
        Format::Html => "html",
    }
}

/// Evaluates the conditions of a read (§13.2.2): 304 if the client has this representation already, 412 if it wants another one.
pub fn read(headers: &HeaderMap, tag: &str) -> Result<Option<Reply>, Error> {
    let (is_weak, bare) = weakness(tag);
    let named = |header: HeaderName, weakly: bool| {
        tags(headers, header).map(|mut tags| {
            // `If-None-Match` compares weakly (§13.1.2), `If-Match` strongly (§13.1.1).
            tags.any(|(weak, found)| {
                found == "*" && !weak || (weakly || !weak && !is_weak) && found == bare
            })
        })
    };
    if named(IF_MATCH, false) == Some(false) {
        return Err(Error::ConditionFailed);
    }
    if named(IF_NONE_MATCH, true) == Some(true) {
        return Ok(Some(Reply::empty(StatusCode::NOT_MODIFIED).with(ETAG, tag)));
    }
    Ok(None)
}

/// A condition that fails on a resource without a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// `If-Match` with tags, on an existing resource.
    NoTag,
    /// `If-Match` on a creation.
    NothingThere,
    /// `If-None-Match: *` on an existing resource.
    Something,
}

/// The failed condition of a request to a resource without a tag, if one fails. `POST` creates a resource; all other methods are for
/// existing ones.
pub fn unmet_without_tag(method: &Method, headers: &HeaderMap) -> Option<Unmet> {
    let any =
        |header| tags(headers, header).map(|mut tags| tags.any(|(weak, tag)| tag == "*" && !weak));
    match (any(IF_MATCH), any(IF_NONE_MATCH)) {
        (Some(_), _) if method == Method::POST => Some(Unmet::NothingThere),
        (Some(false), _) => Some(Unmet::NoTag),
        (_, Some(true)) if method != Method::POST => Some(Unmet::Something),
        _ => None,
    }
}

impl Unmet {
    /// The error for a write.
    pub fn refusal(self) -> Error {
        match self {
            Self::NoTag => Error::NoTag("If-Match"),
            Self::NothingThere => Error::NothingToMatch,
            Self::Something => Error::NoTag("If-None-Match"),
        }
    }

    /// The error for a read (RFC 9110 §13.2.2).
    pub fn of_read(self) -> Result<Reply, Error> {
        match self {
            Self::NoTag | Self::NothingThere => Err(self.refusal()),
            Self::Something => Ok(Reply::empty(StatusCode::NOT_MODIFIED)),
        }
    }
}

/// Refuses a write with a condition on a date. No resource has a modification date, and ignoring the condition could overwrite
/// another client's write.
pub fn refuse_date(headers: &HeaderMap) -> Result<(), Error> {
    match headers.contains_key(IF_UNMODIFIED_SINCE) {
        true => Err(Error::NoDate),
        false => Ok(()),
    }
}

/// The preconditions of a write.
pub fn write(headers: &HeaderMap) -> Result<Conditions, Error> {
    Ok(Conditions {
        only_if: revisions(headers, IF_MATCH, "If-Match")?,
        unless: revisions(headers, IF_NONE_MATCH, "If-None-Match")?,
    })
}

/// The tags in a header, each with whether it is weak. `None`: the header is missing.
fn tags(headers: &HeaderMap, name: HeaderName) -> Option<impl Iterator<Item = (bool, &str)>> {
    let lists = headers.get_all(name);
    lists.iter().next()?;
    let lists = lists.iter().map(|value| value.to_str().unwrap_or_default());
    // No tag of Flash has a comma, so it does no harm to split one that has.
    let tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    let tags = tags.filter(|tag| !tag.is_empty());
    Some(tags.map(weakness))
}

/// Whether a tag is weak, and the tag without the mark.
fn weakness(tag: &str) -> (bool, &str) {
    match tag.strip_prefix("W/") {
        Some(rest) => (true, rest),
        None => (false, tag),
    }
}

/// The revisions that a list of tags identifies. Tags that Flash didn't make are ignored.
fn revisions(
    headers: &HeaderMap,
    header: HeaderName,
    shown: &'static str,
) -> Result<Option<Revisions>, Error> {
    let Some(tags) = tags(headers, header) else {
        return Ok(None);
    };
    let mut segments = Vec::new();
    for (weak, tag) in tags {
        if !weak && tag == "*" {
            return Ok(Some(Revisions::Any));
        }
        if !tag.starts_with('"') && !tag.ends_with('"') {
            let mark = if weak { "W/" } else { "" };
            return Err(Error::BadTag {
                header: shown,
                found: mark.chars().chain(tag.chars()).take(80).collect(),
            });
        }
        // A weak tag never matches a strong one, and all tags of revisions are strong.
        if weak && shown == "If-Match" {
            continue;
        }
        let segment = tag.trim_matches('"').split('-').next();
        segments.extend(segment.and_then(|segment| i64::from_str_radix(segment, 16).ok()));
    }
    Ok(Some(Revisions::Of(segments)))
}
