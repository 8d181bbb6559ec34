//! From the headers and the URL of a request to what it is served: proactive negotiation over versions and
//! formats at once.
//!
//! Here the headers are read and the caller's default is settled; [`super::contest`] ranks what is
//! left to choose.

use jiff::Timestamp;

use super::accept::{self, Ranges};
use super::content_type::Named;
use super::contest::{Contest, Match};
use super::resource::Resource;
use super::{
    Catalogue, Choice, DefaultVersion, Format, InUrl, Naming, Refusal, Source, VersionNumber,
    content_type, media_type, nearest,
};

/// Decides what a request to one resource is served.
///
/// `offers` gives the formats that the resource has in a version, the server's preference first; an
/// empty slice means that the version does not have the resource. Such a version can be chosen all
/// the same (as JSON, or as CSV or NDJSON where any version has them), so that its own 404 or 405
/// answers. `in_url` is what the URL names, which has to be a version of the catalogue. `accept` is the lines of the field in
/// order, none if it is absent.
///
/// # Errors
///
/// Each [`Refusal`] says which status it becomes. The headers are judged first (`Accept`, then
/// `Content-Type`), then whether they contradict the URL, then what they ask for.
pub fn negotiate<'h>(
    catalogue: &Catalogue,
    now: Timestamp,
    offers: impl Fn(VersionNumber) -> &'static [Format],
    in_url: InUrl,
    accept: impl Iterator<Item = &'h [u8]>,
    content_type: Option<&[u8]>,
    caller: DefaultVersion,
) -> Result<Choice, Refusal> {
    let text = accept::join(accept);
    let read = Ranges::read(&text).map_err(|flaw| Refusal::malformed_accept(&text, flaw))?;
    let by_content_type = match content_type {
        Some(content_type) => named_by_content_type(catalogue, content_type)?,
        None => None,
    };
    let ranges = read.as_slice();
    let contradiction = |header| Err(Refusal::Contradiction { header, in_url });
    if in_url.contradicts(ranges) {
        return contradiction("Accept");
    }
    if by_content_type.is_some_and(|version| in_url.contradicts_version(version)) {
        return contradiction("Content-Type");
    }
    let default = match (in_url.version, by_content_type) {
        (Some(version), _) => DefaultVersion {
            version,
            source: Source::Query,
        },
        (None, Some(version)) => DefaultVersion {
            version,
            source: Source::ContentType,
        },
        (None, None) => caller,
    };
    let resource = Resource {
        catalogue,
        now,
        offers,
    };
    if read.is_blank() {
        return unasked(&resource, default, in_url);
    }

    let contest = Contest::hold(&resource, default.version, ranges, in_url);
    let choice = |found: Match| Choice {
        version: found.candidate.version,
        source: if found.names_version {
            Source::Accept
        } else {
            default.source
        },
        format: found.candidate.format,
        naming: match in_url.format {
            // Who takes anything may know no name of ours.
            Some(_) if found.is_wildcard => Naming::Plain,
            _ => found.candidate.naming,
        },
    };
    match (contest.served, contest.unserved) {
        (Some(winner), _) => {
            let version = winner.candidate.version;
            if default.source == Source::ContentType && version != default.version {
                return Err(Refusal::Disagreement {
                    accept: version,
                    content_type: default.version,
                });
            }
            Ok(choice(winner))
        }
        (None, Some(unserved)) => Err(resource.refusal(choice(unserved))),
        (None, None) if in_url.decides_alone(ranges) => unasked(&resource, default, in_url),
        (None, None) => {
            let nearest = nearest::suggest(&resource, default.version, &text, ranges);
            Err(Refusal::NotAcceptable {
                nearest: nearest.map(|name| name.to_string()),
            })
        }
    }
}

/// The version that `Content-Type` names, if it names one.
fn named_by_content_type(
    catalogue: &Catalogue,
    text: &[u8],
) -> Result<Option<VersionNumber>, Refusal> {
    match content_type::named_version(text)
        .map_err(|flaw| Refusal::malformed_content_type(text, flaw))?
    {
        Named::Version(version) if catalogue.get(version).is_none() => {
            Err(Refusal::UnknownContentTypeVersion { version })
        }
        Named::Version(version) => Ok(Some(version)),
        Named::Unreadable(value) => Err(Refusal::unreadable_version(value)),
        Named::Nothing => Ok(None),
    }
}

/// What a request without preferences gets: the format that its URL names, else JSON if there is JSON, else the server's first
/// choice.
fn unasked<O>(
    resource: &Resource<'_, O>,
    default: DefaultVersion,
    in_url: InUrl,
) -> Result<Choice, Refusal>
where
    O: Fn(VersionNumber) -> &'static [Format],
{
    let DefaultVersion { version, source } = default;
    let formats = resource.formats(version);
    let preferred = match formats.first() {
        Some(&preferred) if !formats.contains(&Format::Json) => preferred,
        _ => Format::Json,
    };
    let choice = Choice {
        version,
        source,
        format: in_url.format.unwrap_or(preferred),
        naming: match in_url.format {
            Some(_) => Naming::Plain,
            None => media_type(version, preferred).naming,
        },
    };
    if resource.is_unserved(version) {
        return Err(resource.refusal(choice));
    }
    match in_url.format {
        Some(format) if !formats.contains(&format) => Err(Refusal::NoSuchFormat { format }),
        _ => Ok(choice),
    }
}
