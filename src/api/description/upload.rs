//! Descriptions of uploads: how a CSV is sent, and how it is to be read.

use serde_json::{Map, json};

use super::request::NAME;
use super::{Content, Parameter, RequestBody, Schema};
use crate::api::intake;
use crate::dataset::{ColumnType, PARAMETERS, SchemaChanges};
use crate::versioning::Format;

impl Parameter {
    /// How a CSV is to be read.
    pub fn csv() -> Vec<Self> {
        let kinds: Vec<_> = ColumnType::ALL.map(ColumnType::as_str).to_vec();
        let types = Self::properties(
            "types",
            "`type.COLUMN=TYPE` sets the type of a column. Repeat it for several columns.",
            &json!({
                "type": "object",
                "patternProperties": { "^type\\.": { "type": "string", "enum": kinds } },
                "additionalProperties": false,
            }),
        );
        let mut parameters = vec![
            Self::query(
                "null",
                "A text that means \"no value\". Repeatable.",
                &json!({ "type": "array", "items": { "type": "string" } }),
            ),
            types,
        ];
        parameters.extend(Self::csv_rows());
        parameters.push(Self::formats());
        parameters.extend(Self::dialect());
        parameters
    }

    /// What form the file has. `delimiter` is a parameter of its own, because it was one before the others came.
    pub fn dialect() -> [Self; 2] {
        let mut properties: Map<_, _> = PARAMETERS
            .iter()
            .map(|parameter| {
                let meaning = format!("{} Choose {}.", parameter.meaning, parameter.expected);
                let schema = json!({ "type": "string", "description": meaning });
                (parameter.name.to_owned(), schema)
            })
            .collect();
        let mut delimiter = properties.remove("delimiter").unwrap_or_default();
        let meaning = delimiter["description"].take();
        [
            Self::query(
                "delimiter",
                meaning.as_str().unwrap_or_default(),
                &json!({ "type": "string" }),
            ),
            Self::properties(
                "dialect",
                "What form the file has. Each property is a parameter of its own: `skip=4&comment=%23`.",
                &json!({ "type": "object", "properties": properties, "additionalProperties": false }),
            ),
        ]
    }

    /// Whether an upload without rows may replace rows.
    pub fn empty() -> Self {
        Self::query(
            "empty",
            "`allow`: a file without rows may replace rows.",
            &json!({ "type": "string", "enum": ["allow"] }),
        )
    }

    /// What a write to a dataset may do.
    pub fn of_write() -> [Self; 2] {
        [
            Self::query(
                "schema_changes",
                "How much the write may change the schema: `additive` (what breaks no client that reads rows) or `none`. It makes a write stricter than the \
                 dataset, and never laxer. A write that changes more is 409.",
                &json!({ "type": "string", "enum": SchemaChanges::ALL }),
            ),
            Self::dry_run(),
        ]
    }

    /// Whether to do all of a write but keep it.
    pub fn dry_run() -> Self {
        Self::query(
            "dry_run",
            "`true`: the answer is what the write would make, with 200, and nothing is stored. What would be refused is refused.",
            &json!({ "type": "boolean", "default": false }),
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
    fn formats() -> Self {
        let one_of = |meaning: &str, choices: &[&str]| json!({ "type": "string", "enum": choices, "description": meaning });
        let properties = json!({
            "decimal": one_of("What separates the decimals of a number. The default is a point.", &[".", ","]),
            "thousands": one_of(
                "What separates the thousands of a number: `1.234,5` with `decimal=,` and `thousands=.`. The groups must be right. \
                 `space` stands for every space, also one that doesn't break.",
                &[".", ",", "'", "_", "space"],
            ),
            "dates": one_of(
                "The order of day, month and year in dates such as `31.12.2026` or `1/2/2026`. `2026-12-31` is always a date.",
                &["dmy", "mdy", "ymd"],
            ),
            "datetimes": one_of(
                "`local`: datetimes may lack a zone, and have a space for `T`: `2026-01-01 12:00`. Without `zone` they are of UTC.",
                &["local"],
            ),
            "zone": {
                "type": "string",
                "examples": ["Europe/Rome", "+02:00"],
                "description": "The zone of datetimes that name none: a name of the IANA database or an offset. It implies `datetimes=local`.",
            },
        });
        Self::properties(
            "formats",
            "How the values are written. Each property is a parameter of its own: `decimal=,&thousands=.`.",
            &json!({ "type": "object", "properties": properties, "additionalProperties": false }),
        )
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
        let mut json = Schema::of::<intake::Item>();
        let list = json!({
            "type": "array", "items": json.value, "minItems": 1, "maxItems": intake::MOST_CSVS,
            "description": "CSVs that are stored together: all of them or none.",
        });
        // openapi-python-client sorts the alternatives by name. Its code reads a body only if the object comes before "list".
        json.value = json!({
            "anyOf": [json.value, { "$ref": "#/components/schemas/CsvUploads" }],
        });
        json.named.push(("CsvUploads".to_owned(), list));
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
        body.content.push((Content::Negotiated(Format::Json), json));
        body
    }

    /// A CSV for clients that send files without a type of their own.
    fn bytes() -> Schema {
        Schema::written(json!({ "type": "string", "format": "binary" }))
    }

    fn example() -> Schema {
        Schema::written(json!({ "type": "string", "examples": ["id,name\n1,Ada\n"] }))
    }
}
