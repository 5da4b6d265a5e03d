//! A small fund to play on: two programmes, three funders, vouchers of 10 €.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use ledger::{
    Account, AccountNumber, BatchId, BookId, EventId, Outcome, PartyId, PostError, Posting, Transfer, TransferId,
    TransferKind, post,
};
use shares::Plan;
use sqlx::PgPool;
use standards::Cents;
use testkit::Paper;
pub use testkit::transfer;
use uuid::Uuid;

pub const FACE_VALUE: Cents = Cents::new(1000);

pub const fn book(n: u128) -> BookId {
    BookId::from_uuid(Uuid::from_u128(0xb000 + n))
}

pub const fn funder(n: u128) -> PartyId {
    PartyId::from_uuid(Uuid::from_u128(0xf000 + n))
}

pub const fn structure(n: u128) -> PartyId {
    PartyId::from_uuid(Uuid::from_u128(0x5000 + n))
}

pub const fn batch(n: u128) -> BatchId {
    BatchId::from_uuid(Uuid::from_u128(0xba00 + n))
}

pub const fn voucher(idx: u32) -> AccountNumber {
    AccountNumber::voucher(1, idx)
}

pub fn at() -> DateTime<Utc> {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

/// 35 % / 50 % / 15 %.
pub fn plan() -> Plan {
    let rates = ["0.3339", "0.33305", "0.33305"];
    Plan::new(
        rates
            .iter()
            .enumerate()
            .map(|(n, rate)| (funder(n as u128), rate.parse().unwrap()))
            .collect(),
    )
    .unwrap()
}

/// One leg: what moves, from where, to where.
pub type Leg = (TransferKind, Account, Account, Cents);

/// A posting whose ids come from `name`.
pub fn posting(name: &str, legs: &[Leg]) -> Posting {
    let event = EventId::derive(b"test", &[name.as_bytes()]);
    let transfers = legs
        .iter()
        .enumerate()
        .map(|(n, &leg)| transfer(id(name, n), event, leg));
    Posting::new(event, transfers.collect()).unwrap()
}

/// The paper of a voucher of 10 €.
pub fn paper(number: AccountNumber) -> Paper {
    Paper::of(number, FACE_VALUE)
}

pub fn id(name: &str, leg: usize) -> TransferId {
    TransferId::derive(b"test", &[name.as_bytes(), leg.to_string().as_bytes()])
}

pub fn received(name: &str, from: PartyId, cents: Cents) -> Posting {
    posting(
        name,
        &[(TransferKind::Received, Account::bank(), Account::deposited(from), cents)],
    )
}

pub fn allocated(name: &str, from: PartyId, to: BookId, cents: Cents) -> Posting {
    let kind = TransferKind::Allocated;
    posting(
        name,
        &[
            (kind, Account::deposited(from), Account::clearing(BookId::fund()), cents),
            (kind, Account::clearing(to), Account::available(to, from), cents),
        ],
    )
}

/// Reserves `vouchers` vouchers' worth by the plan.
pub fn funded(name: &str, book: BookId, batch: BatchId, vouchers: u32) -> Posting {
    let plan = plan();
    let shares = plan.funders().iter().zip(plan.sum_first(vouchers, FACE_VALUE));
    let legs: Vec<Leg> = shares
        .map(|(&(funder, _), cents)| {
            (
                TransferKind::BatchFunded,
                Account::available(book, funder),
                Account::reserved(book, batch, funder),
                cents,
            )
        })
        .collect();
    posting(name, &legs)
}

/// Activates the voucher of this index; its serial in the batch is idx + 1.
pub fn activated(book: BookId, batch: BatchId, idx: u32) -> Posting {
    let credit = paper(voucher(idx)).account(book);
    let legs: Vec<Leg> = shares(idx)
        .into_iter()
        .map(|(funder, cents)| {
            (
                TransferKind::Activated,
                Account::reserved(book, batch, funder),
                credit,
                cents,
            )
        })
        .collect();
    posting(&format!("activated {book} {idx}"), &legs)
}

pub fn shares(idx: u32) -> Vec<(PartyId, Cents)> {
    let plan = plan();
    let split = plan.split(NonZeroU32::new(idx + 1).unwrap(), FACE_VALUE);
    plan.funders().iter().map(|&(funder, _)| funder).zip(split).collect()
}

pub fn claimed(name: &str, book: BookId, by: PartyId, indexes: &[u32]) -> Posting {
    let leg = |&idx: &u32| {
        let debit = Account::voucher(book, voucher(idx));
        (TransferKind::Claimed, debit, Account::payable(book, by), FACE_VALUE)
    };
    posting(name, &indexes.iter().map(leg).collect::<Vec<_>>())
}

/// Undoes the first leg of the claim `claim`; a dead voucher goes on to its funders.
pub fn reversed(name: &str, claim: &str, from: Account, idx: u32, dead: bool) -> Posting {
    let voucher = Account::voucher(from.book(), voucher(idx));
    let kind = TransferKind::ClaimReversed;
    let mut transfers = vec![
        Transfer::new(id(name, 0), kind, from, voucher, FACE_VALUE)
            .unwrap()
            .reversing(id(claim, 0)),
    ];
    if dead {
        for (n, (funder, cents)) in shares(idx).into_iter().enumerate() {
            let refundable = Account::refundable(from.book(), funder);
            transfers.push(
                Transfer::new(
                    id(name, n + 1),
                    TransferKind::ReversedRevoked,
                    voucher,
                    refundable,
                    cents,
                )
                .unwrap(),
            );
        }
    }
    Posting::new(EventId::derive(b"test", &[name.as_bytes()]), transfers).unwrap()
}

/// What is left of a voucher goes back in the shares paid.
pub fn swept(kind: TransferKind, name: &str, book: BookId, idx: u32) -> Posting {
    let legs: Vec<Leg> = shares(idx)
        .into_iter()
        .map(|(funder, cents)| {
            (
                kind,
                Account::voucher(book, voucher(idx)),
                Account::refundable(book, funder),
                cents,
            )
        })
        .collect();
    posting(name, &legs)
}

/// Posts in one transaction of its own.
pub async fn try_post(pool: &PgPool, postings: &[Posting]) -> Result<Vec<Outcome>, PostError> {
    let mut tx = pool.begin().await?;
    let outcomes = post(&mut tx, postings, at()).await?;
    tx.commit().await?;
    Ok(outcomes)
}

pub async fn post_all(pool: &PgPool, postings: &[Posting]) -> Vec<Outcome> {
    try_post(pool, postings).await.unwrap()
}

pub async fn post_now(pool: &PgPool, postings: &[Posting]) {
    for (posting, outcome) in postings.iter().zip(post_all(pool, postings).await) {
        assert_eq!(outcome, Outcome::Posted, "{posting:?}");
    }
}

/// A programme with `vouchers` spendable vouchers of batch 1, and 10,000 € of each funder.
pub async fn spendable(pool: &PgPool, book: BookId, vouchers: u32) {
    let money = Cents::new(1_000_000);
    let mut postings = Vec::new();
    for n in 0..3 {
        postings.push(received(&format!("received {book} {n}"), funder(n), money));
        postings.push(allocated(&format!("allocated {book} {n}"), funder(n), book, money));
    }
    postings.push(funded(&format!("funded {book}"), book, batch(1), vouchers.max(100)));
    postings.extend((0..vouchers).map(|idx| activated(book, batch(1), idx)));
    post_now(pool, &postings).await;
}

pub async fn held(pool: &PgPool, account: Account) -> i64 {
    ledger::read::balance(&mut pool.acquire().await.unwrap(), account)
        .await
        .unwrap()
        .get()
}

pub async fn transfers(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from ledger.transfer")
        .fetch_one(pool)
        .await
        .unwrap()
}

/// Every invariant that does not hold.
pub async fn broken(pool: &PgPool) -> Vec<ledger::read::Invariant> {
    let mut snapshot = ledger::read::snapshot(pool).await.unwrap();
    let figures = ledger::read::Figures::read(&mut snapshot).await.unwrap();
    figures
        .invariants()
        .into_iter()
        .filter(|invariant| !invariant.holds())
        .collect()
}
