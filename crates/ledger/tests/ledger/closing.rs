//! Months that are closed, and stay so.

use std::time::Duration;

use crate::common::*;
use crate::sealing::{all, key, seal_all};
use chrono::{DateTime, TimeDelta, Utc};
use ledger::seal;
use ledger::seal::{Close, CloseError, Quiescence};
use ledger::{Account, BookId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sealed_log::{Checkpoint, Frontier, verify_consistency};
use sqlx::{Executor, PgPool};
use standards::{Cents, Month};
use uuid::Uuid;

const BOOK: BookId = book(1);
const BY: Uuid = Uuid::from_u128(0xab);

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

async fn receives(pool: &PgPool, name: &str, at: &str) {
    let mut tx = pool.begin().await.unwrap();
    ledger::post(&mut tx, &[received(name, funder(1), Cents::new(1))], instant(at))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Tries until other tests' transactions let it.
async fn try_close(pool: &PgPool, which: &str, at: &str) -> Result<(Close, bool), CloseError> {
    loop {
        let quiescence = Quiescence::wait(pool, Duration::from_mins(1)).await.unwrap().unwrap();
        let mut tx = pool.begin().await.unwrap();
        match seal::close(&mut tx, &key(), month(which), BY, quiescence, instant(at)).await {
            Ok(closed) => {
                tx.commit().await.unwrap();
                return Ok(closed);
            }
            Err(CloseError::Busy) => tx.rollback().await.unwrap(),
            Err(error) => return Err(error),
        }
    }
}

async fn closes(pool: &PgPool, which: &str, at: &str) -> Close {
    let (close, now) = try_close(pool, which, at).await.unwrap();
    assert!(now);
    close
}

/// Where each entry is booked, and whether it says that it is late.
async fn days(pool: &PgPool) -> Vec<(String, bool)> {
    let day = |entry: &seal::Entry| {
        let leaf = entry.leaf.as_ref().unwrap();
        assert_eq!(leaf.to_json()["late"] == true, leaf.is_late());
        (leaf.booked_on().to_string(), leaf.is_late())
    };
    all(pool).await.iter().map(day).collect()
}

#[testkit::test]
async fn what_comes_after_the_close_is_booked_in_the_open_month_and_says_so(pool: PgPool) {
    receives(&pool, "a", "2026-03-30T10:00:00Z").await;
    let close = closes(&pool, "2026-03", "2026-04-02T08:00:00Z").await;
    assert_eq!((close.size, close.by), (1, BY));
    // In Paris it was April already when this was posted; the others are late.
    receives(&pool, "b", "2026-03-31T22:30:00Z").await;
    receives(&pool, "c", "2026-03-31T21:30:00Z").await;
    receives(&pool, "d", "2026-02-01T10:00:00Z").await;
    seal_all(&pool, instant("2026-04-02T09:00:00Z")).await;
    let booked: Vec<(String, bool)> = days(&pool).await;
    let late = booked.iter().filter(|(_, late)| *late).count();
    assert_eq!(late, 2);
    assert!(booked[1..].iter().all(|(day, _)| day == "2026-04-01"), "{booked:?}");
    assert_eq!(booked[0], ("2026-03-30".to_owned(), false));

    // The close is a checkpoint like another, which the log extends, and it names the month.
    let signed = Checkpoint::open(&close.note, &key().verifier()).unwrap();
    assert_eq!(
        (signed.size, signed.root, signed.closed),
        (1, close.root, Some(month("2026-03")))
    );
    let mut connection = pool.acquire().await.unwrap();
    let last = seal::last_checkpoint(&mut connection).await.unwrap().unwrap();
    let path = seal::prove_consistency(&mut connection, 1, last.size).await.unwrap();
    assert_eq!(
        verify_consistency((1, close.root), (last.size, last.root), &path),
        Ok(())
    );
}

#[testkit::test]
async fn months_close_once_in_order_and_when_they_are_over(pool: PgPool) {
    let nothing = try_close(&pool, "2026-03", "2026-04-02T08:00:00Z").await;
    assert!(matches!(nothing, Err(CloseError::Nothing(None))));
    receives(&pool, "a", "2026-03-30T10:00:00Z").await;
    let refused = try_close(&pool, "2026-03", "2026-03-31T21:59:59Z").await;
    assert!(matches!(refused, Err(CloseError::NotOver)));
    let refused = try_close(&pool, "2026-04", "2026-06-01T08:00:00Z").await;
    assert!(matches!(refused, Err(CloseError::NotNext(first)) if first == month("2026-03")));
    let refused = try_close(&pool, "2026-02", "2026-06-01T08:00:00Z").await;
    assert!(matches!(refused, Err(CloseError::Nothing(Some(next))) if next == month("2026-03")));
    // Paris is ahead of UTC by two hours then.
    let first = closes(&pool, "2026-03", "2026-03-31T22:00:00Z").await;
    let again = try_close(&pool, "2026-03", "2026-07-31T22:00:00Z").await.unwrap();
    assert_eq!(again, (first, false));
    // A month without any entry has its close too.
    closes(&pool, "2026-04", "2026-06-01T08:00:00Z").await;
    closes(&pool, "2026-05", "2026-06-01T08:00:00Z").await;
    let mut connection = pool.acquire().await.unwrap();
    let closed = seal::closes(&mut connection).await.unwrap();
    let months: Vec<String> = closed.iter().map(|close| close.month.to_string()).collect();
    assert_eq!(months, ["2026-03", "2026-04", "2026-05"]);
    assert_eq!(
        seal::next_to_close(&mut connection).await.unwrap(),
        Some(month("2026-06"))
    );
}

/// The close waits for who was there first; who comes during the close is sealed in the month, or late: never lost, never unsaid.
#[testkit::test]
async fn a_posting_under_way_is_in_the_month_or_says_that_it_is_late(pool: PgPool) {
    receives(&pool, "a", "2026-03-30T10:00:00Z").await;
    seal_all(&pool, instant("2026-03-30T11:00:00Z")).await;
    let mut under_way = pool.begin().await.unwrap();
    let late = [(
        ledger::TransferKind::Explained,
        Account::charges_owed(),
        Account::suspense(),
        Cents::new(5),
    )];
    ledger::post(&mut under_way, &[posting("b", &late)], instant("2026-03-31T21:00:00Z"))
        .await
        .unwrap();
    // It is not over: who asks for the close is told to come again.
    assert!(
        Quiescence::wait(&pool, Duration::from_millis(100))
            .await
            .unwrap()
            .is_err()
    );
    let closing = closes(&pool, "2026-03", "2026-04-01T08:00:00Z");
    let posting_meanwhile = async {
        receives(&pool, "c", "2026-03-31T21:30:00Z").await;
        under_way.commit().await.unwrap();
        for n in 0..20 {
            receives(&pool, &format!("d{n}"), "2026-03-31T21:59:00Z").await;
        }
    };
    let (close, ()) = tokio::join!(closing, posting_meanwhile);
    seal_all(&pool, instant("2026-04-01T09:00:00Z")).await;
    let booked = days(&pool).await;
    assert_eq!(booked.len(), 23);
    assert!(close.size >= 3, "what was posted before the close is in it");
    for (seq, (day, late)) in booked.iter().enumerate() {
        let in_march = (seq as u64) < close.size;
        assert_eq!(
            (day.starts_with("2026-03"), *late),
            (in_march, !in_march),
            "{seq} {day}"
        );
    }
}

#[testkit::test]
async fn a_month_whose_sums_are_wrong_is_told_where(pool: PgPool) {
    spendable(&pool, BOOK, 3).await;
    let mut connection = pool.acquire().await.unwrap();
    seal::check_all_sums(&mut connection).await.unwrap();
    // A voucher made spendable twice, by who may do everything; the sealer's cheap check cannot see it.
    pool.execute(
        "update ledger.account set credits_cents = 2000, limit_cents = 2000 where kind = 9 and number & 16777215 = 1",
    )
    .await
    .unwrap();
    let wrong = seal::unequal_sums(&mut connection, 10).await.unwrap();
    assert_eq!(wrong.len(), 1);
    assert_eq!((wrong[0].book, wrong[0].number), (BOOK, voucher(1)));
    assert_eq!(wrong[0].account.1, Cents::new(2000));
    assert_eq!(wrong[0].transfers.1, Cents::new(1000));
    assert!(matches!(seal::check_all_sums(&mut connection).await, Err(CloseError::Sums(found)) if found == wrong[0]));
}

/// One long random simulation: postings of any instant, rounds of the sealer, closes as soon as a month is over.
#[testkit::test]
async fn whatever_happens_days_never_go_back_and_closed_months_stay_closed(pool: PgPool) {
    let mut random = StdRng::seed_from_u64(4);
    let mut now = instant("2026-03-02T08:00:00Z");
    spendable(&pool, BOOK, 1).await;
    post_now(&pool, &[claimed("c", BOOK, structure(1), &[0])]).await;
    let mut made: Vec<Close> = Vec::new();
    for n in 0..120 {
        match random.random_range(0..10) {
            0..6 => {
                let late = TimeDelta::hours(random.random_range(0..24 * 60));
                receives(&pool, &format!("p{n}"), &(now - late).to_rfc3339()).await;
            }
            6 => {
                let payable = Account::payable(BOOK, structure(1));
                let payment = Uuid::from_u128(n);
                let event = ledger::EventId::from_uuid(payment);
                let line = ledger::Record::settlement(payable, BY, (payment, event), FACE_VALUE, "x").unwrap();
                let mut tx = pool.begin().await.unwrap();
                ledger::record(&mut tx, &[line], now).await.unwrap();
                tx.commit().await.unwrap();
            }
            7 => now += TimeDelta::hours(random.random_range(24..24 * 25)),
            8 => drop(seal_all(&pool, now).await),
            _ => made.extend(first_close(&pool, now).await),
        }
    }
    seal_all(&pool, now).await;

    let entries = all(&pool).await;
    let mut tree = Frontier::new();
    let (mut day, mut closed) = (None, None);
    for (seq, entry) in entries.iter().enumerate() {
        let leaf = entry.leaf.as_ref().unwrap();
        assert!(entry.holds() && entry.seq == seq as u64);
        for close in made.iter().filter(|close| close.size == seq as u64) {
            assert_eq!(close.root, tree.root(), "{}", close.month);
            closed = Some(close.month.last_day());
        }
        assert!(day.is_none_or(|day| day <= leaf.booked_on()));
        assert!(closed.is_none_or(|closed| closed < leaf.booked_on()), "{seq}");
        day = Some(leaf.booked_on());
        tree.push(leaf.hash());
    }
    assert!(made.len() >= 2, "{}", made.len());
    let months: Vec<Month> = made.iter().map(|close| close.month).collect();
    assert!(months.windows(2).all(|pair| pair[0].next() == pair[1]));
    assert_eq!(seal::closes(&mut pool.acquire().await.unwrap()).await.unwrap(), made);
}

/// Closes the month whose turn it is, if it is over.
async fn first_close(pool: &PgPool, now: DateTime<Utc>) -> Option<Close> {
    seal_all(pool, now).await;
    let next = seal::next_to_close(&mut pool.acquire().await.unwrap()).await.unwrap()?;
    match try_close(pool, &next.to_string(), &now.to_rfc3339()).await {
        Ok((close, true)) => Some(close),
        Err(CloseError::NotOver) => None,
        other => panic!("{other:?}"),
    }
}
