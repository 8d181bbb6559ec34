//! The one media type to suggest to a client whose ranges match nothing.
//!
//! A suggestion is a name of something that is served, released, and not what the client itself
//! excluded; for a range that is like nothing here (`image/png`) there is none.

use super::accept::{Range, Written, each_range};
use super::media_type::{Name, Vendor};
use super::quality::Quality;
use super::resource::Resource;
use super::{Format, MediaType, Naming, State, VersionNumber, media_type};

/// The name nearest to the most wanted range that is near one.
pub(super) fn suggest<O>(
    resource: &Resource<'_, O>,
    default: VersionNumber,
    accept: &[u8],
    ranges: &[Range],
) -> Option<MediaType>
where
    O: Fn(VersionNumber) -> &'static [Format],
{
    let mut best: Option<(Quality, MediaType)> = None;
    let read = each_range(accept, |range| {
        if range.quality > best.map_or(0, |(most, _)| most)
            && let Some(name) = nearest_to(resource, default, range)
            && !is_excluded(name, ranges)
        {
            best = Some((range.quality, name));
        }
    });
    debug_assert!(read.is_ok(), "negotiation read the same text before");
    best.map(|(_, name)| name)
}

/// The name nearest to one range: the same format if it is served at all, of the version meant if
/// that has it; a name in the family of ours also gets another format rather than nothing.
fn nearest_to<O>(
    resource: &Resource<'_, O>,
    default: VersionNumber,
    range: Written<'_>,
) -> Option<MediaType>
where
    O: Fn(VersionNumber) -> &'static [Format],
{
    let Written {
        essence, version, ..
    } = range;
    let vendor = Vendor::read(essence.subtype);
    let meant = match (vendor, version) {
        (Some(vendor), _) if !vendor.is_open() => vendor.version(),
        (_, Some(version)) => VersionNumber::named(version),
        _ => Some(default),
    };
    // The first version that will do: the one that is meant, else the newest.
    let first = |will_do: &dyn Fn(&[Format]) -> bool| {
        let released = || {
            resource
                .served()
                .filter(|(_, state, _)| *state != State::Preview)
        };
        let fit = || released().filter(|(_, _, formats)| will_do(formats));
        fit()
            .find(|(version, ..)| meant == Some(version.number))
            .or_else(|| fit().next())
    };

    // The name of a page carries no version, so it gets the default one.
    let named = |version: VersionNumber, format| {
        let fits = format != Format::Html || version == default;
        fits.then(|| media_type(version, format))
    };
    let format = format_meant(essence.subtype);
    let same_format = format.or(vendor.map(|_| Format::Json)).and_then(|format| {
        let (version, ..) = first(&|formats| formats.contains(&format))?;
        named(version.number, format)
    });
    match (vendor, same_format) {
        (None, Some(name)) if name.version == default && version.is_none() => Some(MediaType {
            naming: Naming::Plain,
            ..name
        }),
        (_, Some(name)) => Some(name),
        (None, None) => None,
        (Some(_), None) => {
            let (version, _, formats) = first(&|_| true)?;
            let mut names = formats.iter();
            names.find_map(|format| named(version.number, *format))
        }
    }
}

/// The format that a subtype seems to mean, by the words in it.
fn format_meant(subtype: &[u8]) -> Option<Format> {
    const WORDS: [(&[u8], Format); 7] = [
        (b"ndjson", Format::Ndjson),
        (b"jsonl", Format::Ndjson),
        (b"csvm", Format::Csvm),
        (b"parquet", Format::Parquet),
        (b"json", Format::Json),
        (b"csv", Format::Csv),
        (b"html", Format::Html),
    ];
    let mentions = |word: &[u8]| {
        subtype
            .windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word))
    };
    WORDS
        .into_iter()
        .find(|(word, _)| mentions(word))
        .map(|(_, format)| format)
}

/// Whether the client wrote exactly this name with a quality of 0.
fn is_excluded(name: MediaType, ranges: &[Range]) -> bool {
    let exact = match name.naming {
        Naming::Vendor => Name::Vendor(name.version, name.format),
        Naming::Plain => Name::Plain(name.format),
    };
    ranges
        .iter()
        .any(|range| range.name == exact && range.quality == 0)
}
