//! The body of a request, and the error of a body that arrives too slowly.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt as _};

/// The body, a frame at a time.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// A body from warp.
pub(super) fn boxed<S, B>(body: S) -> Body
where
    S: Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
    B: Buf,
{
    Box::pin(body.map(|frame| frame.map(|mut data| data.copy_to_bytes(data.remaining()))))
}

/// The body arrives more slowly than the settings allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BodyTimedOut {
    /// Nothing has arrived for so long.
    #[error(
        "the request's body has stalled: nothing arrived for {}, the limit that --body-timeout sets",
        humantime::format_duration(*.0)
    )]
    Stalled(Duration),
    /// It arrives more slowly than so many bytes a second.
    #[error(
        "the request's body arrives too slowly: less than {0} bytes a second, the least that --min-body-rate sets"
    )]
    Slow(u64),
}

impl BodyTimedOut {
    /// The error in the chain of `error`, if it is there.
    pub fn find<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        cause(error)
    }
}

/// The error of that type in the chain of `error`. warp wraps the errors of bodies.
pub(super) fn cause<'e, E: std::error::Error + 'static>(
    mut error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e E> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.source()?;
    }
}
