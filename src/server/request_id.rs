//! The id under which a request is found again: in its response, in the log, and in what the service passes on.

use http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::api::request::REQUEST_ID;

/// Longest id that is taken over.
const LONGEST: usize = 128;

/// The id of a request: the client's when it sent one that is fit to be logged, else a new UUID (version 7, so that
/// ids sort by time). It is in `headers` afterwards.
pub(super) fn settle(headers: &mut HeaderMap) -> HeaderValue {
    let mut sent = headers.get_all(&REQUEST_ID).iter();
    if let (Some(only), None) = (sent.next(), sent.next())
        && is_fit(only.as_bytes())
    {
        return only.clone();
    }
    let mut text = Uuid::encode_buffer();
    let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
    let id = HeaderValue::from_str(text).expect("a UUID is visible ASCII");
    headers.insert(REQUEST_ID, id.clone());
    id
}

fn is_fit(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}
