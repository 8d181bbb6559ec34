//! Descriptions of requests: parameters in path, query and headers, and bodies.

use std::ops::RangeInclusive;

use http::HeaderName;
use serde_json::{Value, json};

use super::{Content, Schema};
use crate::versioning::{Format, VersionNumber};

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its Parameter Object (OpenAPI 3.1 §4.8.12).
    pub object: Value,
}

/// A body.
#[derive(Debug)]
pub struct RequestBody {
    /// What it is.
    pub meaning: &'static str,
    /// Its forms.
    pub content: Vec<(Content, Schema)>,
}

/// The schema of a dataset's name.
pub(super) const NAME: &str = "^[a-z0-9][a-z0-9_-]{0,62}$";

impl Parameter {
    pub(super) fn new(place: &str, name: &str, meaning: &str, schema: &Value) -> Self {
        Self {
            object: json!({
                "in": place,
                "name": name,
                "description": meaning,
                "required": place == "path",
                "schema": schema,
            }),
        }
    }

    /// The name of the header, if it is one.
    pub(super) fn header(&self) -> Option<HeaderName> {
        let name = self.object["name"]
            .as_str()
            .filter(|_| self.object["in"] == "header");
        name?.parse().ok()
    }

    /// Whether it is the parameter of the query that has this name.
    pub(in crate::api) fn is_query(&self, name: &str) -> bool {
        self.object["in"] == "query" && self.object["name"] == name
    }

    /// A parameter of the query.
    pub fn query(name: &str, meaning: &str, schema: &Value) -> Self {
        Self::new("query", name, meaning, schema)
    }

    /// Several parameters of the query as one object: each property is a parameter (OpenAPI 3.1 §4.8.12.6). Generated clients then keep
    /// their names apart from the names of other things.
    pub(super) fn properties(name: &str, meaning: &str, schema: &Value) -> Self {
        let mut parameter = Self::query(name, meaning, schema);
        parameter.object["style"] = "form".into();
        parameter.object["explode"] = true.into();
        parameter
    }

    /// A whole number in the query.
    pub fn number(name: &str, range: RangeInclusive<u64>, default: u64, meaning: &str) -> Self {
        let mut schema = json!({ "type": "integer", "minimum": range.start(), "default": default });
        schema["maximum"] = (*range.end()).into();
        Self::query(name, meaning, &schema)
    }

    /// A version by its name, in the query.
    pub fn version(name: &str, meaning: &str) -> Self {
        let schema = json!({ "type": "string", "pattern": "^v[1-9][0-9]*$" });
        Self::query(name, meaning, &schema)
    }

    /// What the URL says of version and format: the one version that is described, and the formats that are answered. A client that
    /// follows the description of a version has to name that version, so it is required there.
    pub fn in_url(version: VersionNumber, formats: &[Format]) -> Vec<Self> {
        let meaning = "The version of the API. It may be left out if `Accept` names the version, or if it is the caller's default version.";
        let name = version.to_string();
        let schema = json!({ "type": "string", "enum": [name], "default": name });
        let mut version = Self::query("version", meaning, &schema);
        version.object["required"] = true.into();
        let mut parameters = vec![version];
        if formats.len() > 1 {
            let names: Vec<_> = formats.iter().map(|format| format.as_str()).collect();
            let meaning = "The format of the answer. The default is the one that `Accept` asks for, else JSON.";
            let schema = json!({ "type": "string", "enum": names });
            parameters.push(Self::query("format", meaning, &schema));
        }
        parameters
    }

    /// `{name}` in the path.
    pub fn name() -> Self {
        let schema = json!({ "type": "string", "pattern": NAME, "examples": ["people"] });
        Self::new("path", "name", "The dataset.", &schema)
    }

    /// The cursor of a list.
    pub fn cursor() -> Self {
        let meaning = "Where the list continues: `next` of the previous page.";
        Self::query("cursor", meaning, &json!({ "type": "string" }))
    }

    /// The revision to read.
    pub fn revision() -> Self {
        let meaning = "The revision to read. The default is the newest one.";
        let schema = json!({ "type": "integer", "format": "int64", "minimum": 1 });
        Self::query("revision", meaning, &schema)
    }

    /// The schema to read.
    pub fn schema() -> Self {
        let meaning = "MAJOR of a schema version. The newest revision whose schema has it is read.";
        let schema = json!({ "type": "integer", "format": "int32", "minimum": 1 });
        Self::query("schema", meaning, &schema)
    }

    /// The preconditions of a read or a write.
    pub fn conditions() -> [Self; 2] {
        let header =
            |name, meaning| Self::new("header", name, meaning, &json!({ "type": "string" }));
        [
            header(
                "If-Match",
                "Entity tags, or `*`. The request succeeds only if one of them matches the current state, else it is 412.",
            ),
            header(
                "If-None-Match",
                "Entity tags, or `*`. The request succeeds only if none of them matches the current state, else a read is 304 and a write 412.",
            ),
        ]
    }

    /// The idempotency key of a write.
    pub fn idempotency_key() -> Self {
        Self::new(
            "header",
            "Idempotency-Key",
            "Makes a retry safe: for 24 hours, the same request with the same key gets the first answer again.",
            &json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" }),
        )
    }

    /// The range of a source.
    pub fn range() -> [Self; 2] {
        let header =
            |name, meaning| Self::new("header", name, meaning, &json!({ "type": "string" }));
        [
            header(
                "Range",
                "One range of bytes, such as `bytes=0-99`. Other units and several ranges are ignored.",
            ),
            header(
                "If-Range",
                "An entity tag. `Range` counts only if it matches the current state.",
            ),
        ]
    }

    /// The parameters of a query for rows.
    pub fn row_query() -> [Self; 7] {
        let text = json!({ "type": "string" });
        let groups = json!({ "type": "array", "items": { "type": "string", "pattern": "^\\(" } });
        let group = |name, meaning| Self::query(name, meaning, &groups);
        let filters = Self::properties(
            "filters",
            "Filters: `COLUMN=OPERATOR.VALUE`, such as `dest=eq.LAX`. A row must meet all of them. Operators: `eq`, `neq`, `gt`, `gte`, \
             `lt`, `lte`, `in.(VALUE,VALUE)`, `like`, `ilike`, `is.null`, `is.true`, `is.false`, and `not.` before any of them. \
             Write `where.COLUMN` for a column that has the name of a parameter.",
            &json!({ "type": "object", "additionalProperties": text }),
        );
        [
            Self::query(
                "select",
                "The columns to show, separated by commas, with double quotes around a name that needs them. The default is all columns. With functions, as in \
                 `dest,n:count(),late:dep_delay.avg()`, rows are grouped by the columns beside them: `count()`, and of a column `count() distinct() min() max() sum() \
                 avg() median()`; `year() quarter() month() day() hour()` of a date or datetime group by that period. An alias before a colon may be ordered by and filtered.",
                &text,
            ),
            Self::query(
                "order",
                "Columns, separated by commas. A column may be followed by `.desc`, and then by `.nullsfirst` or `.nullslast`. \
                 The default is the order of the file, which also decides between equal rows. Groups can be ordered by what `select` names; the default is the order \
                 of the columns that they are of.",
                &text,
            ),
            filters,
            group(
                "or",
                "Conditions of which at least one must hold: `(dest.eq.LAX,and(dep_delay.gte.60,carrier.in.(UA,AA)))`. A condition is `COLUMN.OPERATOR.VALUE`, with \
                 double quotes around a name or value that needs them, or a group `or(…)` or `and(…)`, up to 8 deep; `not.` before it negates it. \
                 `not.or` is a parameter, too. All that are sent must hold.",
            ),
            group(
                "and",
                "Conditions that must all hold, written as for `or`. `not.and` is a parameter, too.",
            ),
            Self::query(
                "count",
                "`exact` adds `total` to a page in JSON: how many rows the query finds on all pages.",
                &json!({ "type": "string", "enum": ["exact"] }),
            ),
            Self::safe(),
        ]
    }

    /// How the cells of a CSV are written.
    pub fn safe() -> Self {
        Self::query(
            "safe",
            "`spreadsheet` puts an apostrophe before each cell that a spreadsheet would take for a formula, whatever its separator. Only for CSV.",
            &json!({ "type": "string", "enum": ["spreadsheet"] }),
        )
    }
}

impl RequestBody {
    /// A small JSON document.
    pub fn document(meaning: &'static str, schema: Schema) -> Self {
        Self {
            meaning,
            content: vec![(Content::Negotiated(Format::Json), schema)],
        }
    }
}
