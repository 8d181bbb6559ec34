//! The last page of version 1's list of 100,000 datasets, against its first. Both tell how many datasets there are.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};

use super::Ground;
use super::load::Load;
use super::program::Program;
use super::table::{Row, Unit};
use super::turns::{SPELL, SPELLS, in_turn};

const MANY: u64 = 100_000;
const PER_PAGE: u64 = 30;
/// The dataset that all others are like.
const MODEL: &str = "list-model";

/// What is measured, on SQLite.
pub fn measure(_: &Ground) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let path = format!("/datasets/{MODEL}");
    Program::start(store.path(), &[]).put(&path, b"id\n1\n");
    let file = store.path().join("flash.db");
    let mut sqlite =
        SqliteConnection::establish(&file.to_string_lossy()).expect("the file can be opened");
    let numbers = format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})"
    );
    sqlite
        .batch_execute(&like_the_model(&numbers, "numbers", "printf('%06d', n)"))
        .expect("the datasets are written");
    drop(sqlite);
    vec![last_page(&Program::start(store.path(), &[]))]
}

/// Statements that make many datasets, of which nobody reads rows.
pub fn like_the_model(with: &str, numbers: &str, padded: &str) -> String {
    format!(
        "{with} INSERT INTO datasets (id, name, revision, created_at, updated_at) \
         SELECT n, 'list-' || {padded}, 1, 1, 1 FROM {numbers}; \
         {with} INSERT INTO revisions (dataset_id, number, run, row_count, byte_count, sha256, content_type, transcoded, profile, created_at, schema_major, schema_minor) \
         SELECT n, 1, run, row_count, byte_count, sha256, content_type, transcoded, profile, 1, 1, 0 FROM revisions, {numbers} \
         WHERE dataset_id = (SELECT id FROM datasets WHERE name = '{MODEL}')"
    )
}

/// The same on PostgreSQL.
pub fn fill_postgres(program: &Program, postgres: &mut diesel::PgConnection) {
    program.put(&format!("/datasets/{MODEL}"), b"id\n1\n");
    let numbers = format!("generate_series(1::bigint, {MANY}) AS numbers(n)");
    let make = like_the_model("", &numbers, "lpad(n::text, 6, '0')");
    // Several statements at once are a transaction, in which nothing can be vacuumed.
    for statements in [make.as_str(), "VACUUM ANALYZE public.datasets"] {
        postgres
            .batch_execute(statements)
            .expect("the datasets are written");
    }
}

/// The last page against the first, each asked for over one connection.
pub fn last_page(program: &Program) -> Row {
    let page = |page: u64| format!("/datasets?page={page}&per_page={PER_PAGE}");
    let rate = |path: &str| 1000.0 / Load::gets(program.address, path, "*/*").run(1, SPELL);
    let (first, last) = (page(1), page(MANY / PER_PAGE));
    let [theirs, ours] = in_turn(SPELLS, [&mut |_| rate(&first), &mut |_| rate(&last)]);
    Row::of(
        "last page of version 1's list of 100,000 datasets",
        ours,
        Unit::Milliseconds,
    )
    .against("its first page", theirs)
    .at_most(2.0)
}
