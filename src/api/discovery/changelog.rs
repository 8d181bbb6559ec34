//! `GET /changelog?from=v1&to=v2`: what changes for a client that moves from one version to another.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{TEXT, Written, page_of};
use crate::api::description::{Content, Description, Parameter, Schema};
use crate::api::error::Error;
use crate::api::history::{Entry, History};
use crate::api::query::{Query, version_names};
use crate::versioning::Catalogue;

/// What changed between two versions.
#[derive(Debug, Serialize, ToSchema)]
struct Changelog {
    /// The older version.
    #[schema(example = "v1")]
    from: String,
    /// The newer version.
    #[schema(example = "v2")]
    to: String,
    /// Whether one of the changes may break a client.
    breaking: bool,
    /// The changes, from the oldest release to the newest.
    changes: Vec<Entry>,
}

pub(super) fn write(
    catalogue: &Catalogue,
    history: &History,
    mut query: Query,
) -> Result<Written, Error> {
    let from = query.take_version(catalogue, "from")?;
    let to = query.take_version(catalogue, "to")?;
    let text = match query.take("format")?.as_deref() {
        None | Some("json") => false,
        Some("text") => true,
        Some(other) => return Err(Error::bad_parameter("format", other, "json or text")),
    };
    query.finish()?;
    let known = version_names(catalogue);
    let missing = |name| Error::bad_parameter(name, "", &known);
    let from = from.ok_or_else(|| missing("from"))?;
    let to = to.ok_or_else(|| missing("to"))?;
    if from >= to {
        let expected = format!("a version newer than {from}: {known}");
        return Err(Error::bad_parameter("to", to.to_string(), expected));
    }
    let changes: Vec<_> = history.changes(from.get(), to).collect();
    let changelog = Changelog {
        from: from.to_string(),
        to: to.to_string(),
        breaking: changes.iter().any(|change| change.breaking),
        changes,
    };
    Ok(match text {
        true => Written {
            content_type: TEXT,
            link: None,
            body: changelog.to_text().into(),
            about: None,
        },
        false => Written::json(&changelog),
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

/// The summary of a change, as an example.
const EXAMPLE: &str = "GET /datasets/{name} describes a dataset, without its rows";

pub(super) fn describe() -> Description {
    let mut page = page_of(
        "List the changes between two versions",
        "What a client has to change to move from one version to the other, from the oldest release to the newest. `breaking` marks what may break a client.",
        Schema::of::<Changelog>().example(json!({
            "from": "v1",
            "to": "v2",
            "breaking": true,
            "changes": [{
                "version": "2.0.0",
                "kind": "changed",
                "operation": "get_dataset",
                "breaking": true,
                "summary": EXAMPLE,
                "before": null,
                "after": null,
            }],
        })),
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
    let text = format!("From v1 to v2\n\n2.0.0\n\n- get_dataset (changed, BREAKING): {EXAMPLE}\n");
    if let Some(answer) = page.answers.first_mut() {
        answer
            .content
            .push((Content::Fixed("text/plain"), Schema::text().example(text)));
    }
    page
}
