//! The changes in release 2.4.0.

use super::added;
use crate::api::history::Change;

pub(super) const CHANGES: &[Change] = &[
    added(
        "get_root",
        "/.well-known/api-catalog lists the versions as a link set (RFC 9727), with their dates and documents; the root links to it",
        "404",
        "GET /.well-known/api-catalog",
    ),
    added(
        "list_rows",
        "select takes aggregates: count(), and of a column count(), distinct(), min(), max(), sum(), avg() and median(); columns beside them are the groups",
        "400: unknown column",
        "select=dest,n:count(),late:dep_delay.avg()&order=n.desc&limit=10",
    ),
];
