//! What lines were that no rule knew. They move from suspense to what they were; a break without a line is explained in words.
//!
//! One line may be several things (a contribution less the bank's charge), and several lines one thing (a payment debited in two
//! parts): lines and parts are given together, both signed, and their sums must agree to the cent. A line is explained once and a
//! payment named once, which unique keys hold. Lines that undo one another need no part.

mod lines;
mod parts;
mod rejection;
mod split;
mod view;
mod write;

use access::{OrganisationId, audit};
use bounds::{TextKind, Words};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::Created;

use crate::bank::breaks::open::resolve_due_breaks;
use crate::bank::breaks::step::StepRejection;
use crate::bank::breaks::step::{add, locked};
use crate::bank::breaks::view::BreakView;
use crate::{
    support::ids::BreakId, support::ids::CallId, support::ids::ExplanationId, support::ids::MandateId,
    support::ids::PaymentId,
};

pub use parts::NewExplanationPart;
pub use rejection::ExplainRejection;
pub use split::{NewSplit, split};
pub use view::ExplanationView;
pub(crate) use write::explained_payments;

/// What money was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationKind {
    /// Money in: a funder's (`funder_id`), also a refund that came back. Money out: the bank took it back.
    Contribution,
    /// Money in: what a call for funds asked for (`call_id`), or a part of it. Money out: the bank took it back, and the call waits
    /// for it again.
    Call,
    /// Money in: that of a public mandate (`mandate_id`), or a part of it.
    Mandate,
    /// Money out: the bank's own charge, which the operator owes to the fund from then on. Money in: the operator, or the bank, gives
    /// back what was taken.
    BankCharge,
    /// Money out: a payment under way (`payment_id`), whole.
    Payment,
    /// Money in: a payment to a structure (`payment_id`) that came back whole.
    Returned,
    /// No line of a statement: only words.
    Words,
}

impl ExplanationKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Contribution => "contribution",
            Self::Call => "call",
            Self::Mandate => "mandate",
            Self::BankCharge => "bank_charge",
            Self::Payment => "payment",
            Self::Returned => "returned",
            Self::Words => "words",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [
            Self::Contribution,
            Self::Call,
            Self::Mandate,
            Self::BankCharge,
            Self::Payment,
            Self::Returned,
        ]
        .into_iter()
        .find(|what| what.word() == word)
    }

    /// Whether it is money in (true) or out (false); a contribution comes, and may be taken back; a charge is taken, and given back.
    const fn is_money_in(self) -> Option<bool> {
        match self {
            Self::Contribution | Self::Call | Self::BankCharge => None,
            Self::Mandate | Self::Returned => Some(true),
            Self::Payment | Self::Words => Some(false),
        }
    }
}

/// The explanation of one break by one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExplanation {
    pub what: ExplanationKind,
    #[schema(value_type = Words, example = "Virement confirmé par le comptable public.")]
    pub why: String,
    /// For `contribution`.
    pub funder_id: Option<OrganisationId>,
    /// For `payment` and `returned`.
    pub payment_id: Option<PaymentId>,
    /// For `call`.
    pub call_id: Option<CallId>,
    /// For `mandate`.
    pub mandate_id: Option<MandateId>,
}

/// Says what a break was, or finds that the same was said before.
pub async fn explain(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: BreakId,
    new: NewExplanation,
    at: DateTime<Utc>,
) -> Result<Created<BreakView>, UseCaseError<ExplainRejection>> {
    if !Words::fits(&new.why) {
        return Err(ExplainRejection::Step(StepRejection::Words).into());
    }
    let seen = locked(tx, id)
        .await?
        .ok_or(ExplainRejection::Step(StepRejection::Unknown))?;
    if seen.state != "open" {
        return again(tx, seen, &new).await;
    }
    if new.what != ExplanationKind::Words {
        let part = new.part(seen.amount);
        let explanation = ExplanationId::derive(b"explanation-of-break", &[id.uuid().as_bytes()]);
        write::write(tx, explanation, std::slice::from_ref(&seen), &[part], &new.why, at).await?;
        resolve_due_breaks(tx, who, at).await?;
    } else if seen.statement_id.is_some() {
        // In words alone its money would wait in suspense for ever.
        return Err(ExplainRejection::Misfit(
            "Cet écart est une ligne de relevé : dites ce qu'elle était (« contribution », « call », « mandate », \
             « bank_charge », « payment » ou « returned »), pour que son argent quitte le compte d'attente.",
        )
        .into());
    } else if (new.funder_id, new.payment_id, new.call_id, new.mandate_id) != (None, None, None, None) {
        return Err(ExplainRejection::Misfit(
            "Une explication en mots ne désigne ni financeur, ni appel de fonds, ni mandat, ni virement.",
        )
        .into());
    }
    let made = add(
        tx,
        who,
        &seen,
        ("explained", seen.owner.as_deref(), new.why.as_str()),
        at,
    )
    .await?;
    let named = (new.what, new.funder_id, new.payment_id, new.call_id, new.mandate_id);
    audit(tx, who, at, "break.explain", Some(id.uuid()), named).await?;
    tracing::info!(what = new.what.word(), "break explained");
    Ok(Created::New(made))
}

impl NewExplanation {
    /// The one part of a line of this amount.
    const fn part(&self, amount: Cents) -> NewExplanationPart {
        NewExplanationPart {
            what: self.what,
            amount,
            funder_id: self.funder_id,
            payment_id: self.payment_id,
            call_id: self.call_id,
            mandate_id: self.mandate_id,
        }
    }
}

/// The same words about the same thing change nothing; another thing is refused.
async fn again(
    tx: &mut PgTransaction<'_>,
    seen: BreakView,
    new: &NewExplanation,
) -> Result<Created<BreakView>, UseCaseError<ExplainRejection>> {
    let part = new.part(seen.amount);
    let said = match seen.explanation_id {
        Some(id) => view::read(tx, id)
            .await?
            .is_some_and(|known| known.is_one(&seen, &part)),
        // A break without a line was explained in words.
        None => part == NewExplanationPart::words(seen.amount),
    };
    let why = |step: &crate::bank::breaks::view::BreakStepView| step.state == "explained" && step.why == new.why;
    if said && seen.steps.iter().any(why) {
        Ok(Created::Existing(seen))
    } else {
        Err(ExplainRejection::Explained.into())
    }
}
