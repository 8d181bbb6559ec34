//! The defects that one release corrected in several versions.

use super::history::Change;

/// Conditions on resources without an entity tag, and on dates.
pub(super) const CONDITIONS: Change = Change::fixed(
    None,
    "a failed condition in If-Match is 412 in every operation, also for resources without an entity tag; If-Unmodified-Since on a write is 412, because nothing has a modification date",
    "the header had no effect",
    "412, and nothing changes",
);
/// `If-Match` on a creation.
pub(super) const CREATION_WITH_IF_MATCH: Change = Change::fixed(
    Some("create_datasets"),
    "POST /datasets with If-Match is 412, because it only creates new datasets",
    "the header had no effect",
    "412, and nothing changes",
);
/// `Content-Disposition` in a request with an idempotency key.
pub(super) const KEY_AND_DISPOSITION: Change = Change::fixed(
    Some("create_datasets"),
    "requests with the same Idempotency-Key and different Content-Disposition count as different requests",
    "the first answer again, for a dataset of another name",
    "422",
);
/// `identity;q=0` for short bodies.
pub(super) const IDENTITY_EXCLUDED: Change = Change::fixed(
    None,
    "identity;q=0 in Accept-Encoding is honoured for short bodies, too",
    "a short body was sent without a coding",
    "the body is sent in a coding, or the answer is 406 if the client accepts none",
);
/// The answer to a body in an unknown coding.
pub(super) const UNKNOWN_CODING: Change = Change::fixed(
    None,
    "the answer to a body with an unknown Content-Encoding has Accept-Encoding, which lists the supported codings",
    "415 without that header",
    "415 with that header",
);
