//! Why nothing is served, in words that tell the client what to write instead.

use jiff::Timestamp;

use super::syntax::{Fault, Flaw};
use super::{Choice, Format, InUrl, VersionNumber, media_type};

/// The reason why a request gets no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `Accept` cannot be read: 400.
    #[error("the Accept header is malformed at character {position}, `{part}`: {reason}")]
    MalformedAccept {
        /// The offending part, as text: shortened if it is long, control characters replaced.
        part: String,
        /// Its place, in characters from 1, within the lines joined by ", ".
        position: usize,
        /// What is wrong with it.
        reason: Fault,
    },
    /// `Content-Type` cannot be read: 400.
    #[error("the Content-Type header is malformed at character {position}, `{part}`: {reason}")]
    MalformedContentType {
        /// The offending part, as text: shortened if it is long, control characters replaced.
        part: String,
        /// Its place, in characters from 1.
        position: usize,
        /// What is wrong with it.
        reason: Fault,
    },
    /// Both headers name a version, and not the same: 400.
    #[error(
        "Accept names {accept} and Content-Type names {content_type}: name the same version in both, or in one"
    )]
    Disagreement {
        /// The version that `Accept` chooses.
        accept: VersionNumber,
        /// The version that `Content-Type` names.
        content_type: VersionNumber,
    },
    /// The URL and a header contradict each other: 400.
    #[error(
        "the URL asks for {in_url}, and {header} for something else: send one of them, or let both name the same"
    )]
    Contradiction {
        /// The header.
        header: &'static str,
        /// What the URL names.
        in_url: InUrl,
    },
    /// The URL names a format that the resource doesn't have: 406.
    #[error(
        "the URL asks for format={format}, which isn't served here: leave it out, or name one of the formats that are listed"
    )]
    NoSuchFormat {
        /// The format.
        format: Format,
    },
    /// `Content-Type` names a version that this server does not know: 415.
    #[error(
        "Content-Type names {version}, which doesn't exist: name a version that GET /versions lists"
    )]
    UnknownContentTypeVersion {
        /// The version that is named.
        version: VersionNumber,
    },
    /// The parameter `version` of `Content-Type` isn't a version: 415.
    #[error(
        "Content-Type has version={value}, which isn't a version: write its number, as in application/json; version=2, or leave the parameter out"
    )]
    UnreadableContentTypeVersion {
        /// The value, as text: shortened if it is long, control characters replaced.
        value: String,
    },
    /// `Accept` allows no version and format of the resource: 406.
    #[error("Accept allows no version and format of this resource{}", suggestion(nearest.as_deref()))]
    NotAcceptable {
        /// The media type of the resource that is nearest to a requested one, if any is near.
        nearest: Option<String>,
    },
    /// The version that is asked for, or that is the caller's default, is no longer served: 410.
    #[error("{}", retired(.0))]
    Retired(Unserved),
    /// The version that is asked for, or that is the caller's default, is refused for a while: 503.
    #[error("{}", brownout(.version, *.until))]
    Brownout {
        /// The version.
        version: Unserved,
        /// When it is served again.
        until: Timestamp,
        /// Seconds until then, rounded up.
        seconds: u32,
    },
}

/// A version that is not served at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// The version and format.
    pub choice: Choice,
    /// When the version is or was retired, if there is a date.
    pub retired: Option<Timestamp>,
    /// The version to move to, if there is one.
    pub successor: Option<VersionNumber>,
}

impl Unserved {
    /// What the caller should do.
    fn way_on(&self) -> String {
        let version = self.choice.version;
        match self.successor {
            Some(successor) => format!(
                "move to {successor} (Accept: {}, or version={successor} in the URL); GET /changelog?from={version}&to={successor} says what is different \
                 there, GET /versions what else is served",
                media_type(successor, Format::Json)
            ),
            None => "move to another version; GET /versions lists those that are served".to_owned(),
        }
    }
}

impl Refusal {
    /// A flaw in the joined `Accept` field.
    pub(super) fn malformed_accept(text: &[u8], flaw: Flaw) -> Self {
        let (part, position) = flaw.excerpt(text);
        Self::MalformedAccept {
            part,
            position,
            reason: flaw.fault,
        }
    }

    /// A flaw in the `Content-Type` field.
    pub(super) fn malformed_content_type(text: &[u8], flaw: Flaw) -> Self {
        let (part, position) = flaw.excerpt(text);
        Self::MalformedContentType {
            part,
            position,
            reason: flaw.fault,
        }
    }

    /// A value of the parameter `version` that isn't a version.
    pub(super) fn unreadable_version(value: &[u8]) -> Self {
        let value = shown(value);
        Self::UnreadableContentTypeVersion { value }
    }
}

/// The message of a 410.
fn retired(unserved: &Unserved) -> String {
    let (version, way_on) = (unserved.choice.version, unserved.way_on());
    match unserved.retired {
        Some(date) => {
            format!("{version} was retired at {date} and is no longer served: {way_on}")
        }
        None => format!("{version} is no longer served: {way_on}"),
    }
}

/// The message of a brownout.
fn brownout(unserved: &Unserved, until: Timestamp) -> String {
    let (version, way_on) = (unserved.choice.version, unserved.way_on());
    let when = unserved
        .retired
        .map(|date| format!(" at {date}"))
        .unwrap_or_default();
    format!(
        "{version} is going to be retired{when}, and this is an announced brownout until {until}: it is served again \
         then, but {way_on}"
    )
}

/// The end of the message about a 406.
fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("; use {nearest}, or leave out Accept"),
        None => "; use one of the listed media types, or leave out Accept".to_owned(),
    }
}

impl Flaw {
    /// The offending part as text that is safe to repeat, and its place in characters from 1.
    pub(crate) fn excerpt(self, text: &[u8]) -> (String, usize) {
        let position = String::from_utf8_lossy(&text[..self.start]).chars().count() + 1;
        (shown(&text[self.start..self.end]), position)
    }
}

/// A part of a header as text that is safe to repeat.
fn shown(part: &[u8]) -> String {
    /// How much of a part is repeated, in characters.
    const LONGEST: usize = 80;
    let part = String::from_utf8_lossy(part);
    let mut characters = part.trim_end_matches([' ', '\t']).chars();
    let mut shown: String = characters.by_ref().take(LONGEST).map(printable).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// The character itself, unless a terminal or a log would act on it.
fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        character if character.is_control() => char::REPLACEMENT_CHARACTER,
        character => character,
    }
}
