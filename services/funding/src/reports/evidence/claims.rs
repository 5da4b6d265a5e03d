use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use ledger::{AccountNumber, BookId, EventId, PartyId};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;

use crate::support::ids::PaymentId;

/// Claims read at a time.
const PAGE_CLAIMS: i64 = 250;

/// A claim of the structure.
#[derive(Debug)]
pub(super) struct Claim {
    pub id: Uuid,
    pub service: String,
    pub service_date: NaiveDate,
    pub cents: Cents,
    pub at: DateTime<Utc>,
    pub reversed_at: Option<DateTime<Utc>>,
}

/// Where a page of claims ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClaimCursor(DateTime<Utc>, Uuid);

impl ClaimCursor {
    pub const NOTHING: Self = Self(DateTime::UNIX_EPOCH, Uuid::nil());

    pub const fn claim(claim: &Claim) -> Self {
        Self(claim.at, claim.id)
    }
}

/// The structure's name, if it is one.
pub(super) async fn name(connection: &mut PgConnection, structure: PartyId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select name as "name!" from redemption.payee where structure_id = $1"#,
        structure.uuid()
    )
    .fetch_optional(connection)
    .await
}

/// The programmes in which it claimed, with their names.
pub(super) async fn books(
    connection: &mut PgConnection,
    structure: PartyId,
) -> sqlx::Result<Vec<(BookId, Option<String>)>> {
    let rows = sqlx::query!(
        r#"select distinct a.book_id as "book!: BookId", p.name as "name?"
           from ledger.payable a left join catalogue.programme p on p.id = a.book_id
           where a.structure_id = $1 order by 1"#,
        structure.uuid()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.book, row.name)).collect())
}

/// The next claims in a programme, in order of time.
pub(super) async fn page(
    connection: &mut PgConnection,
    book: BookId,
    structure: PartyId,
    after: ClaimCursor,
) -> sqlx::Result<Vec<Claim>> {
    sqlx::query_as!(
        Claim,
        r#"select claim_id as "id!", service as "service!", service_date as "service_date!", cents as "cents!: Cents",
               at as "at!", reversed_at
           from redemption.claim_status
           where book_id = $1 and structure_id = $2 and (at, claim_id) > ($3, $4)
           order by at, claim_id limit $5"#,
        book.uuid(),
        structure.uuid(),
        after.0,
        after.1,
        PAGE_CLAIMS,
    )
    .fetch_all(connection)
    .await
}

/// The events that reversed these claims.
pub(super) async fn reversals(
    connection: &mut PgConnection,
    book: BookId,
    claims: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Uuid>> {
    let reversals = ledger::read::reversals_of_claims(connection, book, &event_ids(claims)).await?;
    Ok(reversals
        .into_iter()
        .map(|(claim, reversal)| (claim.uuid(), reversal.uuid()))
        .collect())
}

/// The vouchers of these claims, as they are written on receipts: series and place.
pub(super) async fn vouchers(
    connection: &mut PgConnection,
    book: BookId,
    claims: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Vec<String>>> {
    let vouchers = ledger::read::vouchers_of_claims(connection, book, &event_ids(claims)).await?;
    let written = |number: AccountNumber| {
        let voucher = number.as_voucher();
        voucher.map(|(series, idx)| format!("{series}-{idx}"))
    };
    let named = vouchers
        .into_iter()
        .map(|(claim, numbers)| (claim.uuid(), numbers.into_iter().filter_map(written).collect()));
    Ok(named.collect())
}

/// A claim is its own event.
fn event_ids(claims: &[Uuid]) -> Vec<EventId> {
    claims.iter().copied().map(EventId::from_uuid).collect()
}

/// The last payment of each of these claims that did not come back, and whether the bank debited it.
pub(super) async fn payments(
    connection: &mut PgConnection,
    book: BookId,
    claims: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, (PaymentId, bool)>> {
    let rows = sqlx::query!(
        r#"select distinct on (l.claim_id) l.claim_id as claim, l.payment_id as "payment: PaymentId",
               exists (select from funding.payment_answer a where a.payment_id = l.payment_id and a.answer = 'debited')
                   as "debited!"
           from funding.settlement_line l join funding.payment p on p.id = l.payment_id
           where l.book_id = $1 and l.claim_id = any($2) and not exists (
               select from funding.payment_answer a
               where a.payment_id = l.payment_id and a.answer in ('returned', 'rejected'))
           order by l.claim_id, p.at desc"#,
        book.uuid(),
        claims,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.claim, (row.payment, row.debited)))
        .collect())
}

/// All payments to the structure.
pub(super) async fn payments_to(connection: &mut PgConnection, structure: PartyId) -> sqlx::Result<Vec<PaymentId>> {
    sqlx::query_scalar!(
        r#"select id as "id: PaymentId" from funding.payment
           where party_id = $1 and settlement_id is not null order by at, id"#,
        structure.uuid()
    )
    .fetch_all(connection)
    .await
}
