//! The layout of the code: modules import only what they may, versions are registered, and the schema that the code sees is
//! the one that the migrations make.

mod imports;
mod modules;
mod source_text;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::sql_types::Text;
use flash::api::Registry;
use flash::api::versions::VERSIONS;

use crate::server::Server;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Code without its comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The files of the store outside its backend, by their paths in its folder, with their code.
fn store_outside_its_backend() -> BTreeMap<String, String> {
    let folder = root().join("src/store");
    let files = sources(&folder).into_iter().filter_map(|path| {
        let inside = path.strip_prefix(&folder).unwrap().to_owned();
        let is_outside = !inside.starts_with("backend");
        is_outside.then(|| (inside.to_str().unwrap().to_owned(), code(&path)))
    });
    files.collect()
}

#[test]
fn outside_the_backend_nothing_asks_which_database_it_is() {
    let words = [
        "AnyConnection::",
        "Address::Sqlite",
        "Address::Postgres",
        "SqliteConnection",
        "PgConnection",
        "diesel::sqlite",
        "diesel::pg",
        "sql_query",
        "batch_execute",
        "for_update",
        "on_conflict",
        "is_far",
        "is_embedded",
    ];
    for (path, code) in store_outside_its_backend() {
        for word in words {
            assert!(!code.contains(word), "src/store/{path} says {word}");
        }
    }
}

#[test]
fn only_these_files_write_to_a_store() {
    let found = |word: &str| -> Vec<String> {
        let files = store_outside_its_backend().into_iter();
        let found = files.filter(|(_, code)| code.contains(word));
        found.map(|(path, _)| path).collect()
    };
    // A served store is written through the backend, which knows what each write needs.
    assert_eq!(
        found("WriteOptions"),
        [
            "announcements.rs",
            "catalog/backfill.rs",
            "catalog/commit.rs",
            "catalog/delete.rs",
            "catalog/descriptions.rs",
            "catalog/patch.rs",
            "clients/pins.rs",
            "clients/readers.rs",
            "clients/usage.rs",
            "derived.rs",
            "idempotency.rs",
            "maintenance.rs",
            "notices.rs",
            "segments/collection.rs",
            "segments/columns/build.rs",
            "segments/compaction.rs",
            "segments/staging.rs",
        ]
    );
    // One statement may be a write of its own.
    assert_eq!(found("write_alone"), ["catalog/create.rs"]);
    // Commands, and the opening of a store, write on a connection of their own.
    assert_eq!(
        found("connection::write"),
        [
            "clients/admin.rs",
            "opening.rs",
            "upkeep/copy.rs",
            "upkeep/copy/contents.rs",
            "upkeep/copy/parcel.rs",
        ]
    );
}

#[test]
fn every_version_has_its_folder_and_every_folder_is_registered() {
    let mut folders: Vec<String> = fs::read_dir(root().join("src/api"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| {
            name.strip_prefix('v')
                .is_some_and(|number| number.parse::<u32>().is_ok())
        })
        .collect();
    let mut registered: Vec<String> = VERSIONS
        .iter()
        .map(|version| format!("v{}", version.number))
        .collect();
    folders.sort();
    registered.sort();
    assert_eq!(folders, registered);
}

#[test]
fn the_versions_form_a_catalogue() {
    Registry::standard().unwrap().catalogue().unwrap();
}

#[test]
fn the_program_only_reads_its_command_line() {
    assert!(
        fs::read_to_string(root().join("src/main.rs"))
            .unwrap()
            .lines()
            .count()
            < 40
    );
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[test]
fn the_schema_that_the_code_sees_is_the_one_that_the_migrations_make() {
    let server = Server::start();
    let mut connection =
        SqliteConnection::establish(server.place.file().to_str().unwrap()).unwrap();
    let columns: Vec<Column> = diesel::sql_query(
        "SELECT m.name AS \"table\", c.name AS \"column\", upper(c.type) || CASE WHEN c.\"notnull\" THEN '' ELSE '?' END AS kind \
         FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY 1, c.cid",
    )
    .load(&mut connection)
    .unwrap();
    let mut made: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Column {
        table,
        column,
        kind,
    } in columns
    {
        made.entry(table)
            .or_default()
            .push(format!("{column} {kind}"));
    }
    assert_eq!(made, schema());
}

/// `src/store/schema.rs` in the words of SQL.
fn schema() -> BTreeMap<String, Vec<String>> {
    let code = code(&root().join("src/store/schema.rs"));
    let mut tables = BTreeMap::new();
    for block in code.split("diesel::table! {").skip(1) {
        let name = block.split('(').next().unwrap().trim().to_owned();
        let columns = block.split('{').nth(1).unwrap().split('}').next().unwrap();
        let columns = columns.lines().filter_map(|line| {
            let (column, kind) = line.trim().trim_end_matches(',').split_once(" -> ")?;
            Some(format!("{column} {}", in_sql(column, kind)))
        });
        tables.insert(name, columns.collect());
    }
    tables
}

fn in_sql(column: &str, kind: &str) -> String {
    let (kind, suffix) = match kind.strip_prefix("Nullable<") {
        Some(inner) => (inner.trim_end_matches('>'), "?"),
        None => (kind, ""),
    };
    let name = match kind {
        // SQLite's own row number has to be called so.
        "BigInt" if column == "id" => "INTEGER",
        "BigInt" => "BIGINT",
        "Text" => "TEXT",
        "Binary" => "BLOB",
        "Bool" => "BOOLEAN",
        other => panic!("what is {other} in SQL?"),
    };
    format!("{name}{suffix}")
}
