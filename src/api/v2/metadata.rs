//! What people say about a dataset and its columns, in version 2: as JSON, and as metadata of the CSV for tools.

mod csvw;

use std::sync::Arc;

use http::StatusCode;
use http::header::{ETAG, LINK};

use super::examples;
use crate::api::call::Call;
use crate::api::conditional;
use crate::api::description::{
    Answer, Content, Description as Described, Parameter, RequestBody, Schema, changing_parameters,
    reading,
};
use crate::api::error::Error;
use crate::api::intake;
use crate::api::reply::Reply;
use crate::dataset::{DatasetName, Description};
use crate::store;
use crate::versioning::Format;

/// `GET /datasets/{name}/description`: what is said about the dataset, or the metadata of its CSV.
pub(super) async fn get_description(call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let dataset = call.dataset().await?;
    let store::Described {
        number,
        description,
    } = call.services.store.description(&dataset).await?;
    let format = call.choice.format;
    let tag = conditional::description_tag(number, &dataset, call.release(), format);
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(reply.telling_of(&dataset));
    }
    let reply = match format {
        Format::Csvm => {
            let body = csvw::body(&call.services, &dataset, description).await?;
            Reply::body(StatusCode::OK, body)
        }
        _ => Reply::json(StatusCode::OK, &description),
    };
    Ok(reply.with(ETAG, tag).telling_of(&dataset))
}

/// `PUT /datasets/{name}/description`: says something else about the dataset.
pub(super) async fn put_description(mut call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let dataset = call.dataset().await?;
    let conditions = conditional::write(&call.headers)?;
    let bad = |reason: String| Error::BadDescription { reason };
    let body = intake::receive_document(&mut call).await?;
    let said = Description::read(&body).map_err(|error| bad(error.to_string()))?;
    let said = said.tidy().map_err(|error| bad(error.to_string()))?;
    let store = &call.services.store;
    let before = store.description(&dataset).await?;
    let unknown = said.unknown(&dataset.columns, &before.description);
    if !unknown.is_empty() {
        return Err(Error::UnknownColumns {
            columns: unknown,
            known: names(&dataset),
        });
    }
    let (release, format) = (call.release().to_owned(), call.choice.format);
    let render = move |described: &store::Described| {
        let tag = conditional::description_tag(described.number, &dataset, &release, format);
        Reply::json(StatusCode::OK, &described.description).with(ETAG, tag)
    };
    let render = Arc::new(render);
    let answer = Arc::clone(&render);
    let receipt = call.receipt(move |described| answer(described)).await?;
    let (name, author) = (call.dataset_name()?, call.client.clone());
    let described = store.describe(&name, author, conditions, said, receipt);
    let described = described.await?;
    call.settle();
    Ok(render(&described))
}

/// The names of a dataset's columns; of many, the first ones.
fn names(dataset: &store::Dataset) -> Vec<String> {
    const MOST: usize = 20;
    let columns = dataset.columns.iter().take(MOST);
    let names = columns.map(|column| column.name.clone());
    let more = dataset.columns.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("and {more} more"));
    names.chain(more).collect()
}

/// The answer about a dataset, with a link to the metadata of its CSV (RFC 6892; Metadata Vocabulary for Tabular Data §5.2). The link
/// names the version and the format, for tools that know neither.
pub(super) fn linked(mut reply: Reply, call: &Call, name: &DatasetName) -> Reply {
    let version = call.choice.version;
    let link = format!(
        "</datasets/{name}/description?version={version}&format=csvm>; rel=\"describedby\"; type=\"application/csvm+json\""
    );
    if let Ok(link) = link.try_into() {
        reply.headers.append(LINK, link);
    }
    reply
}

pub(super) fn describe_get() -> Described {
    let mut parameters = vec![Parameter::name()];
    parameters.extend(Parameter::conditions());
    Described {
        summary: "Read what is said about a dataset and its columns",
        details: "Title, description, licence, source, and the descriptions and units of columns. As `application/csvm+json` (`format=csvm`) it is the metadata of \
                  the dataset's CSV, with the types of its columns, for tools that know CSV on the Web. Words about a column that the dataset doesn't have any more \
                  are kept, and count again when it comes back.",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The description.")
                .tagged()
                .json(Schema::of::<Description>().example(examples::description()))
                .content(
                    Content::Negotiated(Format::Csvm),
                    csvw::schema().example(examples::csvw()),
                ),
            Answer::not_modified(),
        ],
        refusals: reading(),
        ..Described::default()
    }
}

pub(super) fn describe_put() -> Described {
    Described {
        summary: "Say what a dataset and its columns are",
        details: "Replaces the whole description. It stays when the contents of the dataset are replaced. `{}` takes it away. A column is known if the newest \
                  revision has it, or if the description before named it. The unit counts instead of the unit in the file. `If-Match` compares the `ETag` of the \
                  description, not that of the dataset.",
        parameters: changing_parameters(),
        body: Some(RequestBody::document(
            "The description.",
            Schema::of::<Description>(),
        )),
        answers: vec![
            Answer::new(StatusCode::OK, "The description, as it is kept.")
                .tagged()
                .replayed()
                .json(Schema::of::<Description>().example(examples::description())),
        ],
        refusals: vec![
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::CONFLICT,
            StatusCode::PRECONDITION_FAILED,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNPROCESSABLE_ENTITY,
            StatusCode::INSUFFICIENT_STORAGE,
        ],
    }
}
