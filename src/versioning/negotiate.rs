//! From the headers of a request to what it is served: proactive negotiation over versions and
//! formats at once.
//!
//! Here the headers are read and the caller's default is settled; [`super::contest`] ranks what is
//! left to choose.

use jiff::Timestamp;

use super::accept::{self, Ranges};
use super::contest::{Contest, Match};
use super::resource::Resource;
use super::{
    Catalogue, Choice, DefaultVersion, Format, Refusal, Source, VersionNumber, content_type,
    media_type, nearest,
};

/// Decides what a request to one resource is served.
///
/// `offers` gives the formats that the resource has in a version, the server's preference first; an
/// empty slice means that the version does not have the resource. Such a version can be chosen all
/// the same (as JSON, or as CSV or NDJSON where any version has them), so that its own 404 or 405
/// answers. `accept` is the lines of the field in order, none if it is absent.
///
/// # Errors
///
/// Each [`Refusal`] says which status it becomes. The headers are judged first (`Accept`, then
/// `Content-Type`), then what they ask for.
pub fn negotiate<'h>(
    catalogue: &Catalogue,
    now: Timestamp,
    offers: impl Fn(VersionNumber) -> &'static [Format],
    accept: impl Iterator<Item = &'h [u8]>,
    content_type: Option<&[u8]>,
    caller: DefaultVersion,
) -> Result<Choice, Refusal> {
    let text = accept::join(accept);
    let ranges = Ranges::read(&text).map_err(|flaw| Refusal::malformed_accept(&text, flaw))?;
    let default = match content_type {
        Some(content_type) => default_by_content_type(catalogue, content_type, caller)?,
        None => caller,
    };
    let resource = Resource {
        catalogue,
        now,
        offers,
    };
    if ranges.is_blank() {
        return unasked(&resource, default);
    }

    let ranges = ranges.as_slice();
    let contest = Contest::hold(&resource, default.version, ranges);
    let choice = |found: Match| Choice {
        version: found.candidate.version,
        source: if found.names_version {
            Source::Accept
        } else {
            default.source
        },
        format: found.candidate.format,
        naming: found.candidate.naming,
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
        (None, None) => {
            let nearest = nearest::suggest(&resource, default.version, &text, ranges);
            Err(Refusal::NotAcceptable {
                nearest: nearest.map(|name| name.to_string()),
            })
        }
    }
}

/// The caller's default, unless `Content-Type` names a version.
fn default_by_content_type(
    catalogue: &Catalogue,
    text: &[u8],
    caller: DefaultVersion,
) -> Result<DefaultVersion, Refusal> {
    match content_type::named_version(text)
        .map_err(|flaw| Refusal::malformed_content_type(text, flaw))?
    {
        None => Ok(caller),
        Some(version) if catalogue.get(version).is_none() => {
            Err(Refusal::UnknownContentTypeVersion { version })
        }
        Some(version) => Ok(DefaultVersion {
            version,
            source: Source::ContentType,
        }),
    }
}

/// The format of a request without preferences: JSON if there is JSON, else the server's first choice.
fn unasked<O>(resource: &Resource<'_, O>, default: DefaultVersion) -> Result<Choice, Refusal>
where
    O: Fn(VersionNumber) -> &'static [Format],
{
    let DefaultVersion { version, source } = default;
    let formats = resource.formats(version);
    let format = match formats.first() {
        Some(&preferred) if !formats.contains(&Format::Json) => preferred,
        _ => Format::Json,
    };
    let choice = Choice {
        version,
        source,
        format,
        naming: media_type(version, format).naming,
    };
    if resource.is_unserved(version) {
        return Err(resource.refusal(choice));
    }
    Ok(choice)
}
