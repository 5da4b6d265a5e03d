pub(crate) mod paper;

use chrono::{DateTime, Utc};
use ledger::{Account, EventId, Outcome, Posting, Transfer, TransferId, TransferKind};
use sqlx::PgPool;
use standards::Cents;

use crate::Paper;

/// What moves, from where, to where.
pub type Leg = (TransferKind, Account, Account, Cents);

/// Books what another service would, in a transaction of its own. The ids come from `name`, which serves once.
pub async fn book(owner: &PgPool, name: &str, legs: &[Leg], at: DateTime<Utc>) {
    let event = EventId::derive(b"test", &[name.as_bytes()]);
    let transfers = legs.iter().enumerate().map(|(leg, &(kind, debit, credit, cents))| {
        let id = TransferId::derive(b"test", &[name.as_bytes(), &leg.to_be_bytes()]);
        transfer(id, event, (kind, debit, credit, cents))
    });
    book_posting(
        owner,
        Posting::new(event, transfers.collect()).expect("it balances"),
        at,
    )
    .await;
}

/// One leg of the event. A claim shows the QR code of the [`Paper`] of its voucher.
#[must_use]
pub fn transfer(id: TransferId, event: EventId, (kind, debit, credit, cents): Leg) -> Transfer {
    let made = if kind == TransferKind::Claimed {
        let shown = Paper::of(debit.number(), cents).scanned();
        Transfer::claim(id, event, debit, credit, cents, &shown)
    } else {
        Transfer::new(id, kind, debit, credit, cents)
    };
    made.expect("two accounts that fit the kind")
}

/// The same with ids of the caller's.
pub async fn book_posting(owner: &PgPool, posting: Posting, at: DateTime<Utc>) {
    let mut tx = owner.begin().await.expect("a connection");
    let outcomes = ledger::post(&mut tx, std::slice::from_ref(&posting), at)
        .await
        .expect("a booking");
    assert_eq!(outcomes, [Outcome::Posted], "{posting:?}");
    tx.commit().await.expect("an end");
}
