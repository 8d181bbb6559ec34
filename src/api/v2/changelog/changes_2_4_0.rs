//! The changes in release 2.4.0.

use super::added;
use crate::api::additions;
use crate::api::history::Change;

pub(super) const CHANGES: &[Change] = &[
    additions::RATE_LIMIT,
    added(
        "list_rows",
        "select takes aggregates: count(), and of a column count(), distinct(), min(), max(), sum(), avg() and median(); columns beside them are the groups, and \
         year(), quarter(), month(), day() and hour() group by a period; an alias may be ordered by and filtered",
        "400: unknown column",
        "select=dest,n:count(),late:dep_delay.avg()&n=gt.100&order=n.desc&limit=10",
    ),
    added(
        "query_rows",
        "QUERY /datasets/{name}/rows takes the parameters of GET as a body of type application/x-www-form-urlencoded, for what is too long for a URL",
        "405",
        "QUERY /datasets/flights/rows with the body select=dest,n:count()&dep_delay=gte.60",
    ),
    added(
        "list_rows",
        "rows have the header Accept-Query, which names the media type that QUERY takes",
        "no such header",
        "Accept-Query: application/x-www-form-urlencoded",
    ),
    added(
        "get_root",
        "/.well-known/api-catalog lists the versions as a link set (RFC 9727), with their dates and documents; the root links to it",
        "404",
        "GET /.well-known/api-catalog",
    ),
    added(
        "list_rows",
        "application/vnd.flash.v2+parquet (format=parquet) is a whole revision as Apache Parquet, with its length and in ranges",
        "406",
        "200: a file that pandas, polars and DuckDB read; no digit is lost",
    ),
];
