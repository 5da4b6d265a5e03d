//! The monthly settlement (contre-paiement): one payment a structure, for the claims accepted up to the end of the month
//! (Paris time) that no live payment covers yet.
//!
//! What is due for a claim is its amount if it was not reversed, less what live settlement lines already say of it. So
//! a claim never paid is due whole, one that came back with its payment is due again, one that was paid and then
//! reversed is due *negative* and is deducted: a payment is the sum of its lines, whatever happened before. Programmes
//! are never set off against one another: their money is not the same funders'. What came back because of the account
//! waits for another one; what came back for any other reason is paid again.
//!
//! | step | statements |
//! |---|---|
//! | the turn: one settlement at a time | 4 |
//! | structures concerned | 1 |
//! | lock payable, recoverable, clearing, in transit; then read what is due | 2 a programme + 1 |
//! | bank details, last payments, balances | 2 + 1 a programme |
//! | the evidence of what is due, before the locks | 2 each 2,000 claims + 1 |
//! | what is at the bank, whose money is awaited | 3, and 1 a programme when some is |
//! | payments, lines, holds, postings, records | 5 + 3 a book |
//! | who has to approve ([`mod@crate::payments::approval`]) | 2 |
//!
//! **Only money that is there** ([`limit`]): a claim is held while the bank account cannot pay it, or while money of a funder of it is
//! awaited on a mandate, unless the operator lets the others advance it ([`crate::payments::payment_rule`]). The oldest claims are paid first.
//!
//! **Only what was presented** ([`evidence`]): a claim whose evidence is missing or does not prove its vouchers is held, and shouted about.
//!
//! A reversal locks the same payable account, so a claim is either reversed before it is read here or after it is
//! covered. Rejected: paying the balance of `payable` without naming claims, which leaves "paid" without evidence.

mod decide;
mod due;
mod due_claim;
mod evidence;
mod hold;
mod limit;
mod list;
mod reasons;
mod view;
mod write;

use std::sync::Arc;

use access::audit;
use chrono::{DateTime, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::{Cents, Month, calendar};
use utoipa::ToSchema;
use voucher::EvidenceKeys;
use web::{Created, Problem};

use crate::payments::approval::{self, DecideRejection, Decision};
use crate::payments::payment_order::PaymentOrder;
use crate::support::ids::message_id;
use crate::support::overflow;
use crate::{support::ids::SettlementId, support::known};

pub(crate) use hold::{AwaitedMoney, awaited_by, explanation};
pub use list::{SettlementLine, list};
pub use view::{SettlementView, read};

/// A settlement to be made.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSettlement {
    /// Made by the caller.
    pub id: SettlementId,
    /// Claims up to the end of this month are paid.
    pub month: Month,
    /// When the bank shall pay.
    pub execute_on: NaiveDate,
}

/// Why nothing was settled.
#[derive(Debug)]
pub enum SettleRejection {
    MonthNotOver(Month),
    ExecuteOnPast,
    /// Another settlement, or this one.
    InProgress,
}

impl database::Rejection for SettleRejection {}

impl From<SettleRejection> for Problem {
    fn from(rejection: SettleRejection) -> Self {
        match rejection {
            SettleRejection::MonthNotOver(month) => {
                Self::refused("month-not-over", format!("Le mois {month} n'est pas terminé.")).detail(format!(
                    "Le contre-paiement de {month} est possible à partir du {}.",
                    month.next().first_day().format("%d/%m/%Y")
                ))
            }
            SettleRejection::ExecuteOnPast => Self::refused("execute-on-past", "La date d'exécution est passée.")
                .detail("Donnez dans « execute_on » la date d'aujourd'hui ou une date à venir."),
            SettleRejection::InProgress => Self::new(
                http::StatusCode::SERVICE_UNAVAILABLE,
                "settlement-under-way",
                "Un contre-paiement est en cours.",
            )
            .detail(
                "Un mois de nombreux encaissements prend plusieurs minutes. Réessayez dans quelques instants avec le même \
                 identifiant : rien ne sera payé deux fois.",
            ),
        }
    }
}

/// Seconds that one settlement waits for another before it says so.
const TURN_SECONDS_MAX: u32 = 10;

/// Seconds that a statement of a settlement may take: what is due is read from all claims there are.
const STATEMENT_SECONDS_MAX: u32 = 600;

/// Waits for the turn, not for as long as a month may take: whoever waits holds a connection.
async fn take_turn(tx: &mut PgTransaction<'_>) -> Result<(), UseCaseError<SettleRejection>> {
    sqlx::query("select set_config('statement_timeout', $1, true)")
        .bind(format!("{STATEMENT_SECONDS_MAX}s"))
        .execute(&mut **tx)
        .await?;
    if NamedLock::Settlements.take_within(tx, TURN_SECONDS_MAX).await? {
        Ok(())
    } else {
        Err(SettleRejection::InProgress.into())
    }
}

/// Settles a month, or finds that this settlement was made before. A second settlement of a month takes only what is
/// new, or was held.
pub async fn settle(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    new: NewSettlement,
    evidence_keys: &Arc<EvidenceKeys>,
    at: DateTime<Utc>,
) -> Result<Created<SettlementView>, UseCaseError<SettleRejection>> {
    take_turn(tx).await?;
    let inserted = sqlx::query!(
        "insert into funding.settlement (id, month, at, execute_on, message_id) values ($1, $2, $3, $4, $5)
         on conflict (id) do nothing",
        new.id.uuid(),
        new.month.first_day(),
        at,
        new.execute_on,
        message_id(new.id.uuid()),
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if !inserted {
        let known = read(tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
        let same = known.month == new.month && known.execute_on == new.execute_on;
        return if same {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    if known::refund(tx, new.id.uuid()).await? {
        return Err(UseCaseError::IdReused);
    }
    check_days(new, at)?;
    let cutoff = calendar::paris_end_of_day(new.month.last_day());
    let facts = due::lock_and_read(tx, evidence_keys, cutoff).await?;
    let plan = decide::decide(new.id, facts).ok_or_else(overflow)?;
    write::write(tx, new.id, &plan, at).await?;
    let total = Cents::try_sum(plan.payments.iter().map(|payment| payment.total)).ok_or_else(overflow)?;
    approval::propose(tx, who, PaymentOrder::Settlement(new.id), total, Cents::ZERO, at).await?;
    let (payments, held) = (plan.payments.len(), plan.held.len());
    audit(
        tx,
        who,
        at,
        "settlement.create",
        Some(new.id.uuid()),
        (payments, held, total),
    )
    .await?;
    tracing::info!(payments, held, %total, month = %new.month, "settled");
    let made = read(tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Created::New(made))
}

/// Approves or rejects a settlement that waits ([`mod@crate::payments::approval`]).
pub async fn approve_or_reject(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: SettlementId,
    decision: &Decision,
    at: DateTime<Utc>,
) -> Result<Created<SettlementView>, UseCaseError<DecideRejection>> {
    let order = PaymentOrder::Settlement(id);
    let made = approval::approve_or_reject(tx, who, order, decision, at).await?;
    let view = read(tx, id).await?.ok_or(DecideRejection::Unknown(order))?;
    Ok(made.map(|()| view))
}

fn check_days(new: NewSettlement, at: DateTime<Utc>) -> Result<(), SettleRejection> {
    let today = calendar::paris_date(at);
    if today <= new.month.last_day() {
        return Err(SettleRejection::MonthNotOver(new.month));
    }
    if new.execute_on < today {
        return Err(SettleRejection::ExecuteOnPast);
    }
    Ok(())
}
