//! Answers that are made part by part, and the memory that they take from the budget.
//!
//! A short answer is made whole and sent with its length. A longer one is sent while it is made: memory for a part is taken
//! before the part is made, and held until the connection has got rid of it. So a client that does not take its answer
//! holds on to two parts at most, and no more is made for it.

use std::sync::Arc;

use bytes::Bytes;

use crate::api::error::Error;
use crate::api::reply::{Body, StreamError};
use crate::services::memory::{Exhausted, Held, Kind, Memory, SMALL};
use crate::services::search::SearchError;

/// Bytes up to which an answer is made whole before it is sent.
const WHOLE: usize = 256 << 10;
/// Bytes of a part, as long as there is much room for answers.
const PART: usize = 256 << 10;
/// Bytes of a part when there is little.
const SHORT_PART: usize = 64 << 10;
/// Bytes by which the last row of a part usually goes beyond it.
const MARGIN: usize = 8 << 10;
/// Expected bytes of text up to which an answer is likely to be a small one: names and quotes come on top.
const LIKELY_SMALL: u64 = SMALL as u64 / 4;

/// Makes an answer part by part.
pub(crate) trait Maker: Send + Sized + 'static {
    /// Whether all of it is made.
    fn is_done(&self) -> bool;

    /// Bytes that the maker itself takes, beside what it makes.
    fn bytes(&self) -> usize;

    /// Makes on behind `out`, to `until` bytes or less.
    fn step(
        self,
        out: Vec<u8>,
        until: usize,
    ) -> impl Future<Output = Result<(Self, Vec<u8>), SearchError>> + Send;
}

/// The answer that `maker` makes, of a text of about so many bytes.
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
        // It is longer than expected. Where there is room for a long one, it need not go out in parts yet.
        let Some(more) = memory.try_take(Kind::Answers, WHOLE) else {
            break;
        };
        (held, whole) = (more, WHOLE);
    }
    fit(memory, &mut held, head.len()).await?;
    if maker.is_done() {
        // It may be kept for long.
        head.shrink_to_fit();
        return Ok(Body::Full(head.into(), Some(held)));
    }
    let first = futures_util::stream::once(std::future::ready(Ok(held.around(head.into()))));
    let rest = parts(Arc::clone(memory), own, maker);
    Ok(Body::Stream(Box::pin(futures_util::StreamExt::chain(
        first, rest,
    ))))
}

/// What is left to be made, part by part.
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

/// Makes what is held fit what was made, which may be somewhat more than what was meant to be.
async fn fit(memory: &Memory, held: &mut Held, bytes: usize) -> Result<(), Exhausted> {
    if let Some(missing) = bytes.checked_sub(held.bytes()).filter(|more| *more > 0) {
        held.add(memory.take(held.kind(), missing).await?);
    }
    Ok(())
}

/// A stream whose items are at most about `part` bytes long, each of which takes its memory before it is asked for.
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
