//! The headers that name the version of a response, how it was chosen, and its media type.

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS};

use super::contract::ApiVersion;
use super::notice::Notice;
use super::reply::Reply;
use crate::versioning::{self, Catalogue, Choice, Format, Naming, Version, VersionNumber};

const API_VERSION: HeaderName = HeaderName::from_static("api-version");
const API_VERSION_SOURCE: HeaderName = HeaderName::from_static("api-version-source");
/// The value of `Vary`: the request headers that a response depends on. With pins, it depends on the caller. Conditions and ranges are
/// not in it, because caches handle these themselves.
const VARY_ON: &str = "Accept, Content-Type, Authorization, Accept-Encoding";

/// The header values that name a version, made once.
pub(super) struct Labels {
    pub(super) number: VersionNumber,
    pub(super) version: &'static ApiVersion,
    release: HeaderValue,
    json: HeaderValue,
    csv: HeaderValue,
    ndjson: HeaderValue,
    csvm: HeaderValue,
    parquet: HeaderValue,
    /// The notice about its end.
    pub(super) notice: Option<Notice>,
}

impl Labels {
    /// The labels of a version.
    pub(super) fn of(version: &Version, found: &'static ApiVersion, catalogue: &Catalogue) -> Self {
        // Media types and semantic versions consist of visible ASCII.
        let value =
            |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        let media_type = |format| value(versioning::media_type(version.number, format).to_string());
        Self {
            number: version.number,
            version: found,
            release: value(found.semantic().to_string()),
            json: media_type(Format::Json),
            csv: media_type(Format::Csv),
            ndjson: media_type(Format::Ndjson),
            csvm: media_type(Format::Csvm),
            parquet: media_type(Format::Parquet),
            notice: Notice::of(version, catalogue),
        }
    }

    /// The media type of a format, under that name.
    pub(super) fn content_type(&self, format: Format, naming: Naming) -> HeaderValue {
        match (format, naming) {
            (Format::Json, Naming::Vendor) => self.json.clone(),
            (Format::Json, Naming::Plain) => HeaderValue::from_static("application/json"),
            (Format::Csv, Naming::Vendor) => self.csv.clone(),
            (Format::Csv, Naming::Plain) => HeaderValue::from_static("text/csv; charset=utf-8"),
            (Format::Ndjson, Naming::Vendor) => self.ndjson.clone(),
            (Format::Ndjson, Naming::Plain) => HeaderValue::from_static("application/x-ndjson"),
            (Format::Csvm, Naming::Vendor) => self.csvm.clone(),
            (Format::Csvm, Naming::Plain) => HeaderValue::from_static("application/csvm+json"),
            (Format::Parquet, Naming::Vendor) => self.parquet.clone(),
            (Format::Parquet, Naming::Plain) => {
                HeaderValue::from_static("application/vnd.apache.parquet")
            }
            (Format::Html, _) => HeaderValue::from_static("text/html; charset=utf-8"),
        }
    }
}

/// Adds the labels to an answer. A version that this server doesn't know has none.
pub(super) fn label(mut reply: Reply, labels: Option<&Labels>, choice: &Choice) -> Reply {
    let headers = &mut reply.headers;
    if !reply.of_server {
        if let Some(labels) = labels {
            headers.insert(API_VERSION, labels.release.clone());
            if reply.status != StatusCode::NO_CONTENT
                && reply.status != StatusCode::NOT_MODIFIED
                && !headers.contains_key(CONTENT_TYPE)
            {
                let content_type = labels.content_type(choice.format, choice.naming);
                headers.insert(CONTENT_TYPE, content_type);
            }
        }
        let source = HeaderValue::from_static(choice.source.as_str());
        headers.insert(API_VERSION_SOURCE, source);
    }
    headers.insert(VARY, HeaderValue::from_static(VARY_ON));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

#[cfg(test)]
mod tests {
    use http::Method;
    use http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE};

    use super::VARY_ON;
    use crate::api::Registry;

    #[test]
    fn every_header_that_a_read_depends_on_is_named_in_vary_unless_caches_know_what_it_means() {
        let registry = Registry::standard().unwrap();
        let known = [IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE];
        let mut reads = 0;
        for (path, resource) in registry.resources() {
            for version in resource.versions_with(Some(&Method::GET)) {
                let operation = resource.operation(version, &Method::GET).unwrap();
                reads += 1;
                for header in resource.request_headers(operation) {
                    let mut named = VARY_ON.split(", ");
                    let is_named = named.any(|name| name.eq_ignore_ascii_case(header.as_str()));
                    assert!(is_named || known.contains(header), "{header} of {path}");
                }
            }
        }
        assert!(reads > 10, "{reads}");
    }
}
