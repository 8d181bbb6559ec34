//! What a server announces, as a text that other servers and commands read: its versions with their dates, and its default version.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Brownout, Catalogue, CatalogueError, Lifecycle, Version, VersionNumber};

/// A text that is not what a server announces.
#[derive(Debug, thiserror::Error)]
pub enum NotAnnounced {
    /// It is no JSON of that form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A version's release is not a semantic version.
    #[error(transparent)]
    Release(#[from] semver::Error),
    /// Its versions don't form a catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// The JSON. Later releases may add fields.
#[derive(Serialize, Deserialize)]
struct Announced {
    default: VersionNumber,
    versions: Vec<AnnouncedVersion>,
}

#[derive(Serialize, Deserialize)]
struct AnnouncedVersion {
    version: VersionNumber,
    release: String,
    preview: bool,
    promoted: Option<Timestamp>,
    deprecated: Option<Timestamp>,
    retired: Option<Timestamp>,
    brownouts: Vec<Brownout>,
}

impl Catalogue {
    /// The text that announces this catalogue.
    #[must_use]
    pub fn to_announcement(&self) -> String {
        let versions = self.iter().map(|version| {
            let lifecycle = version.lifecycle.clone();
            AnnouncedVersion {
                version: version.number,
                release: version.semantic.to_string(),
                preview: lifecycle.preview,
                promoted: lifecycle.promoted,
                deprecated: lifecycle.deprecated,
                retired: lifecycle.retired,
                brownouts: lifecycle.brownouts,
            }
        });
        let announced = Announced {
            default: self.first(),
            versions: versions.collect(),
        };
        serde_json::to_string(&announced).expect("numbers, texts and times are JSON")
    }

    /// The catalogue that a text announces.
    ///
    /// # Errors
    ///
    /// When the text doesn't come from [`Catalogue::to_announcement`].
    pub fn from_announcement(text: &str) -> Result<Self, NotAnnounced> {
        let announced: Announced = serde_json::from_str(text)?;
        let versions = announced.versions.into_iter().map(|one| {
            Ok(Version {
                number: one.version,
                semantic: one.release.parse()?,
                lifecycle: Lifecycle {
                    preview: one.preview,
                    promoted: one.promoted,
                    deprecated: one.deprecated,
                    retired: one.retired,
                    brownouts: one.brownouts,
                },
            })
        });
        let versions: Result<_, NotAnnounced> = versions.collect();
        Ok(Self::new(versions?, announced.default)?)
    }

    /// The versions whose lifecycles differ in another catalogue, and the default if that differs, in words: what is said here, and what
    /// `there`. A version that only one of them has is no difference, because releases differ in that.
    #[must_use]
    pub fn differences(&self, other: &Self, there: &str) -> Vec<String> {
        let mut found = Vec::new();
        for version in self {
            let Some(theirs) = other.get(version.number) else {
                continue;
            };
            if version.lifecycle != theirs.lifecycle {
                found.push(format!(
                    "{} is {}; {there}, it is {}",
                    version.number,
                    in_words(&version.lifecycle),
                    in_words(&theirs.lifecycle)
                ));
            }
        }
        if self.first() != other.first() {
            found.push(format!(
                "the default version is {}; {there}, it is {}",
                self.first(),
                other.first()
            ));
        }
        found
    }
}

/// What is announced of a version.
fn in_words(lifecycle: &Lifecycle) -> String {
    let preview = lifecycle.preview && lifecycle.promoted.is_none();
    let preview = preview.then(|| "a preview".to_owned());
    let all: Vec<String> = preview.into_iter().chain(lifecycle.announced()).collect();
    match all.as_slice() {
        [] => "stable without an end".to_owned(),
        all => all.join(", "),
    }
}
