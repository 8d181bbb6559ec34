//! `QUERY /datasets/{name}/rows` (RFC 10008): the parameters of `GET` in the body, for those that are too long for a URL.
//!
//! It is a read like `GET`. Only its entity tags differ: those of a URL tell revisions and formats apart, these also queries, because all
//! queries of a dataset have the same URL.

use http::header::{CONTENT_LOCATION, ETAG};
use xxhash_rust::xxh3::xxh3_64;

use super::{answered, list_path};
use crate::api::call::Call;
use crate::api::conditional;
use crate::api::error::Error;
use crate::api::in_url;
use crate::api::intake;
use crate::api::query::Query;
use crate::api::reply::Reply;

/// The longest URL, in bytes, that is given as another place of the answer. Some programs refuse longer ones.
pub(super) const LONGEST_URL: usize = 4 << 10;

/// A query that was sent in a body.
pub(super) struct Sent {
    /// Its parameters as those of a URL.
    parameters: String,
}

/// `QUERY /datasets/{name}/rows`: the answer of the `GET` whose parameters are in the body.
pub(in crate::api::v2) async fn query_rows(mut call: Call) -> Result<Reply, Error> {
    if let Some((name, value)) = call.query()?.take_rest().into_iter().next() {
        let expected =
            "it in the body: the URL of a QUERY has no parameters but version and format";
        return Err(Error::bad_parameter(name, value, expected));
    }
    let (text, _held) = intake::receive_query(&mut call).await?;
    let query = Query::parse(&text)?;
    if let Some((name, value)) = in_url::of_url(query.pairs()) {
        let expected = "it in the URL, because it decides how the body is read";
        return Err(Error::bad_parameter(name, value, expected));
    }
    let parameters = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query.pairs())
        .finish();
    Box::pin(answered(&call, query, Some(Sent { parameters }))).await
}

impl Sent {
    /// The entity tag of the answer to this query, made of that of the revision.
    pub(super) fn tag(&self, of_revision: &str) -> String {
        conditional::tag_of_query(of_revision, xxh3_64(self.parameters.as_bytes()))
    }

    /// The answer, with the URL that a `GET` gets it from, if that is not too long.
    pub(super) fn located(&self, call: &Call, reply: Reply, name: &str) -> Reply {
        if !reply.headers.contains_key(ETAG) || self.parameters.len() > LONGEST_URL {
            return reply;
        }
        let in_url = call.in_url.to_string();
        let parts = [&*self.parameters, &in_url].into_iter();
        let query: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        let path = list_path(name);
        let url = match query.is_empty() {
            true => path,
            false => format!("{path}?{}", query.join("&")),
        };
        reply.with(CONTENT_LOCATION, url)
    }
}
