//! Sends answers in parts, with memory from the budget.
//!
//! A short answer is made whole and sent with its length. A longer one is sent while it is made. Each part reserves its memory before it
//! is made, and releases it when the connection has sent it. So a client that doesn't read its answer holds at most two parts.

use std::sync::Arc;

use bytes::Bytes;

use crate::api::error::Error;
use crate::api::reply::{Body, StreamError};
use crate::services::memory::{Exhausted, Held, Kind, Memory, SMALL};
use crate::services::search::SearchError;

/// An answer of at most so many bytes is made whole before it is sent.
const WHOLE: usize = 256 << 10;
/// The bytes of a part, if there is much free memory for answers.
const PART: usize = 256 << 10;
/// The bytes of a part, if there is little free memory.
const SHORT_PART: usize = 64 << 10;
/// By how many bytes the last row of a part usually exceeds it.
const MARGIN: usize = 8 << 10;
/// An answer of a text with so few bytes is probably small, though it also has names and quotes.
const LIKELY_SMALL: u64 = SMALL as u64 / 4;

/// Makes an answer in parts.
pub(crate) trait Maker: Send + Sized + 'static {
    /// Whether the answer is complete.
    fn is_done(&self) -> bool;

    /// The memory of the maker itself, without the parts.
    fn bytes(&self) -> usize;

    /// Continues the answer, until `out` has at most `until` bytes.
    fn step(
        self,
        out: Vec<u8>,
        until: usize,
    ) -> impl Future<Output = Result<(Self, Vec<u8>), SearchError>> + Send;
}

/// The answer that `maker` makes from a text of about so many bytes.
pub(crate) async fn send<M: Maker>(
    memory: &Arc<Memory>,
    expected: u64,
    mut maker: M,
) -> Result<Body, Error> {
    let own = match maker.bytes() {
        few if few < SHORT_PART => None,
        many => Some(memory.take(Kind::Answers, many).await?),
    };
    let small = expected <= LIKELY_SMALL && own.is_none();
    let (kind, mut whole) = match small {
        true => (Kind::Small, SMALL),
        false => (Kind::Answers, WHOLE),
    };
    let mut held = memory.take(kind, whole).await?;
    let mut head = Vec::new();
    loop {
        while !maker.is_done() && head.len() < whole {
            (maker, head) = maker.step(head, whole).await?;
        }
        if maker.is_done() || whole == WHOLE {
            break;
        }
        // The answer is longer than expected. If there is enough memory, it can still be made whole.
        let Some(more) = memory.try_take(Kind::Answers, WHOLE) else {
            break;
        };
        (held, whole) = (more, WHOLE);
    }
    fit(memory, &mut held, head.len()).await?;
    if maker.is_done() {
        // The answer may stay in memory for long.
        head.shrink_to_fit();
        return Ok(Body::Full(head.into(), Some(held)));
    }
    let first = futures_util::stream::once(std::future::ready(Ok(held.around(head.into()))));
    let rest = parts(Arc::clone(memory), own, maker);
    Ok(Body::Stream(Box::pin(futures_util::StreamExt::chain(
        first, rest,
    ))))
}

/// The rest of the answer, in parts.
fn parts<M: Maker>(
    memory: Arc<Memory>,
    own: Option<Held>,
    maker: M,
) -> impl futures_util::Stream<Item = Result<Bytes, StreamError>> + Send {
    let state = (memory, own, maker);
    futures_util::stream::try_unfold(state, |(memory, own, maker)| async move {
        if maker.is_done() {
            return Ok(None);
        }
        let part = match memory.is_ample(Kind::Answers) {
            true => PART,
            false => SHORT_PART,
        };
        let mut held = memory.take_for_part(part).await?;
        let (maker, mut made) = maker.step(Vec::with_capacity(part + MARGIN), part).await?;
        made.shrink_to_fit();
        fit(&memory, &mut held, made.len()).await?;
        Ok(Some((held.around(made.into()), (memory, own, maker))))
    })
}

/// Adjusts the reserved memory to the size of the part, which may be somewhat larger than planned.
async fn fit(memory: &Memory, held: &mut Held, bytes: usize) -> Result<(), Exhausted> {
    if let Some(missing) = bytes.checked_sub(held.bytes()).filter(|more| *more > 0) {
        held.add(memory.take(held.kind(), missing).await?);
    }
    Ok(())
}

/// A stream of parts of at most about `part` bytes. Each part reserves its memory before it is made.
pub(crate) fn metered<S>(
    memory: Arc<Memory>,
    part: usize,
    stream: S,
) -> impl futures_util::Stream<Item = Result<Bytes, StreamError>> + Send
where
    S: futures_util::Stream<Item = Result<Bytes, StreamError>> + Send + Unpin,
{
    let state = (memory, stream);
    futures_util::stream::try_unfold(state, move |(memory, mut stream)| async move {
        let mut held = memory.take_for_part(part).await?;
        let Some(bytes) = futures_util::TryStreamExt::try_next(&mut stream).await? else {
            return Ok(None);
        };
        fit(&memory, &mut held, bytes.len()).await?;
        Ok(Some((held.around(bytes), (memory, stream))))
    })
}
