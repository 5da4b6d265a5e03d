//! Records: what is proven beside the transfers and moves no money.
//!
//! A settlement pays claims; which ones is not in its transfers, which move a sum. A record says it, one a claim, and becomes a leaf
//! of the same log, so that *paid per funder* can be worked out, and proven, from the log alone.

use chrono::{DateTime, Utc};
use sealed_log::{EventId, RecordId, RecordKind};
use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

use crate::post::account::Account;
use crate::post::transfer::REFERENCE_BYTES_MAX;

/// That a payment covers a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Derived from what it says, so that a retry cannot say it twice.
    pub id: RecordId,
    /// Whether the payment pays the claim or takes it back.
    pub kind: RecordKind,
    /// What the structure is owed on.
    pub account: Account,
    /// What of the claim is covered, above zero.
    pub cents: Cents,
    /// The payment's event: its transfers have the same.
    pub event: EventId,
    /// The claim, which is also the event of its transfers.
    pub claim: Uuid,
    /// The payment that covers it.
    pub payment: Uuid,
    /// The number that people know the payment by; at most [`REFERENCE_BYTES_MAX`] bytes.
    pub reference: String,
}

impl Record {
    /// That `payment` covers `cents` of `claim`, or, where `cents` is below zero, takes them back. Nothing for zero cents, or a
    /// reference that is too long.
    #[must_use]
    pub fn settlement(
        account: Account,
        claim: Uuid,
        (payment, event): (Uuid, EventId),
        cents: Cents,
        reference: &str,
    ) -> Option<Self> {
        let (kind, cents) = if cents.is_negative() {
            (RecordKind::SettlementDeduction, cents.checked_neg()?)
        } else {
            (RecordKind::SettlementLine, cents)
        };
        let book = account.book().uuid();
        let id = RecordId::derive(
            b"settlement-line",
            &[book.as_bytes(), claim.as_bytes(), payment.as_bytes()],
        );
        (cents.is_positive() && reference.len() <= REFERENCE_BYTES_MAX).then(|| Self {
            id,
            kind,
            account,
            cents,
            event,
            claim,
            payment,
            reference: reference.to_owned(),
        })
    }
}

/// Writes records in one statement, in the transaction of what they are about. One that is there already is an error
/// (`record_pk`): whoever repeats an event knows it by then. Their accounts exist, since something is owed on them.
pub async fn record(tx: &mut PgTransaction<'_>, records: &[Record], at: DateTime<Utc>) -> sqlx::Result<()> {
    let column = |of: fn(&Record) -> Uuid| records.iter().map(of).collect::<Vec<Uuid>>();
    let number = |of: fn(&Record) -> i64| records.iter().map(of).collect::<Vec<i64>>();
    let kinds: Vec<i16> = records.iter().map(|record| record.kind.code()).collect();
    let references: Vec<String> = records.iter().map(|record| record.reference.clone()).collect();
    sqlx::query!(
        "insert into ledger.record (book_id, id, kind, account, cents, at, event_id, claim_id, payment_id, reference)
         select r.book_id, r.id, r.kind, r.account, r.cents, $1, r.event_id, r.claim_id, r.payment_id, r.reference
         from unnest($2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::bigint[], $7::uuid[], $8::uuid[], $9::uuid[],
             $10::text[]) as r (book_id, id, kind, account, cents, event_id, claim_id, payment_id, reference)",
        at,
        &column(|record| record.account.book().uuid()),
        &column(|record| record.id.uuid()),
        &kinds,
        &number(|record| record.account.number().get()),
        &number(|record| record.cents.get()),
        &column(|record| record.event.uuid()),
        &column(|record| record.claim),
        &column(|record| record.payment),
        &references,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
