//! Pages of lists: one item more than the page shows whether the list continues, and where.

use http::header::LINK;

use crate::api::call::Call;
use crate::api::reply::Reply;

/// How many items to read for a page of `limit`.
pub(super) fn one_more(limit: u64) -> u32 {
    u32::try_from(limit.saturating_add(1)).unwrap_or(u32::MAX)
}

/// Removes the items after the page, and returns the first of them.
pub(super) fn split<T>(found: &mut Vec<T>, limit: u64) -> Option<T> {
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    let rest = found.drain(count.min(found.len())..);
    rest.into_iter().next()
}

/// The answer with a link to the next page of the list at `path`, if there is one (RFC 8288).
pub(super) fn linked(
    call: &Call,
    reply: Reply,
    path: &str,
    limit: u64,
    next: Option<&str>,
) -> Reply {
    linked_as(call, reply, path, limit, next, &[])
}

/// The same for the answer to a `QUERY`, if its parameters fit into the link: a link to other rows would mislead.
pub(super) fn linked_if_short(
    call: &Call,
    reply: Reply,
    path: &str,
    limit: u64,
    next: Option<&str>,
    asked: &[(String, &str)],
) -> Reply {
    /// Bytes of parameters, before they are encoded.
    const LONGEST: usize = 4 << 10;
    let bytes = asked.iter().map(|(name, value)| name.len() + value.len());
    match bytes.sum::<usize>() <= LONGEST {
        true => linked_as(call, reply, path, limit, next, asked),
        false => reply,
    }
}

/// The same for a list with parameters: the link to the next page has them too.
pub(super) fn linked_as(
    call: &Call,
    reply: Reply,
    path: &str,
    limit: u64,
    next: Option<&str>,
    asked: &[(String, &str)],
) -> Reply {
    let Some(next) = next else { return reply };
    // A cursor is base64url, so it needs no escapes.
    let mut start = ["<", path, "?limit=", &limit.to_string(), "&cursor=", next].concat();
    if !call.in_url.is_empty() {
        start.push_str(&format!("&{}", call.in_url));
    }
    let link = form_urlencoded::Serializer::for_suffix(start, "<?".len() + path.len())
        .extend_pairs(asked)
        .finish();
    reply.with(LINK, [&link, ">; rel=\"next\""].concat())
}
