//! The schemas explain themselves: whoever opens a database with psql, without the program, reads what a table is (`\d+`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use std::path::Path;

use sqlx::PgPool;
use sqlx::migrate::Migrator;

/// In the order of the packages' arrows: a schema reads only those before it.
const SCHEMAS: [&str; 6] = ["access", "catalogue", "ledger", "issuer", "redemption", "funding"];

async fn migrate(pool: &PgPool) {
    database::apply_roles(pool).await.unwrap();
    for schema in SCHEMAS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../migrations")
            .join(schema);
        let mut migrator = Migrator::new(folder).await.unwrap();
        migrator.create_schema(schema);
        migrator.dangerous_set_table_name(format!("{schema}._sqlx_migrations"));
        database::apply(pool, &migrator).await.unwrap();
    }
}

/// Tables and views without a comment.
async fn silent_tables(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select format('%I.%I', n.nspname, c.relname)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm') and c.relname <> '_sqlx_migrations'
             and coalesce(obj_description(c.oid, 'pg_class'), '') = ''
         order by 1",
    )
    .bind(SCHEMAS)
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Columns of tables without a comment, of those whose name and type do not say what is in them:
///
/// - bytes (a digest: of what? a key, a file?) and JSON (of which shape?);
/// - cents (of what, and what does null or a sign mean?);
/// - words and numbers that stand for a few meanings: a check lists them, or the name says so;
/// - ids of other rows that no foreign key names: mostly of another schema.
async fn silent_columns(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        r"select format('%I.%I.%I', n.nspname, c.relname, a.attname)
          from pg_class c
          join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          join pg_type t on t.oid = a.atttypid
          where n.nspname = any($1) and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
              and coalesce(col_description(c.oid, a.attnum), '') = ''
              and (
                  t.typname in ('bytea', '_bytea', 'json', 'jsonb')
                  or t.typname in ('int2', 'int4', 'int8', '_int8', 'numeric') and a.attname ~ '(^|_)(cents|face_values)$'
                  or a.attname ~ '(^|_)(state|status|kind|outcome|answer|decision|step|scope|purpose|format|level|way|reason)$'
                  or t.typname in ('text', '_text', 'int2') and exists (
                      select from pg_constraint k
                      where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any(k.conkey)
                          and pg_get_constraintdef(k.oid) ~ 'ARRAY\[')
                  or t.typname = 'uuid' and a.attname <> 'id' and not exists (
                      select from pg_constraint k
                      where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any(k.conkey)))
          order by n.nspname, c.relname, a.attnum",
    )
    .bind(SCHEMAS)
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrations = false)]
async fn every_table_and_every_column_that_needs_it_has_a_comment(pool: PgPool) {
    migrate(&pool).await;
    let (tables, columns) = (silent_tables(&pool).await, silent_columns(&pool).await);
    assert!(tables.is_empty(), "these tables say nothing of themselves: {tables:#?}");
    assert!(
        columns.is_empty(),
        "these columns do not say what is in them: {columns:#?}"
    );
}

#[sqlx::test(migrations = false)]
async fn what_has_no_comment_is_named(pool: PgPool) {
    migrate(&pool).await;
    sqlx::raw_sql(
        "create table funding.gift (
             id uuid, giver_id uuid, call_id uuid references funding.call (id), cents bigint, fee_cents integer, years integer,
             mood text check (mood in ('glad', 'sad')), state smallint, name text, letter bytea, extra jsonb);
         create view funding.gladness as select id from funding.gift;
         comment on table ledger.transfer is null;
         comment on column ledger.transfer.cents is null;
         comment on column ledger.transfer.kind is null",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(
        silent_tables(&pool).await,
        ["funding.gift", "funding.gladness", "ledger.transfer"]
    );
    assert_eq!(
        silent_columns(&pool).await,
        [
            "funding.gift.giver_id",
            "funding.gift.cents",
            "funding.gift.fee_cents",
            "funding.gift.mood",
            "funding.gift.state",
            "funding.gift.letter",
            "funding.gift.extra",
            "ledger.transfer.kind",
            "ledger.transfer.cents",
        ]
    );
}
