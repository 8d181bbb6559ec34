//! Entity tags and conditional requests (RFC 9110 §8.8.3 and §13).
//!
//! A tag names the revision, by the segment that made it, and the representation. Reads compare whole tags; writes ask for
//! the revision alone, so that the tag of any representation of it will do.
//!
//! The lists are read here, because the `headers` crate does not show the tags of one, which say what revision a write is for.

use http::header::{ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{Method, StatusCode};

use super::error::Error;
use super::reply::Reply;
use crate::store::{Conditions, Dataset, Revisions};
use crate::versioning::Format;

/// The tag of a representation: it differs between revisions of all datasets, versions of the API and formats.
/// `release` is the full semantic version that renders it, so that a new rendering is never taken for an old one.
pub fn tag(dataset: &Dataset, release: &str, format: Format) -> String {
    let segment = format!("{:x}", dataset.made_by.number);
    ["\"", &segment, "-", release, "-", name(format), "\""].concat()
}

/// The tag of what is estimated of a dataset: weak (§8.8.1), since it tells the same each time, and not in the same bytes.
pub fn weak_tag(dataset: &Dataset, release: &str, format: Format) -> String {
    format!("W/{}", tag(dataset, release, format))
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
        Format::Html => "html",
    }
}

/// What the conditions of a read come to: 304 when the client has this representation already, 412 when it wants another
/// one (§13.2.2).
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

/// A condition that does not hold where nothing has a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// `If-Match` of what is there: none of the tags is its own.
    NoTag,
    /// `If-Match` of what is to be made: it is not there yet.
    NothingThere,
    /// `If-None-Match: *` of what is there.
    Something,
}

/// The condition in a request to a resource without a tag that does not hold. `POST` makes something that is not there
/// yet; what every other method is for is there.
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
    /// The answer where something would have been changed.
    pub fn refusal(self) -> Error {
        match self {
            Self::NoTag => Error::NoTag("If-Match"),
            Self::NothingThere => Error::NothingToMatch,
            Self::Something => Error::NoTag("If-None-Match"),
        }
    }

    /// The answer where something would have been read (RFC 9110 §13.2.2).
    pub fn of_read(self) -> Result<Reply, Error> {
        match self {
            Self::NoTag | Self::NothingThere => Err(self.refusal()),
            Self::Something => Ok(Reply::empty(StatusCode::NOT_MODIFIED)),
        }
    }
}

/// Refuses to change what a date is demanded of: nothing here has one, and to go on all the same could undo what somebody
/// else wrote.
pub fn refuse_date(headers: &HeaderMap) -> Result<(), Error> {
    match headers.contains_key(IF_UNMODIFIED_SINCE) {
        true => Err(Error::NoDate),
        false => Ok(()),
    }
}

/// What a write demands of the dataset.
pub fn write(headers: &HeaderMap) -> Result<Conditions, Error> {
    Ok(Conditions {
        only_if: revisions(headers, IF_MATCH, "If-Match")?,
        unless: revisions(headers, IF_NONE_MATCH, "If-None-Match")?,
    })
}

/// The tags in a header, each with whether it is marked as weak; `None`: there is no such header.
fn tags(headers: &HeaderMap, name: HeaderName) -> Option<impl Iterator<Item = (bool, &str)>> {
    let lists = headers.get_all(name);
    lists.iter().next()?;
    let lists = lists.iter().map(|value| value.to_str().unwrap_or_default());
    // No tag of ours holds a comma, so one that does names nothing and may be taken apart.
    let tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    let tags = tags.filter(|tag| !tag.is_empty());
    Some(tags.map(weakness))
}

/// Whether a tag is marked as weak, and the rest of it.
fn weakness(tag: &str) -> (bool, &str) {
    match tag.strip_prefix("W/") {
        Some(rest) => (true, rest),
        None => (false, tag),
    }
}

/// The revisions that a list of tags names. A tag that none of our answers had names none.
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
        // A weak tag never matches strongly, and all of ours are strong.
        if weak && shown == "If-Match" {
            continue;
        }
        let segment = tag.trim_matches('"').split('-').next();
        segments.extend(segment.and_then(|segment| i64::from_str_radix(segment, 16).ok()));
    }
    Ok(Some(Revisions::Of(segments)))
}
