//! The changes in release 2.4.0.

use super::added;
use crate::api::history::Change;

pub(super) const CHANGES: &[Change] = &[
    added(
        "list_rows",
        "application/vnd.flash.v2+parquet (format=parquet) is a whole revision as Apache Parquet, with its length and in ranges",
        "406",
        "200: a file that pandas, polars and DuckDB read; no digit is lost",
    ),
    added(
        "list_rows",
        "select takes aggregates: count(), and of a column count(), distinct(), min(), max(), sum(), avg() and median(); columns beside them are the groups",
        "400: unknown column",
        "select=dest,n:count(),late:dep_delay.avg()&order=n.desc&limit=10",
    ),
];
