use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sealed_log::{AccountNumber, BatchId, BookId, Commitment, EventId, PartyId, TransferId};
use sqlx::PgConnection;
use standards::Cents;

use crate::columns;

/// A voucher that was activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoucherState {
    /// What it was opened with.
    pub face_value: Cents,
    /// What can still be spent: all of it or nothing.
    pub left: Cents,
}

/// The state of vouchers; one that was never activated is missing.
pub async fn voucher_states(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> sqlx::Result<HashMap<AccountNumber, VoucherState>> {
    let rows = sqlx::query!(
        r#"select number as "number: AccountNumber", limit_cents as "face_value!: Cents",
               credits_cents - debits_cents as "left!: Cents"
           from ledger.account where book_id = $1 and kind = 9 and number = any($2)"#,
        book.uuid(),
        &bare(numbers),
    )
    .fetch_all(connection)
    .await?;
    let state = |face_value, left| VoucherState { face_value, left };
    Ok(rows
        .into_iter()
        .map(|row| (row.number, state(row.face_value, row.left)))
        .collect())
}

/// One funder's part of a voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Whose money it is.
    pub funder: PartyId,
    /// Out of which reserve.
    pub batch: BatchId,
    /// All parts together are the face value.
    pub cents: Cents,
}

/// Who paid vouchers, from the transfers that activated them; in order of funder. A voucher never activated is missing.
pub async fn openings(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> sqlx::Result<HashMap<AccountNumber, Vec<Opening>>> {
    let rows = sqlx::query!(
        r#"select t.credit as "number: AccountNumber", r.party as "funder!: PartyId", r.batch as "batch!: BatchId",
               t.cents as "cents: Cents"
           from ledger.transfer t
           left join ledger.account r on r.book_id = $1 and r.number = t.debit
           where t.book_id = $1 and t.kind = 11 and t.credit = any($2)
           order by r.party"#,
        book.uuid(),
        &bare(numbers),
    )
    .fetch_all(connection)
    .await?;
    let mut openings: HashMap<AccountNumber, Vec<Opening>> = HashMap::new();
    for row in rows {
        let opening = Opening {
            funder: row.funder,
            batch: row.batch,
            cents: row.cents,
        };
        openings.entry(row.number).or_default().push(opening);
    }
    Ok(openings)
}

/// Where a spent voucher went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastClaim {
    /// Where it was claimed.
    pub structure: PartyId,
    /// When the claim was booked.
    pub at: DateTime<Utc>,
    /// The claim, by the event that it is.
    pub event: EventId,
    /// The transfer, which a reversal names.
    pub transfer: TransferId,
    /// The voucher's face value: it is spent whole.
    pub cents: Cents,
}

/// The claim that spent each voucher and was not reversed; a voucher that is not spent so is missing.
pub async fn last_claims(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> sqlx::Result<HashMap<AccountNumber, LastClaim>> {
    let rows = sqlx::query!(
        r#"select t.debit as "number: AccountNumber", s.party as "structure!: PartyId", t.at, t.event_id as "event: EventId",
               t.id as "transfer: TransferId", t.cents as "cents: Cents"
           from ledger.transfer t
           left join ledger.account s on s.book_id = $1 and s.number = t.credit
           where t.book_id = $1 and t.kind = 20 and t.debit = any($2)
               and not exists (select from ledger.transfer r where r.book_id = $1 and r.reverses = t.id)"#,
        book.uuid(),
        &bare(numbers),
    )
    .fetch_all(connection)
    .await?;
    let claims = rows.into_iter().map(|row| {
        let (structure, at, event, transfer, cents) = (row.structure, row.at, row.event, row.transfer, row.cents);
        (
            row.number,
            LastClaim {
                structure,
                at,
                event,
                transfer,
                cents,
            },
        )
    });
    Ok(claims.collect())
}

fn bare(numbers: &[AccountNumber]) -> Vec<i64> {
    numbers.iter().map(|number| number.get()).collect()
}

/// What vouchers were opened with; those that never were are missing.
pub async fn commitments(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> sqlx::Result<HashMap<AccountNumber, Commitment>> {
    let rows = sqlx::query!(
        r#"select number as "number: AccountNumber", nonce, commitment from ledger.account
           where book_id = $1 and number = any($2) and kind = 9"#,
        book.uuid(),
        &bare(numbers),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some((
                row.number,
                columns::commitment(row.nonce.as_deref(), row.commitment.as_deref())?,
            ))
        })
        .collect())
}
