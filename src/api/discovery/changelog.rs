//! `GET /changelog?from=v1&to=v2`: what changes for a client that moves from one version to another.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{TEXT, Written, known_version, page_of, versions};
use crate::api::description::{Content, Description, Parameter, Schema};
use crate::api::error::Error;
use crate::api::query::Query;
use crate::api::registry::ApiVersion;
use crate::versioning::{Catalogue, VersionNumber};

/// What one release of a version brought.
#[derive(Debug)]
pub struct Release {
    /// MINOR and PATCH of its semantic version; MAJOR is the version's number.
    pub semantic: (u64, u64),
    /// What it brought.
    pub changes: &'static [Change],
}

/// One thing that a client may have to know.
#[derive(Debug)]
pub struct Change {
    /// Of which kind.
    pub kind: Kind,
    /// The operation it is about; none: every one.
    pub operation: Option<&'static str>,
    /// Whether a client that worked may work no longer.
    pub breaking: bool,
    /// What changed.
    pub summary: &'static str,
    /// How it was.
    pub before: Option<&'static str>,
    /// How it is.
    pub after: Option<&'static str>,
}

/// The kinds of changes, as Keep a Changelog has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// There is something new.
    Added,
    /// Something is otherwise.
    Changed,
    /// Something is gone.
    Removed,
    /// Something will be gone.
    Deprecated,
    /// Something is as it always should have been.
    Fixed,
}

/// What changed between two versions.
#[derive(Debug, Serialize, ToSchema)]
struct Changelog {
    /// The older version.
    #[schema(example = "v1")]
    from: String,
    /// The newer version.
    #[schema(example = "v2")]
    to: String,
    /// Whether any of it may break a client.
    breaking: bool,
    /// From the oldest release to the newest.
    changes: Vec<Entry>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub(in crate::api) struct Entry {
    /// The semantic version that brought it.
    #[schema(example = "2.0.0")]
    version: String,
    kind: Kind,
    /// The operation it is about; null: every one.
    #[schema(required = true)]
    pub(in crate::api) operation: Option<&'static str>,
    /// Whether a client that worked may work no longer.
    pub(in crate::api) breaking: bool,
    summary: &'static str,
    /// How it was.
    #[schema(required = true)]
    before: Option<&'static str>,
    /// How it is.
    #[schema(required = true)]
    after: Option<&'static str>,
}

pub(super) fn write(
    catalogue: &Catalogue,
    all: &[&'static ApiVersion],
    mut query: Query,
) -> Result<Written, Error> {
    let from = known_version(catalogue, &mut query, "from")?;
    let to = known_version(catalogue, &mut query, "to")?;
    let text = match query.take("format")?.as_deref() {
        None | Some("json") => false,
        Some("text") => true,
        Some(other) => return Err(Error::bad_parameter("format", other, "json or text")),
    };
    query.finish()?;
    let names = versions::names(catalogue);
    let missing = |name| Error::bad_parameter(name, "", &names);
    let from = from.ok_or_else(|| missing("from"))?;
    let to = to.ok_or_else(|| missing("to"))?;
    if from >= to {
        let expected = format!("a version newer than from, which is {from}; {names}");
        return Err(Error::bad_parameter("to", to.to_string(), expected));
    }
    let changes: Vec<_> = changes(all, from.get(), to).collect();
    let changelog = Changelog {
        from: from.to_string(),
        to: to.to_string(),
        breaking: changes.iter().any(|change| change.breaking),
        changes,
    };
    Ok(match text {
        true => Written {
            content_type: TEXT,
            body: changelog.to_text().into(),
            about: None,
        },
        false => Written::json(&changelog),
    })
}

/// What the versions after `from` brought, up to `to`: oldest first, which is the order in which it happened.
pub(in crate::api) fn changes(
    all: &[&'static ApiVersion],
    from: u32,
    to: VersionNumber,
) -> impl Iterator<Item = Entry> {
    all.iter()
        .rev()
        .filter(move |version| (from + 1..=to.get()).contains(&version.number))
        .flat_map(|version| entries(version))
}

fn entries(version: &ApiVersion) -> impl Iterator<Item = Entry> {
    let number = version.number;
    version.changelog.iter().rev().flat_map(move |release| {
        let (minor, patch) = release.semantic;
        release.changes.iter().map(move |change| Entry {
            version: format!("{number}.{minor}.{patch}"),
            kind: change.kind,
            operation: change.operation,
            breaking: change.breaking,
            summary: change.summary,
            before: change.before,
            after: change.after,
        })
    })
}

impl Changelog {
    /// The same for people.
    fn to_text(&self) -> String {
        let mut text = format!("From {} to {}\n", self.from, self.to);
        let mut release = "";
        for change in &self.changes {
            if change.version != release {
                release = &change.version;
                text += &format!("\n{release}\n");
            }
            let operation = change.operation.unwrap_or("every operation");
            let breaking = if change.breaking { ", BREAKING" } else { "" };
            let (kind, summary) = (change.kind.as_str(), change.summary);
            text += &format!("\n- {operation} ({kind}{breaking}): {summary}\n");
            for (label, shown) in [("before", change.before), ("after ", change.after)] {
                if let Some(shown) = shown {
                    text += &format!("    {label}: {shown}\n");
                }
            }
        }
        text
    }
}

impl Change {
    /// Something that is as it always should have been.
    pub const fn fixed(
        operation: Option<&'static str>,
        summary: &'static str,
        before: &'static str,
        after: &'static str,
    ) -> Self {
        Self {
            kind: Kind::Fixed,
            operation,
            breaking: false,
            summary,
            before: Some(before),
            after: Some(after),
        }
    }
}

impl Kind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Deprecated => "deprecated",
            Self::Fixed => "fixed",
        }
    }
}

pub(super) fn describe() -> Description {
    let mut page = page_of(
        "Say what changed between two versions",
        Schema::of::<Changelog>(),
    );
    let required = |name, meaning| {
        let mut parameter = Parameter::version(name, meaning);
        parameter.object["required"] = true.into();
        parameter
    };
    page.parameters.extend([
        required("from", "The older version, such as `v1`."),
        required("to", "The newer version, such as `v2`."),
        Parameter::query(
            "format",
            "`text` for people.",
            &json!({ "type": "string", "enum": ["json", "text"], "default": "json" }),
        ),
    ]);
    if let Some(answer) = page.answers.first_mut() {
        answer
            .content
            .push((Content::Fixed("text/plain"), Schema::text()));
    }
    page
}
