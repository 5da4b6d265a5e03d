//! What a break was. A statement's line moves from suspense to what it was; anything else is said in words.

use access::{OrganisationId, audit};
use chrono::{DateTime, Utc};
use ledger::{Account, BookId, PartyId, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Made, Problem};

use crate::booking::{BookError, Event, book};
use crate::breaks::step::{add, locked};
use crate::breaks::view::BreakView;
use crate::breaks::{StepError, is_said};
use crate::statement::{STATEMENT_LOCK, parts_of};
use crate::{BreakId, PaymentId, known};

/// What a line was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Money in: a funder's (`funder_id`), also a refund that came back.
    Contribution,
    /// Money out: the bank's own charge.
    BankCharge,
    /// Money out: a payment under way (`payment_id`) of just that amount.
    Payment,
    /// Money in: a payment to a structure (`payment_id`) that came back whole.
    Returned,
    /// No line of a statement, or one that another line undoes: only words.
    Words,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Contribution => "contribution",
            Self::BankCharge => "bank_charge",
            Self::Payment => "payment",
            Self::Returned => "returned",
            Self::Words => "words",
        }
    }
}

/// An explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExplanation {
    /// What it was.
    pub what: What,
    /// Why we know.
    #[schema(example = "Virement confirmé par le comptable public.")]
    pub why: String,
    /// For `contribution`.
    pub funder_id: Option<OrganisationId>,
    /// For `payment` and `returned`.
    pub payment_id: Option<PaymentId>,
}

/// Why a break is not explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// As for every step.
    #[error(transparent)]
    Step(#[from] StepError),
    /// It is explained otherwise.
    #[error("explained already")]
    Explained,
    /// The explanation lacks what it names, names too much, or does not fit the line's direction.
    #[error("does not fit: {0}")]
    Misfit(&'static str),
    /// No such funder.
    #[error("no such funder")]
    NoFunder,
    /// No such payment.
    #[error("no such payment")]
    NoPayment,
    /// Another amount than the payment's.
    #[error("the payment is of {0}")]
    Amount(Cents),
    /// The books failed.
    #[error("not booked")]
    Book(#[from] BookError),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<ExplainError> for Problem {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::Step(error) => error.into(),
            ExplainError::Explained => Self::refused("break-explained", "Cet écart est déjà expliqué.")
                .detail("Une explication ne change plus : corrigez par une nouvelle écriture, et fermez l'écart."),
            ExplainError::Misfit(detail) => {
                Self::refused("break-misfit", "Cette explication ne convient pas à l'écart.").detail(detail)
            }
            ExplainError::NoFunder => Self::not_found("Ce financeur"),
            ExplainError::NoPayment => Self::not_found("Ce virement"),
            ExplainError::Amount(amount) => {
                Self::refused("break-amount", "Le virement n'a pas le montant de la ligne.")
                    .detail(format!(
                        "Il est de {}. Une ligne explique un virement entier.",
                        amount.to_french()
                    ))
                    .with("amount", amount)
            }
            error => Self::internal(&error),
        }
    }
}

/// Says what a break was, or finds that the same was said before.
pub async fn explain(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: BreakId,
    new: NewExplanation,
    at: DateTime<Utc>,
) -> Result<Made<BreakView>, ExplainError> {
    if !is_said(&new.why) {
        return Err(StepError::Words.into());
    }
    // The statements' lock: a payment is debited by a line or by an explanation.
    sqlx::query!("select pg_advisory_xact_lock($1)", STATEMENT_LOCK)
        .execute(&mut **tx)
        .await?;
    let seen = locked(tx, id).await?.ok_or(StepError::Unknown)?;
    if seen.state != "open" {
        return again(seen, &new);
    }
    if new.what != What::Words {
        let line = Line::of(tx, &seen).await?;
        line.explain(tx, &new, at).await?;
    } else if new.funder_id.is_some() || new.payment_id.is_some() {
        return Err(ExplainError::Misfit(
            "Une explication en mots ne désigne ni financeur ni virement.",
        ));
    }
    let made = add(
        tx,
        who,
        &seen,
        ("explained", seen.owner.as_deref(), new.why.as_str()),
        at,
    )
    .await?;
    let named = (new.what, new.funder_id, new.payment_id);
    audit(tx, who, at, "break.explain", Some(id.uuid()), named).await?;
    tracing::info!(what = new.what.word(), "break explained");
    Ok(Made::Now(made))
}

/// The same words about the same thing change nothing.
fn again(seen: BreakView, new: &NewExplanation) -> Result<Made<BreakView>, ExplainError> {
    let said = seen.explained_as.as_deref().unwrap_or(What::Words.word()) == new.what.word();
    let why = |step: &crate::breaks::view::StepView| step.state == "explained" && step.why == new.why;
    if said && seen.steps.iter().any(why) {
        Ok(Made::Before(seen))
    } else {
        Err(ExplainError::Explained)
    }
}

/// The statement's line that waits in suspense.
struct Line {
    statement: uuid::Uuid,
    number: i32,
    cents: Cents,
    reference: String,
}

struct Payment {
    party: PartyId,
    cents: Cents,
    refund: bool,
    under_way: bool,
    out: bool,
}

impl Line {
    async fn of(tx: &mut PgTransaction<'_>, seen: &BreakView) -> Result<Self, ExplainError> {
        let (Some(statement), Some(number)) = (seen.statement_id, seen.line) else {
            return Err(ExplainError::Misfit(
                "Cet écart n'est pas une ligne de relevé : expliquez-le en mots (« words »).",
            ));
        };
        let position = sqlx::query_scalar!("select position from funding.statement where id = $1", statement.uuid())
            .fetch_one(&mut **tx)
            .await?;
        Ok(Self {
            statement: statement.uuid(),
            number,
            cents: seen.amount,
            reference: format!("relevé {position}, ligne {number}"),
        })
    }

    async fn explain(
        &self,
        tx: &mut PgTransaction<'_>,
        new: &NewExplanation,
        at: DateTime<Utc>,
    ) -> Result<(), ExplainError> {
        let came_in = matches!(new.what, What::Contribution | What::Returned);
        if came_in != self.cents.is_positive() {
            return Err(ExplainError::Misfit(if came_in {
                "Cette explication est pour de l'argent reçu, et la ligne est un débit."
            } else {
                "Cette explication est pour de l'argent sorti, et la ligne est un crédit."
            }));
        }
        let amount = if came_in {
            self.cents
        } else {
            self.cents.checked_neg().unwrap_or_default()
        };
        match (new.what, new.funder_id, new.payment_id) {
            (What::Contribution, Some(funder), None) => self.contribution(tx, funder, amount, at).await,
            (What::BankCharge, None, None) => {
                let event = self.event(self.reference.clone());
                let event = event.leg(TransferKind::Explained, Account::charges(), Account::suspense(), amount);
                book(tx, event.map_err(BookError::from)?, at).await?;
                self.keep(tx, What::BankCharge, None, None, &self.reference).await
            }
            (What::Payment | What::Returned, None, Some(payment)) => {
                self.payment(tx, new.what, payment, amount, at).await
            }
            _ => Err(ExplainError::Misfit(
                "Donnez « funder_id » pour un versement, « payment_id » pour un virement, et rien d'autre.",
            )),
        }
    }

    async fn contribution(
        &self,
        tx: &mut PgTransaction<'_>,
        funder: OrganisationId,
        amount: Cents,
        at: DateTime<Utc>,
    ) -> Result<(), ExplainError> {
        if !known::funder(tx, funder).await? {
            return Err(ExplainError::NoFunder);
        }
        let deposited = Account::deposited(known::party(funder));
        let event = self.event(self.reference.clone());
        let event = event.leg(TransferKind::Explained, Account::suspense(), deposited, amount);
        book(tx, event.map_err(BookError::from)?, at).await?;
        self.keep(tx, What::Contribution, Some(funder), None, &self.reference)
            .await
    }

    async fn payment(
        &self,
        tx: &mut PgTransaction<'_>,
        what: What,
        id: PaymentId,
        amount: Cents,
        at: DateTime<Utc>,
    ) -> Result<(), ExplainError> {
        let payment = payment(tx, id).await?.ok_or(ExplainError::NoPayment)?;
        if payment.cents != amount {
            return Err(ExplainError::Amount(payment.cents));
        }
        let (kind, suspense) = (TransferKind::Explained, Account::suspense());
        let mut event = self.event(id.end_to_end());
        let (answer, reason) = if what == What::Payment {
            if !payment.under_way {
                return Err(ExplainError::Misfit("Ce virement est déjà sur un relevé, ou rejeté."));
            }
            let leg = event.leg(kind, Account::in_transit(payment.party), suspense, amount);
            event = leg.map_err(BookError::from)?;
            ("debited", None)
        } else {
            if payment.refund {
                return Err(ExplainError::Misfit(
                    "Ce virement rendait de l'argent à un financeur : expliquez la ligne comme son versement.",
                ));
            }
            if !payment.out {
                return Err(ExplainError::Misfit(
                    "Ce virement n'a pas quitté le compte, ou il est déjà revenu.",
                ));
            }
            let leg = event.leg(kind, suspense, Account::clearing(BookId::fund()), amount);
            event = leg.map_err(BookError::from)?;
            for (book, cents) in parts_of(tx, &[id.uuid()]).await?.remove(&id).unwrap_or_default() {
                let leg = event.leg(
                    kind,
                    Account::clearing(book),
                    Account::payable(book, payment.party),
                    cents,
                );
                event = leg.map_err(BookError::from)?;
            }
            ("returned", Some("NARR"))
        };
        book(tx, event, at).await?;
        sqlx::query!(
            "insert into funding.payment_answer (payment_id, answer, reason, statement_id, line, at)
             values ($1, $2, $3, $4, $5, $6)",
            id.uuid(),
            answer,
            reason,
            self.statement,
            self.number,
            at,
        )
        .execute(&mut **tx)
        .await?;
        self.keep(tx, what, None, Some(id), &id.end_to_end()).await
    }

    fn event(&self, reference: String) -> Event {
        let id = database::derive_uuid(
            b"explained-line",
            &[self.statement.as_bytes(), &self.number.to_be_bytes()],
        );
        Event::new(b"explained", id).reference(reference)
    }

    async fn keep(
        &self,
        tx: &mut PgTransaction<'_>,
        what: What,
        funder: Option<OrganisationId>,
        payment: Option<PaymentId>,
        reference: &str,
    ) -> Result<(), ExplainError> {
        sqlx::query!(
            "insert into funding.explanation (statement_id, line, what, cents, funder_id, payment_id, reference)
             values ($1, $2, $3, $4, $5, $6, $7)",
            self.statement,
            self.number,
            what.word(),
            self.cents.get(),
            funder.map(OrganisationId::uuid),
            payment.map(PaymentId::uuid),
            reference,
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

async fn payment(tx: &mut PgTransaction<'_>, id: PaymentId) -> Result<Option<Payment>, sqlx::Error> {
    sqlx::query_as!(
        Payment,
        r#"select p.party_id as "party: PartyId", p.cents as "cents: Cents", p.refund_id is not null as "refund!",
               not exists (select from funding.payment_answer a where a.payment_id = p.id) as "under_way!",
               exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'debited')
                   and not exists (select from funding.payment_answer a where a.payment_id = p.id and a.answer = 'returned')
                   as "out!"
           from funding.payment p where p.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}
