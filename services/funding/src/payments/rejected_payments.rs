//! Payments that never leave the account: the bank rejects them, or their order is rejected before it has them.

use ledger::{Account, BookId, EventKind, PartyId, Posting, TransferKind};
use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

use crate::bank::settlement_parts::{SettlementParts, parts_of};
use crate::payments::payment_order::PaymentOrder;
use crate::support::booking::{BookError, Event};
use crate::support::ids::PaymentId;

/// A payment of the file that the report is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RejectablePayment {
    pub id: PaymentId,
    pub party: Uuid,
    pub cents: Cents,
    pub refund: bool,
    /// On a statement.
    pub debited: bool,
    /// By an earlier report.
    pub rejected: bool,
}

/// What brings the payments of an order back, when it never reaches the bank: as if the bank had rejected them.
pub(crate) async fn reverse_unsent_payments(
    tx: &mut PgTransaction<'_>,
    order: PaymentOrder,
) -> Result<Vec<Posting>, BookError> {
    let payments = of_order(tx, order).await?;
    let ids: Vec<_> = payments.iter().map(|payment| payment.id.uuid()).collect();
    let parts = parts_of(tx, &ids).await?;
    payments.iter().map(|payment| posting(payment, &parts)).collect()
}

/// As a payment that comes back after its debit, but the money never left: it is still in transit.
pub(crate) fn posting(payment: &RejectablePayment, parts: &SettlementParts) -> Result<Posting, BookError> {
    let kind = TransferKind::Rejected;
    let in_transit = Account::in_transit(PartyId::from_uuid(payment.party));
    let mut event = Event::new(EventKind::Rejected, payment.id.uuid()).reference(payment.id.end_to_end());
    if payment.refund {
        let deposited = Account::deposited(PartyId::from_uuid(payment.party));
        return Ok(event.leg(kind, in_transit, deposited, payment.cents)?.posting()?);
    }
    event = event.leg(kind, in_transit, Account::clearing(BookId::fund()), payment.cents)?;
    for &(book, cents) in parts.get(&payment.id).into_iter().flatten() {
        let payable = Account::payable(book, PartyId::from_uuid(payment.party));
        event = event.leg(kind, Account::clearing(book), payable, cents)?;
    }
    Ok(event.posting()?)
}

/// The payments of an order that the bank never had.
async fn of_order(tx: &mut PgTransaction<'_>, order: PaymentOrder) -> Result<Vec<RejectablePayment>, sqlx::Error> {
    sqlx::query_as!(
        RejectablePayment,
        r#"select id as "id: PaymentId", party_id as party, cents as "cents: Cents", refund_id is not null as "refund!",
               false as "debited!", false as "rejected!"
           from funding.payment where settlement_id = $1 or refund_id = $2 order by id"#,
        order.settlement(),
        order.refund(),
    )
    .fetch_all(&mut **tx)
    .await
}
