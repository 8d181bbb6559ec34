//! Entity tags and conditional reads (RFC 9110 §8.8.3 and §13).

use http::StatusCode;
use http::header::{ETAG, HeaderMap, IF_NONE_MATCH};

use super::reply::Reply;
use crate::store::Dataset;
use crate::versioning::Format;

/// The tag of a representation: it differs between datasets, revisions, versions of the API and formats. `release` is
/// the full semantic version that renders it, so that a new rendering is never taken for an old one.
pub fn tag(dataset: &Dataset, release: &str, format: Format) -> String {
    format!(
        "\"{:x}-{}-{release}-{}\"",
        dataset.run.dataset,
        dataset.revision,
        name(format)
    )
}

/// The tag of a dataset's source, which is the same in every version.
pub fn source_tag(dataset: &Dataset) -> String {
    format!("\"{:x}-{}-source\"", dataset.run.dataset, dataset.revision)
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Json => "json",
        Format::Csv => "csv",
        Format::Ndjson => "ndjson",
        Format::Html => "html",
    }
}

/// 304 when the client has this representation already.
pub fn not_modified(headers: &HeaderMap, tag: &str) -> Option<Reply> {
    let named = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let matches = named
        .flat_map(tags)
        .any(|candidate| candidate == "*" || candidate == tag);
    matches.then(|| Reply::empty(StatusCode::NOT_MODIFIED).with(ETAG, tag))
}

/// The tags in a list, without the mark of weakness: `If-None-Match` compares weakly (RFC 9110 §13.1.2).
fn tags(list: &str) -> impl Iterator<Item = &str> {
    // No tag of ours holds a comma, so one that does can't match and may be taken apart.
    list.split(',')
        .map(str::trim)
        .map(|tag| tag.strip_prefix("W/").unwrap_or(tag))
}
