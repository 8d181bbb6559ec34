//! Every statement on the data of datasets names the dataset, so that a PostgreSQL that is divided by datasets finds one place for it
//! (docs/scaling.md). The cluster counts the statements of all tests, and they are looked at when the tests have ended.

use crate::cluster::Cluster;
use crate::trials;

trials![
    statements_that_name_no_dataset_are_found,
    statements_that_name_their_dataset_are_not_found,
];

/// The tables with the data of datasets.
const TABLES: &[&str] = &[
    "revisions",
    "chunks",
    "chunk_data",
    "sources",
    "uploads",
    "garbage",
    "leases",
    "descriptions",
    "readers",
    "reader_columns",
    "column_chunks",
    "derived_files",
];

/// Statements that are about all datasets: of maintenance, which works through small tables in steps, and of commands on whole stores.
const OF_ALL: &[&str] = &[
    // Old uploads, tombstones, leases and reads are looked for by their age.
    r#"SELECT "uploads"."dataset_id", "uploads"."run" FROM "uploads" WHERE ("uploads"."renewed_at" < $1)"#,
    r#"SELECT "garbage"."dataset_id", "garbage"."run" FROM "garbage" WHERE ((("garbage"."since" < $1)"#,
    r#"DELETE FROM "leases" WHERE ("leases"."until" < $1)"#,
    r#"DELETE FROM "readers" WHERE ("readers"."day" < $1)"#,
    r#"DELETE FROM "reader_columns" WHERE ("reader_columns"."last_at" < $1)"#,
    // Revisions of earlier releases get the versions of their schemas, and lost descriptions are removed, a few at a time.
    r#"SELECT "revisions"."dataset_id" FROM "revisions" WHERE (("revisions"."schema_major" IS NULL)"#,
    r#"SELECT "descriptions"."dataset_id" FROM "descriptions" WHERE  NOT (EXISTS (SELECT"#,
    r#"DELETE FROM "descriptions" WHERE  NOT (EXISTS (SELECT"#,
    r#"SELECT "revisions"."dataset_id", "revisions"."number" FROM "revisions" WHERE  NOT (EXISTS (SELECT"#,
    // Segments without columns are looked for, and columns without a segment.
    r#"SELECT "chunks"."dataset_id", "chunks"."run" FROM "chunks" WHERE (("chunks"."dataset_id" >= $1)"#,
    r#"SELECT "column_chunks"."dataset_id", "column_chunks"."run""#,
    // Parquet files make room for others, or have lost their revision.
    r#"SELECT "derived_files"."dataset_id", "derived_files"."run""#,
    // What a client reads, of all datasets, and a client that is removed.
    r#"SELECT "datasets"."name", "clients"."name", "readers"."family""#,
    r#"DELETE FROM "readers" WHERE ("readers"."client_id" = $1)"#,
    r#"DELETE FROM "reader_columns" WHERE ("reader_columns"."client_id" = $1)"#,
    // `flash copy` reads them as a whole.
    r#"SELECT "readers"."dataset_id", "readers"."client_id", "readers"."family", "readers"."day""#,
    r#"SELECT "reader_columns"."dataset_id", "reader_columns"."client_id", "reader_columns"."family""#,
];

/// Whether `flash copy` empties a table of its target by the statement.
fn empties(statement: &str) -> bool {
    let mut tables = TABLES.iter();
    tables.any(|table| statement == format!("DELETE FROM \"{table}\""))
}

/// Statements that the cluster was sent and that name no dataset; `None` if it counts none.
pub fn unnamed(cluster: &Cluster) -> Option<Vec<String>> {
    if !cluster.counts() {
        return None;
    }
    let create = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements";
    cluster.psql("postgres", create);
    let sent = "SELECT DISTINCT replace(query, chr(10), ' ') FROM pg_stat_statements";
    let sent = cluster.psql("postgres", sent);
    let unnamed = sent.lines().filter(|statement| !is_named(statement));
    Some(unnamed.map(str::to_owned).collect())
}

/// Whether a statement names its dataset in each table of datasets' data, or is one of those about all. Flash quotes the names of
/// tables; statements of the tests themselves don't.
fn is_named(statement: &str) -> bool {
    if empties(statement) || OF_ALL.iter().any(|known| statement.starts_with(known)) {
        return true;
    }
    let reads = |table: &&&str| statement.contains(&format!(" \"{table}\""));
    TABLES.iter().filter(reads).all(|table| {
        let inserted = format!("INSERT INTO \"{table}\" (\"dataset_id\"");
        let compared = format!("\"{table}\".\"dataset_id\" = ");
        statement.contains(&inserted) || statement.contains(&compared)
    }) && is_bound(statement)
}

/// Whether it begins with one dataset, or a list of them: a table that is only compared with others has no place either.
fn is_bound(statement: &str) -> bool {
    let of_data = TABLES
        .iter()
        .any(|table| statement.contains(&format!(" \"{table}\"")));
    let bound = |column: &str| {
        [" = $", " = ANY($", " >= $", " > $"]
            .iter()
            .any(|comparison| statement.contains(&format!("{column}{comparison}")))
    };
    !of_data
        || statement.contains("INSERT INTO")
        || bound("\"datasets\".\"name\"")
        || bound("\"datasets\".\"id\"")
        || TABLES
            .iter()
            .any(|table| statement.contains(&format!("\"{table}\".\"dataset_id\" = $")))
}

fn statements_that_name_no_dataset_are_found() {
    for statement in [
        r#"SELECT "chunks"."seq" FROM "chunks" WHERE "chunks"."run" = $1"#,
        r#"DELETE FROM "sources" WHERE ("sources"."run" = $1)"#,
        r#"SELECT * FROM "chunks" INNER JOIN "chunk_data" ON "chunk_data"."run" = "chunks"."run" WHERE "chunks"."dataset_id" = $1"#,
        r#"SELECT * FROM "chunks" INNER JOIN "revisions" ON "revisions"."dataset_id" = "chunks"."dataset_id""#,
    ] {
        assert!(!is_named(statement), "{statement}");
    }
}

fn statements_that_name_their_dataset_are_not_found() {
    for statement in [
        r#"SELECT "chunks"."seq" FROM "chunks" WHERE (("chunks"."dataset_id" = $1) AND ("chunks"."run" = $2))"#,
        r#"INSERT INTO "chunks" ("dataset_id", "run") VALUES ($1, $2)"#,
        r#"SELECT * FROM "datasets" INNER JOIN "revisions" ON "revisions"."dataset_id" = "datasets"."id" WHERE "datasets"."name" = $1"#,
        r#"SELECT "clients"."id" FROM "clients""#,
        "SELECT count(*) AS found FROM chunks",
    ] {
        assert!(is_named(statement), "{statement}");
    }
}
