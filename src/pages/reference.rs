//! `/explore/-/reference/v2`: the reference of a version, made from its OpenAPI document, so it can't differ from what is served. Each
//! operation has a page of its own, and those that read can be tried on it.

mod document;
mod tried;

use askama::Template;
use http::StatusCode;

use super::band::Band;
use super::json::Json;
use super::problem::Problem;
use super::sent::{Robots, page as sent};
use super::text::Frame;
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::versioning::VersionNumber;
use document::{Document, Operation, Parameter, Part, prose};
use tried::Tried;

/// The most bytes of a document that are read.
const DOCUMENT: usize = 1 << 20;

#[derive(Template)]
#[template(path = "reference.html")]
struct Reference<'a> {
    frame: Frame<'a>,
    version: VersionNumber,
    release: &'a str,
    about: Vec<Part<'a>>,
    others: Vec<VersionNumber>,
    operations: Vec<Listed<'a>>,
}

/// An operation in the list.
struct Listed<'a> {
    name: &'a str,
    place: String,
    summary: &'a str,
}

#[derive(Template)]
#[template(path = "operation.html")]
struct OperationPage<'a> {
    frame: Frame<'a>,
    version: VersionNumber,
    place: String,
    operation: &'a Operation,
    about: Vec<Part<'a>>,
    parameters: Vec<ShownParameter<'a>>,
    body: Option<ShownBody<'a>>,
    answers: Vec<ShownAnswer<'a>>,
    example: String,
    tried: Option<Tried<'a>>,
}

struct ShownParameter<'a> {
    name: &'a str,
    place: &'a str,
    is_required: bool,
    about: Vec<Part<'a>>,
    values: String,
}

struct ShownBody<'a> {
    about: Vec<Part<'a>>,
    types: Vec<&'a str>,
}

struct ShownAnswer<'a> {
    status: &'a str,
    about: Vec<Part<'a>>,
    types: Vec<&'a str>,
}

/// The page of a version.
pub(super) async fn page(visit: &Visit, version: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let (version, document, band) = document(visit, version).await?;
    let title = format!("Reference of {version} · Flash");
    let catalogue = visit.services.catalogue.iter();
    let operations = document.operations();
    let reference = Reference {
        frame: Frame::titled(&title).with(band),
        version,
        release: &document.info.version,
        about: prose(&document.info.description),
        others: catalogue
            .map(|other| other.number)
            .filter(|other| *other != version)
            .collect(),
        operations: operations
            .map(|(place, operation)| Listed {
                name: &operation.name,
                place,
                summary: &operation.summary,
            })
            .collect(),
    };
    Ok(sent(StatusCode::OK, &reference, Robots::Index))
}

/// The page of an operation.
pub(super) async fn operation(visit: &Visit, version: &str, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let (version, document, band) = document(visit, version).await?;
    let found = document
        .operations()
        .find(|(_, operation)| operation.name == name);
    let (place, operation) = found.ok_or_else(|| Problem::nowhere(visit.uri.path()))?;
    let title = format!("{place} in {version} · Flash");
    let tried = Tried::of(visit, &place, operation).await;
    let robots = match visit.query() {
        "" => Robots::Index,
        _ => Robots::NoIndex,
    };
    let page = OperationPage {
        frame: Frame::titled(&title).with(band),
        version,
        about: prose(&operation.description),
        parameters: operation
            .parameters
            .iter()
            .map(ShownParameter::of)
            .collect(),
        body: operation.body.as_ref().map(|body| ShownBody {
            about: prose(&body.description),
            types: body.content.keys().map(String::as_str).collect(),
        }),
        answers: operation
            .answers
            .iter()
            .map(|(status, answer)| {
                let answer = document.resolved(answer);
                ShownAnswer {
                    status,
                    about: prose(&answer.description),
                    types: answer.content.keys().map(String::as_str).collect(),
                }
            })
            .collect(),
        example: example(operation),
        tried,
        operation,
        place,
    };
    Ok(sent(StatusCode::OK, &page, robots))
}

/// The OpenAPI document of the version of that name, and the band about the version.
async fn document(
    visit: &Visit,
    version: &str,
) -> Result<(VersionNumber, Document, Option<Band>), Problem> {
    let known = version.parse().ok();
    let known = known.filter(|number| visit.services.catalogue.get(*number).is_some());
    let number: VersionNumber = known.ok_or_else(|| Problem::nowhere(visit.uri.path()))?;
    let target = format!("/openapi.json?version={number}");
    let answer = visit
        .api
        .get(super::DATA, &target, DOCUMENT)
        .await
        .success()?;
    let (catalogue, now) = (&visit.services.catalogue, visit.services.clock.now());
    let band = Band::of(catalogue, number.get(), &answer.headers, now);
    Ok((number, answer.read_as()?, band))
}

/// The first example of a success in JSON.
fn example(operation: &Operation) -> String {
    let successes = operation
        .answers
        .iter()
        .filter(|(status, _)| status.starts_with('2'));
    let mut media = successes.flat_map(|(_, answer)| &answer.content);
    let example = media.find_map(|(name, media)| {
        let example = media.example.as_ref().filter(|_| name.ends_with("json"))?;
        Json::read(example.get().as_bytes())
    });
    example.map_or_else(String::new, |example| example.lines().join("\n"))
}

impl<'a> ShownParameter<'a> {
    fn of(parameter: &'a Parameter) -> Self {
        Self {
            name: &parameter.name,
            place: &parameter.place,
            is_required: parameter.is_required && !parameter.is_version(),
            about: prose(&parameter.description),
            values: parameter.schema.values(),
        }
    }
}
