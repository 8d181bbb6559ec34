//! Which revision of a dataset a read is about: the newest one, the one that `revision` names, or the newest with the schema that
//! `schema` names.

use std::sync::Arc;

use http::header::{HeaderValue, LINK};

use super::call::Call;
use super::error::Error;
use super::query::{Query, SCHEMA};
use super::reply::Reply;
use crate::store::Dataset;

/// What `schema` may say.
const MAJOR: &str = "the MAJOR of a schema version, such as 2";

/// The revision that a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The newest one.
    Newest,
    /// The one with that number.
    Revision(i64),
    /// The newest one whose schema has that MAJOR.
    Schema(u32),
}

/// A dataset as of the revision that a request wants.
pub struct AsOf {
    /// The dataset.
    pub dataset: Arc<Dataset>,
    /// MAJOR of the newest revision's schema, if it is another one.
    successor: Option<u32>,
}

impl Wanted {
    /// Takes `revision` and `schema`.
    pub fn take(query: &mut Query) -> Result<Self, Error> {
        let expected = "the number of a revision, from 1 on";
        let revision = query.take_parsed::<i64>("revision", expected)?;
        if let Some(number) = revision.filter(|number| *number < 1) {
            return Err(Error::bad_parameter(
                "revision",
                number.to_string(),
                expected,
            ));
        }
        match (revision, Self::take_schema(query)?) {
            (None, schema) => Ok(schema),
            (Some(revision), Self::Schema(major)) => Err(Error::bad_parameter(
                SCHEMA,
                major.to_string(),
                format_args!(
                    "it without revision={revision}, because each of them names a revision"
                ),
            )),
            (Some(revision), _) => Ok(Self::Revision(revision)),
        }
    }

    /// Takes `schema`. In a resource with filters, a condition is left to them.
    pub fn take_schema(query: &mut Query) -> Result<Self, Error> {
        let Some(text) = query.take_unless_condition(SCHEMA)? else {
            return Ok(Self::Newest);
        };
        match text.parse() {
            Ok(major) if major > 0 => Ok(Self::Schema(major)),
            _ => Err(Error::bad_parameter(SCHEMA, text, MAJOR)),
        }
    }
}

impl AsOf {
    /// The answer to a read, with the headers about the dataset's contents. `resource` is what the path has behind the dataset's name.
    pub fn tell(&self, call: &Call, reply: Reply, resource: &str) -> Reply {
        let mut reply = reply.telling_of(&self.dataset);
        reply.read = Some(self.dataset.id());
        let Some(successor) = self.successor else {
            return reply;
        };
        let name = &self.dataset.name;
        let in_url = match call.in_url.is_empty() {
            true => String::new(),
            false => format!("&{}", call.in_url),
        };
        let link = format!(
            "</datasets/{name}{resource}?schema={successor}{in_url}>; rel=\"successor-version\""
        );
        // Another link of the answer stays.
        if let Ok(link) = HeaderValue::try_from(link) {
            reply.headers.append(LINK, link);
        }
        reply
    }
}

impl Call {
    /// The dataset that the path names, as of the revision that is wanted.
    pub async fn dataset_as_of(&self, wanted: Wanted) -> Result<AsOf, Error> {
        let newest = self.dataset().await?;
        // Boxed: otherwise the futures of all reads would be as large as these rare ones.
        let dataset = match wanted {
            Wanted::Revision(number) if number != newest.revision => {
                Box::pin(self.of_revision(&newest, number)).await?
            }
            Wanted::Schema(major) if major != newest.schema.major => {
                Box::pin(self.of_schema(&newest, major)).await?
            }
            Wanted::Newest | Wanted::Revision(_) | Wanted::Schema(_) => Arc::clone(&newest),
        };
        let major = newest.schema.major;
        Ok(AsOf {
            successor: (dataset.schema.major < major).then_some(major),
            dataset,
        })
    }

    async fn of_revision(&self, newest: &Dataset, revision: i64) -> Result<Arc<Dataset>, Error> {
        let name = newest.name.to_string();
        if revision > newest.revision {
            return Err(Error::NoSuchRevision { name, revision });
        }
        let found = self.services.store.find_revision(newest, revision).await?;
        found.ok_or(Error::RevisionGone { name, revision })
    }

    async fn of_schema(&self, newest: &Dataset, major: u32) -> Result<Arc<Dataset>, Error> {
        let (name, version) = (newest.name.to_string(), newest.schema);
        if major > version.major {
            return Err(Error::NoSuchSchema {
                name,
                major,
                newest: version,
            });
        }
        let found = self.services.store.find_schema(newest, major).await?;
        found.ok_or(Error::SchemaGone {
            name,
            major,
            newest: version,
        })
    }
}
