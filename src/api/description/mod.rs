//! Descriptions of operations, for OpenAPI 3.1.
//!
//! Each operation has a [`Description`] beside its handler. Schemas are derived from the types that handlers serialize. Media types and
//! the schema of errors depend on the version that serves the operation, so a later version can take an operation over unchanged.
//! Parameter Objects are JSON: with utoipa's builders, each schema of a parameter takes several lines instead of one.

mod request;
mod upload;
mod writes;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use serde_json::{Value, json};
use utoipa::openapi::{Ref, RefOr, Schema as Derived};
use utoipa::{PartialSchema, ToSchema};

pub use request::{Parameter, RequestBody};
pub use writes::{changing, changing_parameters, changing_what_is_there, reading};

use crate::versioning::Format;

const DATASET_SCHEMA: &str = "The version of the dataset's schema, such as `2.1`.";
const DATASET_REVISION: &str = "The number of the dataset's revision.";

/// The description of an operation.
#[derive(Debug, Default)]
pub struct Description {
    /// A short summary.
    pub summary: &'static str,
    /// What the operation does, in sentences: the order of its rows, its conditions, what a retry does.
    pub details: &'static str,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub body: Option<RequestBody>,
    /// The successful responses.
    pub answers: Vec<Answer>,
    /// The statuses of errors, besides those that every operation has.
    pub refusals: Vec<StatusCode>,
}

/// A successful response.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// What it means.
    pub meaning: &'static str,
    /// Its headers, besides those of every response.
    pub headers: Vec<Header>,
    /// The forms of its body. Empty: it has none.
    pub content: Vec<(Content, Schema)>,
    /// The parameter of the query without which the status never comes, if there is one.
    pub only_with: Option<&'static str>,
}

/// A response header.
#[derive(Debug)]
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// Its meaning.
    pub meaning: &'static str,
    /// Whether it is always sent.
    pub always: bool,
}

/// The form of a body.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// A format, with the media types of the version that serves it.
    Negotiated(Format),
    /// The same media type in every version.
    Fixed(&'static str),
}

/// A schema, and the named schemas that it refers to.
#[derive(Debug)]
pub struct Schema {
    /// The schema.
    pub value: Value,
    /// The named schemas that it refers to.
    pub named: Vec<(String, Value)>,
    /// An example of a body.
    pub example: Option<Value>,
}

impl Description {
    /// The request headers that the operation reads: its header parameters, and those that describe the body.
    pub fn request_headers(&self) -> Vec<HeaderName> {
        let of_body = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH];
        let of_body = self.body.iter().flat_map(|_| of_body.clone());
        let parameters = self.parameters.iter().filter_map(Parameter::header);
        parameters.chain(of_body).collect()
    }
}

impl Answer {
    /// A response with that status.
    pub fn new(status: StatusCode, meaning: &'static str) -> Self {
        Self {
            status,
            meaning,
            headers: Vec::new(),
            content: Vec::new(),
            only_with: None,
        }
    }

    /// Says that the status comes only to who sends that parameter of the query.
    pub fn only_with(self, parameter: &'static str) -> Self {
        Self {
            only_with: Some(parameter),
            ..self
        }
    }

    /// Adds a JSON body.
    pub fn json(self, schema: Schema) -> Self {
        self.content(Content::Negotiated(Format::Json), schema)
    }

    /// Adds a form of the body.
    pub fn content(mut self, content: Content, schema: Schema) -> Self {
        self.content.push((content, schema));
        self
    }

    /// Adds a header that is always sent.
    pub fn header(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.headers.push(Header {
            name,
            meaning,
            always: true,
        });
        self
    }

    /// Adds a header that is sent sometimes.
    pub fn maybe(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.headers.push(Header {
            name,
            meaning,
            always: false,
        });
        self
    }

    /// Adds the entity tag.
    pub fn tagged(self) -> Self {
        self.header("ETag", "The entity tag of this representation.")
    }

    /// Adds the headers about the contents of a dataset.
    pub fn of_dataset(self) -> Self {
        self.header("Dataset-Schema", DATASET_SCHEMA)
            .header("Dataset-Revision", DATASET_REVISION)
    }

    /// Adds the headers about the contents of a dataset, if it is a single one.
    pub fn maybe_of_dataset(self) -> Self {
        self.maybe("Dataset-Schema", DATASET_SCHEMA)
            .maybe("Dataset-Revision", DATASET_REVISION)
    }

    /// Adds the link to the newest schema.
    pub fn succeeded(self) -> Self {
        self.maybe(
            "Link",
            "The newest schema (`rel=\"successor-version\"`), if its MAJOR is another one.",
        )
    }

    /// Adds the name of a file, if the body is one.
    pub fn file_name(self) -> Self {
        self.maybe(
            "Content-Disposition",
            "`inline; filename=\"people.csv\"`, for CSV and NDJSON.",
        )
    }

    /// Adds the header of an answer that was sent before.
    pub fn replayed(self) -> Self {
        self.maybe(
            "Idempotency-Replayed",
            "`true` if this repeats the first answer, and nothing was done.",
        )
    }

    /// 304: the client has the current representation.
    pub fn not_modified() -> Self {
        Self::new(
            StatusCode::NOT_MODIFIED,
            "The representation has a tag that `If-None-Match` names.",
        )
        .tagged()
    }

    /// 204: it was deleted.
    pub fn deleted() -> Self {
        Self::new(StatusCode::NO_CONTENT, "The dataset is deleted.").replayed()
    }
}

impl Schema {
    /// The schema of a type, under its name.
    pub fn of<T: ToSchema>() -> Self {
        Self::inline::<T>().called(&T::name())
    }

    /// The schema of a list type, under that name. The schema of its items has a name, too.
    pub fn list_of<L: ToSchema, T: ToSchema>(name: &str) -> Self {
        let mut schema = Self::inline::<L>().called(name);
        schema.named.extend(Self::of::<T>().named);
        schema
    }

    fn inline<T: ToSchema>() -> Self {
        let mut named: Vec<(String, RefOr<Derived>)> = Vec::new();
        T::schemas(&mut named);
        let named = named
            .iter()
            .map(|(name, schema)| (name.clone(), value(schema)));
        Self {
            named: named.collect(),
            value: value(&<T as PartialSchema>::schema()),
            example: None,
        }
    }

    /// A schema without a type, because the value is written in parts.
    pub fn written(value: Value) -> Self {
        Self {
            value,
            named: Vec::new(),
            example: None,
        }
    }

    /// The same under a name.
    pub fn called(mut self, name: &str) -> Self {
        let reference = value(&RefOr::Ref(Ref::from_schema_name(name)));
        let own = std::mem::replace(&mut self.value, reference);
        self.named.push((name.to_owned(), own));
        self
    }

    /// The same with an example of a body.
    pub fn example(mut self, example: impl Into<Value>) -> Self {
        self.example = Some(example.into());
        self
    }

    /// A text with that media type.
    pub fn text() -> Self {
        Self::written(json!({ "type": "string" }))
    }
}

fn value(schema: &RefOr<Derived>) -> Value {
    // Serializing texts, numbers and lists can't fail.
    serde_json::to_value(schema).unwrap_or_default()
}
