//! What was mended in several versions by one release.

use super::Change;

/// Conditions on what has no entity tag, and on dates.
pub(in crate::api) const CONDITIONS: Change = Change::fixed(
    None,
    "what If-Match demands is 412 wherever it does not hold, where something without an entity tag is read or changed as well; If-Unmodified-Since on a write is 412, since nothing has a date of modification",
    "the header was without effect",
    "412, and nothing is done",
);
/// `If-Match` on a creation.
pub(in crate::api) const CREATION_WITH_IF_MATCH: Change = Change::fixed(
    Some("create_datasets"),
    "POST /datasets with If-Match is 412, since it makes new datasets only",
    "the header was without effect",
    "412, and nothing is done",
);
/// `Content-Disposition` in a request with an idempotency key.
pub(in crate::api) const KEY_AND_DISPOSITION: Change = Change::fixed(
    Some("create_datasets"),
    "another Content-Disposition makes another request of one with the same Idempotency-Key",
    "the first answer again, for a dataset of another name",
    "422",
);
/// `identity;q=0` for short bodies.
pub(in crate::api) const IDENTITY_EXCLUDED: Change = Change::fixed(
    None,
    "identity;q=0 in Accept-Encoding is honoured for short bodies too",
    "a short body without a coding",
    "a body in a coding, or 406 where nothing is left that the client takes",
);
/// The answer to a body in an unknown coding.
pub(in crate::api) const UNKNOWN_CODING: Change = Change::fixed(
    None,
    "a body in an unknown Content-Encoding is refused with Accept-Encoding, which says what is known",
    "415 without that header",
    "415 with it",
);
