//! Descriptions of requests: parameters in path, query and headers, and bodies.

use std::ops::RangeInclusive;

use http::HeaderName;
use serde_json::{Value, json};

use super::{Content, Schema};
use crate::api::intake;
use crate::dataset::{ColumnType, PARAMETERS};
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
const NAME: &str = "^[a-z0-9][a-z0-9_-]{0,62}$";

impl Parameter {
    fn new(place: &str, name: &str, meaning: &str, schema: &Value) -> Self {
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

    /// A parameter of the query.
    pub fn query(name: &str, meaning: &str, schema: &Value) -> Self {
        Self::new("query", name, meaning, schema)
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

    /// How a CSV is to be read.
    pub fn csv() -> Vec<Self> {
        let kinds: Vec<_> = ColumnType::ALL.map(ColumnType::as_str).to_vec();
        let mut types = Self::query(
            "types",
            "`type.COLUMN=TYPE` sets the type of a column. Repeat it for several columns.",
            &json!({
                "type": "object",
                "patternProperties": { "^type\\.": { "type": "string", "enum": kinds } },
                "additionalProperties": false,
            }),
        );
        types.object["style"] = "form".into();
        types.object["explode"] = true.into();
        let mut parameters = vec![
            Self::query(
                "null",
                "A text that means \"no value\". Repeatable.",
                &json!({ "type": "array", "items": { "type": "string" } }),
            ),
            types,
        ];
        parameters.extend(Self::csv_rows());
        parameters.extend(Self::formats());
        parameters.extend(Self::dialect());
        parameters
    }

    /// What form the file has.
    pub fn dialect() -> Vec<Self> {
        let parameters = PARAMETERS.iter();
        parameters
            .map(|parameter| {
                let meaning = format!("{} Choose {}.", parameter.meaning, parameter.expected);
                Self::query(parameter.name, &meaning, &json!({ "type": "string" }))
            })
            .collect()
    }

    /// Whether an upload without rows may replace rows.
    pub fn empty() -> Self {
        Self::query(
            "empty",
            "`allow`: a file without rows may replace rows.",
            &json!({ "type": "string", "enum": ["allow"] }),
        )
    }

    /// How a CSV of rows to be appended is to be read.
    pub fn csv_rows() -> [Self; 2] {
        [
            Self::query(
                "header",
                "Whether the first line has the names of the columns: `present` or `absent`. `yes`, `true`, `no`, `false` and `none` mean the same. \
                 The parameter `header` of `Content-Type` says it, too; the two must agree.",
                &json!({ "type": "string", "default": "present", "examples": ["absent"] }),
            ),
            Self::query(
                "charset",
                "The charset of the CSV. The parameter `charset` of `Content-Type` says it, too; the two must agree.",
                &json!({ "type": "string", "examples": ["windows-1252"] }),
            ),
        ]
    }

    /// How the values of a CSV are written.
    fn formats() -> [Self; 5] {
        let one_of = |name, meaning, choices: &[&str]| {
            Self::query(name, meaning, &json!({ "type": "string", "enum": choices }))
        };
        [
            one_of(
                "decimal",
                "What separates the decimals of a number. The default is a point.",
                &[".", ","],
            ),
            one_of(
                "thousands",
                "What separates the thousands of a number: `1.234,5` with `decimal=,` and `thousands=.`. The groups must be right. \
                 `space` stands for every space, also one that doesn't break.",
                &[".", ",", "'", "_", "space"],
            ),
            one_of(
                "dates",
                "The order of day, month and year in dates such as `31.12.2026` or `1/2/2026`. `2026-12-31` is always a date.",
                &["dmy", "mdy", "ymd"],
            ),
            one_of(
                "datetimes",
                "`local`: datetimes may lack a zone, and have a space for `T`: `2026-01-01 12:00`. Without `zone` they are of UTC.",
                &["local"],
            ),
            Self::query(
                "zone",
                "The zone of datetimes that name none: a name of the IANA database or an offset. It implies `datetimes=local`.",
                &json!({ "type": "string", "examples": ["Europe/Rome", "+02:00"] }),
            ),
        ]
    }

    /// The parameters of a query for rows.
    pub fn row_query() -> [Self; 4] {
        let text = json!({ "type": "string" });
        let mut filters = Self::query(
            "filters",
            "Filters: `COLUMN=OPERATOR.VALUE`, such as `dest=eq.LAX`. A row must meet all of them. Operators: `eq`, `neq`, `gt`, `gte`, \
             `lt`, `lte`, `in.(VALUE,VALUE)`, `like`, `ilike`, `is.null`, `is.true`, `is.false`, and `not.` before any of them. \
             Write `where.COLUMN` for a column that has the name of a parameter.",
            &json!({ "type": "object", "additionalProperties": text }),
        );
        filters.object["style"] = "form".into();
        filters.object["explode"] = true.into();
        [
            Self::query(
                "select",
                "The columns to show, separated by commas, with double quotes around a name that needs them. The default is all columns.",
                &text,
            ),
            Self::query(
                "order",
                "Columns, separated by commas. A column may be followed by `.desc`, and then by `.nullsfirst` or `.nullslast`. \
                 The default is the order of the file, which also decides between equal rows.",
                &text,
            ),
            filters,
            Self::query(
                "safe",
                "`spreadsheet` puts an apostrophe before each cell that a spreadsheet would take for a formula, whatever its separator. Only for CSV.",
                &json!({ "type": "string", "enum": ["spreadsheet"] }),
            ),
        ]
    }

    /// The name of the CSV in the body.
    pub fn new_name() -> [Self; 2] {
        [
            Self::query(
                "name",
                "The dataset's name, if the body is one CSV.",
                &json!({ "type": "string", "pattern": NAME }),
            ),
            Self::new(
                "header",
                "Content-Disposition",
                "`attachment; filename=\"people.csv\"` names the dataset, if the body is one CSV and `name` is missing.",
                &json!({ "type": "string", "examples": ["attachment; filename=\"people.csv\""] }),
            ),
        ]
    }
}

impl RequestBody {
    /// One CSV.
    pub fn csv(meaning: &'static str) -> Self {
        Self {
            meaning,
            content: vec![
                (Content::Fixed("text/csv"), Self::example()),
                (Content::Fixed("text/tab-separated-values"), Schema::text()),
                (Content::Negotiated(Format::Csv), Self::example()),
                (Content::Fixed("application/octet-stream"), Self::bytes()),
            ],
        }
    }

    /// A list of CSVs, in any form.
    pub fn csvs(meaning: &'static str) -> Self {
        let mut list = Schema::of::<intake::Item>();
        list.value = json!({
            "type": "array", "items": list.value, "minItems": 1, "maxItems": intake::MOST_CSVS,
        });
        let form = json!({
            "type": "object",
            "description": "Each part with a file name is a CSV. The names of the fields don't matter.",
            "properties": { "file": { "type": "string", "contentMediaType": "text/csv" } },
            "additionalProperties": { "type": "string", "contentMediaType": "text/csv" },
            "minProperties": 1,
        });
        let mut body = Self::csv(meaning);
        body.content
            .push((Content::Fixed("multipart/form-data"), Schema::written(form)));
        body.content.push((Content::Negotiated(Format::Json), list));
        body
    }

    /// A small JSON document.
    pub fn document(meaning: &'static str, schema: Schema) -> Self {
        Self {
            meaning,
            content: vec![(Content::Negotiated(Format::Json), schema)],
        }
    }

    /// A CSV for clients that send files without a type of their own.
    fn bytes() -> Schema {
        Schema::written(json!({ "type": "string", "format": "binary" }))
    }

    fn example() -> Schema {
        Schema::written(json!({ "type": "string", "examples": ["id,name\n1,Ada\n"] }))
    }
}
