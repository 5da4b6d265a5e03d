//! What the views say of a small fund, and who may read them.

use crate::common::*;
use ledger::{Account, AccountKind, BookId, TransferKind};
use sqlx::PgPool;

const BOOK: BookId = book(1);

/// Vouchers: 0 claimed, 1 claimed and given back, 2 claimed and forfeited by the reversal, 3 revoked, 4 expired, 5 spendable.
async fn story(pool: &PgPool) {
    spendable(pool, BOOK, 6).await;
    let payable = Account::payable(BOOK, structure(1));
    post_now(
        pool,
        &[
            claimed("c0", BOOK, structure(1), &[0]),
            claimed("c1", BOOK, structure(1), &[1]),
            claimed("c2", BOOK, structure(1), &[2]),
            reversed("r1", "c1", payable, 1, false),
            reversed("r2", "c2", payable, 2, true),
            swept(TransferKind::Revoked, "s3", BOOK, 3),
            swept(TransferKind::Expired, "s4", BOOK, 4),
        ],
    )
    .await;
}

/// The places of the vouchers that a statement names, each once.
async fn places(pool: &PgPool, from: &'static str) -> Vec<i64> {
    let sql = format!("select distinct number - ledger.voucher_number(1, 0) from {from} order by 1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn cents(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[testkit::test]
async fn a_view_names_the_vouchers_that_it_says(pool: PgPool) {
    story(&pool).await;
    for (from, expected) in [
        ("ledger.voucher", vec![0, 1, 2, 3, 4, 5]),
        ("ledger.voucher where spendable_cents > 0", vec![1, 5]),
        ("ledger.voucher_share", vec![0, 1, 2, 3, 4, 5]),
        ("ledger.claimed_voucher", vec![0, 1, 2]),
        ("ledger.claim_share", vec![0, 1, 2]),
        ("ledger.claim_reversal", vec![1, 2]),
        ("ledger.spent_voucher", vec![0]),
        ("ledger.forfeited_voucher where by_revocation", vec![3]),
        ("ledger.forfeited_voucher where by_expiry", vec![4]),
        ("ledger.forfeited_voucher where by_reversal", vec![2]),
        ("ledger.voucher_debit", vec![0, 1, 2, 3, 4]),
    ] {
        assert_eq!(places(&pool, from).await, expected, "{from}");
    }
}

#[testkit::test]
async fn sums_of_views_are_sums_of_accounts(pool: PgPool) {
    story(&pool).await;
    let funders = 3 * 1_000_000;
    for (sql, expected) in [
        (
            "select sum(cents)::bigint from ledger.balance where kind = 'bank'",
            funders,
        ),
        (
            "select sum(cents)::bigint from ledger.balance where kind = 'reserved'",
            94 * 1000,
        ),
        (
            "select sum(funded_cents - activated_cents - expired_cents - cancelled_cents)::bigint from ledger.reserve_movement",
            94 * 1000,
        ),
        (
            "select sum(cents)::bigint from ledger.funder_balance where kind = 'refundable'",
            3000,
        ),
        ("select sum(cents)::bigint from ledger.forfeited_voucher", 3000),
        ("select sum(cents)::bigint from ledger.payable", 1000),
        (
            "select sum(cents)::bigint from ledger.fund_movement where kind = 'allocated' and credit_kind = 'available'",
            funders,
        ),
        (
            "select sum(cents)::bigint from ledger.movement where kind = 'claim_reversed' and credit_kind = 'voucher'",
            2000,
        ),
        (
            "select sum(o.cents)::bigint from ledger.claim_share o join ledger.spent_voucher s using (book_id, transfer_id)",
            1000,
        ),
    ] {
        assert_eq!(cents(&pool, sql).await, expected, "{sql}");
    }
    let shares: Vec<(uuid::Uuid, i64)> = sqlx::query_as(
        "select funder_id, cents from ledger.voucher_share where number = ledger.voucher_number(1, 3) order by funder_id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected = shares_of(3);
    assert_eq!(shares, expected);
}

fn shares_of(idx: u32) -> Vec<(uuid::Uuid, i64)> {
    shares(idx)
        .into_iter()
        .map(|(funder, cents)| (funder.uuid(), cents.get()))
        .collect()
}

/// A kind that a later migration adds gets its name here too, or its rows would have none.
#[testkit::test]
async fn every_kind_has_its_name(pool: PgPool) {
    let accounts: Vec<Option<String>> =
        sqlx::query_scalar("select ledger.name_of_account_kind(kind)::text from ledger.account_kind order by kind")
            .fetch_all(&pool)
            .await
            .unwrap();
    let ours: Vec<_> = AccountKind::ALL
        .iter()
        .map(|kind| Some(kind.name().to_owned()))
        .collect();
    assert_eq!(accounts, ours);
    let transfers: Vec<Option<String>> =
        sqlx::query_scalar("select ledger.name_of_transfer_kind(kind)::text from ledger.transfer_kind order by kind")
            .fetch_all(&pool)
            .await
            .unwrap();
    let ours: Vec<_> = TransferKind::ALL
        .iter()
        .map(|kind| Some(kind.name().to_owned()))
        .collect();
    assert_eq!(transfers, ours);
    let number = cents(&pool, "select ledger.voucher_number(65535, 16777215)").await;
    assert_eq!(number, ledger::AccountNumber::voucher(65535, 16_777_215).get());
}

#[testkit::test]
async fn every_role_reads_every_view_and_writes_none(pool: PgPool) {
    for role in database::Role::ALL {
        let wrong: Vec<String> = sqlx::query_scalar(
            "select c.relname::text from pg_class c
             where c.relnamespace = 'ledger'::regnamespace and c.relkind = 'v'
                 and (not has_table_privilege($1, c.oid, 'select')
                     or has_any_column_privilege($1, c.oid, 'insert, update')
                     or has_table_privilege($1, c.oid, 'delete, truncate'))",
        )
        .bind(role.name())
        .fetch_all(&pool)
        .await
        .unwrap();
        assert!(wrong.is_empty(), "{role:?}: {wrong:?}");
    }
}
