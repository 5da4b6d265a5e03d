use chrono::{DateTime, Utc};
use sealed_log::{AccountNumber, BookId, EventId, PartyId, TransferId, TransferKind};
use sqlx::PgConnection;
use standards::Cents;

use crate::read::known_kind::transfer_kind;

/// A transfer as the books hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedTransfer {
    /// What a reversal would name.
    pub id: TransferId,
    /// What the transfer did, which says what its two accounts hold.
    pub kind: TransferKind,
    /// The account whose debits grew.
    pub debit: AccountNumber,
    /// Whose the debited account is.
    pub debit_party: Option<PartyId>,
    /// The account whose credits grew.
    pub credit: AccountNumber,
    /// Whose the credited account is.
    pub credit_party: Option<PartyId>,
    /// What moved, above zero.
    pub cents: Cents,
    /// The instant of posting.
    pub at: DateTime<Utc>,
    /// The transfer that undid it.
    pub reversed_by: Option<TransferId>,
    /// The number that people know it by, or nothing.
    pub reference: String,
}

/// The legs of one event in one book, by account debited and credited; none when it was never booked.
pub async fn transfers_of_event(
    connection: &mut PgConnection,
    book: BookId,
    event: EventId,
) -> sqlx::Result<Vec<BookedTransfer>> {
    let rows = sqlx::query!(
        r#"select t.id as "id: TransferId", t.kind, t.debit as "debit: AccountNumber", t.credit as "credit: AccountNumber",
               d.party as "debit_party?: PartyId", c.party as "credit_party?: PartyId", t.cents as "cents: Cents", t.at,
               r.id as "reversed_by?: TransferId", t.reference
           from ledger.transfer t
           left join ledger.account d on d.book_id = $1 and d.number = t.debit
           left join ledger.account c on c.book_id = $1 and c.number = t.credit
           left join ledger.transfer r on r.book_id = $1 and r.reverses = t.id
           where t.book_id = $1 and t.event_id = $2
           order by t.debit, t.credit, t.id"#,
        book.uuid(),
        event.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(BookedTransfer {
                id: row.id,
                kind: transfer_kind(row.kind)?,
                debit: row.debit,
                debit_party: row.debit_party,
                credit: row.credit,
                credit_party: row.credit_party,
                cents: row.cents,
                at: row.at,
                reversed_by: row.reversed_by,
                reference: row.reference,
            })
        })
        .collect()
}

/// One funder's part of the vouchers that a claim spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimShare {
    /// The claim, by the event that it is.
    pub claim: EventId,
    /// Who paid the vouchers, or a share of them.
    pub funder: PartyId,
    /// Of the claim, what this funder paid.
    pub cents: Cents,
}

/// Who paid for claims: per claim and funder, from the openings of the vouchers spent, reversed or not. "Paid" per funder is
/// the sum over the claims that the settlement lines name.
pub async fn shares_of_claims(
    connection: &mut PgConnection,
    book: BookId,
    claims: &[EventId],
) -> sqlx::Result<Vec<ClaimShare>> {
    let claims: Vec<uuid::Uuid> = claims.iter().map(|claim| claim.uuid()).collect();
    sqlx::query_as!(
        ClaimShare,
        r#"select t.event_id as "claim: EventId", r.party as "funder!: PartyId", sum(o.cents)::bigint as "cents!: Cents"
           from ledger.transfer t
           left join ledger.transfer o on o.book_id = $1 and o.kind = 11 and o.credit = t.debit
           left join ledger.account r on r.book_id = $1 and r.number = o.debit
           where t.book_id = $1 and t.kind = 20 and t.event_id = any($2)
           group by t.event_id, r.party
           order by t.event_id, r.party"#,
        book.uuid(),
        &claims,
    )
    .fetch_all(connection)
    .await
}
