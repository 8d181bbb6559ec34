//! What an operation takes and answers, in the words of OpenAPI 3.1.
//!
//! A version describes each operation beside its handler ([`Description`]); the shapes are derived from the types that
//! the handlers write. What a description leaves open (the version's media types, the shape of its errors) is filled in
//! by the version that serves the operation, so that an operation is taken over by a later version as it is.

mod request;
mod writes;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use serde_json::{Value, json};
use utoipa::openapi::{Ref, RefOr, Schema as Derived};
use utoipa::{PartialSchema, ToSchema};

pub use request::{Parameter, RequestBody};
pub use writes::{changing, changing_parameters, changing_what_is_there, reading};

use crate::versioning::Format;

/// One operation.
#[derive(Debug, Default)]
pub struct Description {
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What may be sent besides a body.
    pub parameters: Vec<Parameter>,
    /// The body that is taken.
    pub body: Option<RequestBody>,
    /// What it answers when nothing is wrong.
    pub answers: Vec<Answer>,
    /// What it answers when something is, besides what every operation may.
    pub refusals: Vec<StatusCode>,
}

/// One answer that is no refusal.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// What it means.
    pub meaning: &'static str,
    /// The headers it has besides those of every response.
    pub headers: Vec<Header>,
    /// What it may be answered in; nothing: it has no body.
    pub content: Vec<(Content, Schema)>,
}

/// A header of an answer.
#[derive(Debug)]
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// Whether it is always there.
    pub always: bool,
}

/// What a body is sent as.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// In that format, under the names that the version serving it has for it.
    Negotiated(Format),
    /// Under this media type in every version.
    Fixed(&'static str),
}

/// The shape of a value, and those that it refers to by name.
#[derive(Debug)]
pub struct Schema {
    /// The schema.
    pub value: Value,
    /// What it refers to.
    pub named: Vec<(String, Value)>,
}

impl Description {
    /// The headers of a request that the operation reads: those among its parameters, and those that say what its body is.
    pub fn request_headers(&self) -> Vec<HeaderName> {
        let of_body = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH];
        let of_body = self.body.iter().flat_map(|_| of_body.clone());
        let parameters = self.parameters.iter().filter_map(Parameter::header);
        parameters.chain(of_body).collect()
    }
}

impl Answer {
    /// An answer of that status.
    pub fn new(status: StatusCode, meaning: &'static str) -> Self {
        Self {
            status,
            meaning,
            headers: Vec::new(),
            content: Vec::new(),
        }
    }

    /// The same with a JSON body.
    pub fn json(self, schema: Schema) -> Self {
        self.content(Content::Negotiated(Format::Json), schema)
    }

    /// The same with a body in one more form.
    pub fn content(mut self, content: Content, schema: Schema) -> Self {
        self.content.push((content, schema));
        self
    }

    /// The same with a header that is always there.
    pub fn header(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.headers.push(Header {
            name,
            meaning,
            always: true,
        });
        self
    }

    /// The same with a header that is there sometimes.
    pub fn maybe(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.headers.push(Header {
            name,
            meaning,
            always: false,
        });
        self
    }

    /// The same with the entity tag of what is sent.
    pub fn tagged(self) -> Self {
        self.header("ETag", "The entity tag of this representation.")
    }

    /// The same for a write that may have been sent before.
    pub fn replayed(self) -> Self {
        self.maybe(
            "Idempotency-Replayed",
            "`true` if this repeats the first answer, and nothing was done.",
        )
    }

    /// 304: what the client has is what there is.
    pub fn not_modified() -> Self {
        Self::new(
            StatusCode::NOT_MODIFIED,
            "The representation has a tag that `If-None-Match` names.",
        )
        .tagged()
    }

    /// 204: it is gone.
    pub fn deleted() -> Self {
        Self::new(StatusCode::NO_CONTENT, "The dataset is deleted.").replayed()
    }
}

impl Schema {
    /// A type's own schema, under its own name.
    pub fn of<T: ToSchema>() -> Self {
        let name = T::name();
        let mut schema = Self::inline::<T>();
        let own = std::mem::replace(
            &mut schema.value,
            value(&RefOr::Ref(Ref::from_schema_name(name.clone()))),
        );
        schema.named.push((name.into_owned(), own));
        schema
    }

    /// The schema of a list type over items of another, where it stands: only the items have a name of their own.
    pub fn list_of<L: ToSchema, T: ToSchema>() -> Self {
        let mut schema = Self::inline::<L>();
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
        }
    }

    /// A schema that no type has, because what it describes is written piece by piece.
    pub fn written(value: Value) -> Self {
        Self {
            value,
            named: Vec::new(),
        }
    }

    /// A text of that media type.
    pub fn text() -> Self {
        Self::written(json!({ "type": "string" }))
    }
}

fn value(schema: &RefOr<Derived>) -> Value {
    // A schema is made of texts, numbers and lists: it is always JSON.
    serde_json::to_value(schema).unwrap_or_default()
}
