//! Least privilege: what a stolen database role may not do, tried under each role.

use std::borrow::Cow;

use database::Role;
use e2e::{Scene, World};
use sqlx::{PgPool, Row};

/// PostgreSQL's code for a missing right; row-level security refuses with the same.
const DENIED: &str = "42501";

async fn refused(pool: &PgPool, sql: &'static str) {
    let error = sqlx::query(sql).execute(pool).await.expect_err(sql);
    let code = error
        .as_database_error()
        .and_then(|error| error.code().map(Cow::into_owned));
    assert_eq!(code.as_deref(), Some(DENIED), "{sql}: {error}");
}

async fn allowed(pool: &PgPool, sql: &'static str) {
    sqlx::query(sql)
        .execute(pool)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[sqlx::test(migrations = false)]
async fn redemption_sees_no_person_and_no_printed_voucher(pool: PgPool) {
    let world = World::new(pool).await;
    let redemption = world.as_role(Role::Redemption).await;
    refused(&redemption, "select from issuer.identity").await;
    refused(&redemption, "select from issuer.beneficiary").await;
    refused(&redemption, "select from issuer.hand_over").await;
    refused(&redemption, "select from issuer.voucher").await;
    refused(
        &redemption,
        "insert into catalogue.signing_key select from generate_series(1, 0)",
    )
    .await;
    // What it needs to explain a refusal, and no more.
    allowed(
        &redemption,
        "select book_id, number, blocked_reason from issuer.voucher_block",
    )
    .await;
}

#[sqlx::test(migrations = false)]
async fn funding_sees_no_person_and_the_issuer_no_bank_account(pool: PgPool) {
    let world = World::new(pool).await;
    let funding = world.as_role(Role::Funding).await;
    for sql in [
        "select from issuer.identity",
        "select from issuer.beneficiary",
        "select from redemption.bank_details",
    ] {
        refused(&funding, sql).await;
    }
    allowed(&funding, "select from redemption.payee").await;
    let issuer = world.as_role(Role::Issuer).await;
    for sql in [
        "select from funding.funder",
        "select from funding.statement",
        "select from redemption.bank_details",
    ] {
        refused(&issuer, sql).await;
    }
}

#[sqlx::test(migrations = false)]
async fn nobody_changes_or_deletes_a_transfer_or_an_audit_line(pool: PgPool) {
    let world = World::new(pool).await;
    for role in Role::ALL {
        let pool = world.as_role(role).await;
        refused(&pool, "update ledger.transfer set cents = 1").await;
        refused(&pool, "delete from ledger.transfer").await;
        refused(&pool, "truncate ledger.transfer").await;
        refused(&pool, "delete from ledger.account").await;
        refused(&pool, "update ledger.account set limit_cents = 1").await;
        refused(&pool, "update access.audit set action = ''").await;
        refused(&pool, "delete from access.audit").await;
    }
}

#[sqlx::test(migrations = false)]
async fn each_service_posts_its_own_kinds_of_transfer_only(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    scene.structures[0].claims_one(&vouchers[0]).await.made_now();
    // The same row again under another id: refused for its kind before any constraint looks at it.
    let own = [
        (Role::Issuer, 10..20),
        (Role::Redemption, 20..30),
        (Role::Funding, 30..60),
    ];
    for (role, kinds) in own {
        let pool = scene.world.as_role(role).await;
        for kind in [11_i16, 20, 33] {
            let posted = sqlx::query(
                "insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, grp)
                 select book_id, gen_random_uuid(), kind, debit, credit, cents, at, grp from ledger.transfer
                 where kind = $1 limit 1",
            )
            .bind(kind)
            .execute(&pool)
            .await;
            match posted {
                Ok(done) => assert!(
                    kinds.contains(&kind) && done.rows_affected() == 1,
                    "{role:?} posted kind {kind}"
                ),
                Err(error) => {
                    assert!(!kinds.contains(&kind), "{role:?}: {error}");
                    let code = error
                        .as_database_error()
                        .and_then(|error| error.code().map(Cow::into_owned));
                    assert_eq!(code.as_deref(), Some(DENIED), "{error}");
                }
            }
        }
    }
    // A role that was stolen can post a false transfer of its own kind. The books say so.
    let identities = scene.operator().client.get("/v1/identities").await.accepted();
    assert_eq!(identities["all_hold"], false);
}

#[sqlx::test(migrations = false)]
async fn only_the_issuer_opens_vouchers(pool: PgPool) {
    let world = World::new(pool).await;
    let number = (9_i64 << 56) + 1;
    for role in [Role::Redemption, Role::Funding, Role::Audit] {
        let pool = world.as_role(role).await;
        let opened =
            sqlx::query("insert into ledger.account (book_id, number, kind, limit_cents) values ($1, $2, 9, 1000)")
                .bind(e2e::id("book"))
                .bind(number)
                .execute(&pool)
                .await;
        let error = opened.expect_err("a voucher was opened");
        assert!(
            error
                .as_database_error()
                .is_some_and(|error| error.code().as_deref() == Some(DENIED)),
            "{role:?}: {error}"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn audit_reads_the_books_and_nothing_else(pool: PgPool) {
    let world = World::new(pool).await;
    let audit = world.as_role(Role::Audit).await;
    allowed(&audit, "select from ledger.entry").await;
    refused(&audit, "insert into ledger.transfer select * from ledger.transfer").await;
    for sql in [
        "select from access.organisation",
        "select from access.audit",
        "select from issuer.beneficiary",
        "select from redemption.claim",
        "select from funding.funder",
    ] {
        refused(&audit, sql).await;
    }
}

#[sqlx::test(migrations = false)]
async fn no_role_owns_or_creates_anything(pool: PgPool) {
    let world = World::new(pool).await;
    for role in Role::ALL {
        let pool = world.as_role(role).await;
        refused(&pool, "create table ledger.mine ()").await;
        refused(&pool, "alter table ledger.transfer disable row level security").await;
        let rights = sqlx::query(
            "select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls from pg_roles where rolname = current_user",
        );
        let rights = rights.fetch_one(&pool).await.expect("its own row");
        for column in 0..4 {
            assert!(!rights.get::<bool, _>(column), "{role:?} has right {column}");
        }
    }
}
