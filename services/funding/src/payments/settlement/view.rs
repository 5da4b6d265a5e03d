use chrono::NaiveDate;
use ledger::PartyId;
use serde::Serialize;
use sqlx::PgConnection;
use standards::{Cents, Month};
use utoipa::ToSchema;

use crate::payments::approval::{Approval, approval};
use crate::payments::payment_order::PaymentOrder;
use crate::payments::settlement::decide::MONEY_AWAITED;
use crate::payments::settlement::hold::{AwaitedMoney, awaited_by, explanation};
use crate::support::ids::SettlementId;

/// A settlement as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettlementView {
    pub id: SettlementId,
    /// Claims up to the end of this month.
    pub month: Month,
    /// When the bank shall pay.
    pub execute_on: NaiveDate,
    /// One a structure, by name.
    pub payments: Vec<SettlementPaymentView>,
    /// Who is owed money and is not paid it now, by name.
    pub held: Vec<HoldView>,
    /// Of the payments.
    pub total: Cents,
    /// Whether a second person has to look, and has.
    pub approval: Approval,
}

/// A payment to a structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettlementPaymentView {
    pub structure_id: PartyId,
    pub name: String,
    pub amount: Cents,
    /// The id on the bank statement.
    pub end_to_end: String,
    /// `proposed` while somebody has to approve it, `sent`, `debited`, `returned`, `rejected` by the bank before its debit, or
    /// `withdrawn` because its settlement was not approved.
    #[schema(example = "sent")]
    pub state: String,
    /// Why it came back or was rejected: the bank's code (ISO 20022), or the status where it gave none.
    #[schema(example = "AC04")]
    pub reason: Option<String>,
}

/// A structure that is held, not lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldView {
    pub structure_id: PartyId,
    pub name: String,
    /// What it would have been paid.
    pub amount: Cents,
    /// `no_bank_details`, `returned_by_bank`, `deductions`, `money_awaited`, `bank_short` or `evidence`.
    #[schema(example = "no_bank_details")]
    pub reason: String,
    /// What to do, in French.
    pub explanation: String,
    /// Whose money, when money is awaited.
    pub awaits: Vec<AwaitedMoney>,
}

/// The settlement of this id.
pub async fn read(connection: &mut PgConnection, id: SettlementId) -> Result<Option<SettlementView>, sqlx::Error> {
    let Some(settlement) = sqlx::query!(
        "select month, execute_on from funding.settlement where id = $1",
        id.uuid()
    )
    .fetch_optional(&mut *connection)
    .await?
    else {
        return Ok(None);
    };
    let payments = payments(&mut *connection, id).await?;
    let total = Cents::try_sum(payments.iter().map(|payment| payment.amount))
        .ok_or_else(|| sqlx::Error::Decode("payments add up to more than 64 bits".into()))?;
    Ok(Some(SettlementView {
        id,
        month: Month::containing(settlement.month),
        execute_on: settlement.execute_on,
        payments,
        approval: approval(&mut *connection, PaymentOrder::Settlement(id)).await?,
        held: held(connection, id).await?,
        total,
    }))
}

async fn payments(connection: &mut PgConnection, id: SettlementId) -> Result<Vec<SettlementPaymentView>, sqlx::Error> {
    sqlx::query_as!(
        SettlementPaymentView,
        r#"select p.party_id as "structure_id: PartyId", coalesce(s.name, p.holder) as "name!", p.cents as "amount: Cents",
               p.end_to_end, t.state as "state!", b.reason as "reason?"
           from funding.payment p
           join funding.payment_state t on t.payment_id = p.id
           left join funding.payment_answer b on b.payment_id = p.id and b.answer in ('returned', 'rejected')
           left join redemption.payee s on s.structure_id = p.party_id
           where p.settlement_id = $1
           order by 2, p.party_id"#,
        id.uuid(),
    )
    .fetch_all(connection)
    .await
}

async fn held(connection: &mut PgConnection, id: SettlementId) -> Result<Vec<HoldView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select h.structure_id as "structure_id: PartyId", coalesce(s.name, '') as "name!", h.cents as "amount: Cents",
               h.reason
           from funding.hold h
           left join redemption.payee s on s.structure_id = h.structure_id
           where h.settlement_id = $1
           order by 2, h.structure_id, h.reason"#,
        id.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let awaited = awaited_by(connection, &[id.uuid()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mine = awaited
                .iter()
                .filter(|(_, structure, _)| *structure == row.structure_id && row.reason == MONEY_AWAITED);
            let awaits: Vec<AwaitedMoney> = mine.map(|(_, _, money)| money.clone()).collect();
            HoldView {
                structure_id: row.structure_id,
                name: row.name,
                amount: row.amount,
                explanation: explanation(&row.reason, &awaits),
                reason: row.reason,
                awaits,
            }
        })
        .collect())
}
