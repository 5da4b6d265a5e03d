//! Least privilege: what a stolen database role may not do, tried under each role.

use std::borrow::Cow;

use ccn::{Config, Running, Service};
use database::Role;
use e2e::{Client, Deployment, FUND_IBAN, FUND_NAME, Scene};
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

#[testkit::test]
async fn redemption_sees_no_person_and_no_printed_voucher(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let redemption = deployment.as_role(Role::Redemption).await;
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

#[testkit::test]
async fn funding_sees_no_person_and_the_issuer_no_bank_account(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let funding = deployment.as_role(Role::Funding).await;
    for sql in [
        "select from issuer.identity",
        "select from issuer.beneficiary",
        "select from redemption.bank_details",
    ] {
        refused(&funding, sql).await;
    }
    allowed(&funding, "select from redemption.payee").await;
    let issuer = deployment.as_role(Role::Issuer).await;
    for sql in [
        "select from funding.funder",
        "select from funding.statement",
        "select from redemption.bank_details",
    ] {
        refused(&issuer, sql).await;
    }
}

#[testkit::test]
async fn only_the_issuer_makes_keys_and_no_other_service_an_operator(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    for role in [Role::Redemption, Role::Funding, Role::Audit] {
        let pool = deployment.as_role(role).await;
        for sql in [
            "insert into access.api_key (id, organisation_id, secret_sha256, created_at)
             values (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', sha256('mine'), now())",
            "update access.api_key set revoked_at = null",
            "update access.api_key set secret_sha256 = sha256('mine')",
            "insert into access.organisation (id, name, roles, created_at)
             values (gen_random_uuid(), 'Moi', '{operator}', now())",
            "insert into access.organisation (id, name, roles, created_at)
             values (gen_random_uuid(), 'Moi', '{structure,funder,operator}', now())",
            "update access.organisation set roles = '{operator}'",
            "delete from access.organisation",
        ] {
            refused(&pool, sql).await;
        }
    }
    let own = [(Role::Redemption, "structure"), (Role::Funding, "funder")];
    for (role, word) in own {
        let pool = deployment.as_role(role).await;
        for (_, other) in own {
            let created = sqlx::query(
                "insert into access.organisation (id, name, roles, created_at) values (gen_random_uuid(), 'Nous', $1, now())",
            )
            .bind(vec![other])
            .execute(&pool)
            .await;
            assert_eq!(
                created.is_ok(),
                other == word,
                "{role:?} creates a {other}: {created:?}"
            );
        }
    }
}

#[testkit::test]
async fn no_service_rewrites_the_record_of_migrations(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where tablename = '_sqlx_migrations'",
    )
    .fetch_all(&deployment.pool)
    .await
    .expect("the catalogue");
    assert!(tables.len() >= 7, "{tables:?}");
    for role in Role::ALL {
        let may_write: Vec<String> = sqlx::query_scalar(
            "select t from unnest($1::text[]) t where has_table_privilege($2, t, 'insert, update, delete, truncate')",
        )
        .bind(&tables)
        .bind(role.name())
        .fetch_all(&deployment.pool)
        .await
        .expect("the catalogue");
        assert!(may_write.is_empty(), "{role:?} writes {may_write:?}");
    }
}

#[testkit::test]
async fn a_service_alone_knows_callers_and_makes_none(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    for service in [Service::Redemption, Service::Funding] {
        // No key file of its own: the operator's is the issuer's.
        let folder = tempfile::tempdir().expect("an empty folder");
        let options = deployment.pool.connect_options().as_ref().clone();
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data_dir: folder.path().to_owned(),
            database_url: Some(options.username(service.role().name())),
            connections: 2,
            fund_name: Some(FUND_NAME.to_owned()),
            fund_iban: Some(FUND_IBAN.parse().expect("an IBAN")),
            ..Config::default()
        };
        let config = deployment.with_secrets(config);
        let alone = Running::start(config, deployment.clock.clone(), &[service])
            .await
            .expect("it starts");
        let operator = Client::at(format!("http://{}", alone.addr)).with_key(deployment.operator.client.key());
        let known = match service {
            Service::Funding => "/funding/v1/invariants",
            _ => "/redemption/v1/structures",
        };
        operator.get(known).await.accepted();
        let new = serde_json::json!({ "id": e2e::id("mine"), "name": "Moi", "roles": ["operator"] });
        operator.post("/issuer/v1/organisations", &new).await.refused_with(404);
        let path = format!("/issuer/v1/organisations/{}/api-keys", e2e::id("mine"));
        let key = serde_json::json!({ "id": e2e::id("key") });
        operator.post(&path, &key).await.refused_with(404);
        alone.stop().await.expect("it stops");
    }
}

#[testkit::test]
async fn nobody_changes_or_deletes_a_transfer_or_an_audit_line(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    for role in Role::ALL {
        let pool = deployment.as_role(role).await;
        refused(&pool, "update ledger.transfer set cents = 1").await;
        refused(&pool, "delete from ledger.transfer").await;
        refused(&pool, "truncate ledger.transfer").await;
        refused(&pool, "delete from ledger.account").await;
        refused(&pool, "update ledger.account set limit_cents = 1").await;
        refused(&pool, "update access.audit set action = ''").await;
        refused(&pool, "delete from access.audit").await;
    }
}

#[testkit::test]
async fn each_service_posts_its_own_kinds_of_transfer_only(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    scene.structures[0].claims_one(&vouchers[0]).await.created();
    // The same row again under another id: refused for its kind before any constraint looks at it.
    let own = [
        (Role::Issuer, 10..20),
        (Role::Redemption, 20..30),
        (Role::Funding, 30..60),
    ];
    for (role, kinds) in own {
        let pool = scene.deployment.as_role(role).await;
        for kind in [11_i16, 20, 33] {
            let posted = sqlx::query(
                "insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, event_id, presented, evidence)
                 select book_id, gen_random_uuid(), kind, debit, credit, cents, at, event_id, presented, evidence from ledger.transfer
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
    let invariants = scene.operator().client.get("/funding/v1/invariants").await.accepted();
    assert_eq!(invariants["all_hold"], false);
}

#[testkit::test]
async fn only_the_issuer_opens_vouchers(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let number = (9_i64 << 56) + 1;
    for role in [Role::Redemption, Role::Funding, Role::Audit] {
        let pool = deployment.as_role(role).await;
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

#[testkit::test]
async fn audit_reads_the_books_and_nothing_else(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let audit = deployment.as_role(Role::Audit).await;
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

#[testkit::test]
async fn no_role_owns_or_creates_anything(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    for role in Role::ALL {
        let pool = deployment.as_role(role).await;
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
