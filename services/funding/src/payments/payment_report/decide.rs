//! What a report means for our payments.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgTransaction;
use standards::Cents;
use standards::pain002::{BankInstant, PaymentStatus, StatusReport, Verdict};

use crate::bank::breaks::NewBreak;
use crate::payments::rejected_payments::RejectablePayment;
use crate::support::ids::PaymentId;

/// One line of the report as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DecidedLine {
    /// As the bank wrote it, or the payment's own where the whole file is meant.
    pub end_to_end: Option<String>,
    pub verdict: Option<Verdict>,
    /// When the bank took it, where it says so.
    pub accepted_at: Option<DateTime<Utc>>,
    /// Whether the reason is given to this payment itself.
    pub own_reason: bool,
    pub payment: Option<RejectablePayment>,
    pub outcome: &'static str,
}

impl DecidedLine {
    /// The payment that goes back.
    pub(super) fn rejected(&self) -> Option<&RejectablePayment> {
        self.payment.as_ref().filter(|_| self.outcome == REJECTED)
    }
}

pub(super) const RECORDED: &str = "recorded";
pub(super) const REJECTED: &str = "rejected";
const UNKNOWN: &str = "unknown";
const AMOUNT_DIFFERS: &str = "amount_differs";
const TOO_LATE: &str = "too_late";

/// Lines in the report's order, then the payments that it rejects without naming them.
pub(super) fn decide(report: &StatusReport, known: &BTreeMap<PaymentId, RejectablePayment>) -> Vec<DecidedLine> {
    let mut named = BTreeSet::new();
    let mut decided: Vec<DecidedLine> = report
        .groups
        .iter()
        .flat_map(|group| &group.payments)
        .map(|status| of_payment(status, known, &mut named))
        .collect();
    // Our files have one group: whatever holds for it holds for the file.
    let groups = report.groups.iter().filter_map(|group| group.verdict.as_ref());
    let whole = report
        .verdict
        .iter()
        .chain(groups)
        .find(|verdict| verdict.status.is_refusal());
    if let Some(whole) = whole {
        let rest = known.values().filter(|payment| !named.contains(&payment.id));
        decided.extend(rest.map(|payment| DecidedLine {
            end_to_end: Some(payment.id.end_to_end()),
            verdict: Some(whole.clone()),
            accepted_at: None,
            own_reason: false,
            outcome: refused(payment),
            payment: Some(payment.clone()),
        }));
    }
    decided
}

/// What a person must look at; money that a rejection keeps here, or sends back, counts positive.
pub(super) fn openings(decided: &[DecidedLine], on: NaiveDate) -> Vec<NewBreak> {
    let opening = |(line, decided): (i32, &DecidedLine)| {
        let kind = match decided.outcome {
            UNKNOWN => "unexpected",
            AMOUNT_DIFFERS => "amount_differs",
            TOO_LATE => "returned",
            _ => return None,
        };
        let cents = decided.payment.as_ref().map_or(0, |payment| payment.cents.get());
        Some(NewBreak { line, kind, cents, on })
    };
    (1..).zip(decided).filter_map(opening).collect()
}

fn of_payment(
    status: &PaymentStatus,
    known: &BTreeMap<PaymentId, RejectablePayment>,
    named: &mut BTreeSet<PaymentId>,
) -> DecidedLine {
    let id = status.end_to_end.as_deref().and_then(PaymentId::from_end_to_end);
    let payment = id.and_then(|id| known.get(&id));
    let refusal = status
        .verdict
        .as_ref()
        .is_some_and(|verdict| verdict.status.is_refusal());
    let outcome = match payment {
        None => UNKNOWN,
        Some(_) if !refusal => RECORDED,
        Some(payment) if status.amount.is_some_and(|amount| amount != payment.cents) => AMOUNT_DIFFERS,
        Some(payment) => refused(payment),
    };
    named.extend(payment.map(|payment| payment.id));
    DecidedLine {
        end_to_end: status.end_to_end.clone(),
        verdict: status.verdict.clone(),
        accepted_at: status.accepted.map(BankInstant::at),
        own_reason: status.own_reason,
        payment: payment.cloned(),
        outcome,
    }
}

const fn refused(payment: &RejectablePayment) -> &'static str {
    if payment.debited {
        TOO_LATE
    } else if payment.rejected {
        RECORDED
    } else {
        REJECTED
    }
}

/// The payments of the file that the report is on.
pub(super) async fn payments(
    tx: &mut PgTransaction<'_>,
    report: &StatusReport,
) -> Result<BTreeMap<PaymentId, RejectablePayment>, sqlx::Error> {
    let rows = sqlx::query_as!(
        RejectablePayment,
        r#"select p.id as "id: PaymentId", p.party_id as party, p.cents as "cents: Cents",
               p.refund_id is not null as "refund!",
               exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'debited') as "debited!",
               exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'rejected') as "rejected!"
           from funding.payment p
           left join funding.settlement s on s.id = p.settlement_id
           left join funding.refund r on r.id = p.refund_id
           where upper(coalesce(s.message_id, r.message_id)) = upper($1)
               -- What nobody has approved is not at the bank: it has nothing to say of it.
               and not exists (select from funding.payment_order_waiting w where w.order_id = coalesce(p.settlement_id, p.refund_id))"#,
        report.original_message_id,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|payment| (payment.id, payment)).collect())
}

/// When the payment file was made that the report is on.
pub(super) async fn file_made_at(
    tx: &mut PgTransaction<'_>,
    report: &StatusReport,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select at as "at!" from (
               select at from funding.settlement where upper(message_id) = upper($1)
               union all select at from funding.refund where upper(message_id) = upper($1)) f"#,
        report.original_message_id,
    )
    .fetch_optional(&mut **tx)
    .await
}
