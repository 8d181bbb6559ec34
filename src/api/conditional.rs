//! Entity tags and conditional requests (RFC 9110 §8.8.3 and §13).
//!
//! A tag names the revision, by the run that made it, and the representation. Reads compare whole tags; writes ask for
//! the revision alone, so that the tag of any representation of it will do.

use http::StatusCode;
use http::header::{ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};

use super::error::Error;
use super::reply::Reply;
use crate::store::{Conditions, Dataset, Revisions};
use crate::versioning::Format;

/// The tag of a representation: it differs between revisions of all datasets, versions of the API and formats.
/// `release` is the full semantic version that renders it, so that a new rendering is never taken for an old one.
pub fn tag(dataset: &Dataset, release: &str, format: Format) -> String {
    format!("\"{:x}-{release}-{}\"", dataset.run.number, name(format))
}

/// The tag of a dataset's source, which is the same in every version.
pub fn source_tag(dataset: &Dataset) -> String {
    format!("\"{:x}-source\"", dataset.run.number)
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
    let named = |header: HeaderName, weak: bool| {
        let mut lists = values(headers, header).peekable();
        lists.peek()?;
        Some(lists.flat_map(|list| list.split(',')).any(|candidate| {
            let candidate = candidate.trim();
            // `If-None-Match` compares weakly (§13.1.2), `If-Match` strongly (§13.1.1).
            let candidate = candidate
                .strip_prefix("W/")
                .filter(|_| weak)
                .unwrap_or(candidate);
            candidate == "*" || candidate == tag
        }))
    };
    if named(IF_MATCH, false) == Some(false) {
        return Err(Error::ConditionFailed);
    }
    if named(IF_NONE_MATCH, true) == Some(true) {
        return Ok(Some(Reply::empty(StatusCode::NOT_MODIFIED).with(ETAG, tag)));
    }
    Ok(None)
}

/// What a write demands of the dataset.
pub fn write(headers: &HeaderMap) -> Result<Conditions, Error> {
    Ok(Conditions {
        only_if: revisions(headers, IF_MATCH, "If-Match")?,
        unless: revisions(headers, IF_NONE_MATCH, "If-None-Match")?,
    })
}

fn values(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let all = headers.get_all(name).iter();
    all.map(|value| value.to_str().unwrap_or_default())
}

/// The revisions that a list of tags names. A tag that none of our answers had names none.
fn revisions(
    headers: &HeaderMap,
    header: HeaderName,
    shown: &'static str,
) -> Result<Option<Revisions>, Error> {
    let mut runs = None;
    for list in values(headers, header) {
        let runs = runs.get_or_insert_with(Vec::new);
        // No tag of ours holds a comma, so one that does names nothing and may be taken apart.
        for tag in list.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            if tag == "*" {
                return Ok(Some(Revisions::Any));
            }
            let (weak, quoted) = match tag.strip_prefix("W/") {
                Some(rest) => (true, rest),
                None => (false, tag),
            };
            if !quoted.starts_with('"') && !quoted.ends_with('"') {
                return Err(Error::BadTag {
                    header: shown,
                    found: tag.chars().take(80).collect(),
                });
            }
            // A weak tag never matches strongly, and all of ours are strong.
            if weak && shown == "If-Match" {
                continue;
            }
            let run = quoted.trim_matches('"').split('-').next();
            runs.extend(run.and_then(|run| i64::from_str_radix(run, 16).ok()));
        }
    }
    Ok(runs.map(Revisions::Of))
}
