//! What each part does to the books.

use access::OrganisationId;
use database::UseCaseError;
use ledger::{Account, BookId, EventKind, PartyId, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::bank::breaks::explain::{ExplainRejection, ExplanationKind};
use crate::bank::settlement_parts::parts_of;
use crate::support::booking::{BookError, Event};
use crate::{support::ids::CallId, support::ids::MandateId, support::ids::PaymentId, support::known};

/// One of the things that lines were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExplanationPart {
    /// What it was; not `words`.
    pub what: ExplanationKind,
    /// Positive when money came in.
    pub amount: Cents,
    /// For `contribution`.
    pub funder_id: Option<OrganisationId>,
    /// For `payment` and `returned`.
    pub payment_id: Option<PaymentId>,
    /// For `call`.
    pub call_id: Option<CallId>,
    /// For `mandate`.
    pub mandate_id: Option<MandateId>,
}

/// A part as it is booked and kept.
pub(super) struct BookedPart {
    pub event: Event,
    /// What people find it by.
    pub reference: String,
    /// What the bank is taken to have said of a payment.
    pub answer: Option<(PaymentId, &'static str, Option<&'static str>)>,
    /// The mandate whose money it was.
    pub receipt: Option<(MandateId, Cents)>,
}

struct ExplainedPayment {
    party: PartyId,
    cents: Cents,
    refund: bool,
    under_way: bool,
    out: bool,
}

impl NewExplanationPart {
    /// Said of a break without a line.
    pub(super) const fn words(amount: Cents) -> Self {
        Self {
            what: ExplanationKind::Words,
            amount,
            funder_id: None,
            payment_id: None,
            call_id: None,
            mandate_id: None,
        }
    }

    /// The books' side of it; `id` is the part's own, `reference` what it is found by if it names no payment.
    pub(super) async fn booked(
        &self,
        tx: &mut PgTransaction<'_>,
        id: Uuid,
        reference: String,
    ) -> Result<BookedPart, UseCaseError<ExplainRejection>> {
        let came_in = self.amount.is_positive();
        if self.amount.is_zero() || self.what.is_money_in().is_some_and(|is_in| is_in != came_in) {
            return Err(ExplainRejection::Misfit(if came_in {
                "Cette explication est pour de l'argent sorti, et le montant est un crédit."
            } else {
                "Cette explication est pour de l'argent reçu, et le montant est un débit."
            })
            .into());
        }
        let amount = if came_in {
            self.amount
        } else {
            self.amount.checked_neg().unwrap_or_default()
        };
        let event = |reference: &str| Event::new(EventKind::Explained, id).reference(reference);
        let leg = (TransferKind::Explained, Account::suspense());
        let named = (self.funder_id, self.payment_id, self.call_id, self.mandate_id);
        match (self.what, named) {
            (ExplanationKind::Contribution, (Some(funder), None, None, None)) => {
                if !known::funder(tx, funder).await? {
                    return Err(ExplainRejection::NoFunder.into());
                }
                let deposited = Account::deposited(known::party(funder));
                let (from, to) = if came_in {
                    (leg.1, deposited)
                } else {
                    (deposited, leg.1)
                };
                BookedPart::plain(event(&reference).leg(leg.0, from, to, amount), reference)
            }
            (ExplanationKind::Call, (None, None, Some(call), None)) => {
                let CallBalance { funder, asked, paid } = called(tx, call).await?.ok_or(ExplainRejection::NoCall)?;
                if !came_in && amount > paid {
                    return Err(ExplainRejection::Paid(paid).into());
                }
                let awaited = asked.checked_sub(paid).unwrap_or_default().max(Cents::ZERO);
                if came_in && amount > awaited {
                    return Err(ExplainRejection::Called(awaited).into());
                }
                let deposited = Account::deposited(funder);
                let (from, to) = if came_in {
                    (leg.1, deposited)
                } else {
                    (deposited, leg.1)
                };
                BookedPart::plain(event(&reference).leg(leg.0, from, to, amount), reference)
            }
            (ExplanationKind::Mandate, (None, None, None, Some(mandate))) => {
                let (funder, awaited) = awaited(tx, mandate).await?.ok_or(ExplainRejection::NoMandate)?;
                if amount > awaited {
                    return Err(ExplainRejection::Awaited(awaited).into());
                }
                let to = Account::receivable(funder);
                let booked = BookedPart::plain(event(&reference).leg(leg.0, leg.1, to, amount), reference)?;
                Ok(BookedPart {
                    receipt: Some((mandate, amount)),
                    ..booked
                })
            }
            (ExplanationKind::BankCharge, (None, None, None, None)) => {
                let charges = Account::charges_owed();
                let (from, to) = if came_in { (leg.1, charges) } else { (charges, leg.1) };
                BookedPart::plain(event(&reference).leg(leg.0, from, to, amount), reference)
            }
            (ExplanationKind::Payment | ExplanationKind::Returned, (None, Some(payment), None, None)) => {
                self.payment(tx, event(&payment.end_to_end()), payment, amount).await
            }
            _ => Err(ExplainRejection::Misfit(
                "Donnez « funder_id » pour un versement, « call_id » pour un appel de fonds, « mandate_id » pour un \
                 mandat, « payment_id » pour un virement, et rien d'autre.",
            )
            .into()),
        }
    }

    async fn payment(
        &self,
        tx: &mut PgTransaction<'_>,
        mut event: Event,
        id: PaymentId,
        amount: Cents,
    ) -> Result<BookedPart, UseCaseError<ExplainRejection>> {
        let payment = payment(tx, id).await?.ok_or(ExplainRejection::NoPayment)?;
        if payment.cents != amount {
            return Err(ExplainRejection::Amount(payment.cents).into());
        }
        let (kind, suspense) = (TransferKind::Explained, Account::suspense());
        let (answer, reason) = if self.what == ExplanationKind::Payment {
            if !payment.under_way {
                return Err(ExplainRejection::Misfit("Ce virement est déjà sur un relevé, ou rejeté.").into());
            }
            let leg = event.leg(kind, Account::in_transit(payment.party), suspense, amount);
            event = leg.map_err(BookError::from)?;
            ("debited", None)
        } else {
            if payment.refund {
                return Err(ExplainRejection::Misfit(
                    "Ce virement rendait de l'argent à un financeur : expliquez la ligne comme son versement.",
                )
                .into());
            }
            if !payment.out {
                return Err(
                    ExplainRejection::Misfit("Ce virement n'a pas quitté le compte, ou il est déjà revenu.").into(),
                );
            }
            let leg = event.leg(kind, suspense, Account::clearing(BookId::fund()), amount);
            event = leg.map_err(BookError::from)?;
            for (book, cents) in parts_of(tx, &[id.uuid()]).await?.remove(&id).unwrap_or_default() {
                let payable = Account::payable(book, payment.party);
                let leg = event.leg(kind, Account::clearing(book), payable, cents);
                event = leg.map_err(BookError::from)?;
            }
            ("returned", Some("NARR"))
        };
        Ok(BookedPart {
            event,
            reference: id.end_to_end(),
            answer: Some((id, answer, reason)),
            receipt: None,
        })
    }
}

impl BookedPart {
    fn plain(
        event: Result<Event, ledger::TransferError>,
        reference: String,
    ) -> Result<Self, UseCaseError<ExplainRejection>> {
        Ok(Self {
            event: event.map_err(BookError::from)?,
            reference,
            answer: None,
            receipt: None,
        })
    }
}

/// Whose mandate it is, and what of it is still to come.
async fn awaited(tx: &mut PgTransaction<'_>, mandate: MandateId) -> Result<Option<(PartyId, Cents)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select funder_id as "funder!: PartyId", awaited_cents as "awaited!: Cents" from funding.mandate_state where id = $1"#,
        mandate.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (row.funder, row.awaited)))
}

struct CallBalance {
    funder: PartyId,
    asked: Cents,
    paid: Cents,
}

/// Whose call it is, of how much, and what has come on it.
async fn called(tx: &mut PgTransaction<'_>, call: CallId) -> Result<Option<CallBalance>, sqlx::Error> {
    sqlx::query_as!(
        CallBalance,
        r#"select c.funder_id as "funder: PartyId", k.cents as "asked: Cents", coalesce(p.cents, 0) as "paid!: Cents"
           from funding.call k
           join funding.convention c on c.id = k.convention_id
           left join funding.call_paid p on p.call_id = k.id
           where k.id = $1"#,
        call.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}

async fn payment(tx: &mut PgTransaction<'_>, id: PaymentId) -> Result<Option<ExplainedPayment>, sqlx::Error> {
    sqlx::query_as!(
        ExplainedPayment,
        r#"select p.party_id as "party: PartyId", p.cents as "cents: Cents", p.refund_id is not null as "refund!",
               not exists (select from funding.payment_answer a where a.payment_id = p.id)
                   -- What nobody has approved is not at the bank.
                   and not exists (select from funding.payment_order_waiting w where w.order_id = coalesce(p.settlement_id, p.refund_id)) as "under_way!",
               exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'debited')
                   and not exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'returned')
                   as "out!"
           from funding.payment p where p.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}
