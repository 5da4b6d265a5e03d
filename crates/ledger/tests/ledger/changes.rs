//! Following the books: every voucher touched is told, once its transaction is visible, and however late that is.

use ledger::read::{Changes, TransactionNumber};
use ledger::{Account, AccountNumber, TransferKind};
use sqlx::PgPool;

use crate::common::*;

const BOOK: ledger::BookId = book(1);

/// All vouchers that changed from a transaction on, read in chunks of some `transfers_max`.
async fn follow(pool: &PgPool, from: TransactionNumber, transfers_max: u32) -> Vec<AccountNumber> {
    let mut connection = pool.acquire().await.unwrap();
    let (mut vouchers, mut next) = (Vec::new(), Some(from));
    while let Some(from) = next {
        let changes = ledger::read::changed_vouchers(&mut connection, from, transfers_max)
            .await
            .unwrap();
        assert!(changes.next.is_none_or(|next| next > from), "each chunk goes on");
        vouchers.extend(changes.vouchers.into_iter().map(|(_, number)| number));
        next = changes.next;
    }
    vouchers.sort_unstable();
    vouchers.dedup();
    vouchers
}

/// A number above all transactions so far. (The oldest under way may be another test's, in another database.)
async fn from_now(pool: &PgPool) -> TransactionNumber {
    sqlx::query_scalar("select pg_current_xact_id()::text::bigint")
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn oldest(pool: &PgPool) -> TransactionNumber {
    ledger::read::lowest_in_flight(&mut pool.acquire().await.unwrap())
        .await
        .unwrap()
}

#[testkit::test]
async fn whatever_moves_a_vouchers_money_is_told_and_nothing_else(pool: PgPool) {
    spendable(&pool, BOOK, 6).await;
    assert_eq!(follow(&pool, 0, 1000).await, (0..6).map(voucher).collect::<Vec<_>>());

    let from = from_now(&pool).await;
    post_now(&pool, &[claimed("c", BOOK, structure(1), &[1, 2])]).await;
    post_now(
        &pool,
        &[reversed("r", "c", Account::payable(BOOK, structure(1)), 1, false)],
    )
    .await;
    post_now(&pool, &[swept(TransferKind::Revoked, "v", BOOK, 3)]).await;
    post_now(&pool, &[swept(TransferKind::Expired, "e", BOOK, 4)]).await;
    assert_eq!(follow(&pool, from, 1000).await, [1, 2, 3, 4].map(voucher));

    let from = from_now(&pool).await;
    post_now(&pool, &[received("money", funder(1), FACE_VALUE)]).await;
    assert_eq!(follow(&pool, from, 1000).await, []);
}

#[testkit::test]
async fn chunks_of_any_size_tell_the_same(pool: PgPool) {
    // One transaction of many transfers, then many of one.
    spendable(&pool, BOOK, 40).await;
    for idx in 0..20 {
        post_now(&pool, &[claimed(&format!("c{idx}"), BOOK, structure(1), &[idx])]).await;
    }
    let all = follow(&pool, 0, u32::MAX).await;
    assert_eq!(all.len(), 40);
    for transfers_max in [0, 1, 2, 7, 120, 121] {
        assert_eq!(follow(&pool, 0, transfers_max).await, all, "{transfers_max}");
    }
}

#[testkit::test]
async fn what_is_committed_after_younger_transactions_is_told_when_it_is(pool: PgPool) {
    spendable(&pool, BOOK, 3).await;
    let from = from_now(&pool).await;
    let mut late = pool.begin().await.unwrap();
    ledger::post(&mut late, &[claimed("late", BOOK, structure(1), &[0])], at())
        .await
        .unwrap();
    post_now(&pool, &[claimed("soon", BOOK, structure(2), &[1])]).await;

    let kept = oldest(&pool).await;
    assert_eq!(
        follow(&pool, from, 1000).await,
        [voucher(1)],
        "the young are not held back by the old"
    );
    late.commit().await.unwrap();
    let changed = follow(&pool, kept, 1000).await;
    assert!(changed.contains(&voucher(0)), "{changed:?}");
    assert!(oldest(&pool).await >= kept);
}

#[testkit::test]
async fn a_first_reader_goes_through_the_accounts(pool: PgPool) {
    spendable(&pool, BOOK, 10).await;
    let mut connection = pool.acquire().await.unwrap();
    let chunk = ledger::read::vouchers_from(&mut connection, BOOK, voucher(3), voucher(8), 4)
        .await
        .unwrap();
    assert_eq!(chunk, [3, 4, 5, 6].map(voucher));
    let rest = ledger::read::vouchers_from(&mut connection, BOOK, voucher(7), voucher(8), 4)
        .await
        .unwrap();
    assert_eq!(rest, [7, 8].map(voucher));
    let nothing = ledger::read::changed_vouchers(&mut connection, TransactionNumber::MAX, 10)
        .await
        .unwrap();
    assert_eq!(
        nothing,
        Changes {
            vouchers: Vec::new(),
            next: None
        }
    );
}
