//! What each database role can and cannot do, tried under that role.

use crate::common::*;
use ledger::{Account, AccountKind, BookId, Outcome, PostError, Posting, Side, TransferKind};
use sqlx::{Executor, PgPool};
use standards::Cents;

const BOOK: BookId = book(1);

async fn under(pool: &PgPool, role: database::Role) -> PgPool {
    testkit::as_role(pool, role, 4).await
}

async fn denied(pool: &PgPool, posting: Posting) {
    match try_post(pool, &[posting]).await {
        Err(PostError::Database(sqlx::Error::Database(error))) => {
            assert_eq!(error.code().as_deref(), Some("42501"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

async fn denied_sql(pool: &PgPool, sql: &'static str) {
    let error = pool.execute(sql).await.expect_err(sql);
    assert_eq!(
        error.as_database_error().unwrap().code().as_deref(),
        Some("42501"),
        "{sql}: {error}"
    );
}

#[testkit::test]
async fn each_role_posts_its_own_kinds_only(pool: PgPool) {
    let issuer = under(&pool, database::Role::Issuer).await;
    let redemption = under(&pool, database::Role::Redemption).await;
    let funding = under(&pool, database::Role::Funding).await;
    let money = Cents::new(100_000);

    let mut contributions = Vec::new();
    for n in 0..3 {
        contributions.push(received(&format!("r{n}"), funder(n), money));
        contributions.push(allocated(&format!("a{n}"), funder(n), BOOK, money));
    }
    post_now(&funding, &contributions).await;
    denied(&redemption, received("r9", funder(0), money)).await;
    denied(&issuer, received("r9", funder(0), money)).await;

    post_now(
        &issuer,
        &[
            funded("f", BOOK, batch(1), 10),
            activated(BOOK, batch(1), 0),
            activated(BOOK, batch(1), 1),
        ],
    )
    .await;
    denied(&redemption, activated(BOOK, batch(1), 2)).await;
    denied(&funding, activated(BOOK, batch(1), 2)).await;

    post_now(&redemption, &[claimed("c", BOOK, structure(1), &[0])]).await;
    denied(&issuer, claimed("d", BOOK, structure(1), &[1])).await;
    denied(&funding, claimed("d", BOOK, structure(1), &[1])).await;
    denied(&redemption, swept(TransferKind::Revoked, "s", BOOK, 1)).await;
    post_now(
        &redemption,
        &[reversed("v", "c", Account::payable(BOOK, structure(1)), 0, true)],
    )
    .await;
    post_now(&issuer, &[swept(TransferKind::Revoked, "s", BOOK, 1)]).await;
    // A programme without any money yet: a refusal, not a failure.
    let refused = post_all(&issuer, &[funded("g", book(2), batch(2), 10)]).await;
    assert!(matches!(refused[..], [Outcome::Rejected(_)]));
    assert_eq!(broken(&pool).await, []);
}

#[testkit::test]
async fn nobody_changes_or_removes_what_is_booked(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    for role in database::Role::ALL {
        let pool = under(&pool, role).await;
        denied_sql(&pool, "update ledger.transfer set cents = 1").await;
        denied_sql(&pool, "delete from ledger.transfer").await;
        denied_sql(&pool, "truncate ledger.transfer").await;
        denied_sql(&pool, "delete from ledger.account").await;
        denied_sql(&pool, "update ledger.account set limit_cents = 5000 where kind = 9").await;
        denied_sql(&pool, "update ledger.transfer_kind set name = 'x'").await;
        denied_sql(&pool, "alter table ledger.transfer disable row level security").await;
    }
}

/// A number below what is sealed would keep a transfer out of the log; an instant without end could not be written there.
#[testkit::test]
async fn nobody_chooses_the_number_of_a_transaction_nor_an_endless_instant(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    post_now(&pool, &[claimed("c", BOOK, structure(1), &[0])]).await;
    for (role, kind) in [
        (database::Role::Issuer, 11),
        (database::Role::Redemption, 20),
        (database::Role::Funding, 30),
    ] {
        let under = under(&pool, role).await;
        let hidden = "insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, event_id, xact)
            select book_id, gen_random_uuid(), kind, debit, credit, cents, at, event_id, 1 from ledger.transfer where kind = $1 limit 1";
        let refused = sqlx::query(hidden).bind(kind).execute(&under).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"));
        let endless = "insert into ledger.transfer (book_id, id, kind, debit, credit, cents, at, event_id)
            select book_id, gen_random_uuid(), kind, debit, credit, cents, 'infinity', event_id from ledger.transfer where kind = $1 limit 1";
        let refused = sqlx::query(endless).bind(kind).execute(&under).await.unwrap_err();
        assert!(database::is_constraint(&refused, "transfer_at_finite"), "{refused}");
    }
    let funding = under(&pool, database::Role::Funding).await;
    denied_sql(
        &funding,
        "insert into ledger.record (book_id, id, kind, account, cents, at, event_id, claim_id, payment_id, xact)
         values (gen_random_uuid(), gen_random_uuid(), 60, 0, 1, now(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1)",
    )
    .await;
}

#[testkit::test]
async fn audit_only_reads(pool: PgPool) {
    spendable(&pool, BOOK, 1).await;
    let audit = under(&pool, database::Role::Audit).await;
    assert_eq!(broken(&audit).await, []);
    denied(&audit, claimed("c", BOOK, structure(1), &[0])).await;
    denied_sql(&audit, "update ledger.account set debits_cents = 0").await;
}

#[testkit::test]
async fn only_the_issuer_opens_vouchers(pool: PgPool) {
    let redemption = under(&pool, database::Role::Redemption).await;
    denied_sql(
        &redemption,
        "insert into ledger.account (book_id, number, kind, limit_cents)
         values (gen_random_uuid(), 9::bigint << 56, 9, 1000)",
    )
    .await;
    denied_sql(
        &redemption,
        "insert into ledger.account (book_id, number, kind, party, credits_cents)
         values (gen_random_uuid(), 10::bigint << 56, 10, gen_random_uuid(), 1000)",
    )
    .await;
}

#[testkit::test]
async fn kinds_in_rust_are_kinds_in_the_database(pool: PgPool) {
    let accounts: Vec<(i16, String, String, i16)> =
        sqlx::query_as("select kind, name, compte_num, side from ledger.account_kind order by kind")
            .fetch_all(&pool)
            .await
            .unwrap();
    let side = |side| match side {
        Side::Debit => -1,
        Side::Either => 0,
        Side::Credit => 1,
    };
    let ours = |kind: &AccountKind| {
        (
            kind.code(),
            kind.name().to_owned(),
            kind.compte_num().to_owned(),
            side(kind.side()),
        )
    };
    assert_eq!(accounts, AccountKind::ALL.iter().map(ours).collect::<Vec<_>>());
    let transfers: Vec<(i16, String)> = sqlx::query_as("select kind, name from ledger.transfer_kind order by kind")
        .fetch_all(&pool)
        .await
        .unwrap();
    let ours = |kind: &TransferKind| (kind.code(), kind.name().to_owned());
    assert_eq!(transfers, TransferKind::ALL.iter().map(ours).collect::<Vec<_>>());
}

/// The bounds are the database's too: the last line of defence if the code above it were wrong.
#[testkit::test]
async fn the_database_keeps_every_kind_on_its_side(pool: PgPool) {
    for kind in AccountKind::ALL.iter().filter(|kind| **kind != AccountKind::Voucher) {
        for (debits, credits) in [(1_i64, 0_i64), (0, 1)] {
            let inserted = sqlx::query(
                "insert into ledger.account (book_id, number, kind, party, debits_cents, credits_cents)
                 values (gen_random_uuid(), $1, $2, gen_random_uuid(), $3, $4)",
            )
            .bind(i64::from(kind.code()) << 56)
            .bind(kind.code())
            .bind(debits)
            .bind(credits)
            .execute(&pool)
            .await;
            let allowed = match kind.side() {
                Side::Either => true,
                Side::Debit => debits > 0,
                Side::Credit => credits > 0,
            };
            assert_eq!(inserted.is_ok(), allowed, "{} {debits} {credits}", kind.name());
        }
    }
}
