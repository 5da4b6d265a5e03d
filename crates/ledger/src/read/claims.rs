//! From vouchers and claims to the events that moved them.

use std::collections::HashMap;

use sealed_log::{AccountNumber, BookId, Commitment, EventId, Evidence, TransferKind, refund_transfer_id};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;

use crate::columns;

/// Legs of what takes a voucher's value back: the funders of the longest plan.
const LEGS_MAX: u8 = 32;

/// Everything that happened to a voucher, each event found by an index: what opened it, its claims, their reversals, and what took it
/// back.
pub async fn events_of_voucher(
    connection: &mut PgConnection,
    book: BookId,
    number: AccountNumber,
) -> sqlx::Result<Vec<EventId>> {
    // No index leads from a voucher to what took its value back; the ids of its legs are known.
    let gone: Vec<uuid::Uuid> = [TransferKind::Revoked, TransferKind::Expired]
        .into_iter()
        .flat_map(|kind| (0..LEGS_MAX).map(move |leg| refund_transfer_id(kind, book, number, leg).uuid()))
        .collect();
    sqlx::query_scalar!(
        r#"select event_id as "event!: EventId" from (
               select event_id from ledger.voucher_share where book_id = $1 and number = $2
               union select claim_id from ledger.claimed_voucher where book_id = $1 and number = $2
               union select r.event_id from ledger.claimed_voucher c
                   join ledger.claim_reversal r on r.book_id = $1 and r.claim_transfer_id = c.transfer_id
                   where c.book_id = $1 and c.number = $2
               union select event_id from ledger.movement where book_id = $1 and transfer_id = any($3)) as e"#,
        book.uuid(),
        number.get(),
        &gone,
    )
    .fetch_all(connection)
    .await
}

/// The event that reversed each of these claims; a claim that stands is missing.
pub async fn reversals_of_claims(
    connection: &mut PgConnection,
    book: BookId,
    claims: &[EventId],
) -> sqlx::Result<HashMap<EventId, EventId>> {
    let rows = sqlx::query!(
        r#"select distinct c.claim_id as "claim!: EventId", r.event_id as "reversal!: EventId"
           from ledger.claimed_voucher c
           join ledger.claim_reversal r on r.book_id = c.book_id and r.claim_transfer_id = c.transfer_id
           where c.book_id = $1 and c.claim_id = any($2)"#,
        book.uuid(),
        &uuids(claims),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.claim, row.reversal)).collect())
}

/// The vouchers that each of these claims took, reversed or not, in order of number.
pub async fn vouchers_of_claims(
    connection: &mut PgConnection,
    book: BookId,
    claims: &[EventId],
) -> sqlx::Result<HashMap<EventId, Vec<AccountNumber>>> {
    let rows = sqlx::query!(
        r#"select claim_id as "claim!: EventId", array_agg(number order by number) as "numbers!: Vec<AccountNumber>"
           from ledger.claimed_voucher where book_id = $1 and claim_id = any($2) group by claim_id"#,
        book.uuid(),
        &uuids(claims),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.claim, row.numbers)).collect())
}

/// How many transfers all books hold.
pub async fn transfer_count(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from ledger.movement"#)
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

fn uuids(ids: &[EventId]) -> Vec<uuid::Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}

/// A voucher that a claim took, with what the books keep of its paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimedPaper {
    /// The claim.
    pub claim: EventId,
    /// The voucher.
    pub number: AccountNumber,
    /// What it was worth.
    pub cents: Cents,
    /// How it was presented, and the digest of what was.
    pub evidence: Option<Evidence>,
    /// What it was opened with.
    pub commitment: Option<Commitment>,
}

/// The vouchers of these claims, reversed or not.
pub async fn claimed_papers(
    connection: &mut PgConnection,
    book: BookId,
    claims: &[Uuid],
) -> sqlx::Result<Vec<ClaimedPaper>> {
    let rows = sqlx::query!(
        r#"select t.event_id as "claim: EventId", t.debit as "number: AccountNumber", t.cents as "cents: Cents", t.presented, t.evidence,
               v.nonce as "nonce?", v.commitment as "commitment?"
           from ledger.transfer t
           left join ledger.account v on v.book_id = t.book_id and v.number = t.debit
           where t.book_id = $1 and t.event_id = any($2) and t.kind = 20"#,
        book.uuid(),
        claims,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ClaimedPaper {
            claim: row.claim,
            number: row.number,
            cents: row.cents,
            evidence: columns::evidence(row.presented, row.evidence.as_deref()),
            commitment: columns::commitment(row.nonce.as_deref(), row.commitment.as_deref()),
        })
        .collect())
}
