//! RFC 9110 §12.5.1 over versions and formats, in the plainest way: all ranges, all candidates, the best one.

use std::cmp::Reverse;

use flash::versioning::{
    Catalogue, Choice, DefaultVersion, Format, MAX_RANGES, Naming, Refusal, Source, State,
    VersionNumber,
};
use jiff::Timestamp;

/// What becomes of a request, without what is only said about it.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Served(Choice),
    MalformedAccept,
    MalformedContentType,
    UnknownContentType(VersionNumber),
    UnreadableContentType,
    Disagreement(VersionNumber, VersionNumber),
    NotAcceptable,
    Retired(Choice),
    Brownout(Choice),
}

impl Outcome {
    pub fn of(result: &Result<Choice, Refusal>) -> Self {
        match result {
            Ok(choice) => Self::Served(*choice),
            Err(Refusal::MalformedAccept { .. }) => Self::MalformedAccept,
            Err(Refusal::MalformedContentType { .. }) => Self::MalformedContentType,
            Err(Refusal::UnknownContentTypeVersion { version }) => {
                Self::UnknownContentType(*version)
            }
            Err(Refusal::UnreadableContentTypeVersion { .. }) => Self::UnreadableContentType,
            Err(Refusal::Disagreement {
                accept,
                content_type,
            }) => Self::Disagreement(*accept, *content_type),
            Err(Refusal::NotAcceptable { .. }) => Self::NotAcceptable,
            Err(Refusal::Contradiction { .. } | Refusal::NoSuchFormat { .. }) => {
                unreachable!("the URL names nothing")
            }
            Err(Refusal::Retired(unserved)) => Self::Retired(unserved.choice),
            Err(Refusal::Brownout { version, .. }) => Self::Brownout(version.choice),
        }
    }
}

/// Stands for a name with a parameter `version` that isn't a version. Nothing is called so.
const UNREADABLE: &str = "unreadable version/";

/// A media range, in lower case, and its quality in thousandths.
struct Range {
    name: String,
    quality: u32,
}

/// A name under which something can be served, and which wildcards match it.
struct Candidate {
    name: String,
    wildcards: &'static [&'static str],
    choice: Choice,
}

/// What `flash::versioning::negotiate` must say.
pub fn negotiate(
    catalogue: &Catalogue,
    now: Timestamp,
    offers: impl Fn(VersionNumber) -> &'static [Format],
    accept: &[&[u8]],
    content_type: Option<&[u8]>,
    caller: DefaultVersion,
) -> Outcome {
    let Some(ranges) = ranges(&accept.join(&b','), MAX_RANGES) else {
        return Outcome::MalformedAccept;
    };
    let mut default = caller;
    if let Some(content_type) = content_type {
        let types = media_types(content_type, false);
        let Some([media_type]) = types.as_deref() else {
            return Outcome::MalformedContentType;
        };
        if media_type.name == UNREADABLE {
            return Outcome::UnreadableContentType;
        }
        if let Some(version) = version_in(&media_type.name) {
            if catalogue.get(version).is_none() {
                return Outcome::UnknownContentType(version);
            }
            default = DefaultVersion {
                version,
                source: Source::ContentType,
            };
        }
    }
    let formats = |version| formats_of(catalogue, version, &offers);
    let unserved = |choice: Choice| {
        let version = catalogue.get(choice.version);
        if version.is_some_and(|version| version.lifecycle.brownout(now).is_some()) {
            return Some(Outcome::Brownout(choice));
        }
        version
            .is_none_or(|version| version.state(now) == State::Retired)
            .then_some(Outcome::Retired(choice))
    };
    if ranges.is_empty() {
        let formats = formats(default.version);
        let format = match formats.contains(&Format::Json) {
            true => Format::Json,
            false => formats[0],
        };
        let choice = Choice {
            version: default.version,
            source: default.source,
            format,
            naming: naming(format),
        };
        return unserved(choice).unwrap_or(Outcome::Served(choice));
    }
    let named = |number| move |range: &Range| version_in(&range.name) == Some(number);
    let mut candidates = of_default(default, &formats(default.version));
    for version in catalogue {
        let number = version.number;
        if !ranges.iter().any(named(number)) {
            continue;
        }
        for format in formats(number) {
            let vendor = vendor_name(number, format).filter(|_| number != default.version);
            let versioned = versioned_name(&plain_name(format), number);
            let names = [(vendor, Naming::Vendor), (Some(versioned), Naming::Plain)];
            candidates.extend(names.into_iter().filter_map(|(name, naming)| {
                Some(Candidate {
                    name: name?,
                    wildcards: &[],
                    choice: choice(default, number, format, naming),
                })
            }));
        }
    }
    let mut judged: Vec<_> = candidates
        .iter()
        .filter_map(|one| judge(one, &ranges))
        .collect();
    // The best is the last of a stable sort, so of equals the first has to come last.
    judged.reverse();
    judged.sort_by_key(|(_, rank)| *rank);
    let served = judged
        .iter()
        .rfind(|(choice, _)| unserved(*choice).is_none());
    match (served, judged.last()) {
        (Some((choice, _)), _) => {
            if default.source == Source::ContentType && choice.version != default.version {
                return Outcome::Disagreement(choice.version, default.version);
            }
            Outcome::Served(*choice)
        }
        (None, Some((choice, _))) => unserved(*choice).expect("it is not served"),
        (None, None) => Outcome::NotAcceptable,
    }
}

/// Quality, specificity and place.
type Rank = (u32, usize, Reverse<usize>);

/// The most specific range decides, the first of several; then quality counts, then specificity, then the place.
fn judge(candidate: &Candidate, ranges: &[Range]) -> Option<(Choice, Rank)> {
    let specificity = |range: &Range| {
        let place = ["*/*", "text/*", "application/*"]
            .iter()
            .position(|wildcard| *wildcard == range.name);
        match place {
            Some(place) => candidate
                .wildcards
                .contains(&&*range.name)
                .then_some(1 + usize::from(place > 0)),
            None => (range.name == candidate.name).then_some(3),
        }
    };
    let matching = ranges.iter().enumerate();
    let matching = matching.filter_map(|(at, range)| Some((specificity(range)?, at, range)));
    let (specific, at, range) =
        matching.max_by_key(|(specific, at, _)| (*specific, usize::MAX - at))?;
    let mut choice = candidate.choice;
    if version_in(&range.name).is_some() {
        choice.source = Source::Accept;
    }
    (range.quality > 0).then_some((choice, (range.quality, specific, Reverse(at))))
}

/// The names of the default version, in the server's order.
fn of_default(default: DefaultVersion, formats: &[Format]) -> Vec<Candidate> {
    let of = |name: String, format, naming, wildcards| Candidate {
        name,
        wildcards,
        choice: choice(default, default.version, format, naming),
    };
    let mut candidates = Vec::new();
    for &format in formats {
        if let Some(name) = vendor_name(default.version, format) {
            candidates.push(of(name, format, Naming::Vendor, &["*/*", "application/*"]));
            let wildcards: &[&str] = if format == Format::Csv {
                &["text/*"]
            } else {
                &[]
            };
            candidates.push(of(plain_name(format), format, Naming::Plain, wildcards));
        }
    }
    if formats.contains(&Format::Json) {
        let name = "application/vnd.flash+json".to_owned();
        candidates.push(of(name, Format::Json, Naming::Vendor, &[]));
    }
    if formats.contains(&Format::Html) {
        let name = plain_name(Format::Html);
        candidates.push(of(name, Format::Html, Naming::Plain, &["*/*", "text/*"]));
    }
    candidates
}

fn choice(
    default: DefaultVersion,
    version: VersionNumber,
    format: Format,
    naming: Naming,
) -> Choice {
    Choice {
        version,
        source: default.source,
        format,
        naming,
    }
}

/// What a version has; for one without the resource, what it can refuse in.
fn formats_of(
    catalogue: &Catalogue,
    version: VersionNumber,
    offers: &impl Fn(VersionNumber) -> &'static [Format],
) -> Vec<Format> {
    let own = offers(version);
    if !own.is_empty() {
        return own.to_vec();
    }
    let mut formats = vec![Format::Json];
    for format in [Format::Csv, Format::Ndjson] {
        let anywhere = |number| offers(number).contains(&format);
        if catalogue.iter().any(|version| anywhere(version.number)) {
            formats.push(format);
        }
    }
    formats
}

fn naming(format: Format) -> Naming {
    match format {
        Format::Html => Naming::Plain,
        _ => Naming::Vendor,
    }
}

fn plain_name(format: Format) -> String {
    let name = match format {
        Format::Json => "application/json",
        Format::Csv => "text/csv",
        Format::Ndjson => "application/x-ndjson",
        Format::Csvm => "application/csvm+json",
        Format::Parquet => "application/vnd.apache.parquet",
        Format::Html => "text/html",
    };
    name.to_owned()
}

fn vendor_name(version: VersionNumber, format: Format) -> Option<String> {
    let name = format!(
        "application/vnd.flash.v{}+{}",
        version.get(),
        format.as_str()
    );
    (format != Format::Html).then_some(name)
}

/// How a range with the parameter `version` is written here.
fn versioned_name(name: &str, version: VersionNumber) -> String {
    match name {
        "application/vnd.flash+json" => format!("application/vnd.flash.{version}+json"),
        plain => format!("{plain};version={version}"),
    }
}

/// The version that a name has.
fn version_in(name: &str) -> Option<VersionNumber> {
    match name.split_once(";version=") {
        Some((_, version)) => version.parse().ok(),
        None => vendor(name).map(|(version, _)| version),
    }
}

/// A name with the value of its parameter `version`, which other names than these don't have.
fn with_version(name: String, value: &str) -> String {
    let formats = [
        Format::Json,
        Format::Csv,
        Format::Ndjson,
        Format::Csvm,
        Format::Parquet,
        Format::Html,
    ];
    let is_plain = formats.iter().any(|format| plain_name(*format) == name);
    if !is_plain && name != "application/vnd.flash+json" {
        return name;
    }
    let value = value.trim_matches('"');
    let number = value.split('.').next().unwrap_or_default();
    let number = number.strip_prefix(['v', 'V']).unwrap_or(number);
    match format!("v{number}").parse() {
        Ok(version) => versioned_name(&name, version),
        Err(_) => UNREADABLE.to_owned(),
    }
}

/// The version and format in a name of ours.
fn vendor(name: &str) -> Option<(VersionNumber, Format)> {
    let rest = name.strip_prefix("application/vnd.flash.v")?;
    let (digits, suffix) = rest.split_once('+')?;
    let number: u32 = digits.parse().ok()?;
    let format = Format::NAMED
        .into_iter()
        .find(|format| format.as_str() == suffix)?;
    let version = VersionNumber::new(number)?;
    (number.to_string() == digits).then_some((version, format))
}

/// The ranges of a list; `None`: it is malformed, or has too many.
fn ranges(list: &[u8], most: usize) -> Option<Vec<Range>> {
    let ranges = media_types(list, true)?;
    (ranges.len() <= most).then_some(ranges)
}

/// The media types of a list, as ranges with a quality or not.
fn media_types(list: &[u8], ranges: bool) -> Option<Vec<Range>> {
    let mut types = Vec::new();
    for element in split(list, b',') {
        if trimmed(element).is_empty() {
            // Only a list may have empty elements.
            if ranges {
                continue;
            }
            return None;
        }
        let mut parts = split(element, b';').into_iter();
        let name = trimmed(parts.next()?);
        // `*` with parameters is `*/*`.
        let is_star = ranges && name == b"*" && element.contains(&b';');
        let name = if is_star { b"*/*" } else { name };
        let (kind, subtype) = name.split_at(name.iter().position(|byte| *byte == b'/')?);
        if !is_token(kind) || !is_token(&subtype[1..]) {
            return None;
        }
        if ranges && kind == b"*" && subtype != b"/*" {
            return None;
        }
        let (mut quality, mut version) = (None, None);
        for parameter in parts {
            let parameter = trimmed(parameter);
            if parameter.is_empty() {
                continue;
            }
            let at = parameter.iter().position(|byte| *byte == b'=')?;
            let (name, value) = (&parameter[..at], &parameter[at + 1..]);
            if !is_token(name) || !is_token(value) && !is_quoted(value) {
                return None;
            }
            if ranges && name.eq_ignore_ascii_case(b"q") {
                if quality.is_some() {
                    return None;
                }
                quality = Some(thousandths(value)?);
            } else if name.eq_ignore_ascii_case(b"version") {
                version.get_or_insert(value);
            }
        }
        let name = String::from_utf8(name.to_ascii_lowercase()).ok()?;
        let version = version.map(|value| String::from_utf8_lossy(value));
        types.push(Range {
            name: match version {
                Some(version) => with_version(name, &version),
                None => name,
            },
            quality: quality.unwrap_or(1000),
        });
    }
    Some(types)
}

/// The parts between separators that are not within quotes.
fn split(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut parts, mut start, mut at, mut quoted) = (Vec::new(), 0, 0, false);
    while at < text.len() {
        match text[at] {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            byte if byte == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&text[start..]);
    parts
}

fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn is_token(text: &[u8]) -> bool {
    let of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(of_token)
}

fn is_quoted(text: &[u8]) -> bool {
    let Some([inside @ .., b'"']) = text.strip_prefix(b"\"") else {
        return false;
    };
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'"' => return false,
            b'\\' => match bytes.next() {
                Some(escaped) => escaped,
                None => return false,
            },
            byte => byte,
        };
        if byte.is_ascii_control() && *byte != b'\t' {
            return false;
        }
    }
    true
}

/// A weight with at most three decimals, in thousandths.
fn thousandths(value: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, decimals) = match text.split_once('.') {
        Some(("", decimals)) if !decimals.is_empty() => ("0", decimals),
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = decimals.bytes().all(|byte| byte.is_ascii_digit());
    if !["0", "1"].contains(&whole) || !digits || decimals.len() > 3 {
        return None;
    }
    let all: u32 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (all <= 1000).then_some(all)
}
