//! What a voucher's place says: read from the books and the issuer's blocks, never from what happened.

use std::collections::HashMap;

use ledger::read::{LastClaim, TransactionNumber, VoucherState};
use ledger::{AccountNumber, BookId};
use sqlx::PgConnection;
use voucher::Status;

use crate::claims::claim::blocks;

/// The status of each of these vouchers of a book, as it is now.
pub(super) async fn statuses(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> Result<Vec<(AccountNumber, Status)>, sqlx::Error> {
    let states: HashMap<AccountNumber, VoucherState> =
        ledger::read::voucher_states(&mut *connection, book, numbers).await?;
    let claims = ledger::read::last_claims(&mut *connection, book, numbers).await?;
    let blocks = blocks(connection, book, numbers).await?;
    let read = |number: &AccountNumber| {
        let block = blocks.get(number).and_then(Option::as_deref);
        (*number, status(states.get(number), claims.get(number), block))
    };
    Ok(numbers.iter().map(read).collect())
}

/// In the order in which a claim would be refused: spent, then blocked, then never or no longer worth anything.
fn status(state: Option<&VoucherState>, claim: Option<&LastClaim>, block: Option<&str>) -> Status {
    match (claim, block, state) {
        (Some(_), ..) => Status::Used,
        (None, Some("revoked"), _) => Status::Invalid,
        // Never handed over: says no more than a place that was never printed, whatever became of the programme.
        (None, _, None) => Status::Suspended,
        (None, None, Some(state)) if state.left.is_positive() => Status::Valid,
        (None, _, Some(_)) => Status::Invalid,
    }
}

/// Vouchers that the issuer blocked since a transaction, without or with money on them; as [`ledger::read::changed_vouchers`].
pub(super) async fn newly_blocked(
    connection: &mut PgConnection,
    from: TransactionNumber,
    vouchers_max: u32,
) -> Result<ledger::read::Changes, sqlx::Error> {
    let last = sqlx::query_scalar!(
        r#"select xact as "xact!" from issuer.voucher_blocked where xact >= $1 order by xact offset $2 limit 1"#,
        from,
        i64::from(vouchers_max.max(1)) - 1,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"select book_id as "book!: BookId", number as "number!: AccountNumber" from issuer.voucher_blocked
           where xact >= $1 and xact <= $2 order by 1, 2"#,
        from,
        last.unwrap_or(TransactionNumber::MAX),
    )
    .fetch_all(connection)
    .await?;
    Ok(ledger::read::Changes {
        vouchers: rows.into_iter().map(|row| (row.book, row.number)).collect(),
        next: last.map(|last| last.saturating_add(1)),
    })
}

/// Blocked vouchers of a range of numbers, in order: those without an account are found in no other way.
pub(super) async fn blocked_from(
    connection: &mut PgConnection,
    book: BookId,
    first: AccountNumber,
    last: AccountNumber,
    vouchers_max: u32,
) -> Result<Vec<AccountNumber>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select number as "number!: AccountNumber" from issuer.voucher_blocked
           where book_id = $1 and number between $2 and $3 order by number limit $4"#,
        book.uuid(),
        first.get(),
        last.get(),
        i64::from(vouchers_max),
    )
    .fetch_all(connection)
    .await
}

#[cfg(test)]
mod tests {
    use ledger::{EventId, PartyId, TransferId};
    use standards::Cents;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_place_says_what_a_claim_would_be_told() {
        let (full, empty) = [1000, 0]
            .map(|left| VoucherState {
                face_value: Cents::new(1000),
                left: Cents::new(left),
            })
            .into();
        let claim = LastClaim {
            structure: PartyId::from_uuid(Uuid::nil()),
            at: chrono::DateTime::UNIX_EPOCH,
            event: EventId::from_uuid(Uuid::nil()),
            transfer: TransferId::from_uuid(Uuid::nil()),
            cents: Cents::new(1000),
        };
        let (full, empty, claim) = (Some(&full), Some(&empty), Some(&claim));
        for (state, claim, block, expected) in [
            (None, None, None, Status::Suspended),
            (None, None, Some("expired"), Status::Suspended),
            (None, None, Some("revoked"), Status::Invalid),
            (full, None, None, Status::Valid),
            (full, None, Some("revoked"), Status::Invalid),
            (full, None, Some("expired"), Status::Invalid),
            (empty, None, None, Status::Invalid),
            (empty, claim, None, Status::Used),
            // Revoked after it was spent: the structure is owed it all the same.
            (empty, claim, Some("revoked"), Status::Used),
        ] {
            assert_eq!(status(state, claim, block), expected, "{state:?} {claim:?} {block:?}");
        }
    }
}
