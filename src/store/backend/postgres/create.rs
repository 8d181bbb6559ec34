//! Creates a small dataset by one statement, which is a transaction of its own. A transaction of several statements asks the server eight
//! times.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

use crate::store::rows::{BlockRow, DatasetRow, PackedRow, RevisionRow};

/// A dataset whose only revision has one block.
pub(crate) struct NewDataset<'a> {
    pub head: &'a DatasetRow,
    pub revision: &'a RevisionRow<'a>,
    pub block: &'a BlockRow<'a>,
    pub text: &'a PackedRow<'a>,
    /// The SHA-256 of the key that must be valid.
    pub key: Option<&'a [u8; 32]>,
    /// The secret that there must not be: the switch for writes.
    pub unless: &'a str,
}

/// Creates the dataset, unless its name is taken or was another dataset's before, writes are off, or the key isn't valid any more.
/// Returns whether it did.
pub(crate) fn create(connection: &mut PgConnection, new: &NewDataset<'_>) -> QueryResult<bool> {
    Statement(new).execute(connection).map(|rows| rows > 0)
}

struct Statement<'a>(&'a NewDataset<'a>);

impl QueryId for Statement<'_> {
    type QueryId = ();
    // With a key it is another statement.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Statement<'_> {}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let NewDataset {
            head,
            revision,
            block,
            text,
            key,
            unless,
        } = self.0;
        /// Writes values, separated by commas.
        macro_rules! values {
            ($first:expr => $kind:ty $(, $value:expr => $next:ty)* $(,)?) => {
                out.push_bind_param::<$kind, _>($first)?;
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<$next, _>($value)?;
                )*
            };
        }
        out.push_sql(
            r#"WITH "head" AS (INSERT INTO "datasets" ("id", "name", "revision", "created_at", "updated_at", "owner", "last_schema", "schema_changes") SELECT "#,
        );
        values!(
            &head.id => BigInt,
            &head.name => Text,
            &head.revision => BigInt,
            &head.created_at => BigInt,
            &head.updated_at => BigInt,
            &head.owner => Nullable<BigInt>,
            &head.last_schema => Nullable<Binary>,
            &head.schema_changes => Nullable<Text>,
        );
        out.push_sql(
            r#" WHERE NOT EXISTS (SELECT 1 FROM "former_schemas" WHERE "former_schemas"."name" = "#,
        );
        out.push_bind_param::<Text, _>(&head.name)?;
        out.push_sql(r#") AND NOT EXISTS (SELECT 1 FROM "secrets" WHERE "secrets"."name" = "#);
        out.push_bind_param::<Text, _>(unless)?;
        out.push_sql(")");
        if let Some(key) = key {
            out.push_sql(
                r#" AND EXISTS (SELECT 1 FROM "client_keys" INNER JOIN "clients" ON "clients"."id" = "client_keys"."client_id" WHERE "clients"."disabled_at" IS NULL AND "client_keys"."digest" = "#,
            );
            out.push_bind_param::<Binary, _>(key.as_slice())?;
            out.push_sql(")");
        }
        out.push_sql(
            r#" ON CONFLICT DO NOTHING RETURNING "id"), "revision" AS (INSERT INTO "revisions" ("dataset_id", "number", "run", "row_count", "byte_count", "sha256", "content_type", "transcoded", "profile", "author", "created_at", "segments", "tail", "schema_major", "schema_minor") SELECT "id", "#,
        );
        values!(
            &revision.number => BigInt,
            &revision.run => BigInt,
            &revision.row_count => BigInt,
            &revision.byte_count => BigInt,
            &revision.sha256 => Binary,
            &revision.content_type => Text,
            &revision.transcoded => Bool,
            &revision.profile => Binary,
            &revision.author => Nullable<Text>,
            &revision.created_at => BigInt,
            &revision.segments => Nullable<Binary>,
            &revision.tail => Nullable<Binary>,
            &revision.schema_major => Nullable<BigInt>,
            &revision.schema_minor => Nullable<BigInt>,
        );
        out.push_sql(
            r#" FROM "head"), "block" AS (INSERT INTO "chunks" ("dataset_id", "run", "first_row", "seq", "row_count", "first_byte", "body_start", "stats", "blooms") SELECT "id", "#,
        );
        values!(
            &block.run => BigInt,
            &block.first_row => BigInt,
            &block.seq => BigInt,
            &block.row_count => BigInt,
            &block.first_byte => BigInt,
            &block.body_start => BigInt,
            &block.stats => Binary,
            &block.blooms => Nullable<Binary>,
        );
        out.push_sql(
            r#" FROM "head") INSERT INTO "chunk_data" ("dataset_id", "run", "first_byte", "byte_count", "digest", "data") SELECT "id", "#,
        );
        values!(
            &text.run => BigInt,
            &text.first_byte => BigInt,
            &text.byte_count => BigInt,
            &text.digest => Binary,
            &text.data => Binary,
        );
        out.push_sql(r#" FROM "head""#);
        Ok(())
    }
}
