//! The id of a request: in its response, in the log, and in its headers for the service.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::Entry;
use http::{HeaderMap, HeaderValue};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::api::request::REQUEST_ID;

/// Longest id that is accepted from a client.
const LONGEST: usize = 128;

thread_local! {
    /// Makes the ids of this thread ascend within a millisecond.
    static ORDER: ContextV7 = const { ContextV7::new() };
}

/// The id of a request: the client's own if it is fit to be logged, else a new UUID (version 7, so that ids sort by time).
/// Sets it in `headers`.
pub(super) fn settle(headers: &mut HeaderMap) -> HeaderValue {
    match headers.entry(REQUEST_ID) {
        Entry::Vacant(slot) => slot.insert(new()).clone(),
        Entry::Occupied(mut sent) => {
            if sent.iter().nth(1).is_some() || !is_fit(sent.get().as_bytes()) {
                sent.insert(new());
            }
            sent.get().clone()
        }
    }
}

/// A new id, for a request without one or with an unreadable head.
pub(super) fn new() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    // `Uuid::now_v7` panics while the clock shows a time before 1970.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or(Duration::from_millis(1));
    let time = ORDER.with(|order| Timestamp::from_unix(order, now.as_secs(), now.subsec_nanos()));
    let text = Uuid::new_v7(time).hyphenated().encode_lower(&mut text);
    // Clones share it: each request has its id in several places.
    let id = Bytes::copy_from_slice(text.as_bytes());
    HeaderValue::from_maybe_shared(id).expect("a UUID is visible ASCII")
}

fn is_fit(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}
